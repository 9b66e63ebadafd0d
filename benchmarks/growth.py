"""How the cost grows: with the rows of a page, the depth of a document, the data, and the processes. It refuses to draw a line through one run and another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import get_introspection_query

from benchmarks.agreement import Asked
from benchmarks.contest import Effort, Entry, Outcome, Say, contest
from benchmarks.documents import DEPTHS, ROWS, SQL, deep
from benchmarks.servers import Server, body
from benchmarks.workloads import PAGE, WORKLOADS, WrongAnswer

INTROSPECTION: Final = "introspection"
CHECKED: Final = 10
"""Replies from which the size of a reply is taken."""


@dataclass(frozen=True, slots=True)
class Point:
    """One server at one place of a curve."""

    curve: str
    workload: str
    x: int
    outcome: Outcome


def grow_rows(entries: Sequence[Entry], effort: Effort, say: Say) -> list[Point]:
    """`list` with pages of 10, 50 and 100, after the same cursors; a round asks for each, so that a slow minute makes no curve."""
    sizes = {f"{one.server.name} {n}": (one.server.name, n) for n in ROWS for one in entries}
    sized = [
        Entry(replace(one.server, name=f"{one.server.name} {n}"), {"rows": _paged(one, n)})
        for n in ROWS
        for one in entries
    ]
    points = []
    for outcome in contest(sized, "rows", effort, say):
        name, n = sizes[outcome.name]
        points.append(Point("rows", "list", n, replace(outcome, name=name)))
    return points


def grow_depth(entries: Sequence[Entry], effort: Effort, say: Say) -> list[Point]:
    """A chain of one to six links, asked of every server that has GraphQL."""
    chained = []
    for one in entries:
        if one.server.name == SQL:
            continue
        asked = {f"depth {n}": _checked(one.server, [body(deep(one.server.dialect, n), {})]) for n in DEPTHS}
        chained.append(Entry(one.server, asked))
    _same_size(chained)
    return [
        Point("depth", "chain", n, outcome)
        for n in DEPTHS
        for outcome in contest(chained, f"depth {n}", effort, say)
    ]


def grow(curve: str, x: int, entries: Sequence[Entry], effort: Effort, say: Say) -> list[Point]:
    """The three workloads at one size of something: the data, or the processes."""
    say(f"{curve}: {x}")
    return [
        Point(curve, workload, x, outcome)
        for workload in WORKLOADS
        for outcome in contest(entries, workload, effort, say)
    ]


def grow_processes(x: int, entry: Entry, effort: Effort, say: Say) -> list[Point]:
    """The question for the whole schema, which a process answers by itself."""
    text = body(get_introspection_query(descriptions=True), {})
    _, size = entry.server.ask(text)
    asked = Entry(entry.server, {INTROSPECTION: Asked([text], size)})
    return [Point("processes", INTROSPECTION, x, one) for one in contest([asked], INTROSPECTION, effort, say)]


def _paged(entry: Entry, rows: int) -> Asked:
    """The same pages, longer or shorter."""
    bodies = []
    for text in entry.asked["list"].bodies:
        request = json.loads(text)
        request["variables"]["first"] = rows
        bodies.append(json.dumps(request))
    return _checked(entry.server, bodies, rows)


def _checked(server: Server, bodies: Sequence[str], rows: int = PAGE) -> Asked:
    """Raises WrongAnswer when a reply holds other than the rows that were asked for."""
    sizes = []
    for text in bodies[:CHECKED]:
        data, size = server.ask(text)
        page = data.get("workOrders")
        if page is not None and leaves(page, "number") != rows:
            raise WrongAnswer(f"{server.name}: not {rows} rows")
        sizes.append(size)
    return Asked(bodies, sum(sizes) / len(sizes))


def _same_size(entries: Sequence[Entry]) -> None:
    """Lists by name and lists by id begin with other rows, but with as many."""
    for n in DEPTHS:
        counts = set()
        for one in entries:
            data, _ = one.server.ask(one.asked[f"depth {n}"].bodies[0])
            counts.add((leaves(data, "name"), leaves(data, "title")))
        if len(counts) != 1:
            raise WrongAnswer(f"depth {n}: the servers read {counts} names and titles")


def leaves(value: Any, name: str) -> int:  # noqa: ANN401  any JSON
    """How many fields of this name with a plain value there are in a reply."""
    if isinstance(value, Mapping):
        own = name in value and not isinstance(value[name], Mapping | list)
        return own + sum(leaves(inner, name) for inner in value.values())
    return sum(leaves(inner, name) for inner in value) if isinstance(value, list) else 0
