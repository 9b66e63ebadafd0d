"""Erasure (GDPR Article 17) across two databases: intent, seclusion, destruction, certificate. Each step may be repeated; a crash between any two is resumed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, func, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.columns import Base, Held, SubjectPlace, manifest
from isomod_graphql.core.errors import NotFound, Refusal, SubjectErased
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import recalled, remember, replayed
from isomod_graphql.core.shredding import (
    Destroyed,
    Intent,
    destroy_keys,
    finish,
    open_intents,
    withdraw_intent,
    write_intent,
)
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.privacy.models import ErasureCertificate
from isomod_graphql.privacy.subject import load_subject
from isomod_graphql.subjects.facts import ERASED, EVERY_CONSENT, RESTRICTABLE, is_erased, restriction_bits
from isomod_graphql.subjects.models import Person
from permissions.categories import Category, Keep
from permissions.grants import Action
from permissions.principals import Principal

KEPT: Final[Mapping[Keep, str]] = {
    Keep.EVIDENCE: "GDPR 17(3)(b): quality records kept for the documented period (ISO 9001 clause 7.5.3)",
    Keep.AUDIT: "GDPR 17(3)(b): audit logs kept for 7 years (privacy policy, section 4)",
}
"""Keeps that an erasure leaves alone, and why."""
DESTROYED: Final = frozenset(Keep) - frozenset(KEPT)
PROVABLE_AFTER: Final = timedelta(days=7)
"""Copies of the key database are kept at most so long; after that no copy of a destroyed key exists."""


class ErasureGround(StrEnum):
    """GDPR Article 17(1)(a) to (e)."""

    NO_LONGER_NECESSARY = "NO_LONGER_NECESSARY"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    OBJECTION = "OBJECTION"
    UNLAWFUL_PROCESSING = "UNLAWFUL_PROCESSING"
    LEGAL_OBLIGATION = "LEGAL_OBLIGATION"


Seclude = Callable[[Transaction, UUID], Awaitable[None]]
"""Ends every access of a person in a tenant: membership, sessions, tokens. Raises SoleAdmin for the last administrator."""


OPERATION: Final = "PERSON_ERASE"


async def erase(
    store: Store,
    viewer: Viewer,
    seclude: Seclude,
    *,
    subject_id: UUID,
    ground: ErasureGround,
    idempotency_key: str | None = None,
) -> UUID:
    """Erases a person and returns the certificate's id.

    Raises NotFound, SoleAdmin, SubjectErased, IdempotencyConflict or a denial, each with nothing done.
    """
    viewer.require(Action.PERSON_ERASE, subject_id=subject_id)
    once = _Once(viewer.actor_id, idempotency_key, {"subject": str(subject_id), "ground": ground.value})
    async with store.transaction(viewer.tenant_id, write=True) as tx:
        # Asked before the intent is written, so that a stranger's attempt leaves nothing in the ledger.
        subject = await load_subject(tx, viewer, subject_id, Action.PERSON_ERASE)
        done = await recalled(
            tx, principal_id=once.actor, operation=OPERATION, key=once.key, given=once.given
        )
        if done is not None:
            return done
        if subject.erased:
            raise SubjectErased
    intent = await write_intent(
        store.keystore,
        store.clock.now(),
        tenant_id=viewer.tenant_id,
        subject_id=subject_id,
        ground=ground.value,
        actor_id=viewer.actor_id,
    )
    try:
        async with store.transaction(viewer.tenant_id, write=True) as tx:
            await load_subject(tx, viewer, subject_id, Action.PERSON_ERASE)
            await _seclude(tx, intent, seclude)
            await _remember(tx, once, intent)
    except Refusal:
        await withdraw_intent(store.keystore, intent)
        raise
    await _carry_through(store, intent)
    return intent.id


@dataclass(frozen=True, slots=True)
class _Once:
    actor: UUID
    key: str | None
    given: Mapping[str, str]


async def _remember(tx: Transaction, once: _Once, intent: Intent) -> None:
    await replayed(tx, principal_id=once.actor, operation=OPERATION, key=once.key, given=once.given)
    await remember(tx, principal_id=once.actor, operation=OPERATION, key=once.key, result_id=intent.id)


async def resume(store: Store, seclude: Seclude) -> list[UUID]:
    """Carries every open erasure through to its end; run at start-up and by the schedule."""
    done = []
    for intent in await open_intents(store.keystore):
        try:
            async with store.transaction(intent.tenant_id, write=True) as tx:
                await _seclude(tx, intent, seclude)
        except Refusal:
            await withdraw_intent(store.keystore, intent)
            continue
        await _carry_through(store, intent)
        done.append(intent.id)
    return done


async def _seclude(tx: Transaction, intent: Intent, seclude: Seclude) -> None:
    """Step 2, in the main database: nobody reads or uses the person from here on, and a certificate waits."""
    here = (Person.tenant_id == tx.tenant_id, Person.id == intent.subject_id)
    flags = await tx.value(select(Person.flags).where(*here).with_for_update())
    known = select(ErasureCertificate.id).where(
        ErasureCertificate.tenant_id == tx.tenant_id, ErasureCertificate.id == intent.id
    )
    if await tx.value(known) is not None:
        return
    if flags is None:
        raise NotFound
    if is_erased(flags):
        raise SubjectErased
    await seclude(tx, intent.subject_id)
    changed = {
        "flags": flags | restriction_bits(RESTRICTABLE), "email_index": None, "version": Person.version + 1, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(update(Person).where(*here).values(changed))
    row = {
        "tenant_id": tx.tenant_id, "id": intent.id, "person_id": intent.subject_id, "actor_id": intent.actor_id,
        "ground": intent.ground, "state": "PENDING", "destroyed": [], "kept": [], "places": [],
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(ErasureCertificate).values(row))
    actor = Principal(kind="PERSON", tenant_id=tx.tenant_id, person_id=intent.actor_id)
    await record(tx, actor, OPERATION, entity=("Person", intent.subject_id), reason=intent.ground)


async def _carry_through(store: Store, intent: Intent) -> None:
    """Steps 3 to 5: destroy the keys, write the certificate, close the ledger."""
    results = await destroy_keys(store.keystore, store.clock.now(), intent, DESTROYED)
    async with store.transaction(intent.tenant_id, write=True) as tx:
        await _certify(tx, intent, results)
    await finish(store.keystore, store.clock.now(), intent)


async def _certify(tx: Transaction, intent: Intent, results: list[Destroyed]) -> None:
    held = [result for result in results if result.held_by is not None]
    places = [await _visit(tx, place, intent.subject_id, {r.keep for r in held}) for place in manifest()]
    here = (Person.tenant_id == tx.tenant_id, Person.id == intent.subject_id)
    flags = await tx.value(select(Person.flags).where(*here).with_for_update())
    erased = {
        "flags": (flags | ERASED) & ~EVERY_CONSENT,
        "erased_at": func.coalesce(Person.erased_at, tx.now),
        "updated_at": tx.now,
    }
    await tx.run(update(Person).where(*here).values(erased))
    kept = [{"keep": keep.value, "why": why} for keep, why in sorted(KEPT.items())]
    kept += [{"keep": result.keep.value, "why": f"hold: {result.held_by}"} for result in held]
    done = {
        "state": "PARTIAL" if held else "UNREADABLE",
        "destroyed": [{"keep": r.keep.value, "keys": r.keys} for r in results if r.held_by is None],
        "kept": kept, "places": [place for place in places if place["rows"]], "updated_at": tx.now,
        "unreadable_at": tx.now, "provable_at": tx.now + PROVABLE_AFTER, "version": ErasureCertificate.version + 1,
    }  # fmt: skip
    pending = (
        ErasureCertificate.tenant_id == tx.tenant_id,
        ErasureCertificate.id == intent.id,
        ErasureCertificate.state == "PENDING",
    )
    if await tx.run(update(ErasureCertificate).where(*pending).values(done)):
        await tell(tx, "person.erased", person_id=intent.subject_id, certificate_id=intent.id)


async def _visit(
    tx: Transaction, place: SubjectPlace, subject_id: UUID, held: set[Keep]
) -> dict[str, object]:
    """Empties the packs and plain personal columns of one table; the ciphertext of a kept or held key stays."""
    table = Base.metadata.tables[place.table]
    columns = [name for name in place.packs if _dies(table.c[name].info["pack"].keep, held)]
    columns += [name for name in place.plain if _is_emptied(table.c[name], held)]
    here = (table.c.tenant_id == tx.tenant_id, table.c[place.subject] == subject_id)
    counted = int(await tx.value(select(func.count()).select_from(table).where(*here)))
    if counted and columns:
        await tx.run(update(table).where(*here).values(dict.fromkeys(columns)))
    return {"table": place.table, "subject": place.subject, "rows": counted, "emptied": sorted(columns)}


def _is_emptied(column: Column[Any], held: set[Keep]) -> bool:
    """Notes stay: they are the record of the work. A name that somebody wrote into one stays with it."""
    about: Held = column.info["held"]
    return bool(column.nullable) and about.category is not Category.NOTES and _dies(about.keep, held)


def _dies(keep: Keep, held: set[Keep]) -> bool:
    return keep in DESTROYED and keep not in held
