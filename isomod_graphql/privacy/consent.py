"""Consent (GDPR Articles 6(1)(a) and 7): given and withdrawn by the person alone, in one step each. Refuses consent to a text that is not the present one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import Refusal, SubjectErased
from isomod_graphql.core.events import tell
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.privacy.consent_texts import LOCALES, VERSION, hash_of, text_of
from isomod_graphql.subjects.facts import consent_bit, consented_purposes, is_erased
from isomod_graphql.subjects.models import Consent, Person
from permissions.grants import Action
from permissions.purposes import CONSENT, Purpose


class NoticeOutdated(Refusal):
    """Whoever agrees has read what is agreed to."""

    code = "NOTICE_OUTDATED"
    message = "The text has changed. Read it again."


@dataclass(frozen=True, slots=True)
class State:
    """Where one purpose stands; `decided_at` and `notice_version` are of the last decision, None before the first."""

    purpose: Purpose
    given: bool
    decided_at: datetime | None
    notice_version: str | None


async def give_consent(
    tx: Transaction, viewer: Viewer, *, purpose: Purpose, notice_version: str, locale: str
) -> UUID:
    """From now on what rests on this consent is shown for the purpose. Returns the person's id; a second time adds nothing.

    Raises NoticeOutdated, SubjectErased, or a denial.
    """
    viewer.require(Action.CONSENT_DECIDE)
    if notice_version != VERSION:
        raise NoticeOutdated(field="noticeVersion")
    return await _decide(tx, viewer, purpose, given=True, locale=locale)


async def withdraw_consent(tx: Transaction, viewer: Viewer, *, purpose: Purpose) -> UUID:
    """From the next request on it is not (Article 7(3)); what was done before stays lawful. As `give_consent`."""
    viewer.require(Action.CONSENT_DECIDE)
    return await _decide(tx, viewer, purpose, given=False, locale=LOCALES[0])


async def consents_of(tx: Transaction, viewer: Viewer) -> list[State]:
    """The caller's own, one of each purpose that rests on consent."""
    viewer.require(Action.CONSENT_DECIDE)
    person = viewer.actor_id
    flags = await tx.value(select(Person.flags).where(Person.tenant_id == tx.tenant_id, Person.id == person))
    given = consented_purposes(flags or 0)
    here = (Consent.tenant_id == tx.tenant_id, Consent.person_id == person)
    columns = select(Consent.purpose, Consent.created_at, Consent.notice_version).where(*here)
    newest = columns.ext(distinct_on(Consent.purpose)).order_by(Consent.purpose, Consent.sequence.desc())
    last: dict[str, Row[Any]] = {row.purpose: row for row in await tx.all(newest)}
    return [_state(purpose, last.get(purpose), given=purpose in given) for purpose in CONSENT]


def _state(purpose: Purpose, last: Row[Any] | None, *, given: bool) -> State:
    if last is None:
        return State(purpose, given, None, None)
    return State(purpose, given, last.created_at, last.notice_version)


async def _decide(tx: Transaction, viewer: Viewer, purpose: Purpose, *, given: bool, locale: str) -> UUID:
    person, bit = viewer.actor_id, consent_bit(purpose)
    here = (Person.tenant_id == tx.tenant_id, Person.id == person)
    flags = await tx.value(select(Person.flags).where(*here).with_for_update())
    if is_erased(flags):
        raise SubjectErased
    if bool(flags & bit) is given:
        return person
    ours = (Consent.tenant_id == tx.tenant_id, Consent.person_id == person)
    last = await tx.value(select(func.coalesce(func.max(Consent.sequence), 0)).where(*ours))
    shown = locale if locale in LOCALES else LOCALES[0]
    row = {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "person_id": person, "purpose": purpose.value, "given": given,
        "sequence": last + 1,
        "notice_version": VERSION, "notice_hash": hash_of(text_of(purpose, shown)), "locale": shown,
        "mechanism": "SESSION" if viewer.principal.scopes is None else "TOKEN",
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(Consent).values(row))
    changed = flags | bit if given else flags & ~bit
    await tx.run(
        update(Person).where(*here).values(flags=changed, version=Person.version + 1, updated_at=tx.now)
    )
    action = "CONSENT_GIVE" if given else "CONSENT_WITHDRAW"
    await record(tx, viewer.principal, action, entity=("Person", person), reason=purpose.value)
    await tell(tx, "person.consent_changed", person_id=person)
    return person
