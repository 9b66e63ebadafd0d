"""Records become days exactly once, whatever dies in between, and both end when their time is over."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from isomod_graphql.audit import folds
from isomod_graphql.audit.access import AccessLog
from isomod_graphql.audit.access_days import Seen, by_viewer, of_subject
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from permissions.categories import Category
from tests.audit.accesses import CONTACT, IDENTITY, access
from tests.people import add_organisation

DAY = timedelta(days=1)
TODAY = date(2026, 11, 2)


@pytest.fixture
async def organisation(store: Store, tenant: UUID) -> UUID:
    """The tenant with its own row."""
    await add_organisation(store, tenant)
    return tenant


async def days_of(eye: asyncpg.Connection, tenant: UUID) -> list[tuple[object, ...]]:
    """What the days of a tenant say: day, subject, mask, count."""
    rows = await eye.fetch(
        "SELECT day, subject_id, categories, count FROM access_days WHERE tenant_id = $1 ORDER BY 1, 3, 4, 2",
        tenant,
    )
    return [(row[0], UUID(bytes=row[1].bytes), row[2], row[3]) for row in rows]


async def test_records_become_days_within_a_minute_and_count_once(
    access_log: AccessLog,
    store: Store,
    organisation: UUID,
    clock: SettableClock,
    owner_eye: asyncpg.Connection,
) -> None:
    viewer, ann, bob = uuid4(), uuid4(), uuid4()
    for released in ({IDENTITY: [ann, bob]}, {IDENTITY: [ann]}, {IDENTITY | CONTACT: [ann]}):
        await access_log.record(access(organisation, viewer, clock.now(), released))

    await folds.fold_access(store, clock.now())
    too_soon = await days_of(owner_eye, organisation)
    clock.advance(timedelta(seconds=31))
    await folds.fold_access(store, clock.now())
    await folds.fold_access(store, clock.now())

    assert too_soon == []
    assert await days_of(owner_eye, organisation) == [
        (TODAY, bob, 1, 1),
        (TODAY, ann, 1, 2),
        (TODAY, ann, 3, 1),
    ]


async def test_what_comes_later_is_added(
    access_log: AccessLog,
    store: Store,
    organisation: UUID,
    clock: SettableClock,
    owner_eye: asyncpg.Connection,
) -> None:
    viewer, ann = uuid4(), uuid4()
    for _ in range(3):
        await access_log.record(access(organisation, viewer, clock.now(), {IDENTITY: [ann]}))
        clock.advance(timedelta(minutes=1))
        await folds.fold_access(store, clock.now())

    assert await days_of(owner_eye, organisation) == [(TODAY, ann, 1, 3)]


async def test_a_day_is_a_day_in_brussels(
    access_log: AccessLog,
    store: Store,
    organisation: UUID,
    clock: SettableClock,
    owner_eye: asyncpg.Connection,
) -> None:
    ann = uuid4()
    for at in (datetime(2026, 11, 2, 22, 59, tzinfo=UTC), datetime(2026, 11, 2, 23, 0, tzinfo=UTC)):
        await access_log.record(access(organisation, uuid4(), at, {IDENTITY: [ann]}))
    clock.advance(DAY)

    await folds.fold_access(store, clock.now())

    assert await days_of(owner_eye, organisation) == [(TODAY, ann, 1, 1), (TODAY + DAY, ann, 1, 1)]


async def test_a_fold_in_several_chunks_counts_every_record_once(
    store: Store, organisation: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    ann, viewer = uuid4(), uuid4()
    await owner_eye.execute(
        """
        INSERT INTO access_records SELECT $1, $2::timestamptz + n / 3 * interval '1 millisecond', gen_random_uuid(), $3,
            'PERSON', 'SERVICE', 'x'::bytea, 1, $4 FROM generate_series(1, 12345) n
        """,
        organisation,
        clock.now(),
        viewer,
        ann.bytes,
    )
    clock.advance(timedelta(minutes=2))

    await asyncio.gather(*(folds.fold_access(store, clock.now()) for _ in range(3)))

    assert await days_of(owner_eye, organisation) == [(TODAY, ann, 1, 12345)]


async def test_a_fold_that_dies_before_its_commit_is_done_again_from_the_start(
    access_log: AccessLog,
    store: Store,
    organisation: UUID,
    clock: SettableClock,
    owner_eye: asyncpg.Connection,
) -> None:
    ann = uuid4()
    await access_log.record(access(organisation, uuid4(), clock.now(), {IDENTITY: [ann]}))
    clock.advance(timedelta(minutes=1))
    async with owner_eye.transaction():
        await owner_eye.execute("LOCK TABLE access_folds IN SHARE ROW EXCLUSIVE MODE")
        folding = asyncio.create_task(folds.fold_access(store, clock.now()))
        await asyncio.sleep(0.1)
        ended = await owner_eye.fetchval("""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
        """)
    with pytest.raises(Exception, match=r"closed|terminat"):
        await folding

    await folds.fold_access(store, clock.now())

    assert ended == 1
    assert await days_of(owner_eye, organisation) == [(TODAY, ann, 1, 1)]


async def test_a_record_that_came_too_late_is_counted_in_the_night(
    access_log: AccessLog,
    store: Store,
    organisation: UUID,
    clock: SettableClock,
    owner_eye: asyncpg.Connection,
) -> None:
    ann, viewer, then = uuid4(), uuid4(), clock.now()
    await access_log.record(access(organisation, viewer, then, {IDENTITY: [ann]}))
    clock.advance(timedelta(minutes=10))
    await folds.fold_access(store, clock.now())
    await access_log.record(access(organisation, viewer, then, {IDENTITY: [ann]}))
    clock.advance(DAY)

    await folds.fold_access(store, clock.now())
    before = await days_of(owner_eye, organisation)
    await folds.recount_access(store, clock.now())
    await folds.recount_access(store, clock.now())

    assert before == [(TODAY, ann, 1, 1)]
    assert await days_of(owner_eye, organisation) == [(TODAY, ann, 1, 2)]


async def test_a_subject_reads_who_looked_and_a_viewer_is_found_with_what_they_saw(
    access_log: AccessLog, store: Store, organisation: UUID, clock: SettableClock
) -> None:
    boss, mate, ann, bob = uuid4(), uuid4(), uuid4(), uuid4()
    await access_log.record(access(organisation, boss, clock.now(), {IDENTITY | CONTACT: [ann, bob]}))
    await access_log.record(
        access(organisation, mate, clock.now() + DAY, {IDENTITY: [ann]}, purpose="COMPLIANCE")
    )
    clock.advance(2 * DAY)
    await folds.fold_access(store, clock.now())
    both = frozenset({Category.IDENTITY, Category.CONTACT})
    by_boss = Seen(TODAY, ann, boss, "PERSON", "SERVICE", both, 1)
    by_mate = Seen(TODAY + DAY, ann, mate, "PERSON", "COMPLIANCE", frozenset({Category.IDENTITY}), 1)

    async with store.transaction(organisation) as tx:
        of_ann = await of_subject(tx, ann)
        lately = await of_subject(tx, ann, since=TODAY + DAY)
        one = await of_subject(tx, ann, most=1)
        boss_saw = await by_viewer(tx, boss)
    other = uuid4()
    await store.keystore.create_tenant(other)
    async with store.transaction(other) as tx:
        elsewhere = await of_subject(tx, ann)

    assert of_ann == [by_mate, by_boss]
    assert (lately, one) == ([by_mate], [by_mate])
    assert {seen.subject_id for seen in boss_saw} == {ann, bob}
    assert elsewhere == []
