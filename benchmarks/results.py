"""What was measured, as the page `results.md`. It refuses to show a number without what it is compared with."""

from collections.abc import Sequence
from typing import Final

from benchmarks.bars import bars, cpu, rps
from benchmarks.contest import Outcome
from benchmarks.documents import POSTGRAPHILE, PRODUCT
from benchmarks.growth import Point
from benchmarks.measured import Measured
from benchmarks.pressure import CONNECTIONS, Sample
from benchmarks.product import AS_VIEWER, NOT_COMPILED, NULL_SINK
from benchmarks.tables import table
from benchmarks.workloads import WORKLOADS

CURVES: Final = {
    "rows": ("Rows of a page", "`list` with pages of 10, 50 and 100 rows after the same cursors."),
    "depth": (
        "Depth",
        "5 locations, their first 5 assets, their first 4 work orders, their asset, its location, its first 2 assets: one link to six.",
    ),
    "data": ("Data", "1 is the data above; 10 is ten times the rows of everything."),
    "processes": (
        "Processes",
        (
            f"The {CONNECTIONS} connections are shared out evenly among the processes; every process has a pool of its own. They share\n"
            "the machine with their database and the client, which limit the three workloads. `introspection`, the question for the\n"
            "whole schema, asks no database."
        ),
    ),
}


def page(measured: Measured) -> str:
    """The whole of results.md."""
    parts = [_head(measured), _bars(measured), _contests(measured), _prices(measured)]
    parts += [
        _curve(measured.growth, curve)
        for curve in CURVES
        if len({one.x for one in _drawn(measured.growth, curve)}) > 1
    ]
    parts += [_alone(measured), _flooded(measured), _planning(measured)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(measured: Measured) -> str:
    setting = measured.setting
    told = ", ".join(f"{name} {version}" for name, version in setting.versions.items())
    return (
        "# What was measured\n\n"
        f"Written by `make bench` on {setting.date}. Machine: {setting.machine}, shared by the servers, their database and the\n"
        f"client ({setting.generator}). {told}.\n\n"
        "Data: 50 locations, 1,000 people, 5,000 assets, 50,000 work orders, the same for every server, in PostgreSQL with\n"
        "its default settings. Each server is one process with 8 database connections. Before anything was timed, every\n"
        "server returned the same rows as the hand-written SQL. The product seals every person's fields, decides on every\n"
        "field and records every read of personal data; the peers do nothing of that. Compare numbers of one run only:\n"
        "`results.json` has every round."
    )


def _bars(measured: Measured) -> str:
    return "## Bars\n\n" + table(
        ["what", "limit", "measured", "holds"], [bar.row() for bar in bars(measured)]
    )


def _cells(sample: Sample) -> list[str]:
    return [
        f"{sample.rps:.1f}", f"{sample.p50_ms:.2f}", f"{sample.p99_ms:.2f}", f"{sample.server_ms:.2f}",
        f"{sample.database_ms:.2f}",
    ]  # fmt: skip


COLUMNS: Final = ("requests/s", "p50 ms", "p99 ms", "server CPU ms", "database CPU ms")


def _contests(measured: Measured) -> str:
    setting = measured.setting
    head = (
        "## The product beside its peers\n\n"
        f"{CONNECTIONS} connections, each waiting for its reply; medians of {setting.rounds} interleaved rounds of "
        f"{setting.seconds:g} s. CPU time is that\nof one request. *times* is the product's requests per second divided by "
        "the peer's, the median of the rounds' ratios.\n\n"
        "![Requests per second](plots/workloads.svg)"
    )
    parts = [head]
    if not any(one.name == POSTGRAPHILE for outcomes in measured.contests.values() for one in outcomes):
        parts.append("PostGraphile was left out: it could not be installed where this was measured.")
    for workload, outcomes in measured.contests.items():
        mine = next(one for one in outcomes if one.name == PRODUCT)
        lines = [[one.name, *_cells(one.typical), f"{mine.times(one, rps):.2f}"] for one in outcomes]
        parts.append(f"`{workload}`: {WORKLOADS[workload]}\n\n" + table(["server", *COLUMNS, "times"], lines))
    parts.append(
        "- `sql_limit`: one SQL statement written by hand builds the JSON; there is no GraphQL.\n"
        "- `postgraphile`: PostGraphile 5 on Node.js in production mode.\n"
        "- `vanilla_strawberry`: Strawberry, SQLAlchemy ORM, data loaders and permission classes, as their documentation "
        "teaches.\n"
        "- `product`: `isomod serve`, asked by an administrator, who is shown every value.\n"
        f"- `{AS_VIEWER}`: the same, asked by a viewer, who sees initials instead of names and no addresses.\n"
        f"- `{NULL_SINK}`: the same application with access records that go nowhere; it exists in `benchmarks/` only.\n"
        f"- `{NOT_COMPILED}`: the same with every query sent through Strawberry's resolvers; also in `benchmarks/` only."
    )
    return "\n\n".join(parts)


def _prices(measured: Measured) -> str:
    """The medians of the rounds' ratios."""
    lines = []
    for workload, outcomes in measured.contests.items():
        named = {one.name: one for one in outcomes}
        mine = named[PRODUCT]
        masks = f"{named[AS_VIEWER].times(mine, cpu):.2f}" if AS_VIEWER in named else "-"
        record = f"{mine.times(named[NULL_SINK], cpu):.2f}" if NULL_SINK in named else "-"
        compiled = f"{named[NOT_COMPILED].times(mine, cpu):.1f}" if NOT_COMPILED in named else "-"
        lines.append([f"`{workload}`", record, masks, compiled])
    head = [
        "workload",
        "with / without the durable access record",
        "masked / in full",
        "not compiled / compiled",
    ]
    return "## What the parts cost\n\nCPU time of a request, server and database together.\n\n" + table(
        head, lines
    )


def _drawn(points: Sequence[Point], curve: str) -> list[Point]:
    return [one for one in points if one.curve == curve]


def _curve(points: Sequence[Point], curve: str) -> str:
    title, told = CURVES[curve]
    drawn = _drawn(points, curve)
    parts = [f"## {title}\n\n{told}\n\n![{title}](plots/{curve}.svg)"]
    for workload in dict.fromkeys(one.workload for one in drawn):
        places = sorted({one.x for one in drawn if one.workload == workload})
        lines = []
        for name in dict.fromkeys(one.outcome.name for one in drawn if one.workload == workload):
            found = {
                one.x: one.outcome for one in drawn if (one.workload, one.outcome.name) == (workload, name)
            }
            lines.append([name, *(_short(found.get(x)) for x in places)])
        head = [f"`{workload}`", *(str(x) for x in places)]
        parts.append(table(head, lines))
    parts.append("Requests per second; in brackets CPU milliseconds of one request, server + database.")
    return "\n\n".join(parts)


def _short(outcome: Outcome | None) -> str:
    if outcome is None:
        return "-"
    typical = outcome.typical
    return f"{typical.rps:.1f} ({typical.server_ms:.2f} + {typical.database_ms:.2f})"


def _alone(measured: Measured) -> str:
    serving = measured.serving
    lines = [[f"`{name}`", *_cells(sample)] for name, sample in serving.alone.items()]
    return (
        "## One client\n\n"
        f"The product over one connection. Resident: {serving.ready_mb:.0f} MB when ready, {serving.now_mb:.0f} MB at the "
        f"end, {serving.most_mb:.0f} MB at most.\n\n" + table(["request", *COLUMNS], lines)
    )


def _flooded(measured: Measured) -> str:
    flooded = measured.flooded
    head = ["documents sent", *(f"{count:,}" for count, _ in flooded.megabytes)]
    row = ["resident MB", *(f"{size:.0f}" for _, size in flooded.megabytes)]
    return (
        "## Documents that were never seen before\n\n"
        f"{flooded.documents:,} distinct documents, each sent once: parsed, validated, planned and answered in "
        f"{flooded.p50_ms:.2f} ms (median),\n{flooded.p99_ms:.2f} ms (p99), two clients at a time. What the process holds, and its caches at the end:\n\n"
        + table(head, [row])
        + "\n\n"
        + table(list(flooded.caches), [[f"{value:,g}" for value in flooded.caches.values()]])
    )


def _planning(measured: Measured) -> str:
    lines = [[step, f"{taken:.1f}"] for step, taken in measured.planning.items()]
    return "## Before the first statement\n\n" + table(["step, document of `list`", "microseconds"], lines)
