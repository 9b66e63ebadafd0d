"""Why one viewer is shown so much of one field of one stored row: its facts, put to the account of the policy. Refuses to read the field's value."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, and_, func, select
from sqlalchemy.orm import aliased

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import FieldAccess, Reading
from isomod_graphql.engine.projection import RowFacts, Withheld, facts_of, withheld_in
from isomod_graphql.engine.rows import is_viewer
from isomod_graphql.engine.viewer import Viewer
from permissions.categories import Category
from permissions.decisions import decide, reach_of
from permissions.disclosure import Level, Relation
from permissions.explanation import account
from permissions.looks import Account, Effect, Look, Rule, Step
from permissions.masks import MASKS, NULL
from permissions.principals import NOBODY, Principal
from permissions.reach import Reach


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of a row. `principal` None: nobody stands behind the id of the viewer any more."""

    principal: Principal | None
    entity: Entity
    row_id: UUID
    type_name: str
    field: str
    spec: FieldSpec


@dataclass(frozen=True, slots=True)
class Answer:
    """How much is shown and why. `subject` is the person whom the value is about, where it is about one."""

    coordinate: str
    category: Category
    read: Reading
    mask: str | None
    reason: str | None
    subject: UUID | None
    account: Account


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it stands to one viewer."""

    known: RowFacts
    subject: UUID | None
    reached: bool
    inside: bool


async def type_of_row(tx: Transaction, entity: Entity, row_id: UUID) -> str | None:
    """The graph type of a row; None where there is none."""
    table = entity.model.__table__
    source: Any = table
    for join in entity.joins:
        source = source.outerjoin(join.target, join.on)
    wanted = select(table.c.id, *entity.type_columns).select_from(source)
    row = await tx.first(wanted.where(table.c.tenant_id == tx.tenant_id, table.c.id == row_id))
    return None if row is None else entity.type_name(dict(row._mapping))  # noqa: SLF001  SQLAlchemy's public name


async def knows_privacy(tx: Transaction, catalogue: Catalogue, asker: Viewer, subject: UUID | None) -> bool:
    """Whether the asker may know of a person's restriction, consent and erasure: the person, and who oversees privacy.

    That is who is told by `Person.restricted`. About nobody there is nothing to know.
    """
    if subject is None:
        return True
    people = next(entity for entity in catalogue.entity_of_code.values() if entity.subject == "id")
    row = await _row(tx, people, subject, asker, people.subject)
    if row is None or not row.reached:
        return False
    facts = facts_of(people, _about_people(people, Category.AUDIT), row.known)
    overseeing = (one.oversees_privacy and one.slot in facts.admitted for one in asker.vector.tiers)
    if not (Relation.SELF in facts.relations or any(overseeing)):
        return False
    return decide(asker.vector, Category.AUDIT, replace(facts, erased=False)).level is Level.FULL


def _about_people(people: Entity, category: Category) -> FieldSpec:
    """Any field of this category."""
    return next(
        spec for specs in people.types.values() for spec in specs.values() if spec.category is category
    )


async def answer(tx: Transaction, asked: Asked, *, told: bool) -> Answer | None:
    """The account for the stored row; None where there is no such row.

    `told`: who asks may know of the person's restriction, consent and erasure (`knows_privacy`).
    """
    viewer = Viewer.at(asked.principal or NOBODY, tx.now)
    row = await _row(tx, asked.entity, asked.row_id, viewer, asked.spec.subject)
    if row is None:
        return None
    known = replace(row.known, type_name=asked.type_name)
    look = Look(
        principal=asked.principal,
        now=tx.now,
        resource=asked.entity.scope.resource,
        category=asked.spec.category,
        facts=facts_of(asked.entity, asked.spec, known),
        reached=row.reached,
        inside=row.inside,
    )
    found = account(look, told=told)
    withheld = withheld_in(asked.entity, asked.spec, viewer.vector, known) if row.reached else None
    if row.reached:
        found = replace(found, steps=(*found.steps, *_shown_as(asked, found, withheld)))
        access = FieldAccess.of(asked.field, *_masked(found, withheld), write=False)
    else:
        access = FieldAccess(asked.field, Reading.HIDDEN, write=False, reason=found.decision.reason)
    mask = withheld.mask if withheld is not None else None
    coordinate = f"{asked.type_name}.{asked.field}"
    return Answer(coordinate, look.category, access.read, mask, access.reason, row.subject, found)


def _masked(found: Account, withheld: Withheld | None) -> tuple[str | None, str | None]:
    """Of a field that follows its row, nothing is masked."""
    if withheld is not None:
        return withheld.mask, withheld.reason
    hidden = found.decision.level is Level.HIDDEN
    return (NULL.name, found.decision.reason) if hidden else (None, None)


def _shown_as(asked: Asked, found: Account, withheld: Withheld | None) -> list[Step]:
    """What the field makes of the level."""
    level, spec = found.decision.level, asked.spec
    if spec.link is not None:
        says = "The row at the other end has a row rule of its own: ask about one of its fields."
        return [Step(Rule.LINK, Effect.LEFT, level, says)]
    if withheld is None or (level is Level.HIDDEN and withheld.mask == NULL.name):
        if spec.sibling and level is Level.MASKED:
            says = f"This field shows only what the mask {spec.permission.mask.name} leaves: {spec.permission.mask.preserves}."
            return [Step(Rule.MASK, Effect.LEFT, level, says)]
        return []
    mask = MASKS[withheld.mask]
    says = f"The field then shows the mask {mask.name}: it keeps {mask.preserves} and hides {mask.hides}."
    return [Step(Rule.MASK, Effect.LEFT, level, says, by=mask.name)]


async def _row(
    tx: Transaction, entity: Entity, row_id: UUID, viewer: Viewer, subject: str | None
) -> _Row | None:
    """One statement: every fact on which a decision about the row may depend, reached or not."""
    table, scope = entity.model.__table__, entity.scope
    named = subject or entity.subject
    columns: list[ColumnElement[Any]] = [table.c.id, func.coalesce(scope.bound(viewer), True).label("inside")]
    columns.append(func.coalesce(scope.reachable(viewer), False).label("reached"))
    slots = reach_of(viewer.vector, scope.resource)
    columns += [
        func.coalesce(scope.slot(viewer, slot, reach), False).label(f"slot_{slot}") for slot, reach in slots
    ]
    person: Any = viewer.person_id
    ties = [tie for tie in scope.relations or {} if tie is not Relation.SELF and person is not None]
    columns += [(scope.relations or {})[tie](person).label(f"rel_{tie}") for tie in ties]
    source: Any = table
    if named is not None:
        people: Any = aliased(entity.people, name="of_whom")
        on = and_(people.tenant_id == table.c.tenant_id, people.id == table.c[named])
        source = source.outerjoin(people, on)
        columns += [table.c[named].label("subject"), people.flags.label("flags_of_whom")]
    wanted = select(*columns).select_from(source)
    row = await tx.first(wanted.where(table.c.tenant_id == tx.tenant_id, table.c.id == row_id))
    return None if row is None else _known(row._mapping, entity, viewer, slots, ties, named)  # noqa: SLF001  as above


def _known(
    row: RowMapping,
    entity: Entity,
    viewer: Viewer,
    slots: tuple[tuple[int, Reach], ...],
    ties: Sequence[Relation],
    named: str | None,
) -> _Row:
    subject: UUID | None = row["subject"] if named is not None else None
    mine = is_viewer(subject, viewer.person_id)
    relations = frozenset(tie for tie in ties if row[f"rel_{tie}"])
    if entity.subject is not None and mine:
        relations |= {Relation.SELF}
    flags = () if named is None else ((named, row["flags_of_whom"] or 0, mine),)
    admitted = frozenset(slot for slot, reach in slots if reach is Reach.ALL or row[f"slot_{slot}"])
    known = RowFacts(next(iter(entity.types)), admitted, relations, flags)
    return _Row(known, subject, row["reached"], row["inside"])
