"""Declared statistics: by what rows are told apart and what is measured of them, as data; one statement counts them. Refuses to tell of a group that is too small."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import aliased

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.flags import ERASED, restriction_bits
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.listing import given_of
from isomod_graphql.engine.readers import Reader, binds_of
from permissions.categories import Category
from permissions.masks import SMALLEST_GROUP
from permissions.suppression import Answer, Axis, Key, Tables, answer

if TYPE_CHECKING:
    from isomod_graphql.engine.request import Request

MEASURES: Final = "measures"
"""Under this name the metadata of a field that is told of many rows at once holds the category of what it measures."""
SUPPRESSES: Final = "suppresses"
"""Under this name that of a count which may be too small to be told holds its category."""
AS_OF: Final = "as_of"
"""The instant of the request, as a parameter of the statement."""
COUNTS: Final = frozenset({"total", "count"})
"""What is listed as masked where it is not told."""
MOST_AXES: Final = 4
"""By which rows are told apart in one answer, groups and filters together."""
MOST_CELLS: Final = 5_000
MOST_GROUPS: Final = 1_000
NAMELESS: Final = restriction_bits([Category.IDENTITY]) | ERASED
"""The flags of people for whom no group stands."""


class TooManyGroups(BadInput):
    """The rows are told apart too finely: by too many things, or by too many values of them."""

    code = "QUERY_TOO_COMPLEX"
    message = "These statistics have too many groups. Group or filter by less."


def _plainly(value: Any) -> Any:  # noqa: ANN401  a value of a level
    return value


@dataclass(frozen=True, eq=False, slots=True)
class Level:
    """One way to tell rows apart. `read` makes a value of the column; `up` leads to the level above; `show` is what clients read."""

    field: str
    value: ColumnElement[Any]
    up: Callable[[Any], Hashable] = _plainly
    show: Callable[[Any], Any] = _plainly
    read: Callable[[Any], Hashable] = _plainly


@dataclass(frozen=True, eq=False, slots=True)
class Dimension:
    """By what rows are told apart, the coarsest level first. `people`: its column holds a person."""

    levels: tuple[Level, ...]
    people: bool = False

    def axis(self, depth: int) -> Axis:
        """Down to this level."""
        return Axis(tuple(level.up for level in reversed(self.levels[1:depth])), self.people)


@dataclass(frozen=True, eq=False, slots=True)
class Measure:
    """Whole minutes of a row, NULL where it has none. Told of a group all of whose rows have some."""

    field: str
    minutes: ColumnElement[Any]


Wanted = Callable[["Request | None", Any], tuple[int, Hashable]]
"""What a filter asks for: the level, and the value there, which is of no matter where there is no request."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """A field of the root that counts rows of one kind. It stands where other fields say where their rows come from.

    `groupings` are by the name of the enum's member: the place of the dimension and the level. `filters` are by the Python
    name of the filter's field; `links` by the Python name of the group's.
    """

    entity: Callable[[], Entity]
    dimensions: tuple[Dimension, ...]
    groupings: Mapping[str, tuple[int, int]]
    filters: Mapping[str, tuple[int, Wanted]]
    links: Mapping[str, Callable[[], Entity]]
    measures: tuple[Measure, ...] = ()

    async def linked(self, request: "Request", group: "Group", name: str) -> Any:  # noqa: ANN401  a view stands in for a type of the graph
        """The row that a group stands for; None where it stands for none, or the viewer does not reach it."""
        key = group.values.get(name)
        return None if key is None else await request.load(self.links[name](), UUID(bytes=key))

    async def told(self, request: "Request", group_by: Sequence[Any], given: object) -> "Breakdown":
        """For the reference executor. Raises TooManyGroups."""
        asked = tally(self, request, group_by, given)
        statement = counting(self, Reader.of(request.viewer), asked.depths)
        binds = {**binds_of(request.viewer), AS_OF: request.viewer.now}
        rows = await request.reading(lambda tx: tx.all(statement, binds))
        return broken_down(asked, rows)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a field was asked for, once: how finely each dimension tells rows apart (0 is not at all), and the filter."""

    statistics: Statistics
    depths: tuple[int, ...]
    within: tuple[tuple[int, int, Hashable], ...]

    @property
    def used(self) -> list[int]:
        """The places of the dimensions that matter here."""
        return [at for at, depth in enumerate(self.depths) if depth]


def tally(statistics: Statistics, request: "Request | None", group_by: Sequence[Any], given: object) -> Tally:
    """Reads the arguments. `given` is the filter, as an object of the schema or a mapping by Python's names. Raises TooManyGroups."""
    depths = [0] * len(statistics.dimensions)
    for name in group_by:
        at, level = statistics.groupings[name.name if isinstance(name, Enum) else name]
        depths[at] = max(depths[at], level)
    within = []
    for name, (at, wanted) in statistics.filters.items():
        value = None if given is None else given_of(given, name)
        if value is not None:
            level, found = wanted(request, value)
            depths[at] = max(depths[at], level)
            within.append((at, level, found))
    if sum(depth > 0 for depth in depths) > MOST_AXES:
        raise TooManyGroups
    return Tally(statistics, tuple(depths), tuple(within))


def counting(statistics: Statistics, reader: Reader, depths: Sequence[int]) -> Select[Any]:
    """Every cell at these levels: its values, per dimension of people whether they may not be told of, its rows, its measures.

    What a caller filters by is no part of it: what is told of a group must not depend on what else is asked.
    """
    entity = statistics.entity()
    table = entity.model.__table__
    source: FromClause = table
    columns: list[ColumnElement[Any]] = []
    hidden: list[ColumnElement[Any]] = []
    for at, depth in enumerate(depths):
        if not depth:
            continue
        dimension = statistics.dimensions[at]
        value = dimension.levels[depth - 1].value
        columns.append(value.label(f"axis_{at}"))
        if dimension.people:
            people: Any = aliased(entity.people, name=f"p_{at}")
            source = source.outerjoin(people, and_(people.tenant_id == table.c.tenant_id, people.id == value))
            flagged = people.flags.op("&")(literal_column(str(NAMELESS), Integer()))
            hidden.append((flagged != literal_column("0", Integer())).label(f"hidden_{at}"))
    minutes = [one.minutes.label(one.field) for one in statistics.measures]
    reached = (table.c.tenant_id == reader.tenant_id, entity.scope.reachable(reader))
    one = literal_column("1", Integer()).label("one")
    rows = select(one, *columns, *hidden, *minutes).select_from(source).where(*reached).subquery("counted")
    keys = [rows.c[str(column.name)] for column in columns]
    told: list[ColumnElement[Any]] = [
        *keys,
        *(func.coalesce(func.bool_or(rows.c[str(column.name)]), False) for column in hidden),
        func.count(),
    ]
    for measure in statistics.measures:
        column = rows.c[measure.field]
        told += [func.count(column), cast(func.coalesce(func.sum(column), 0), BigInteger)]
    most = literal_column(str(MOST_CELLS + 1), Integer())
    labelled = [column.label(f"told_{number}") for number, column in enumerate(told)]
    return select(*labelled).select_from(rows).group_by(*keys).limit(most)


@dataclass(frozen=True, slots=True)
class Minutes:
    """Of all rows of a group."""

    sum: float
    average: int


@dataclass(frozen=True, slots=True)
class Group:
    """By Python's names: what tells the group apart (raw ids of links), its count and its measures."""

    values: Mapping[str, Any]
    count: int

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  a value of a level, or a measure
        """None for what the group is not told apart by. Raises AttributeError for what is no field."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class Remainder:
    """The rows that are in no group; None where their number would tell of fewer than there are in a group."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """An answer, as both executors show it."""

    groups: list[Group]
    total: int | None
    remainder: Remainder | None
    smallest_group: int = SMALLEST_GROUP


@dataclass(eq=False, slots=True)
class _Sums:
    rows: dict[Key, int] = field(default_factory=dict)
    measured: dict[Key, list[int]] = field(default_factory=dict)
    """Per measure: how many rows have some, and the sum."""
    hidden: set[Hashable] = field(default_factory=set)


def broken_down(asked: Tally, rows: Sequence[Sequence[Any]]) -> Breakdown:
    """What is told of these cells. Raises TooManyGroups."""
    if len(rows) > MOST_CELLS:
        raise TooManyGroups
    sums, used = _summed(asked, rows), asked.used
    axes = [asked.statistics.dimensions[at].axis(asked.depths[at]) for at in used]
    places = {at: place for place, at in enumerate(used)}
    within = [(places[at], level, value) for at, level, value in asked.within]
    found: Answer = answer(Tables(axes, sums.rows, frozenset(sums.hidden)), within)
    if len(found.groups) > MOST_GROUPS:
        raise TooManyGroups
    groups = [
        Group(dict(_values(asked, axes, key, sums.measured[key], sums.rows[key])), sums.rows[key])
        for key in found.groups
    ]
    return Breakdown(groups, found.total, Remainder(found.rest) if found.remains else None)


def _summed(asked: Tally, rows: Sequence[Sequence[Any]]) -> _Sums:
    """By the values of the levels; ids as bytes, whichever driver brought them."""
    sums, used = _Sums(), asked.used
    reads = [asked.statistics.dimensions[at].levels[asked.depths[at] - 1].read for at in used]
    people = [place for place, at in enumerate(used) if asked.statistics.dimensions[at].people]
    after = len(used) + len(people)
    for row in rows:
        key = tuple(read(_raw(value)) for read, value in zip(reads, row[: len(used)], strict=True))
        sums.rows[key] = sums.rows.get(key, 0) + row[after]
        before = sums.measured.get(key) or [0] * (len(row) - after - 1)
        sums.measured[key] = [one + more for one, more in zip(before, row[after + 1 :], strict=True)]
        sums.hidden.update(key[place] for number, place in enumerate(people) if row[len(used) + number])
    return sums


def _raw(value: Any) -> Any:  # noqa: ANN401  a column's value
    return value.bytes if isinstance(value, UUID) else value


def _values(
    asked: Tally, axes: Sequence[Axis], key: Key, measured: Sequence[int], rows: int
) -> Iterator[tuple[str, Any]]:
    for at, axis, value in zip(asked.used, axes, key, strict=True):
        for number, level in enumerate(asked.statistics.dimensions[at].levels[: axis.depth], 1):
            yield level.field, level.show(axis.at(value, number))
    pairs = zip(measured[::2], measured[1::2], strict=True)
    for measure, (having, minutes) in zip(asked.statistics.measures, pairs, strict=True):
        if having == rows:
            yield measure.field, Minutes(float(minutes), (2 * minutes + rows) // (2 * rows))
