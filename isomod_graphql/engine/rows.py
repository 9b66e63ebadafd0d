"""What is asked of one table for some fields by one kind of viewer: columns, facts and the row rule. Refuses a row that the viewer does not reach."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, and_, func, select
from sqlalchemy.orm import aliased

from isomod_graphql.core.flags import EVERY_CONSENT, consent_bit
from isomod_graphql.core.store import pack_columns
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import Weighed
from isomod_graphql.engine.projection import Layout, RowFacts, layout_of
from isomod_graphql.engine.readers import Reader
from permissions.decisions import reach_of, relations_of
from permissions.disclosure import Form, Relation
from permissions.grants import Action
from permissions.purposes import needs_consent
from permissions.reach import Reach

MOST_LAYOUTS = 1_000
NOTHING: Mapping[str, tuple[Weighed, ...]] = {}


class RowQuery:
    """The rows of one entity for these fields, by graph type, and how they are shown.

    It depends on the reader's structure and on nothing else of a viewer, and holds no row. `asked` and `persons` name the
    columns on which decisions depend: facts, and persons of whom it matters whether they are the viewer.
    """

    def __init__(
        self,
        entity: Entity,
        specs: Mapping[str, tuple[FieldSpec, ...]],
        reader: Reader,
        *,
        weighed: Mapping[str, tuple[Weighed, ...]] = NOTHING,
        typed: bool = True,
    ) -> None:
        """Every type of the entity has an entry in `specs`. `typed` False: nothing depends on which type a row is.

        `weighed`: fields that are decided and not shown, by graph type.
        """
        self.entity, self.specs, self.reader = entity, specs, reader
        self.joins = entity.joins if typed else ()
        self.type_columns = entity.type_columns if typed else ()
        self._flat = {spec.name: spec for fields in specs.values() for spec in fields}
        self.weighed = weighed
        asked_about = [one for fields in weighed.values() for one in fields]
        self._decided_on = [*self._flat.values(), *(one.spec for one in asked_about)]
        self._actions = frozenset().union(*(one.actions for one in asked_about))
        self.sealed = self._sealed_names()
        self._slots = reach_of(reader.vector, entity.scope.resource)
        personal = any(spec.personal for spec in self._decided_on)
        # Whoever reaches every row of the kind needs nothing else to see what follows the row rule.
        self._everything = any(reach is Reach.ALL for _, reach in self._slots)
        bounded = [slot for slot, reach in self._slots if reach is not Reach.ALL]
        self._questioned = bounded if personal or not self._everything else []
        self._relations = self._raising_relations()
        own = {entity.subject} if entity.subject is not None else set()
        about = {spec.subject for spec in self._decided_on if spec.personal and spec.subject}
        self.subjects = sorted(about | (own if self._actions else set()))
        self._everywhere, self._somewhere = self._reached_actions()
        self.persons = sorted({*self.subjects, *own})
        purpose = reader.vector.purpose
        asks = any(spec.personal and needs_consent(purpose, spec.category) for spec in self._decided_on)
        self.asks_consent = asks
        # A consent that decides nothing here is not heeded, so that rows which look the same share a layout.
        self._heeded = ~EVERY_CONSENT | (consent_bit(purpose) if asks else 0)
        self.asked = self._fact_columns()
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._decided: dict[RowFacts, Layout] = {}
        self._statement: Select[Any] | None = None

    def _sealed_names(self) -> list[str]:
        fields = self.entity.model.sealed_fields
        names = {spec.name for spec in self._flat.values() if spec.sealed}
        return sorted(names | {need for spec in self._flat.values() for need in spec.needs if need in fields})

    def _raising_relations(self) -> list[Relation]:
        known = {of for of in self.entity.scope.relations or {} if of is not Relation.SELF}
        wanted = {
            relation
            for spec in self._decided_on
            if spec.personal or not self._everything
            for relation in relations_of(self.reader.vector, spec.category)
        }
        return sorted(
            relation for relation in wanted if relation in known and self.reader.person_id is not None
        )

    def _reached_actions(self) -> tuple[frozenset[Action], list[Action]]:
        """Of the actions asked about: those that may be taken on every row that is reached, and those of which a row decides."""
        resource, vector = self.entity.scope.resource, self.reader.vector
        reaches = {
            action: {reach for _, reach in reach_of(vector, resource, action)} for action in self._actions
        }
        everywhere = frozenset(action for action, reach in reaches.items() if Reach.ALL in reach)
        return everywhere, sorted(
            action for action, reach in reaches.items() if reach and action not in everywhere
        )

    @property
    def tables(self) -> int:
        """How many tables the statement joins."""
        own = {self.entity.subject}
        return 1 + len(self.joins) + len([subject for subject in self.subjects if subject not in own])

    def statement(self, *extra: ColumnElement[Any]) -> Select[Any]:
        """The rows that the reader reaches, with what the fields need and the facts on which decisions depend."""
        if self._statement is None:
            self._statement = self._built()
        return self._statement.add_columns(*extra) if extra else self._statement

    def _built(self) -> Select[Any]:
        table = self.entity.model.__table__
        columns: dict[str, ColumnElement[Any]] = {
            str(column.key): column for column in (table.c.id, *self.type_columns)
        }
        for spec in self._flat.values():
            if spec.column is not None:
                columns[spec.name] = spec.column
            columns.update((need, table.c[need]) for need in spec.needs if need in table.c)
        columns.update(
            (name, table.c[name]) for name in (*pack_columns(self.entity.model, self.sealed), *self.subjects)
        )
        if "flags" in self.asked:
            columns["flags"] = table.c.flags
        selected = [column.label(name) for name, column in columns.items()]
        source, statement = self._joined(select(*selected, *self._facts()))
        return statement.select_from(source).where(
            table.c.tenant_id == self.reader.tenant_id, self.reachable()
        )

    def may_pseudonymise(self, spec: FieldSpec) -> bool:
        """The field is the pseudonym of its subject, or shows it to this reader in place of a value."""
        tiers = self.reader.vector.tiers if spec.personal and spec.compute is None else ()
        return spec.pseudonym or any(tier.cell(spec.category).form is Form.PSEUDONYM for tier in tiers)

    def count(self, where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """How many rows `statement` has with these predicates."""
        table = self.entity.model.__table__
        source, statement = self._joined(select(func.count()))
        here = (table.c.tenant_id == self.reader.tenant_id, self.reachable())
        return statement.with_only_columns(func.count()).select_from(source).where(*here, *where)

    def reachable(self) -> ColumnElement[bool]:
        """The row rule of this entity for the reader."""
        return self.entity.scope.reachable(self.reader)

    def _facts(self) -> list[ColumnElement[Any]]:
        person: Any = self.reader.person_id
        scope = self.entity.scope
        facts: list[ColumnElement[Any]] = []
        for slot, reach in self._slots:
            if slot in self._questioned:
                admits = scope.slot(self.reader, slot, reach)
                facts.append(func.coalesce(admits, False).label(f"slot_{slot}"))
        if person is not None:
            facts += [
                (scope.relations or {})[relation](person).label(f"rel_{relation}")
                for relation in self._relations
            ]
        changing = self.entity.changing or scope
        facts += [
            func.coalesce(changing.reachable(self.reader, action), False).label(f"may_{action}")
            for action in self._somewhere
        ]
        return facts

    def _joined(self, statement: Select[Any]) -> tuple[FromClause, Select[Any]]:
        table = self.entity.model.__table__
        source: FromClause = table
        for join in self.joins:
            source = source.outerjoin(join.target, join.on)
        for subject in self.subjects:
            if subject == self.entity.subject:
                continue
            people = aliased(self.entity.people, name=f"p_{subject}")
            of: Any = people
            source = source.outerjoin(of, and_(of.tenant_id == table.c.tenant_id, of.id == table.c[subject]))
            statement = statement.add_columns(of.flags.label(f"flags_{subject}"))
        return source, statement

    def type_name(self, values: Mapping[str, Any]) -> str:
        """The graph type of a row by the values of `type_columns`; any of them where it does not matter."""
        return self.entity.type_name(values) if self.type_columns else next(iter(self.entity.types))

    def layout(self, type_name: str, facts: Mapping[str, Any], mine: Mapping[str, bool]) -> Layout:
        """Decided once for all rows with the same answers: `facts` by the names of `asked`, `mine` by those of `persons`."""
        key = (type_name, *(facts[name] for name in self.asked), *(mine[name] for name in self.persons))
        layout = self._layouts.get(key)
        if layout is None:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
                self._decided.clear()
            known = self._known(type_name, facts, mine)
            layout = self._decided.get(known)
            if layout is None:
                weighed = self.weighed.get(type_name, ())
                layout = layout_of(self.entity, self.specs[type_name], self.reader.vector, known, weighed)
                self._decided[known] = layout
            self._layouts[key] = layout
        return layout

    def _known(self, type_name: str, facts: Mapping[str, Any], mine: Mapping[str, bool]) -> RowFacts:
        return RowFacts(
            type_name=type_name,
            admitted=frozenset(
                slot for slot, reach in self._slots if reach is Reach.ALL or facts.get(f"slot_{slot}")
            ),
            relations=self._ties(facts, mine),
            flags=tuple(
                (subject, (facts[self._flags_column(subject)] or 0) & self._heeded, mine[subject])
                for subject in self.subjects
            ),
            actions=self._allowed(facts, mine) if self._actions else frozenset(),
        )

    def _allowed(self, facts: Mapping[str, Any], mine: Mapping[str, bool]) -> frozenset[Action]:
        subject, vector = self.entity.subject, self.reader.vector
        own = vector.self_actions if subject is not None and mine[subject] else frozenset()
        return self._everywhere.union(own, (one for one in self._somewhere if facts[f"may_{one}"]))

    def _ties(self, facts: Mapping[str, Any], mine: Mapping[str, bool]) -> frozenset[Relation]:
        ties = frozenset(relation for relation in self._relations if facts[f"rel_{relation}"])
        subject = self.entity.subject
        return ties | {Relation.SELF} if subject is not None and mine[subject] else ties

    def _fact_columns(self) -> list[str]:
        """What `_known` reads of a row, beside its type and those persons."""
        slots = [f"slot_{slot}" for slot in self._questioned]
        ties = [f"rel_{relation}" for relation in self._relations]
        flags = [self._flags_column(subject) for subject in self.subjects]
        return slots + ties + flags + [f"may_{action}" for action in self._somewhere]

    def _flags_column(self, subject: str) -> str:
        return "flags" if subject == self.entity.subject else f"flags_{subject}"


def is_viewer(person: UUID | None, viewer: UUID | None) -> bool:
    """Nobody is nobody's subject."""
    return person is not None and person == viewer
