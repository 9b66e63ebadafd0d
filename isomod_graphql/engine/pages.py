"""Connections: keyset pages behind sealed cursors, counted after the row rules. Refuses a cursor of another viewer, connection or filter."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Select, Uuid, and_, column, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.errors import BadInput, Unauthenticated
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.loading import Level
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request

MAX_PAGE = 100
Read = tuple[View, Any]
"""A row and the value that it is sorted by."""


class CursorInvalid(BadInput):
    """The cursor was made for another viewer, connection, filter or order, or was not made here at all."""

    code = "CURSOR_INVALID"
    message = "This cursor does not belong to this list."


@dataclass(frozen=True, slots=True)
class Sort:
    """One ordering: a column that is never null (ties are broken by id) and its direction."""

    key: ColumnElement[Any]
    descending: bool = False


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
    _request: Request
    _level: Level
    _asked: "Asked"
    _known: int | None = None
    nodes: list[View] = field(init=False)

    def __post_init__(self) -> None:
        """Nodes are the edges' nodes."""
        self.nodes = [edge.node for edge in self.edges]

    async def total_count(self) -> int:
        """How many rows the viewer reaches with this filter."""
        if self._known is not None:
            return self._known
        level, asked = self._level, self._asked
        if asked.under is None:
            return int(await self._request.reading(lambda tx: tx.value(level.count(asked.where))))
        by, parent = asked.under

        async def count(tx: Transaction, parents: list[UUID]) -> dict[UUID, list[Any]]:
            counted = (
                level.count((by.in_(parents), *asked.where)).add_columns(by.label("parent")).group_by(by)
            )
            return {row.parent: [row.count] for row in await tx.all(counted)}

        return sum(await self._request.grouped(f"count {asked.name}", parent, count))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a connection was asked for. `coordinate` and `shape` (the canonical filter and order) bind its cursors.

    `under`: the column that holds the row on which the list hangs, and that row. It is part of the binding too.
    """

    coordinate: str
    first: int
    after: str | None
    where: tuple[ColumnElement[bool], ...]
    sort: Sort
    shape: Mapping[str, Any]
    under: tuple[ColumnElement[Any], UUID] | None = None

    @property
    def name(self) -> str:
        """The same for the lists of all siblings, which one statement reads together."""
        shape = orjson.dumps(self.shape, option=orjson.OPT_SORT_KEYS, default=str).decode()
        return f"{self.coordinate} {self.first} {shape}"

    @property
    def whole(self) -> tuple[ColumnElement[bool], ...]:
        """The filter, and the row on which the list hangs."""
        return self.where if self.under is None else (self.under[0] == self.under[1], *self.where)


async def page(request: Request, entity: Entity, asked: Asked) -> Page:
    """Reads one page in one statement, the first pages of all siblings too. Raises CursorInvalid before any SQL."""
    keys, binding, start = _opened(request, asked)
    level = request.level(entity)

    async def read(tx: Transaction) -> list[Read]:
        return [found for _, found in await _read(tx, level, _paged(level, asked, start))]

    async def read_together(tx: Transaction, parents: list[UUID]) -> dict[UUID, list[Any]]:
        return _by_parent(await _read(tx, level, _paged_together(level, asked, parents)))

    if asked.under is not None and start is None:
        rows: list[Read] = await request.grouped(f"page {asked.name}", asked.under[1], read_together)
    else:
        rows = await request.reading(read)
    edges = [Edge(view, _seal(keys, binding, sort, view.row_id)) for view, sort in rows[: asked.first]]
    return Page(edges, _info(edges, more=len(rows) > asked.first, start=start), request, level, asked)


async def _read(tx: Transaction, level: Level, statement: Select[Any]) -> list[tuple[UUID | None, Read]]:
    rows = [row._mapping for row in await tx.all(statement)]  # noqa: SLF001  SQLAlchemy's public name
    views = await level.views(tx, rows)
    return [(row.get("parent_key"), (view, row["sort_key"])) for row, view in zip(rows, views, strict=True)]


def _by_parent(rows: Sequence[tuple[UUID | None, Any]]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for parent, row in rows:
        if parent is not None:
            found.setdefault(parent, []).append(row)
    return found


def _info(edges: Sequence[Edge], *, more: bool, start: object) -> PageInfo:
    ends = (edges[0].cursor, edges[-1].cursor) if edges else (None, None)
    return PageInfo(more, start is not None, *ends)


def _opened(request: Request, asked: Asked) -> tuple[TenantKeys, list[bytes], tuple[Any, UUID] | None]:
    if request.keys is None:
        raise Unauthenticated
    binding = _binding(request, asked)
    return request.keys, binding, None if asked.after is None else _open(request.keys, binding, asked.after)


async def page_of(request: Request, entity: Entity, asked: Asked, ordered: Sequence[UUID]) -> Page:
    """A page of rows whose order was made in memory: a cursor holds the row and nothing that was sorted by.

    Raises CursorInvalid, also for a row that has left the list.
    """
    keys, binding, start = _opened(request, asked)
    try:
        begin = 0 if start is None else ordered.index(start[1]) + 1
    except ValueError:
        raise CursorInvalid(field="after") from None
    level = request.level(entity)
    ids = ordered[begin : begin + asked.first]
    views = (
        [view for view in await request.reading(lambda tx: level.by_ids(tx, ids)) if view is not None]
        if ids
        else []
    )
    edges = [Edge(view, _seal(keys, binding, None, view.row_id)) for view in views]
    info = _info(edges, more=len(ordered) > begin + asked.first, start=start)
    return Page(edges, info, request, level, asked, _known=len(ordered))


def _paged(level: Level, asked: Asked, start: tuple[Any, UUID] | None) -> Select[Any]:
    key, row_id = asked.sort.key, level.entity.model.__table__.c.id
    statement = level.statement(key.label("sort_key")).where(*asked.whole)
    if start is not None:
        value, last = literal(start[0], key.type), literal(start[1], row_id.type)
        beyond = (
            (key < value, key <= value, row_id < last)
            if asked.sort.descending
            else (key > value, key >= value, row_id > last)
        )
        # The middle comparison alone is what an index can start from; the rest breaks ties.
        statement = statement.where(and_(beyond[1], or_(beyond[0], beyond[2])))
    return statement.order_by(*_order(asked.sort, key, row_id)).limit(asked.first + 1)


def _paged_together(level: Level, asked: Asked, parents: list[UUID]) -> Select[Any]:
    """The first page under each of these rows: one short index scan per row, in one statement."""
    if asked.under is None:
        raise TypeError("a list without a parent has no siblings")
    key, row_id, by = asked.sort.key, level.entity.model.__table__.c.id, asked.under[0]
    above = (
        func.unnest(literal(parents, ARRAY(Uuid())))
        .table_valued(column("id", Uuid()), name="above")
        .render_derived()
    )
    each = level.statement(key.label("sort_key"), by.label("parent_key")).where(
        by == above.c.id, *asked.where
    )
    page_ = each.order_by(*_order(asked.sort, key, row_id)).limit(asked.first + 1).lateral("page")
    order = _order(asked.sort, page_.c.sort_key, page_.c.id)
    return select(page_).select_from(above.join(page_, true())).order_by(page_.c.parent_key, *order)


def _order(sort: Sort, *keys: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    return [key.desc() if sort.descending else key.asc() for key in keys]


def _binding(request: Request, asked: Asked) -> list[bytes]:
    bound = {**asked.shape, "parent": None if asked.under is None else asked.under[1]}
    shape = orjson.dumps(bound, option=orjson.OPT_SORT_KEYS, default=str)
    return [request.viewer.actor_id.bytes, asked.coordinate.encode(), shape]


def _seal(keys: TenantKeys, binding: list[bytes], sort: Any, row_id: UUID) -> str:  # noqa: ANN401  a column's value
    plain = orjson.dumps([_plain(sort), row_id.hex])
    return urlsafe_b64encode(keys.cursors.encrypt(plain, binding)).decode("ascii").rstrip("=")


def _plain(value: Any) -> Any:  # noqa: ANN401  a column's value
    return (
        {"t": value.isoformat()}
        if isinstance(value, datetime)
        else {"u": value.hex}
        if isinstance(value, UUID)
        else value
    )


def _open(keys: TenantKeys, binding: list[bytes], cursor: str) -> tuple[Any, UUID]:
    try:
        sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, row_id = orjson.loads(keys.cursors.decrypt(sealed, binding))
    except (ValueError, InvalidTag):
        raise CursorInvalid(field="after") from None
    if isinstance(value, dict):
        value = datetime.fromisoformat(value["t"]) if "t" in value else UUID(hex=value["u"])
    return value, UUID(hex=row_id)
