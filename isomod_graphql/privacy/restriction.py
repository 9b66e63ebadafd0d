"""Restriction of processing (GDPR Article 18) and its lifting (18(3)). Refuses an empty restriction, and a lifting without a reason."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from sqlalchemy import insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, SubjectErased
from isomod_graphql.core.events import tell
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.privacy.subject import load_subject
from isomod_graphql.subjects.facts import RESTRICTABLE, restriction_bits
from isomod_graphql.subjects.models import Person, Restriction
from permissions.categories import Category
from permissions.grants import Action

LONGEST_REASON = 500


class RestrictionGround(StrEnum):
    """GDPR Article 18(1)(a) to (d)."""

    ACCURACY_CONTESTED = "ACCURACY_CONTESTED"
    UNLAWFUL_PROCESSING = "UNLAWFUL_PROCESSING"
    NEEDED_FOR_LEGAL_CLAIM = "NEEDED_FOR_LEGAL_CLAIM"
    OBJECTION_PENDING = "OBJECTION_PENDING"


async def restrict(
    tx: Transaction,
    viewer: Viewer,
    *,
    subject_id: UUID,
    categories: Collection[Category],
    ground: RestrictionGround,
) -> UUID:
    """From now on others see nothing of these categories and may not change them. Raises NotFound, BadInput, SubjectErased."""
    viewer.require(Action.PERSON_RESTRICT, subject_id=subject_id)
    subject = await load_subject(tx, viewer, subject_id, Action.PERSON_RESTRICT)
    if subject.erased:
        raise SubjectErased
    if not categories or not set(categories) <= RESTRICTABLE:
        raise BadInput("Name at least one category of personal data.", field="categories")
    bits = restriction_bits(categories)
    row = {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "person_id": subject_id, "categories": bits, "ground": ground.value,
        "actor_id": viewer.actor_id, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(Restriction).values(row))
    await _set_flags(tx, subject_id, subject.flags | bits)
    await record(
        tx,
        viewer.principal,
        "PERSON_RESTRICT",
        entity=("Person", subject_id),
        fields=categories,
        reason=ground.value,
    )
    await tell(tx, "person.restricted", person_id=subject_id)
    return subject_id


async def lift(tx: Transaction, viewer: Viewer, *, subject_id: UUID, reason: str) -> UUID:
    """Ends every restriction of the person; the person is told (18(3)). Raises NotFound, BadInput, SubjectErased."""
    viewer.require(Action.PERSON_RESTRICT, subject_id=subject_id)
    subject = await load_subject(tx, viewer, subject_id, Action.PERSON_RESTRICT)
    if subject.erased:
        raise SubjectErased
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise BadInput(f"A reason of 1 to {LONGEST_REASON} characters is needed.", field="reason")
    here = (
        Restriction.tenant_id == tx.tenant_id,
        Restriction.person_id == subject_id,
        Restriction.lifted_at.is_(None),
    )
    rows = await tx.all(select(Restriction.id).where(*here).with_for_update())
    if not rows:
        raise BadInput("Nothing is restricted.", field="subjectId")
    for row in rows:
        packs = await tx.seal(Restriction, row.id, {"lift_reason": reason.strip()}, {"person_id": subject_id})
        changed = {"lifted_at": tx.now, "updated_at": tx.now, "version": Restriction.version + 1, **packs}
        await tx.run(
            update(Restriction)
            .where(Restriction.tenant_id == tx.tenant_id, Restriction.id == row.id)
            .values(changed)
        )
    await _set_flags(tx, subject_id, subject.flags & ~restriction_bits(RESTRICTABLE))
    await record(tx, viewer.principal, "PERSON_LIFT_RESTRICTION", entity=("Person", subject_id))
    await tell(tx, "person.restriction_lifted", person_id=subject_id)
    return subject_id


async def _set_flags(tx: Transaction, subject_id: UUID, flags: int) -> None:
    here = (Person.tenant_id == tx.tenant_id, Person.id == subject_id)
    await tx.run(
        update(Person).where(*here).values(flags=flags, version=Person.version + 1, updated_at=tx.now)
    )
