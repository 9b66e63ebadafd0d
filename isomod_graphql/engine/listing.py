"""Declared lists: what can be filtered, how it is sorted and where it hangs, as data. Refuses to put a caller's value into a text of SQL."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, Uuid, and_, any_, bindparam, literal_column, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.text import fold
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.reach import Who

if TYPE_CHECKING:
    from isomod_graphql.engine.request import Request

LISTING: Final = "listing"
"""Under this name the metadata of a connection field holds its `Listing`."""
LAST_SIGN: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Sort:
    """One ordering: a column that is never null and its direction. Ties are broken by id; `unique`: in one list there are none."""

    key: ColumnElement[Any]
    descending: bool = False
    unique: bool = False


def beyond(sort: Sort, row_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """After the row that `after_key` and `after_id` name."""
    key = sort.key
    if sort.unique:
        only = bindparam("after_key", type_=key.type)
        return key < only if sort.descending else key > only
    value, last = bindparam("after_key", type_=key.type), bindparam("after_id", type_=row_id.type)
    if sort.descending:
        within, before, tied = key <= value, key < value, row_id < last
    else:
        within, before, tied = key >= value, key > value, row_id > last
    # The first comparison alone is what an index can start from; the rest breaks ties.
    return and_(within, or_(before, tied))


def ordered(sort: Sort, *keys: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Both keys in the direction of the sort; where the first is unique, the second decides nothing."""
    if sort.unique:
        keys = keys[:1]
    return [key.desc() if sort.descending else key.asc() for key in keys]


class Criterion(Protocol):
    """What one field of a filter asks of a row. `name` is the beginning of its parameters' names in the statement."""

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  the field's own type
        """The structure of the value: equal forms have equal predicates. None when the value filters nothing."""

    def predicates(self, name: str, form: Hashable) -> Sequence[ColumnElement[bool]]:
        """Comparisons with named parameters; never with a value."""

    def binds(self, name: str, value: Any, request: "Request") -> dict[str, Any]:  # noqa: ANN401  the field's own type
        """The values of those parameters. An id that names nothing is one that no row has."""

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  the field's own type, and JSON
        """What a cursor is bound to: the same for values that ask the same."""


@dataclass(frozen=True, eq=False, slots=True)
class Equal:
    """Column = value."""

    column: ColumnElement[Any]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """One."""
        return None if value is None else ()

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """An index answers it."""
        return (self.column == bindparam(name, type_=self.column.type),)

    def binds(self, name: str, value: Any, _request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """The value."""
        return {name: value}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """Its text."""
        return str(value)


@dataclass(frozen=True, eq=False, slots=True)
class OneOf:
    """Column in values. One array, so that one text serves any number of them; none at all matches nothing."""

    column: ColumnElement[Any]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """One, whatever the number."""
        return None if value is None else ()

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """An index answers it."""
        return (self.column == any_(bindparam(name, type_=ARRAY(self.column.type))),)

    def binds(self, name: str, value: Any, _request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """Each value once."""
        return {name: self.canonical(value)}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """In whatever order and however often they were given."""
        return sorted({one.value if isinstance(one, Enum) else one for one in value})


@dataclass(frozen=True, eq=False, slots=True)
class Reference:
    """Column = the row that a global id names. An id that names nothing here matches nothing, and so does one out of reach:
    the link that shows the row is null then, so nobody finds, or counts, by what he or she is not shown.
    """

    column: ColumnElement[Any]
    entity: Callable[[], Entity]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """One."""
        return None if value is None else ()

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """An index answers it."""
        return (self.column == bindparam(name, type_=Uuid()),)

    def reached(self, name: str, who: Who) -> ColumnElement[bool]:
        """The viewer reaches the row of that name, by the rule that its link obeys. Depends on no listed row: one look per statement."""
        entity = self.entity()
        row: Any = entity.model.__table__
        named = row.c.id == bindparam(name, type_=Uuid())
        one = select(literal_column("1", Integer())).select_from(row)
        found = one.where(row.c.tenant_id == who.tenant_id, named, entity.scope.reachable(who))
        return found.correlate(None).exists()

    def binds(self, name: str, value: Any, request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """The row's id. Raises Unauthenticated for nobody."""
        return {name: request.row_id(value, self.entity())}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """The id as it was given: a row has one."""
        return str(value)


@dataclass(frozen=True, eq=False, slots=True)
class Between:
    """Column in a half-open range, either end of which may be open."""

    column: ColumnElement[Any]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """Which ends are given."""
        return None if value is None else tuple(end is not None for end in _ends(value))

    def predicates(self, name: str, form: Hashable) -> Sequence[ColumnElement[bool]]:
        """From (inclusive) to (exclusive)."""
        low, high = (bindparam(f"{name}_{end}", type_=self.column.type) for end in ("gte", "lt"))
        both = (self.column >= low, self.column < high)
        return [one for one, given in zip(both, _flags(form), strict=True) if given]

    def binds(self, name: str, value: Any, _request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """The ends that are given."""
        ends = zip(("gte", "lt"), _ends(value), strict=True)
        return {f"{name}_{end}": given for end, given in ends if given is not None}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """Both ends."""
        return [str(end) for end in _ends(value)]


@dataclass(frozen=True, eq=False, slots=True)
class Prefix:
    """A column of folded names that starts with a text: two comparisons that an index answers under row security."""

    column: ColumnElement[Any]

    def form(self, value: Any) -> Hashable | None:  # noqa: ANN401  see Criterion
        """Nothing but spaces starts everything."""
        return () if value and fold(value) else None

    def predicates(self, name: str, _form: Hashable) -> Sequence[ColumnElement[bool]]:
        """From the text to the last one that starts with it."""
        low, high = (bindparam(f"{name}_{end}", type_=self.column.type) for end in ("from", "to"))
        return (self.column >= low, self.column < high)

    def binds(self, name: str, value: Any, _request: "Request") -> dict[str, Any]:  # noqa: ANN401  see Criterion
        """Folded as the column is."""
        folded = fold(value)
        return {f"{name}_from": folded, f"{name}_to": folded + LAST_SIGN}

    def canonical(self, value: Any) -> Any:  # noqa: ANN401  see Criterion
        """Folded."""
        return fold(value)


def _ends(value: Any) -> tuple[Any, Any]:  # noqa: ANN401  a range as the schema or graphql-core made it
    return given_of(value, "gte"), given_of(value, "lt")


def _flags(form: Hashable) -> tuple[bool, ...]:
    return form if isinstance(form, tuple) else ()


def given_of(given: object, name: str) -> Any:  # noqa: ANN401  the field's own type
    """A field of an input, which is an object of the schema or a mapping by Python's names; None when it is absent."""
    return given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)


@dataclass(frozen=True, eq=False, slots=True)
class InMemory:
    """What SQL cannot compare, because it is not stored in the clear: these sorts and filter fields.

    `ids` gives the ids of all rows that the viewer reaches and the demand wants, in its order.
    """

    orders: frozenset[str]
    fields: frozenset[str]
    ids: Callable[["Request", "Demand"], Awaitable[list[UUID]]]


@dataclass(frozen=True, eq=False)
class Listing:
    """A connection field of the graph. `name` is its coordinate, such as "Query.workOrders"; equal to itself only.

    `sorts` are by the name of the enum's member; the first is meant where there is no choice. `criteria` are by the
    Python name of the filter's field. `under` holds the id of the row on which the list hangs; None for a root field.
    """

    name: str
    entity: Callable[[], Entity]
    sorts: Mapping[str, Sort]
    criteria: Mapping[str, Criterion]
    under: ColumnElement[Any] | None = None
    always: tuple[ColumnElement[bool], ...] = ()
    in_memory: InMemory | None = None


@dataclass(frozen=True, eq=False)
class Demand:
    """What a connection field was asked for, once. Absent fields of the filter are in none of its parts.

    `given` holds the filter's values, `forms` their structure, both by the names of the criteria and in the listing's order.
    """

    listing: Listing
    first: int
    after: str | None
    order: str
    given: Mapping[str, Any]
    forms: tuple[tuple[str, Hashable], ...]

    @property
    def entity(self) -> Entity:
        """The kind of row that is listed."""
        return self.listing.entity()

    @property
    def sort(self) -> Sort:
        """How SQL puts the rows in order; raises KeyError where memory does."""
        return self.listing.sorts[self.order]

    @property
    def key(self) -> Hashable:
        """Equal keys have equal SQL, apart from the values that it binds; `first` and `after` stand beside it."""
        return self.listing, self.order, self.forms

    @cached_property
    def in_memory(self) -> bool:
        """The listing's hook is needed."""
        hook = self.listing.in_memory
        return hook is not None and (self.order in hook.orders or not hook.fields.isdisjoint(self.given))

    def predicates(self, who: Who, prefix: str = "where_") -> tuple[ColumnElement[bool], ...]:
        """What every listed row is and what the filter asks, for somebody who reaches what it names.

        `prefix` begins the name of every parameter.
        """
        found = list(self.listing.always)
        for name, form in self.forms:
            criterion = self.listing.criteria[name]
            found += criterion.predicates(prefix + name, form)
            if isinstance(criterion, Reference):
                found.append(criterion.reached(prefix + name, who))
        return tuple(found)

    def binds(self, request: "Request", prefix: str = "where_") -> dict[str, Any]:
        """The value of every parameter of `predicates`."""
        values: dict[str, Any] = {}
        for name, value in self.given.items():
            values |= self.listing.criteria[name].binds(prefix + name, value, request)
        return values

    @cached_property
    def shape(self) -> Mapping[str, Any]:
        """The canonical filter and order."""
        criteria = self.listing.criteria
        asked = {name: criteria[name].canonical(value) for name, value in self.given.items()}
        return {"order": self.order, "filter": asked}

    @cached_property
    def spelled(self) -> bytes:
        """The coordinate and the shape: the same for all demands that ask the same of the same list."""
        return (
            _spelled(self.listing.name, self.shape)
            if self.given
            else _unfiltered(self.listing.name, self.order)
        )


def _spelled(name: str, shape: Mapping[str, Any]) -> bytes:
    return orjson.dumps([name, shape], option=orjson.OPT_SORT_KEYS)


@cache
def _unfiltered(name: str, order: str) -> bytes:
    """One per list and order."""
    return _spelled(name, {"order": order, "filter": {}})


def demand(
    listing: Listing,
    *,
    first: int,
    after: str | None = None,
    given: object = None,
    order_by: Enum | str | None = None,
) -> Demand:
    """Reads the arguments of a connection field. `given` is the filter, as an object of the schema or a mapping by Python's names."""
    values: dict[str, Any] = {}
    forms: list[tuple[str, Hashable]] = []
    if given is not None:
        for name, criterion in listing.criteria.items():
            value = given_of(given, name)
            form = criterion.form(value)
            if form is not None:
                values[name] = value
                forms.append((name, form))
    order = order_by.name if isinstance(order_by, Enum) else order_by or next(iter(listing.sorts))
    return Demand(listing, first, after, order, values, tuple(forms))
