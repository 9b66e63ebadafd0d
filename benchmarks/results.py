"""What was measured, as a table for `results.md`. It names cores and memory of the machine and nothing else of it."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version
from typing import Final

from benchmarks.comparing import Comparison, Sample
from benchmarks.serving import Serving
from benchmarks.workloads import WORKLOADS

MASKING: Final = 1.3
PACKAGES: Final = ("strawberry-graphql", "graphql-core", "SQLAlchemy", "asyncpg", "cryptography", "uvicorn")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. A part that was left out is None; `starts` are the seconds of the first and the second start."""

    postgres: str
    planning: Mapping[str, float]
    comparisons: Sequence[Comparison]
    rounds: int
    serving: Serving | None
    starts: tuple[float, float] | None
    viewer_ms: float


def page(measured: Measured) -> str:
    """The whole of results.md."""
    parts = [_head(measured), _bars(measured), _comparisons(measured)]
    if measured.serving is not None:
        parts.append(_serving(measured.serving))
    parts.append(_planning(measured.planning))
    return "\n\n".join(parts) + "\n"


def _head(measured: Measured) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        "# What was measured\n\n"
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}. Machine: {os.cpu_count()} cores, {memory:.0f} GB.\n"
        f"Python {python_version()}, PostgreSQL {measured.postgres}, {versions}.\n"
        "Data: 50 locations, 1,000 people, 5,000 assets, 50,000 work orders, every person's fields sealed.\n"
        "Compare numbers of one run only."
    )


def _bars(measured: Measured) -> str:
    rows: list[tuple[str, float, float, str]] = []
    if measured.starts is not None:
        rows.append(("first start of `isomod demo` to `ready`", measured.starts[0], 20, "s"))
        rows.append(("later start", measured.starts[1], 5, "s"))
    if measured.serving is not None:
        rows.append(("resident memory of the API process, at most", measured.serving.most_mb, 250, "MB"))
    title = "`{viewer{id}}`, from arrival to answer, sign-in and database included, without the socket"
    rows.append((title, measured.viewer_ms, 2, "ms"))
    for comparison in measured.comparisons:
        for variant in comparison.variants[1:]:
            for name, of in (("time", _wall), ("CPU", _cpu)):
                title = f"`{comparison.workload}` as {variant.name} / without any access rule, {name}"
                rows.append((title, comparison.ratio(variant, of), MASKING, "x"))
    lines = [
        [title, f"{limit:g} {unit}", f"{value:.2f} {unit}", "yes" if value <= limit else "**no**"]
        for title, value, limit, unit in rows
    ]
    return "## Bars\n\n" + _table(["what", "limit", "measured", "holds"], lines)


def _wall(sample: Sample) -> float:
    return sample.wall


def _cpu(sample: Sample) -> float:
    return sample.cpu


def _database(sample: Sample) -> float:
    return sample.database


def _comparisons(measured: Measured) -> str:
    lines = [
        [comparison.workload, variant.name, *(f"{variant.median(of):.2f}" for of in (_wall, _cpu, _database))]
        for comparison in measured.comparisons
        for variant in comparison.variants
    ]
    told = "\n".join(f"- `{name}`: {text}" for name, text in WORKLOADS.items())
    return (
        "## The price of access control\n\n"
        "One request in milliseconds, from a planned document to JSON, without HTTP and sign-in: medians of "
        f"{measured.rounds} interleaved\nrounds in one process. *no access rule* is the same schema and the same loaders, "
        "keys and transaction without reach,\nfacts, decisions and permission classes; it exists in `benchmarks/` only.\n\n"
        f"{told}\n\n" + _table(["workload", "variant", "time", "server CPU", "database CPU"], lines)
    )


def _serving(serving: Serving) -> str:
    lines = [
        [
            f"`{name}`", f"{of.median_ms:.2f}", f"{of.p99_ms:.2f}", f"{of.server_cpu_ms:.2f}",
            f"{of.database_cpu_ms:.2f}", f"{of.per_second:.0f}",
        ]
        for name, of in serving.answers.items()
    ]  # fmt: skip
    head = ["request", "median ms", "p99 ms", "server CPU ms", "database CPU ms", "per second, 8 connections"]
    return (
        "## The API over HTTP\n\n"
        "`isomod serve`, one process, bearer token of an administrator. Median and p99 over one connection. The client "
        "shares the machine.\n"
        f"Resident: {serving.idle_mb:.0f} MB when ready, {serving.resident_mb:.0f} MB at the end, "
        f"{serving.most_mb:.0f} MB at most.\n\n" + _table(head, lines)
    )


def _planning(steps: Mapping[str, float]) -> str:
    lines = [[step, f"{taken:.1f}"] for step, taken in steps.items()]
    return "## Before the first statement\n\n" + _table(["step, document of `list`", "microseconds"], lines)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["-"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
