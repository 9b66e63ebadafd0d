"""Connections: keyset pages behind sealed cursors, counted after the row rules. Refuses a cursor of another viewer, connection or filter."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.errors import BadInput, Unauthenticated
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.listing import Demand, beyond, ordered
from isomod_graphql.engine.loading import Level
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request

ROOT: Final = bytes(16)
"""Stands in a binding for the parent of a list that has none."""
Read = tuple[View, Any]
"""A row and the value that it is sorted by."""
Binding = list[bytes]
"""What a cursor is authenticated with."""


class CursorInvalid(BadInput):
    """The cursor was made for another viewer, connection, filter or order, or was not made here at all."""

    code = "CURSOR_INVALID"
    message = "This cursor does not belong to this list."


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Relay's page info."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """A node and the cursor behind it."""

    node: View
    cursor: str


@dataclass(slots=True)
class Page:
    """One page of a connection. The count is asked of the database only when it is selected."""

    edges: list[Edge]
    page_info: PageInfo
    _asked: "_Asked"
    _known: int | None = None
    nodes: list[View] = field(init=False)

    def __post_init__(self) -> None:
        """Nodes are the edges' nodes."""
        self.nodes = [edge.node for edge in self.edges]

    async def total_count(self) -> int:
        """How many rows the viewer reaches with this filter."""
        return await _counted(self._asked) if self._known is None else self._known


@dataclass(frozen=True, slots=True)
class _Asked:
    """A demand of one viewer, under one row, with what opens and seals its cursors."""

    request: Request
    level: Level
    demand: Demand
    parent: UUID | None
    keys: TenantKeys
    binding: Binding
    start: tuple[Any, UUID] | None
    """Where the page before ended."""

    def binds(self, **more: Any) -> dict[str, Any]:  # noqa: ANN401  the columns' own types
        """Every value that a statement of this demand leaves open."""
        return {**self.level.binds, **self.demand.binds(self.request), **more}


async def page(request: Request, demand: Demand, parent: UUID | None = None) -> Page:
    """Reads one page in one statement, the first pages of all siblings too; `parent` is the row on which the list hangs.

    Raises CursorInvalid before any SQL.
    """
    asked = _opened(request, demand, parent)
    if demand.in_memory:
        return await _page_in_memory(asked)
    if parent is not None and asked.start is None:
        name = f"page {demand.first} {demand.spelled.decode()}"
        rows: list[Read] = await request.grouped(name, parent, lambda tx, of: _read_together(tx, asked, of))
    else:
        rows = await request.reading(lambda tx: _read(tx, asked))
    shown = rows[: demand.first]
    edges = [
        Edge(view, seal_cursor(asked.keys, asked.binding, sort, view.row_id.bytes)) for view, sort in shown
    ]
    return Page(edges, _info(edges, more=len(rows) > demand.first, start=asked.start), asked)


def _opened(request: Request, demand: Demand, parent: UUID | None) -> _Asked:
    if (parent is None) is not (demand.listing.under is None):
        raise TypeError(f"{demand.listing.name} hangs on a row, or on none")
    if request.keys is None:
        raise Unauthenticated
    binding = cursor_binding(request.viewer.holder, demand, None if parent is None else parent.bytes)
    start = None
    if demand.after is not None:
        value, row_id = open_cursor(request.keys, binding, demand.after)
        start = value, UUID(bytes=row_id)
    return _Asked(request, request.level(demand.entity), demand, parent, request.keys, binding, start)


async def _read(tx: Transaction, asked: _Asked) -> list[Read]:
    demand, level = asked.demand, asked.level
    key = ("page", demand.key, asked.start is None)
    statement = level.prepared(key, lambda: _paged(level, demand, first_page=asked.start is None))
    binds = asked.binds(first_plus_one=demand.first + 1)
    if asked.parent is not None:
        binds["parent"] = asked.parent
    if asked.start is not None:
        binds["after_key"], binds["after_id"] = asked.start
    rows = [row._mapping for row in await tx.all(statement, binds)]  # noqa: SLF001  SQLAlchemy's public name
    views = await level.views(tx, rows)
    return [(view, row["sort_key"]) for row, view in zip(rows, views, strict=True)]


async def _read_together(tx: Transaction, asked: _Asked, parents: list[UUID]) -> dict[UUID, list[Any]]:
    """The first page under each of these rows: one short index scan per row, in one statement."""
    demand, level = asked.demand, asked.level
    statement = level.prepared(("together", demand.key), lambda: _paged_together(level, demand))
    binds = asked.binds(first_plus_one=demand.first + 1, parents=parents)
    rows = [row._mapping for row in await tx.all(statement, binds)]  # noqa: SLF001  SQLAlchemy's public name
    found: dict[UUID, list[Any]] = {}
    for row, view in zip(rows, await level.views(tx, rows), strict=True):
        found.setdefault(row["parent_key"], []).append((view, row["sort_key"]))
    return found


def _info(edges: Sequence[Edge], *, more: bool, start: object) -> PageInfo:
    ends = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return PageInfo(more, start is not None, *ends)


async def _page_in_memory(asked: _Asked) -> Page:
    """A page of rows whose order was made in memory: a cursor holds the row and nothing that was sorted by.

    Raises CursorInvalid, also for a row that has left the list.
    """
    request, demand, level = asked.request, asked.demand, asked.level
    hook = demand.listing.in_memory
    if hook is None:
        raise TypeError(f"{demand.listing.name} is put in order by SQL")
    ordered = await hook.ids(request, demand)
    try:
        begin = 0 if asked.start is None else ordered.index(asked.start[1]) + 1
    except ValueError:
        raise CursorInvalid(field="after") from None
    ids = ordered[begin : begin + demand.first]
    found = await request.reading(lambda tx: level.by_ids(tx, ids)) if ids else []
    views = [view for view in found if view is not None]
    edges = [Edge(view, seal_cursor(asked.keys, asked.binding, None, view.row_id.bytes)) for view in views]
    info = _info(edges, more=len(ordered) > begin + demand.first, start=asked.start)
    return Page(edges, info, asked, _known=len(ordered))


async def _counted(asked: _Asked) -> int:
    demand, level = asked.demand, asked.level
    if asked.parent is None:
        statement = level.prepared(
            ("count", demand.key), lambda: level.count(demand.predicates(level.viewer))
        )
        rows = await asked.request.reading(lambda tx: tx.all(statement, asked.binds()))
        return int(rows[0][0])
    together = level.prepared(("counts", demand.key), lambda: _counted_together(level, demand))

    async def count(tx: Transaction, parents: list[UUID]) -> dict[UUID, list[Any]]:
        return {row.parent_key: [row.count] for row in await tx.all(together, asked.binds(parents=parents))}

    return sum(await asked.request.grouped(f"count {demand.spelled.decode()}", asked.parent, count))


def _paged(level: Level, demand: Demand, *, first_page: bool) -> Select[Any]:
    key, row_id, by = demand.sort.key, level.entity.model.__table__.c.id, demand.listing.under
    statement = level.statement(key.label("sort_key")).where(*demand.predicates(level.viewer))
    if by is not None:
        statement = statement.where(by == bindparam("parent", type_=Uuid()))
    if not first_page:
        statement = statement.where(beyond(demand.sort, row_id))
    return statement.order_by(*ordered(demand.sort, key, row_id)).limit(_first_plus_one())


def _paged_together(level: Level, demand: Demand) -> Select[Any]:
    key, row_id, by = demand.sort.key, level.entity.model.__table__.c.id, _under(demand)
    above = (
        func.unnest(bindparam("parents", type_=ARRAY(Uuid())))
        .table_valued(column("id", Uuid()), name="above")
        .render_derived()
    )
    each = level.statement(key.label("sort_key"), by.label("parent_key"))
    each = each.where(by == above.c.id, *demand.predicates(level.viewer))
    page_ = each.order_by(*ordered(demand.sort, key, row_id)).limit(_first_plus_one()).lateral("page")
    order = ordered(demand.sort, page_.c.sort_key, page_.c.id)
    return select(page_).select_from(above.join(page_, true())).order_by(page_.c.parent_key, *order)


def _counted_together(level: Level, demand: Demand) -> Select[Any]:
    by = _under(demand)
    under = by == any_(bindparam("parents", type_=ARRAY(Uuid())))
    return (
        level.count((under, *demand.predicates(level.viewer)))
        .add_columns(by.label("parent_key"))
        .group_by(by)
    )


def _under(demand: Demand) -> ColumnElement[Any]:
    if demand.listing.under is None:
        raise TypeError("a list without a parent has no siblings")
    return demand.listing.under


def _first_plus_one() -> ColumnElement[int]:
    """One row more than was asked for says whether there is a next page."""
    return bindparam("first_plus_one", type_=Integer())


def cursor_binding(holder: bytes, demand: Demand, parent_id: bytes | None) -> Binding:
    """What the cursors of this list are bound to: the viewer, the coordinate, the filter, the order and the row above.

    One digest, made once per page: a cipher that authenticates each part anew for each cursor takes twice as long.
    """
    above = ROOT if parent_id is None else parent_id
    return [sha256(holder + above + demand.spelled).digest()]


def seal_cursor(keys: TenantKeys, binding: Binding, sort_value: Any, row_id: bytes) -> str:  # noqa: ANN401  a column's value
    """The cursor behind the row with this raw id; `sort_value` is None where memory puts the rows in order."""
    plain = orjson.dumps([_plain(sort_value), row_id.hex()])
    return urlsafe_b64encode(keys.cursors.encrypt(plain, binding)).decode("ascii").rstrip("=")


def _plain(value: Any) -> Any:  # noqa: ANN401  a column's value
    return (
        {"t": value.isoformat()}
        if isinstance(value, datetime)
        else {"d": value.isoformat()}
        if isinstance(value, date)
        else {"u": value.hex}
        if isinstance(value, UUID)
        else value
    )


_CODED: Final[Mapping[str, Callable[[str], Any]]] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": lambda text: UUID(hex=text),
}
"""What JSON does not tell apart from text."""


def open_cursor(keys: TenantKeys, binding: Binding, text: str) -> tuple[Any, bytes]:
    """The sort value and the raw id of the row of a cursor. Raises CursorInvalid for one that is bound to anything else, or is
    not spelled as it was made.
    """
    try:
        sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if urlsafe_b64encode(sealed).decode("ascii").rstrip("=") != text:
            raise CursorInvalid(field="after")
        value, row_id = orjson.loads(keys.cursors.decrypt(sealed, binding))
    except (ValueError, InvalidTag):
        raise CursorInvalid(field="after") from None
    if isinstance(value, Mapping):
        value = _CODED[next(iter(value))](next(iter(value.values())))
    return value, bytes.fromhex(row_id)
