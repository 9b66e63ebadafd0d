"""Connections: keyset pages behind sealed cursors, counted after the row rules. Refuses a cursor of another viewer, connection or filter."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from sqlalchemy import ColumnElement, Select, and_, literal, or_

from isomod_graphql.core.errors import BadInput, Unauthenticated
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.loading import Level
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request

MAX_PAGE = 100


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
    _where: tuple[ColumnElement[bool], ...] = ()
    _known: int | None = None
    nodes: list[View] = field(init=False)

    def __post_init__(self) -> None:
        """Nodes are the edges' nodes."""
        self.nodes = [edge.node for edge in self.edges]

    async def total_count(self) -> int:
        """How many rows the viewer reaches with this filter."""
        if self._known is not None:
            return self._known
        return int(await self._request.reading(lambda tx: tx.value(self._level.count(self._where))))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a connection was asked for. `coordinate` and `shape` (the canonical filter and order) bind its cursors."""

    coordinate: str
    first: int
    after: str | None
    where: tuple[ColumnElement[bool], ...]
    sort: Sort
    shape: Mapping[str, Any]


async def page(request: Request, entity: Entity, asked: Asked) -> Page:
    """Reads one page in one statement. Raises CursorInvalid before any SQL."""
    keys, binding, start = _opened(request, asked)
    level = request.level(entity)
    statement = _paged(level, asked, start)

    async def read(tx: Transaction) -> tuple[list[View], list[Any]]:
        rows = [row._mapping for row in await tx.all(statement)]  # noqa: SLF001  SQLAlchemy's public name
        return await level.views(tx, rows), [row["sort_key"] for row in rows]

    views, sorts = await request.reading(read)
    more = len(views) > asked.first
    shown = list(zip(views, sorts, strict=True))[: asked.first]
    edges = [Edge(view, _seal(keys, binding, sort, view.row_id)) for view, sort in shown]
    return Page(edges, _info(edges, more=more, start=start), request, level, asked.where)


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
    return Page(edges, info, request, level, _known=len(ordered))


def _paged(level: Level, asked: Asked, start: tuple[Any, UUID] | None) -> Select[Any]:
    key, row_id = asked.sort.key, level.entity.model.__table__.c.id
    statement = level.statement(key.label("sort_key")).where(*asked.where)
    if start is not None:
        value, last = literal(start[0], key.type), literal(start[1], row_id.type)
        beyond = (
            (key < value, key <= value, row_id < last)
            if asked.sort.descending
            else (key > value, key >= value, row_id > last)
        )
        # The middle comparison alone is what an index can start from; the rest breaks ties.
        statement = statement.where(and_(beyond[1], or_(beyond[0], beyond[2])))
    order: Sequence[Any] = (key.desc(), row_id.desc()) if asked.sort.descending else (key.asc(), row_id.asc())
    return statement.order_by(*order).limit(asked.first + 1)


def _binding(request: Request, asked: Asked) -> list[bytes]:
    shape = orjson.dumps(asked.shape, option=orjson.OPT_SORT_KEYS, default=str)
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
