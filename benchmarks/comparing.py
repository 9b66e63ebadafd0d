"""Variants of the read path side by side in one process: interleaved rounds, medians of the rounds. It refuses to compare answers that differ in rows."""

import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

import orjson

from benchmarks.processes import cpu_seconds
from benchmarks.stand import Stand
from benchmarks.unprotected import open_execution
from benchmarks.workloads import WORKLOADS, Question, WrongAnswer, answer, question, variables_of
from permissions.principals import Principal, Role
from schema.execution import Execution

OPEN: Final = "no access rule"
SECONDS: Final = 0.2
"""Of one measurement: short, so that a disturbance hits neighbours alike, and many."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The mean of one request in one measurement, in milliseconds."""

    wall: float
    cpu: float
    database: float


@dataclass(slots=True)
class Variant:
    """One way to answer the same question."""

    name: str
    execution: Execution
    principal: Principal
    asked: Question
    variables: Sequence[Mapping[str, Any]]
    samples: list[Sample] = field(default_factory=list)
    _next: int = 0

    async def once(self) -> bytes:
        """One answer as JSON, as it would be sent."""
        variables = self.variables[self._next % len(self.variables)]
        self._next += 1
        return orjson.dumps(await answer(self.execution, self.asked, self.principal, variables), default=str)

    def median(self, of: Callable[[Sample], float]) -> float:
        """Over the rounds."""
        return median(of(sample) for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The variants of one workload; the first has no access rule."""

    workload: str
    variants: tuple[Variant, ...]

    def ratio(self, variant: Variant, of: Callable[[Sample], float]) -> float:
        """Times the one without a rule: the median of the ratios of each round."""
        first = self.variants[0]
        pairs = zip(variant.samples, first.samples, strict=True)
        return median(of(sample) / of(bare) for sample, bare in pairs)


async def compare(
    stand: Stand, product: Execution, roles: Sequence[Role], rounds: int, say: Callable[[str], None]
) -> list[Comparison]:
    """Every workload, without a rule and by each role."""
    bare = open_execution(product.schema, stand.installation.store, stand.installation.clock)
    compared = []
    for workload in WORKLOADS:
        say(f"{workload}: {rounds} rounds")
        variants = [await _variant(OPEN, bare, stand, roles[0], workload)]
        variants += [await _variant(role.value, product, stand, role, workload) for role in roles]
        await _agree(variants)
        for number in range(rounds):
            # Who goes first changes, so that nobody always follows the same neighbour.
            turn = number % len(variants)
            for variant in (*variants[turn:], *variants[:turn]):
                variant.samples.append(await measure(variant.once, SECONDS, stand.database_pid))
        compared.append(Comparison(workload, tuple(variants)))
    return compared


async def _variant(name: str, execution: Execution, stand: Stand, role: Role, workload: str) -> Variant:
    principal = await stand.principal(role)
    variables = await variables_of(workload, execution, principal)
    return Variant(name, execution, principal, question(workload, execution), variables)


async def _agree(variants: Sequence[Variant]) -> None:
    """The same number of rows for everybody, and for the first role the very same data as without a rule."""
    answers = [orjson.loads(await variant.once())["data"] for variant in variants]
    if answers[0] != answers[1]:
        raise WrongAnswer(f"{variants[1].name} reads other values than without a rule")
    sizes = {_count(data) for data in answers}
    if len(sizes) != 1:
        raise WrongAnswer(f"the variants read {sizes} objects")


def _count(value: Any) -> int:  # noqa: ANN401  any JSON
    """How many objects an answer holds."""
    if isinstance(value, dict):
        return 1 + sum(_count(inner) for inner in value.values())
    return sum(_count(inner) for inner in value) if isinstance(value, list) else 0


async def measure(once: Callable[[], Awaitable[object]], seconds: float, database_pid: int) -> Sample:
    """Asks again and again for about this long."""
    gc.collect()
    await once()
    before = cpu_seconds(database_pid)
    requests, cpu, start = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() - start < seconds:
        await once()
        requests += 1
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    database = cpu_seconds(database_pid) - before
    return Sample(*(1000 * spent / requests for spent in (wall, used, database)))
