"""The statements of a level: rows of a page, of ids or under parents, with their to-one links joined. Built on SQLAlchemy Core; refuses a value of a caller."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.visitors import iterate

from isomod_graphql.core.instants import is_instant, micros_of
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import Weighed
from isomod_graphql.engine.listing import Demand, beyond, ordered
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.rows import RowQuery
from isomod_graphql.engine.shapes import Access, Gathered, Link, ObjectShape, Value, is_typeless
from isomod_graphql.engine.sources import Children, Through

MAX_PAGE: Final = 100
MAX_TABLES: Final = 8
"""Of one statement: PostgreSQL plans the order of so many by default; further links are read by their ids."""

_ONE: Final = literal_column("1", Integer())
_DIALECT: Final = PGDialect_asyncpg()  # type: ignore[no-untyped-call]  # SQLAlchemy's


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement for the driver: its text, and where the values of its parameters come from."""

    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def arguments(self, binds: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text. Raises KeyError for a parameter without one."""
        constants = self.constants
        return [constants[name] if name in constants else binds[name] for name in self.names]


def compiled(statement: Select[Any]) -> Sql:
    """The text in the driver's spelling; whatever the declarations fixed is a parameter too."""
    left_open = {part.key for part in iterate(statement) if isinstance(part, BindParameter) and part.required}
    # Whoever spells out constant lists wants a value for every parameter.
    filled = statement.params(dict.fromkeys(left_open))
    found = filled.compile(dialect=_DIALECT).construct_expanded_state()
    names = tuple(found.positiontup or ())
    constants = {name: raw(found.parameters[name]) for name in names if name not in left_open}
    return Sql(found.statement, names, constants)


def raw(value: Any) -> Any:  # noqa: ANN401  a parameter's value
    """Uuids and instants as the bytes and microseconds that the readers' driver takes."""
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return micros_of(value)
    if isinstance(value, list | tuple):
        return [raw(one) for one in value]
    return value


@dataclass(eq=False, slots=True)
class Slot:
    """One table's part of each record: the looks at it, and at which place each column stands.

    `above` and `link` say where it is joined; None for the rows themselves.
    """

    rows: RowQuery
    objects: list[ObjectShape]
    at: dict[str, int]
    above: "Slot | None" = None
    link: Link | None = None
    instants: set[str] = field(default_factory=set)
    """The columns that come as microseconds."""


class Records:
    """What one statement gives per row: the row itself, its joined links, then what the kind of statement adds.

    `width` columns come from the slots. `batched` are links for which the statement had no room.
    """

    def __init__(self, objects: list[ObjectShape], reader: Reader) -> None:
        """All `objects` are looks at the same rows."""
        self.reader = reader
        self.slots: list[Slot] = []
        self.batched: list[tuple[Slot, Link]] = []
        self.width = self._tables = 0
        self._add(objects, None, None)
        self._number()

    @property
    def entity(self) -> Entity:
        """The kind of row."""
        return self.slots[0].rows.entity

    def _add(self, objects: list[ObjectShape], above: Slot | None, link: Link | None) -> None:
        rows = RowQuery(
            objects[0].entity,
            _specs(objects),
            self.reader,
            weighed=_weighed(objects),
            typed=not all(map(is_typeless, objects)),
        )
        slot = Slot(rows, objects, {}, above, link)
        self.slots.append(slot)
        self._tables += rows.tables
        for found in _links(objects):
            if self._tables < MAX_TABLES:
                self._add([found.target], slot, found)
            else:
                self.batched.append((slot, found))

    def _number(self) -> None:
        """Gives every column its place; a link that is joined needs none for its key."""
        for slot in self.slots:
            kept = {*slot.rows.asked, *slot.rows.persons}
            # The same link may stand there twice, joined under one name and read by its ids under another.
            kept |= {link.spec.name for above, link in self.batched if above is slot}
            joined = {one.link.spec.name for one in self.slots if one.above is slot and one.link is not None}
            for one in slot.rows.statement().selected_columns:
                if str(one.key) not in joined - kept:
                    slot.at[str(one.key)] = self.width
                    self.width += 1
                    if is_instant(one.type):
                        slot.instants.add(str(one.key))

    def first_page(self, demand: Demand, *, after: bool, keyed: bool) -> Select[Any]:
        """A page of a list that hangs on nothing, or on one row: named parameters `parent`, `after_key`, `after_id`, `first_plus_one`.

        `keyed`: the sort key follows the slots.
        """
        key, row_id, by = demand.sort.key, self._id, demand.listing.under
        base = self._base(key.label("sort_key")).where(*demand.predicates(self.reader))
        if by is not None:
            base = base.where(by == bindparam("parent", type_=Uuid()))
        if after:
            base = base.where(beyond(demand.sort, row_id))
        # A limit that the planner knows keeps it from expecting the whole table.
        most = literal_column(str(MAX_PAGE + 1), Integer())
        page = base.order_by(*ordered(demand.sort, key, row_id)).limit(most).subquery("page")
        whole = self._whole(page, page, *([page.c.sort_key] if keyed else []))
        return whole.order_by(*ordered(demand.sort, page.c.sort_key, page.c.id)).limit(_first_plus_one())

    def pages_under(self, demand: Demand, *, keyed: bool) -> Select[Any]:
        """The first page under each of `parents`: one short index scan per row, in one statement.

        The place among the parents follows the slots, and if it is `keyed` the sort key.
        """
        key, row_id, by = demand.sort.key, self._id, demand.listing.under
        if by is None:
            raise TypeError("a list without a parent has no siblings")
        above = _above()
        base = self._base(key.label("sort_key")).where(by == above.c.id, *demand.predicates(self.reader))
        page = base.order_by(*ordered(demand.sort, key, row_id)).limit(_first_plus_one()).lateral("page")
        keys = [page.c.sort_key] if keyed else []
        whole = self._whole(page, above.join(page, true()), above.c.place, *keys)
        return whole.order_by(above.c.place, *ordered(demand.sort, page.c.sort_key, page.c.id))

    def by_ids(self, *where: ColumnElement[bool]) -> Select[Any]:
        """The rows with these `ids` of which this holds, in no order."""
        wanted = self._id == any_(bindparam("ids", type_=ARRAY(Uuid())))
        base = self._base().where(wanted, *where).subquery("page")
        return self._whole(base, base)

    def gathered(self, source: Children | Through) -> Select[Any]:
        """The small sets under each of `parents`, in the order of their ids; the place follows the slots."""
        above = _above()
        if isinstance(source, Children):
            base = self._base(source.by.label("parent_key")).subquery("page")
            joined: FromClause = above.join(base, base.c.parent_key == above.c.id)
        else:
            base = self._base().subquery("page")
            mine = and_(source.parent == above.c.id, source.table.c.tenant_id == self.reader.tenant_id)
            joined = above.join(source.table, mine).join(base, base.c.id == source.child)
        whole = self._whole(base, joined, above.c.place)
        return whole.order_by(above.c.place, base.c.id)

    def count(self, demand: Demand) -> Select[Any]:
        """How many rows the reader reaches with this filter."""
        return self.slots[0].rows.count(demand.predicates(self.reader))

    def count_under(self, demand: Demand) -> Select[Any]:
        """The same under each of `parents`: pairs of the parent's id and its count."""
        by = demand.listing.under
        if by is None:
            raise TypeError("a list without a parent has no siblings")
        under = by == any_(bindparam("parents", type_=ARRAY(Uuid())))
        counted = self.slots[0].rows.count((under, *demand.predicates(self.reader)))
        return counted.add_columns(by.label("parent_key")).group_by(by)

    @property
    def _id(self) -> ColumnElement[Any]:
        return self.entity.model.__table__.c.id

    def _base(self, *extra: ColumnElement[Any]) -> Select[Any]:
        return self.slots[0].rows.statement(*extra)

    def _whole(self, page: FromClause, source: FromClause, *extra: ColumnElement[Any]) -> Select[Any]:
        """The page's rows with their links, which neither add nor take away a row."""
        parts: dict[int, FromClause] = {id(self.slots[0]): page}
        columns: list[ColumnElement[Any]] = []
        for number, slot in enumerate(self.slots):
            if slot.above is not None and slot.link is not None:
                # A limit of one says that a link has one end, and keeps the order of joins: one index look-up per row.
                row_id = slot.rows.entity.model.__table__.c.id
                end = row_id == parts[id(slot.above)].c[slot.link.spec.name]
                part = slot.rows.statement().where(end).limit(_ONE).lateral(f"link_{number}")
                source = source.outerjoin(part, true())
                parts[id(slot)] = part
            columns += [
                parts[id(slot)].c[name].label(f"c{at}") for name, at in sorted(slot.at.items(), key=_second)
            ]
        more = (one.label(f"extra_{number}") for number, one in enumerate(extra))
        return select(*columns, *more).select_from(source)


def _second(pair: tuple[str, int]) -> int:
    return pair[1]


def _specs(objects: Sequence[ObjectShape]) -> dict[str, tuple[FieldSpec, ...]]:
    """By graph type, every declared field that some look needs."""
    entity = objects[0].entity
    found: dict[str, dict[str, FieldSpec]] = {name: {} for name in entity.types}
    for shape in objects:
        for type_name, items in shape.types.items():
            specs = (item.spec for _, item in items if isinstance(item, Value | Link | Gathered))
            found[type_name].update((spec.name, spec) for spec in specs if spec is not None)
    return {name: tuple(specs.values()) for name, specs in found.items()}


def _weighed(objects: Sequence[ObjectShape]) -> dict[str, tuple[Weighed, ...]]:
    """By graph type, every field that some look asks about."""
    found: dict[str, dict[str, Weighed]] = {}
    for shape in objects:
        for type_name, items in shape.types.items():
            for one in (one for _, item in items if isinstance(item, Access) for one in item.weighed):
                found.setdefault(type_name, {})[one.name] = one
    return {name: tuple(fields.values()) for name, fields in found.items()}


def _links(objects: Iterable[ObjectShape]) -> list[Link]:
    return [
        item
        for shape in objects
        for items in shape.types.values()
        for _, item in items
        if isinstance(item, Link)
    ]


def _above() -> Any:  # noqa: ANN401  a table-valued function
    """The rows on which lists hang, in their order; one that stands there twice is asked for twice."""
    parents = bindparam("parents", type_=ARRAY(Uuid()))
    unnested = func.unnest(parents).table_valued(column("id", Uuid()), with_ordinality="place", name="above")
    return unnested.render_derived()


def _first_plus_one() -> ColumnElement[int]:
    """One row more than was asked for says whether there is a next page."""
    return bindparam("first_plus_one", type_=Integer())
