"""What is promised, beside what was measured. It refuses to say that a bar holds where it does not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.contest import Outcome
from benchmarks.documents import POSTGRAPHILE, PRODUCT, SQL, VANILLA
from benchmarks.growth import INTROSPECTION, Point
from benchmarks.measured import Measured
from benchmarks.pressure import Sample
from benchmarks.product import NULL_SINK

LEAST: Final = {"list": 1.2, "detail": 0.9, "nested": 1.1}
"""Requests per second, times PostGraphile's."""

Named = Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit and what was measured."""

    what: str
    limit: float
    value: float
    unit: str
    at_least: bool = False

    def row(self) -> list[str]:
        """Of the table."""
        holds = self.value >= self.limit if self.at_least else self.value <= self.limit
        sign = "≥" if self.at_least else "≤"
        return [
            self.what,
            f"{sign} {self.limit:.4g} {self.unit}",
            f"{self.value:.2f} {self.unit}",
            "yes" if holds else "**no**",
        ]


def bars(measured: Measured) -> Iterator[Bar]:
    """Those for which there is a measurement."""
    for workload, outcomes in measured.contests.items():
        named = {one.name: one for one in outcomes}
        yield from _beside_peers(workload, named)
        yield from _patience(workload, named, measured.disk)
    yield from _growth(measured.growth)
    yield from _process(measured)


def _beside_peers(workload: str, named: Named) -> Iterator[Bar]:
    said = f"`{workload}`: requests per second, times"
    if POSTGRAPHILE in named:
        ratio = named[PRODUCT].times(named[POSTGRAPHILE], rps)
        yield Bar(f"{said} PostGraphile's", LEAST[workload], ratio, "x", at_least=True)
    if workload != "list":
        return
    yield Bar(
        f"{said} vanilla Strawberry's", 25, named[PRODUCT].times(named[VANILLA], rps), "x", at_least=True
    )
    if POSTGRAPHILE in named:
        ratio = named[NULL_SINK].times(named[POSTGRAPHILE], rps)
        yield Bar(f"without a record: {said} PostGraphile's", 1.5, ratio, "x", at_least=True)
    ratio = named[NULL_SINK].times(named[SQL], rps)
    yield Bar(f"without a record: {said} those of the hand-written SQL", 0.6, ratio, "x", at_least=True)


def _patience(workload: str, named: Named, disk: Mapping[str, float]) -> Iterator[Bar]:
    """The slowest in a hundred; with the record on, the disk may take its time besides."""
    bare, whole = named[NULL_SINK].typical, named[PRODUCT].typical
    yield Bar(f"`{workload}` without a record: p99, times p50", 3, bare.p99_ms / bare.p50_ms, "x")
    if workload in disk:
        limit = 3 * whole.p50_ms + disk[workload]
        title = f"`{workload}`: p99, against 3 times p50 and the disk's p99 of {disk[workload]:.2f} ms"
        yield Bar(title, limit, whole.p99_ms, "ms")


def _growth(points: Sequence[Point]) -> Iterator[Bar]:
    found = {
        (one.curve, one.workload, one.x): one.outcome.typical for one in points if one.outcome.name == PRODUCT
    }
    rows = [found.get(("rows", "list", x)) for x in (10, 50, 100)]
    if rows[0] is not None and rows[1] is not None and rows[2] is not None:
        few, some, many = (cpu(one) for one in rows if one is not None)
        title = "`list`: CPU time of a row beyond the 50th, times that of one beyond the 10th"
        yield Bar(title, 1.25, ((many - some) / 50) / ((some - few) / 40), "x")
    for (curve, workload, x), grown in found.items():
        before = found.get((curve, workload, 1))
        if curve == "data" and x > 1 and before is not None:
            yield Bar(
                f"`{workload}` over {x} times the data: CPU time, times", 1.2, cpu(grown) / cpu(before), "x"
            )
    alone, two = (found.get(("processes", INTROSPECTION, x)) for x in (1, 2))
    if alone is not None and two is not None:
        title = "two processes where no database is asked: requests per second, times those of one"
        yield Bar(title, 1.7, two.rps / alone.rps, "x", at_least=True)


def _process(measured: Measured) -> Iterator[Bar]:
    if measured.starts is not None:
        yield Bar("first start of `isomod demo` to `ready`", 20, measured.starts[0], "s")
        yield Bar("later start", 5, measured.starts[1], "s")
    yield Bar("resident memory of the API process, at most", 250, measured.serving.most_mb, "MB")
    flooded = measured.flooded
    title = f"the same after {flooded.documents:,} documents that were never seen before"
    yield Bar(title, 250, flooded.megabytes[-1][1], "MB")
    title = "`{viewer{id}}`, from arrival to answer, sign-in and database included, without the socket"
    yield Bar(title, 2, measured.viewer_ms, "ms")


def rps(sample: Sample) -> float:
    """Requests per second."""
    return sample.rps


def cpu(sample: Sample) -> float:
    """CPU milliseconds of one request, server and database together."""
    return sample.server_ms + sample.database_ms
