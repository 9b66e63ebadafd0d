"""Events for subscribers: what somebody wants to hear of, and the row of an event as the reference executor finds it. Refuses a row without the viewer's reach and the filter."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.events import News
from isomod_graphql.core.ids import NOTHING
from isomod_graphql.core.keystore import TenantKeys
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.compiler import Asked
from isomod_graphql.engine.demands import only_of
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.listing import demand
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.shapes import Named
from isomod_graphql.engine.sources import Told
from isomod_graphql.engine.stages import Program


@dataclass(frozen=True, slots=True)
class Topic:
    """Events about one kind of row of one organisation; about one row where `only` says which."""

    tenant_id: UUID
    about: str
    only: UUID | None = None

    def row_of(self, news: News) -> UUID | None:
        """The row that the news name, None when they are not about this."""
        if news.tenant_id != self.tenant_id or news.kind.partition(".")[0] != self.about:
            return None
        row_id = news.ids.get(f"{self.about}_id")
        return row_id if self.only is None or row_id == self.only else None


def topic_of(program: Program, asked: Asked, keys: TenantKeys) -> Topic:
    """The topic of a subscription. An id that names nothing gives one of which nothing is ever heard.

    Raises TypeError for another operation, NotCompiled for arguments that do not fit.
    """
    (_, item), *more = program.items
    if more or not isinstance(item, Named) or not isinstance(item.source, Told):
        raise TypeError("only a subscription has a topic")
    text, source = only_of(item, asked.variables), item.source
    only = None if text is None else _named(text, source.entity(), keys)
    return Topic(asked.viewer.tenant_id, source.about, only)


def _named(text: str, entity: Entity, keys: TenantKeys) -> UUID:
    try:
        opened = keys.ids.open(text)
    except NotFound:
        return NOTHING
    return opened.row_id if opened.type_code == entity.code else NOTHING


async def told_view(request: Request, source: Told, only: str | None, given: object) -> Any:  # noqa: ANN401  a view stands in for a type of the graph
    """The row of the running event for the reference executor; None where there is nothing to be told."""
    entity, telling = source.entity(), request.telling
    if telling is None or (only is not None and request.row_id(only, entity) != telling.row_id):
        return None
    asked = demand(source.listing, first=1, given=given)
    if not asked.given:
        return await request.load(entity, telling.row_id)
    level, row_id = request.level(entity), telling.row_id
    is_told = entity.model.__table__.c.id == bindparam("told", type_=Uuid())
    statement = level.prepared(
        ("told", asked.key), lambda: level.statement().where(is_told, *asked.predicates(level.viewer))
    )

    async def read(tx: Transaction) -> list[View]:
        binds = {**level.binds, **asked.binds(request), "told": row_id}
        return await level.views(tx, [row._mapping for row in await tx.all(statement, binds)])  # noqa: SLF001  SQLAlchemy's public name

    found = await request.reading(read)
    return found[0] if found else None
