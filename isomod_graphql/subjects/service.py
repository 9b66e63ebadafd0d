"""Recording people: one row, one pseudonym number, one e-mail address per organisation. Refuses to write to the restricted and the erased."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import insert, select

from isomod_graphql.core.counters import next_number
from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.errors import Conflict, NotFound, ProcessingRestricted, SubjectErased
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.subjects.facts import is_erased, restricted_categories
from isomod_graphql.subjects.models import Person


class EmailTaken(Conflict):
    """Another person of the organisation has this address."""

    message = "Another person has this e-mail address."


def person_email_index(tx: Transaction, email: str) -> bytes:
    """What an e-mail address is found by inside this organisation, and nowhere else."""
    return keyed_hash(tx.keys.index, "email", email)


async def create_person(
    tx: Transaction, *, kind: str, values: Mapping[str, str | None], site_id: UUID | None = None
) -> UUID:
    """Records a person with these sealed values (name, job_title, email, phone, address, locale) and the next number.

    The values are taken as checked. Raises EmailTaken.
    """
    person_id = tx.new_id()
    email = values.get("email")
    row = {
        "tenant_id": tx.tenant_id, "id": person_id, "kind": kind, "site_id": site_id,
        "pseudonym_number": await next_number(tx, f"pseudonym:{kind}"),
        "email_index": None if email is None else person_email_index(tx, email),
        "created_at": tx.now, "updated_at": tx.now, **await tx.seal(Person, person_id, values, {"id": person_id}),
    }  # fmt: skip
    try:
        await tx.run(insert(Person).values(row))
    except ConstraintConflict as error:
        if error.constraint == "uq_people_email_index":
            raise EmailTaken(field="email") from None
        raise
    return person_id


async def person_with_email(tx: Transaction, email: str) -> UUID | None:
    """The person who has this address."""
    here = (Person.tenant_id == tx.tenant_id, Person.email_index == person_email_index(tx, email))
    found: UUID | None = await tx.value(select(Person.id).where(*here))
    return found


async def require_processing(tx: Transaction, person_id: UUID) -> None:
    """Locks the person's facts until the transaction ends, so that something may be written about the person.

    Raises NotFound, SubjectErased, and ProcessingRestricted while any category is restricted (GDPR Article 18).
    """
    here = (Person.tenant_id == tx.tenant_id, Person.id == person_id)
    row = await tx.first(select(Person.flags).where(*here).with_for_update(read=True))
    if row is None:
        raise NotFound
    if is_erased(row.flags):
        raise SubjectErased
    if restricted_categories(row.flags):
        raise ProcessingRestricted
