"""Duties of the core: what is over goes, what is not stays, months exist before they begin, and only keys without a pack are swept."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import insert, select, text, update

from isomod_graphql.audit.models import AuditEntry
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import KeyDestroyed
from isomod_graphql.core.events import GiveUp, Outside, Within
from isomod_graphql.core.idempotency import IdempotencyRow, replayed
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.keys import DataKeyRow
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.housekeeping import DeleteSettledEvents, delete_expired_keys, ensure_months
from isomod_graphql.jobs.queue import Queue, Waiting
from isomod_graphql.jobs.sweeping import sweep_orphan_keys
from isomod_graphql.subjects.models import Person
from permissions.categories import Keep
from tests.jobs.deliveries import count_in_database, fates, new_kind, tell_once
from tests.jobs.test_queue import failing

DAY = timedelta(days=1)


async def test_idempotency_keys_go_when_their_day_is_over(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    async def use(key: str) -> None:
        async with store.transaction(tenant, write=True) as tx:
            await replayed(tx, principal_id=tenant, operation="X", key=key, given={})

    async def left() -> int:
        async with store.transaction(tenant) as tx:
            return len(
                await tx.all(select(IdempotencyRow.key_hash).where(IdempotencyRow.tenant_id == tenant))
            )

    await use("first")
    clock.advance(DAY - timedelta(seconds=1))
    await use("second")

    await delete_expired_keys(store, clock.now())
    assert await left() == 2
    clock.advance(timedelta(seconds=1))
    await delete_expired_keys(store, clock.now())
    assert await left() == 1


async def test_events_go_after_their_time_and_those_that_wait_never(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    done, dead, waiting, unheard = (new_kind() for _ in range(4))
    queue = Queue(
        store,
        Consumers([Within(done, "count", count_in_database), Outside(dead, "fail", failing(GiveUp("NO")))]),
    )
    for kind in (done, dead, waiting, unheard):
        await queue.deliver(Waiting(tenant, await tell_once(store, tenant, kind)))
    duty = DeleteSettledEvents(frozenset({done, dead, waiting}))

    async def left() -> list[bool]:
        return [bool(await fates(store, tenant, kind)) for kind in (done, dead, waiting, unheard)]

    clock.advance(7 * DAY)
    await duty(store, clock.now())
    assert await left() == [True, True, True, True]
    clock.advance(timedelta(seconds=1))
    await duty(store, clock.now())
    assert await left() == [False, True, True, True]
    clock.advance(23 * DAY)
    await duty(store, clock.now())
    assert await left() == [False, True, True, False]
    clock.advance(60 * DAY)
    await duty(store, clock.now())
    assert await left() == [False, False, True, False]


async def test_months_exist_before_they_begin_and_take_along_what_came_early(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    clock.instant = datetime(2031, 11, 30, 23, 30, tzinfo=UTC)  # already December in Brussels
    early = {
        "tenant_id": tenant, "at": datetime(2032, 2, 29, 12, tzinfo=UTC), "id": uuid4(), "actor_kind": "NOBODY",
        "action": "X", "outcome": "DONE", "fields": [],
    }  # fmt: skip
    async with store.transaction(tenant, write=True) as tx:
        await tx.run(insert(AuditEntry).values(early))

    await ensure_months(store, clock.now())
    await ensure_months(store, clock.now())

    partitions = await owner_eye.fetch(
        "SELECT relname FROM pg_class WHERE relname LIKE 'audit_entries_203%' AND relkind = 'r' ORDER BY 1"
    )
    assert [row["relname"] for row in partitions] == [
        "audit_entries_2031_12",
        "audit_entries_2032_01",
        "audit_entries_2032_02",
        "audit_entries_2032_03",
    ]
    place = await owner_eye.fetchval(
        "SELECT tableoid::regclass::text FROM audit_entries WHERE tenant_id = $1", tenant
    )
    assert place == "audit_entries_2032_02"
    async with store.transaction(tenant) as tx:
        assert (
            await tx.value(
                text("SELECT count(*) FROM audit_entries WHERE tenant_id = :t").bindparams(t=tenant)
            )
            == 1
        )


async def test_the_app_role_still_has_no_ddl_of_its_own(store: Store, tenant: UUID) -> None:
    for statement in ("CREATE TABLE mine (a int)", "SELECT ensure_month_partitions('2031-01-01', 1000)"):
        with pytest.raises(Exception, match=r"permission denied|between 1 and 24"):
            async with store.main.begin(tenant, write=True) as connection:
                await connection.run(text(statement))


async def test_what_waits_elsewhere_is_told_by_id_only_and_not_readable(store: Store, tenant: UUID) -> None:
    kind, other = new_kind(), new_id(store.clock.now())
    await tell_once(store, tenant, kind)

    async with store.main.begin(other, write=False) as connection:
        found = await connection.all(
            text("SELECT * FROM due_events(:at, :kinds, 10)").bindparams(at=store.clock.now(), kinds=[kind])
        )
        rows = await connection.all(text("SELECT * FROM outbox"))

    assert [row._fields for row in found] == [("tenant_id", "id")]
    assert rows == []


async def add_person(store: Store, tenant: UUID, number: int) -> UUID:
    """A person with a sealed name."""
    person_id = new_id(store.clock.now())
    async with store.transaction(tenant, write=True) as tx:
        packs = await tx.seal(Person, person_id, {"name": "Ann"}, {"id": person_id})
        row = {"tenant_id": tenant, "id": person_id, "kind": "CONTACT", "pseudonym_number": number, **packs}
        await tx.run(insert(Person).values(**row, created_at=tx.now, updated_at=tx.now))
    return person_id


async def seal_and_fail(store: Store, tenant: UUID, person_id: UUID, keep: Keep) -> None:
    """Makes a key and commits nothing that it seals."""
    async with store.keystore.writing(tenant) as scope:
        await scope.key(person_id, keep)


async def keys_of(store: Store, tenant: UUID) -> set[tuple[UUID, str, bool]]:
    """The keys of a tenant: subject, keep, whether it lives."""
    wanted = select(
        DataKeyRow.subject_id, DataKeyRow.keep, DataKeyRow.wrapped.is_not(None).label("lives")
    ).where(DataKeyRow.tenant_id == tenant)
    async with store.keystore.database.begin(tenant, write=False) as connection:
        return {(row.subject_id, row.keep, row.lives) for row in await connection.all(wanted)}


async def test_a_key_that_sealed_nothing_is_swept_after_a_day_and_no_other(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    person = await add_person(store, tenant, 1)
    await seal_and_fail(store, tenant, person, Keep.EVIDENCE)

    await sweep_orphan_keys(store, clock.now())
    assert len(await keys_of(store, tenant)) == 2
    clock.advance(DAY + timedelta(seconds=1))
    await sweep_orphan_keys(store, clock.now())

    assert await keys_of(store, tenant) == {(person, "ACCOUNT", True)}
    async with store.transaction(tenant) as tx:
        assert (await tx.open_row(Person, person))["name"] == "Ann"


async def test_a_person_whose_orphan_was_swept_gets_a_new_key_when_one_is_needed(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    person = new_id(clock.now())
    await seal_and_fail(store, tenant, person, Keep.EVIDENCE)
    clock.advance(2 * DAY)
    await sweep_orphan_keys(store, clock.now())
    assert await keys_of(store, tenant) == set()

    await seal_and_fail(store, tenant, person, Keep.EVIDENCE)

    assert await keys_of(store, tenant) == {(person, "EVIDENCE", True)}


async def test_a_key_in_use_and_the_anchor_of_weeks_are_spared(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    person, weekly = new_id(clock.now()), new_id(clock.now())
    await seal_and_fail(store, tenant, weekly, Keep.POSITION)
    async with store.keystore.writing(tenant) as scope:
        await scope.key(person, Keep.ACCOUNT)
        clock.advance(2 * DAY)

        await sweep_orphan_keys(store, clock.now())

        assert (person, "ACCOUNT", True) in await keys_of(store, tenant)
    assert (weekly, "POSITION", True) in await keys_of(store, tenant)
    assert len(await keys_of(store, tenant)) == 2


async def test_a_tombstone_is_never_swept_nor_deleted(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    person = new_id(clock.now())
    await seal_and_fail(store, tenant, person, Keep.ACCOUNT)
    here = DataKeyRow.tenant_id == tenant
    async with store.keystore.database.begin(tenant, write=True) as connection:
        await connection.run(update(DataKeyRow).where(here).values(wrapped=None, destroyed_at=clock.now()))
    clock.advance(2 * DAY)

    await sweep_orphan_keys(store, clock.now())
    async with store.keystore.database.begin(tenant, write=True) as connection:
        touched = await connection.run(text("DELETE FROM data_keys"))

    assert touched == 0
    assert await keys_of(store, tenant) == {(person, "ACCOUNT", False)}
    with pytest.raises(KeyDestroyed):
        await seal_and_fail(store, tenant, person, Keep.ACCOUNT)
