"""Level loaders: one statement for all rows of a level, through the viewer's reach, projected to views. Refuses a row that the viewer does not reach."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, Uuid, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.plan import Plan
from isomod_graphql.engine.projection import Layout, View
from isomod_graphql.engine.pseudonyms import Pseudonyms
from isomod_graphql.engine.readers import Reader, binds_of
from isomod_graphql.engine.rows import RowQuery, is_viewer
from isomod_graphql.engine.viewer import Viewer

MOST_LEVELS: Final = 1_000
MOST_STATEMENTS: Final = 200


class Level:
    """The rows of one entity for one plan and viewer: the statement they come from and the views they become.

    It depends on what `Levels` keys it by and on nothing else of the viewer, and holds no row.
    """

    def __init__(self, entity: Entity, plan: Plan, viewer: Viewer) -> None:
        """Prepares columns and facts once for every load of this entity by this viewer."""
        self.entity, self.viewer, self.plan = entity, viewer, plan
        self.rows = RowQuery(entity, plan.specs(entity), Reader.of(viewer), weighed=plan.weighed_in(entity))
        self.binds: Mapping[str, Any] = {}
        self._values = binds_of(viewer)
        self._base = self.rows.statement().params(self._values)
        self._by_ids: Select[Any] | None = None
        self._prepared: OrderedDict[Hashable, Select[Any]] = OrderedDict()

    def statement(self, *extra: ColumnElement[Any]) -> Select[Any]:
        """The rows that the viewer reaches, with what the plan needs."""
        return self._base.add_columns(*extra) if extra else self._base

    def count(self, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """How many rows `statement` has with these predicates."""
        return self.rows.count(where).params(self._values)

    def reachable(self) -> ColumnElement[bool]:
        """The row rule of this entity for the viewer."""
        return self.entity.scope.reachable(self.viewer)

    async def views(self, tx: Transaction, rows: Sequence[RowMapping]) -> list[View]:
        """Every row as this viewer may see it. Decrypts only rows and packs of which something is released."""
        layouts = [self._layout(row) for row in rows]
        needing = [row for row, layout in zip(rows, layouts, strict=True) if layout.opens]
        opened = await tx.open_rows(self.entity.model, needing, self.rows.sealed) if needing else []
        by_id = {row["id"]: values for row, values in zip(needing, opened, strict=True)}
        nothing: Mapping[str, Any] = {}
        pseudonym = Pseudonyms(tx.keys.pseudonyms, self.viewer.principal.purpose).of
        return [
            layout.view(row, by_id.get(row["id"], nothing), pseudonym)
            for row, layout in zip(rows, layouts, strict=True)
        ]

    def _layout(self, row: RowMapping) -> Layout:
        mine = {name: is_viewer(row[name], self.viewer.person_id) for name in self.rows.persons}
        facts = {name: row[name] for name in self.rows.asked}
        named = {str(column.key): row[str(column.key)] for column in self.entity.type_columns}
        return self.rows.layout(self.entity.type_name(named), facts, mine)

    def prepared(self, key: Hashable, build: Callable[[], Select[Any]]) -> Select[Any]:
        """The statement under this key, built once; the least recently used one leaves first."""
        statement = self._prepared.get(key)
        if statement is None:
            statement = self._prepared[key] = build()
            if len(self._prepared) > MOST_STATEMENTS:
                self._prepared.popitem(last=False)
        else:
            self._prepared.move_to_end(key)
        return statement

    async def by_ids(self, tx: Transaction, ids: Sequence[UUID]) -> list[View | None]:
        """The views of these rows in the order asked; None where the viewer reaches no such row."""
        if self._by_ids is None:
            # One array instead of a list of parameters: the same text, and one prepared statement, for any number of ids.
            wanted = any_(bindparam("ids", type_=ARRAY(Uuid())))
            self._by_ids = self.statement().where(self.entity.model.__table__.c.id == wanted)
        rows = await tx.all(self._by_ids, {"ids": list(ids)})
        views = await self.views(tx, [row._mapping for row in rows])  # noqa: SLF001  SQLAlchemy's public name
        found = {view.row_id: view for view in views}
        return [found.get(row_id) for row_id in ids]


class Levels:
    """Prepared levels of this process; the least recently used one leaves first."""

    def __init__(self, make: type[Level] = Level, most: int = MOST_LEVELS) -> None:
        """At most `most` of this kind."""
        self._make, self._most = make, most
        self._known: OrderedDict[tuple[object, ...], Level] = OrderedDict()

    def of(self, entity: Entity, plan: Plan, viewer: Viewer) -> Level:
        """The level of an entity. The plan holds the viewer's vector; the rest of the key is what statements bind."""
        key = (entity, plan, viewer.tenant_id, viewer.person_id, viewer.slots, viewer.bound)
        level = self._known.get(key)
        if level is None:
            level = self._known[key] = self._make(entity, plan, viewer)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return level
