"""The key database's half of an erasure: intent, destruction, done. Refuses to destroy a key under hold; never revives one."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.core.keys import NO_WEEK, DataKeyRow, HoldRow, LedgerRow
from isomod_graphql.core.keystore import Keystore
from isomod_graphql.core.tenancy import TenantConnection
from permissions.categories import Keep

INTENT = "INTENT"
DONE = "DONE"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a tombstone was made that never was a key; it counts for nothing in a certificate."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An erasure that was decided: it will be carried through, whatever crashes."""

    tenant_id: UUID
    id: UUID
    subject_id: UUID
    ground: str
    actor_id: UUID


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What became of one keep of a subject: how many keys were destroyed, or the ground of the hold that kept them."""

    keep: Keep
    keys: int
    held_by: str | None = None


async def write_intent(
    keystore: Keystore, now: datetime, *, tenant_id: UUID, subject_id: UUID, ground: str, actor_id: UUID
) -> Intent:
    """Writes the ledger row before anything else happens; a second request for the same person joins the open one."""
    row = {
        "tenant_id": tenant_id, "id": new_id(now), "subject_id": subject_id, "ground": ground, "actor_id": actor_id,
        "state": INTENT, "created_at": now,
    }  # fmt: skip
    put = insert(LedgerRow).values(row)
    put = put.on_conflict_do_nothing(
        index_elements=["tenant_id", "subject_id"], index_where=text("state = 'INTENT'")
    )
    async with keystore.database.begin(tenant_id, write=True) as connection:
        await connection.run(put)
        open_row = select(LedgerRow).where(
            LedgerRow.tenant_id == tenant_id, LedgerRow.subject_id == subject_id, LedgerRow.state == INTENT
        )
        return _intent(await connection.first(open_row))


async def withdraw_intent(keystore: Keystore, intent: Intent) -> None:
    """Closes an intent whose first step in the main database was refused: nothing was destroyed."""
    here = (LedgerRow.tenant_id == intent.tenant_id, LedgerRow.id == intent.id)
    async with keystore.database.begin(intent.tenant_id, write=True) as connection:
        await connection.run(update(LedgerRow).where(*here).values(state=DONE))


async def open_intents(keystore: Keystore) -> list[Intent]:
    """Every erasure that has not come to its end, of every tenant."""
    async with keystore.database.begin(PLATFORM_TENANT, write=False) as connection:
        keys = await connection.all(text("SELECT tenant_id, id FROM open_intents()"))
    found = []
    for key in keys:
        async with keystore.database.begin(key.tenant_id, write=False) as connection:
            row = await connection.first(
                select(LedgerRow).where(LedgerRow.tenant_id == key.tenant_id, LedgerRow.id == key.id)
            )
            if row is not None:
                found.append(_intent(row))
    return found


async def destroy_keys(
    keystore: Keystore, now: datetime, intent: Intent, keeps: frozenset[Keep]
) -> list[Destroyed]:
    """Destroys the subject's keys of these keeps, but for those under hold, and forbids new ones; idempotent.

    Waits for writers that use such a key (they hold FOR KEY SHARE) and is waited for by later ones, which then fail.
    """
    async with keystore.database.begin(intent.tenant_id, write=True) as connection:
        held = await _holds(connection, intent)
        results = [
            Destroyed(keep, 0, held[keep])
            if keep in held
            else Destroyed(keep, await _destroy(connection, now, intent, keep))
            for keep in sorted(keeps)
        ]
        here = (DataKeyRow.tenant_id == intent.tenant_id, DataKeyRow.subject_id == intent.subject_id)
        dead = await connection.all(select(DataKeyRow.id).where(*here, DataKeyRow.wrapped.is_(None)))
        for row in dead:
            await connection.run(select(func.pg_notify("key_destroyed", str(row.id))))
    for row in dead:
        keystore.cache.mark_destroyed(row.id.bytes)
    return results


async def finish(keystore: Keystore, now: datetime, intent: Intent) -> None:
    """The last word: the certificate is written, the ledger says DONE."""
    here = (LedgerRow.tenant_id == intent.tenant_id, LedgerRow.id == intent.id)
    async with keystore.database.begin(intent.tenant_id, write=True) as connection:
        await connection.run(update(LedgerRow).where(*here).values(state=DONE, done_at=now))


async def _holds(connection: TenantConnection, intent: Intent) -> dict[Keep, str]:
    rows = await connection.all(
        select(HoldRow.keep, HoldRow.ground).where(
            HoldRow.tenant_id == intent.tenant_id,
            HoldRow.subject_id == intent.subject_id,
            HoldRow.released.is_(False),
        )
    )
    return {Keep(row.keep): row.ground for row in rows}


async def _destroy(connection: TenantConnection, now: datetime, intent: Intent, keep: Keep) -> int:
    tombstone = {
        "tenant_id": intent.tenant_id, "id": new_id(now), "subject_id": intent.subject_id, "keep": keep.value, "week": NO_WEEK,
        "wrapped": None, "created_at": NEVER, "destroyed_at": now,
    }  # fmt: skip
    await connection.run(insert(DataKeyRow).values(tombstone).on_conflict_do_nothing())
    of_keep = (
        DataKeyRow.tenant_id == intent.tenant_id,
        DataKeyRow.subject_id == intent.subject_id,
        DataKeyRow.keep == keep.value,
    )
    await connection.all(select(DataKeyRow.id).where(*of_keep).with_for_update())
    await connection.run(
        update(DataKeyRow)
        .where(*of_keep, DataKeyRow.wrapped.is_not(None))
        .values(wrapped=None, destroyed_at=now)
    )
    counted = select(func.count()).select_from(DataKeyRow).where(*of_keep, DataKeyRow.created_at != NEVER)
    return int(await connection.value(counted))


def _intent(row: object) -> Intent:
    names = ("tenant_id", "id", "subject_id", "ground", "actor_id")
    return Intent(*(getattr(row, name) for name in names))
