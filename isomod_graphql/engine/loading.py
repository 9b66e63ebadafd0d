"""Level loaders: one statement for all rows of a level, through the viewer's reach, projected to views. Refuses a row that the viewer does not reach."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    RowMapping,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from isomod_graphql.core.store import Transaction, pack_columns
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.plan import Plan
from isomod_graphql.engine.projection import Layout, RowFacts, View, layout_of
from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import reach_of, relations_of
from permissions.disclosure import Relation
from permissions.reach import Reach

MOST_LEVELS: Final = 1_000
MOST_LAYOUTS: Final = 1_000


class Level:
    """The rows of one entity for one plan and viewer: the statement they come from and the views they become.

    It depends on what `Levels` keys it by and on nothing else of the viewer, and holds no row.
    """

    def __init__(self, entity: Entity, plan: Plan, viewer: Viewer) -> None:
        """Prepares columns and facts once for every load of this entity by this viewer."""
        self.entity, self.viewer, self.plan = entity, viewer, plan
        self.specs = plan.specs(entity)
        self._flat = {spec.name: spec for specs in self.specs.values() for spec in specs}
        self._sealed = self._sealed_names()
        self._slots = reach_of(viewer.vector, entity.scope.resource)
        self._relations = self._raising_relations()
        self._subjects = sorted(
            {spec.subject for spec in self._flat.values() if spec.personal and spec.subject}
        )
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._asked, self._persons = self._fact_columns(), self._person_columns()
        self.binds: Mapping[str, Any] = {}
        self._base: Select[Any] | None = None
        self._by_ids: Select[Any] | None = None

    def _sealed_names(self) -> list[str]:
        fields = self.entity.model.sealed_fields
        names = {spec.name for spec in self._flat.values() if spec.sealed}
        return sorted(names | {need for spec in self._flat.values() for need in spec.needs if need in fields})

    def _raising_relations(self) -> list[Relation]:
        known = {of for of in self.entity.scope.relations or {} if of is not Relation.SELF}
        wanted = {
            relation
            for spec in self._flat.values()
            for relation in relations_of(self.viewer.vector, spec.category)
        }
        return sorted(
            relation for relation in wanted if relation in known and self.viewer.person_id is not None
        )

    def statement(self, *extra: ColumnElement[Any]) -> Select[Any]:
        """The rows that the viewer reaches, with what the plan needs and the facts on which decisions depend."""
        if self._base is None:
            self._base = self._statement()
        return self._base.add_columns(*extra) if extra else self._base

    def _statement(self) -> Select[Any]:
        table = self.entity.model.__table__
        columns: dict[str, ColumnElement[Any]] = {
            str(column.key): column for column in (table.c.id, *self.entity.type_columns)
        }
        for spec in self._flat.values():
            if spec.column is not None:
                columns[spec.name] = spec.column
            columns.update((need, table.c[need]) for need in spec.needs if need in table.c)
        columns.update(
            (name, table.c[name])
            for name in (*pack_columns(self.entity.model, self._sealed), *self._subjects)
        )
        if self.entity.subject is not None:
            columns["flags"] = table.c.flags
            columns["pseudonym_number"] = table.c.pseudonym_number
        selected = [column.label(name) for name, column in columns.items()]
        statement = select(*selected, *self._facts())
        source, statement = self._joined(statement)
        return statement.select_from(source).where(
            table.c.tenant_id == self.viewer.tenant_id, self.reachable()
        )

    def count(self, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """How many rows `statement` has with these predicates."""
        table = self.entity.model.__table__
        source, statement = self._joined(select(func.count()))
        here = (table.c.tenant_id == self.viewer.tenant_id, self.reachable())
        return statement.with_only_columns(func.count()).select_from(source).where(*here, *where)

    def reachable(self) -> ColumnElement[bool]:
        """The row rule of this entity for the viewer."""
        return self.entity.scope.reachable(self.viewer)

    def _facts(self) -> list[ColumnElement[Any]]:
        person = self.viewer.person_id
        scope = self.entity.scope
        facts: list[ColumnElement[Any]] = []
        for slot, reach in self._slots:
            if reach is not Reach.ALL:
                admits = scope.slot(self.viewer, slot, reach)
                facts.append(func.coalesce(admits, False).label(f"slot_{slot}"))
        if person is not None:
            facts += [
                (scope.relations or {})[relation](person).label(f"rel_{relation}")
                for relation in self._relations
            ]
        return facts

    def _joined(self, statement: Select[Any]) -> tuple[FromClause, Select[Any]]:
        table = self.entity.model.__table__
        source: FromClause = table
        for join in self.entity.joins:
            source = source.outerjoin(join.target, join.on)
        for subject in self._subjects:
            if subject == self.entity.subject:
                continue
            people = aliased(self.entity.people, name=f"p_{subject}")
            of: Any = people
            source = source.outerjoin(of, and_(of.tenant_id == table.c.tenant_id, of.id == table.c[subject]))
            statement = statement.add_columns(of.flags.label(f"flags_{subject}"))
        return source, statement

    async def views(self, tx: Transaction, rows: Sequence[RowMapping]) -> list[View]:
        """Every row as this viewer may see it. Decrypts only rows and packs of which something is released."""
        layouts = [self._layout(row) for row in rows]
        needing = [row for row, layout in zip(rows, layouts, strict=True) if layout.opens]
        opened = await tx.open_rows(self.entity.model, needing, self._sealed) if needing else []
        by_id = {row["id"]: values for row, values in zip(needing, opened, strict=True)}
        nothing: Mapping[str, Any] = {}
        return [
            layout.view(row, by_id.get(row["id"], nothing)) for row, layout in zip(rows, layouts, strict=True)
        ]

    def _layout(self, row: RowMapping) -> Layout:
        """Decided once for all rows with the same answers to the questions that decisions ask."""
        person = self.viewer.person_id
        key = (
            self.entity.type_name(row),
            *[row[name] for name in self._asked],
            *[row[subject] == person for subject in self._persons],
        )
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            layout = self._layouts[key] = self._decided(row)
        return layout

    def _decided(self, row: RowMapping) -> Layout:
        facts = RowFacts(
            type_name=self.entity.type_name(row),
            admitted=frozenset(
                slot for slot, reach in self._slots if reach is Reach.ALL or row[f"slot_{slot}"]
            ),
            relations=self._ties(row),
            flags=tuple(self._flags(row, subject) for subject in self._subjects),
        )
        return layout_of(self.entity, self.specs[facts.type_name], self.viewer.vector, facts)

    def _ties(self, row: RowMapping) -> frozenset[Relation]:
        ties = frozenset(relation for relation in self._relations if row[f"rel_{relation}"])
        subject = self.entity.subject
        mine = (
            subject is not None
            and self.viewer.person_id is not None
            and row[subject] == self.viewer.person_id
        )
        return ties | {Relation.SELF} if mine else ties

    def _person_columns(self) -> list[str]:
        """Whose being the viewer decides something."""
        own = {self.entity.subject} if self.entity.subject is not None else set()
        return sorted({*self._subjects, *own})

    def _fact_columns(self) -> list[str]:
        """What `_decided` reads of a row, beside its type and those persons."""
        slots = [f"slot_{slot}" for slot, reach in self._slots if reach is not Reach.ALL]
        ties = [f"rel_{relation}" for relation in self._relations]
        return slots + ties + [self._flags_column(subject) for subject in self._subjects]

    def _flags_column(self, subject: str) -> str:
        return "flags" if subject == self.entity.subject else f"flags_{subject}"

    def _flags(self, row: RowMapping, subject: str) -> tuple[str, int, bool]:
        person: UUID | None = row[subject]
        flags = row[self._flags_column(subject)]
        return subject, flags or 0, person is not None and person == self.viewer.person_id

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
