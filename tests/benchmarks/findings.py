"""A run that nobody made, to be written down; it measures nothing."""

from collections.abc import Mapping
from typing import Final

from benchmarks.contest import Outcome
from benchmarks.flood import Flooded
from benchmarks.growth import INTROSPECTION, Point
from benchmarks.measured import Measured, Setting
from benchmarks.pressure import Sample
from benchmarks.serving import Serving

SPEEDS: Final[Mapping[str, float]] = {
    "sql_limit": 1_000.0,
    "postgraphile": 400.0,
    "vanilla_strawberry": 25.0,
    "product": 500.0,
    "product, masked": 450.0,
    "product, null sink": 625.0,
    "product, not compiled": 50.0,
}


def sample(rps: float) -> Sample:
    """As if the server's CPU time were all there is."""
    return Sample(rps, 8_000 / rps, 16_000 / rps, 1_000 / rps, 0.5)


def outcome(name: str, *speeds: float) -> Outcome:
    return Outcome(name, [sample(speed) for speed in speeds])


def measured() -> Measured:
    outcomes = [outcome(name, speed) for name, speed in SPEEDS.items()]
    names = ("postgraphile", "product")
    return Measured(
        Setting("2026-01-02", "2 cores, 8 GB", {"Python": "3.11"}, "wrk", 1, 3),
        dict.fromkeys(("list", "detail", "nested"), outcomes),
        [
            *(Point("rows", "list", x, outcome(name, SPEEDS[name] / x)) for x in (10, 50) for name in names),
            *(Point("data", "list", x, outcome("product", speed)) for x, speed in ((1, 500), (10, 333.3))),
            *(
                Point("processes", INTROSPECTION, x, outcome("product", 90.0 * speed))
                for x, speed in ((1, 1), (2, 1.8))
            ),
        ],
        Serving({"viewer": sample(600)}, 100.0, 140.0, 150.0),
        Flooded(10_000, 4.0, 9.0, [(0, 100.0), (10_000, 180.0)], {"plans": 2_000}),
        {"parse": 250.0},
        1.5,
        (9.0, 4.0),
        {"list": 2.5},
    )
