"""Rectification (GDPR Article 16): corrects what is stored about a person. Refuses masked values, a taken or unproven address and everybody without the right."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import insert, update
from strawberry.utils.str_converters import to_camel_case

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.errors import BadInput, Conflict, ProcessingRestricted, Refusal, SubjectErased
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.privacy.models import Rectification
from isomod_graphql.privacy.subject import Subject, load_subject
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.grants import Action

CATEGORY: Final[Mapping[str, Category]] = {
    "name": Category.IDENTITY,
    "job_title": Category.IDENTITY,
    "locale": Category.IDENTITY,
    "email": Category.CONTACT,
    "phone": Category.CONTACT,
    "address": Category.CONTACT,
}
"""What can be corrected, and the category whose restriction forbids it."""

LONGEST: Final = 500
REMOVABLE: Final = frozenset({"job_title", "phone", "address", "locale", "email"})
OPERATION = "PERSON_RECTIFY"


class EmailProofRequired(Refusal):
    """Nobody but who corrects others' data writes an address that nobody proved: a person is found, and written to, by it."""

    code = "EMAIL_PROOF_REQUIRED"
    message = "Your own address is changed with requestEmailChange, which proves the new one."


async def rectify(
    tx: Transaction,
    viewer: Viewer,
    *,
    subject_id: UUID,
    corrections: Mapping[str, str | None],
    reason: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Corrects the named fields; None removes one. The equality index follows in the same transaction; recipients are told.

    Raises NotFound, StaleVersion, ProcessingRestricted (for everybody but the subject and the privacy officer),
    SubjectErased, Conflict (a taken e-mail address), EmailProofRequired (for those who correct their own data alone),
    BadInput.
    """
    viewer.require(Action.PERSON_RECTIFY, subject_id=subject_id)
    _check_texts(corrections, reason)
    if corrections.get("email") is not None and Action.PERSON_RECTIFY not in viewer.vector.actions:
        raise EmailProofRequired(field="email")
    subject = await load_subject(tx, viewer, subject_id, Action.PERSON_RECTIFY)
    _check(subject, corrections)
    given = {"subject": str(subject_id), "corrections": dict(corrections), "reason": reason}
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation=OPERATION, key=idempotency_key, given=given
    )
    if done is not None:
        return done
    require_version(subject.version, expected_version)
    if corrections:
        await _write(tx, subject_id, corrections)
        await _remember_correction(tx, viewer, subject_id, corrections, reason)
        await tell(tx, "person.rectified", person_id=subject_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation=OPERATION, key=idempotency_key, result_id=subject_id
    )
    return subject_id


def _check(subject: Subject, corrections: Mapping[str, str | None]) -> None:
    if subject.erased:
        raise SubjectErased
    if not subject.may_overrule and {CATEGORY[name] for name in corrections} & subject.restricted:
        raise ProcessingRestricted


def _check_texts(corrections: Mapping[str, str | None], reason: str | None) -> None:
    for name, value in (*corrections.items(), ("reason", reason)):
        if value is None and name not in REMOVABLE and name != "reason":
            raise BadInput("This field cannot be removed.", field=to_camel_case(name))
        if value is not None and not 1 <= len(value.strip()) <= LONGEST:
            raise BadInput(f"A text of 1 to {LONGEST} characters is needed.", field=to_camel_case(name))


async def _write(tx: Transaction, subject_id: UUID, corrections: Mapping[str, str | None]) -> None:
    await tx.reseal(
        Person, subject_id, {name: value.strip() if value else None for name, value in corrections.items()}
    )
    changed: dict[str, object] = {"version": Person.version + 1, "updated_at": tx.now}
    if "email" in corrections:
        address = corrections["email"]
        changed["email_index"] = None if address is None else keyed_hash(tx.keys.index, "email", address)
    try:
        await tx.run(
            update(Person).where(Person.tenant_id == tx.tenant_id, Person.id == subject_id).values(changed)
        )
    except ConstraintConflict as conflict:
        if conflict.constraint == "uq_people_email_index":
            raise Conflict(field="email") from None
        raise


async def _remember_correction(
    tx: Transaction,
    viewer: Viewer,
    subject_id: UUID,
    corrections: Mapping[str, str | None],
    reason: str | None,
) -> None:
    row_id = tx.new_id()
    packs = await tx.seal(Rectification, row_id, {"reason": reason}, {"person_id": subject_id})
    row = {
        "tenant_id": tx.tenant_id, "id": row_id, "person_id": subject_id, "actor_id": viewer.actor_id,
        "fields": sorted(corrections), "created_at": tx.now, "updated_at": tx.now, **packs,
    }  # fmt: skip
    await tx.run(insert(Rectification).values(row))
    await record(tx, viewer.principal, OPERATION, entity=("Person", subject_id), fields=corrections)
