"""What it takes to prepare a request, in this process: parsing, validating, planning, compiling, and finding all that again. It refuses to run the operation."""

import time
from collections.abc import Callable
from statistics import median
from typing import Final

from graphql import parse, validate
from graphql.execution.values import VariableValues, get_variable_values

from benchmarks.stand import Stand
from benchmarks.workloads import PAGE, WrongAnswer, question
from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.engine.compiler import Asked, Compiler
from isomod_graphql.engine.plan import Plan, plan_operation
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import Role
from schema.execution import Execution

TIMES: Final = 200


async def planning(stand: Stand, execution: Execution, role: Role) -> dict[str, float]:
    """Median microseconds of each step for the document of `list`."""
    asked = question("list", execution)
    principal = await stand.principal(role)
    viewer = Viewer.at(principal, stand.installation.clock.now())
    definitions = asked.operation.variable_definitions or ()
    variables = get_variable_values(execution.schema, definitions, {"first": PAGE})
    if not isinstance(variables, VariableValues):
        raise WrongAnswer(str(variables))

    def plan() -> Plan:
        return plan_operation(
            execution.schema, execution.catalogue, asked.document, asked.operation, viewer.vector
        )

    kept: Bounded[Plan] = Bounded(1 << 20)
    key = (asked.digest, "List", viewer.vector)
    planned = Asked(asked.document, asked.operation, kept.keep(key, plan(), 1), variables, viewer)
    compiler = _compiler(execution)
    compiler.program(planned)
    return {
        "parse": _microseconds(lambda: parse(asked.source)),
        "validate": _microseconds(lambda: validate(execution.schema, asked.document)),
        "plan": _microseconds(plan),
        "compile": _microseconds(lambda: _compiler(execution).program(planned)),
        "find the plan again": _microseconds(lambda: kept.find(key)),
        "find the program again": _microseconds(lambda: compiler.program(planned)),
        "decision vector of the viewer": _microseconds(
            lambda: Viewer.at(principal, stand.installation.clock.now())
        ),
    }


def _compiler(execution: Execution) -> Compiler:
    return Compiler(execution.schema, execution.catalogue, execution.store)


def _microseconds(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter_ns()
        step()
        taken.append((time.perf_counter_ns() - start) / 1000)
    return median(taken)
