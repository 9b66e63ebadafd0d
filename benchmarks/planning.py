"""What it takes to prepare a request, in this process: parsing, validating, planning, and finding the plan again. It refuses to run the operation."""

import time
from collections.abc import Callable
from statistics import median

from graphql import parse, validate

from benchmarks.stand import Stand
from benchmarks.workloads import question
from isomod_graphql.engine.plan import plan_operation
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import Role
from schema.execution import Execution, PlanCache

TIMES = 200


async def planning(stand: Stand, execution: Execution, role: Role) -> dict[str, float]:
    """Median microseconds of each step for the document of `list`."""
    asked = question("list", execution)
    principal = await stand.principal(role)
    clock = stand.installation.clock
    vector = Viewer.at(principal, clock.now()).vector
    cache, key = PlanCache(), (asked.digest, "List", vector)

    def plan() -> None:
        cache.keep(
            key,
            plan_operation(execution.schema, execution.catalogue, asked.document, asked.operation, vector),
        )

    plan()
    return {
        "parse": _microseconds(lambda: parse(asked.source)),
        "validate": _microseconds(lambda: validate(execution.schema, asked.document)),
        "plan cache miss: plan": _microseconds(plan),
        "plan cache hit": _microseconds(lambda: cache.find(key)),
        "viewer: decision vector": _microseconds(lambda: Viewer.at(principal, clock.now())),
    }


def _microseconds(step: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        start = time.perf_counter_ns()
        step()
        taken.append((time.perf_counter_ns() - start) / 1000)
    return median(taken)
