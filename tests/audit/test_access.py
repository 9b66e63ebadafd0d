"""What an answer showed of whom is in the database when `record` returns: exactly that, once, many answers in one commit, and readable by nobody else."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url, text

from isomod_graphql.audit.access import AccessLog, Patience
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.installation import Urls
from isomod_graphql.core.store import Store
from tests.audit.accesses import CONTACT, IDENTITY, access, commits, held_back, stored


async def test_a_record_says_who_saw_what_of_whom_when_and_why(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    viewer, ann, bob = uuid4(), uuid4(), uuid4()
    shown = access(tenant, viewer, clock.now(), {IDENTITY: [ann, bob], IDENTITY | CONTACT: [bob]})

    await access_log.record(shown)

    known = (viewer, "PERSON", "SERVICE", shown.operation, clock.now())
    assert await stored(owner_eye, tenant) == [
        (*known, 1, [ann.bytes, bob.bytes]),
        (*known, 3, [bob.bytes]),
    ]


async def test_a_row_holds_a_hundred_subjects_and_is_stored_whole(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    people = [uuid4() for _ in range(250)]

    await access_log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: people}))

    rows = await stored(owner_eye, tenant)
    apart = await owner_eye.fetchval(
        "SELECT count(*) FROM access_records WHERE tenant_id = $1 AND pg_column_toast_chunk_id(subjects) IS NOT NULL",
        tenant,
    )
    assert sorted(len(row[-1]) for row in rows) == [50, 100, 100]
    assert sorted(one for row in rows for one in row[-1]) == sorted(person.bytes for person in people)
    assert apart == 0


async def test_an_answer_that_showed_nothing_of_others_leaves_nothing(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    await access_log.record(access(tenant, uuid4(), clock.now(), {}))
    await access_log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: []}))

    assert await stored(owner_eye, tenant) == []


async def test_answers_of_one_moment_share_a_commit_across_tenants(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    tenants = [tenant, uuid4()]

    await asyncio.gather(
        *(
            access_log.record(access(tenants[n % 2], uuid4(), clock.now(), {IDENTITY: [uuid4()]}))
            for n in range(60)
        )
    )

    assert [len(await stored(owner_eye, one)) for one in tenants] == [30, 30]
    assert len(await commits(owner_eye, *tenants)) == 1


async def test_what_comes_while_a_commit_is_under_way_goes_into_the_next_one(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    def record() -> asyncio.Task[None]:
        shown = access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]})
        return asyncio.create_task(access_log.record(shown))

    await record()
    async with held_back(owner_eye):
        first = record()
        await asyncio.sleep(0.05)
        later = []
        for _ in range(20):
            later.append(record())
            await asyncio.sleep(0.001)
        done_early = [task for task in (first, *later) if task.done()]
    await asyncio.gather(first, *later)

    assert done_early == []
    assert sorted((await commits(owner_eye, tenant)).values()) == [1, 1, 20]


async def test_a_commit_waits_until_half_of_the_answers_wait_for_it(
    urls: Urls, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    log = AccessLog(make_url(urls.main), patience=Patience(gather=600))
    log.underway = 8

    def record() -> asyncio.Task[None]:
        return asyncio.create_task(log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]})))

    few = [record() for _ in range(3)]
    await asyncio.sleep(0.05)
    early = [task.done() for task in few]
    await asyncio.gather(*few, record())

    assert early == [False] * 3
    assert list((await commits(owner_eye, tenant)).values()) == [4]
    await log.close()


async def test_a_commit_does_not_wait_long_for_answers_that_take_long(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    access_log.underway = 8

    await access_log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]}))

    assert len(await stored(owner_eye, tenant)) == 1


async def test_a_waiter_that_is_cancelled_disturbs_nobody(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    async with held_back(owner_eye):
        tasks = [
            asyncio.create_task(
                access_log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]}))
            )
            for _ in range(3)
        ]
        await asyncio.sleep(0.05)
        tasks[1].cancel()
        await asyncio.sleep(0)
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(end) for end in ends] == [type(None), asyncio.CancelledError, type(None)]
    assert len(await stored(owner_eye, tenant)) == 3


@pytest.mark.parametrize("statement_cache", [0, 200])
async def test_a_commit_waits_for_the_disk_whatever_the_server_is_set_to(
    own_urls: Urls, tenant: UUID, clock: SettableClock, statement_cache: int
) -> None:
    owner = await asyncpg.connect(own_urls.main_owner.replace("+asyncpg", ""))
    await owner.execute("""
        CREATE TABLE waits (setting text); GRANT INSERT ON waits TO isomod_app;
        CREATE FUNCTION note_setting() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN INSERT INTO waits VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
        CREATE TRIGGER note BEFORE INSERT ON access_records FOR EACH ROW EXECUTE FUNCTION note_setting();
    """)
    log = AccessLog(make_url(own_urls.main), statement_cache=statement_cache)

    await log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]}))

    assert await owner.fetchval("SHOW synchronous_commit") == "off"
    assert [row[0] for row in await owner.fetch("SELECT setting FROM waits")] == ["on"]
    await log.close()
    await owner.close()


async def test_a_tenant_sees_its_own_records_and_changes_none(
    access_log: AccessLog, store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    other = uuid4()
    for one in (tenant, other):
        await access_log.record(access(one, uuid4(), clock.now(), {IDENTITY: [uuid4()]}))

    async with store.main.begin(other, write=True) as connection:
        seen = await connection.all(text("SELECT tenant_id FROM access_records"))
        deleted = await connection.run(text("DELETE FROM access_records"))
    with pytest.raises(Exception, match="permission denied"):
        async with store.main.begin(other, write=True) as connection:
            await connection.run(text("UPDATE access_records SET at = now()"))

    assert ([row.tenant_id for row in seen], deleted) == ([other], 0)
    assert [len(await stored(owner_eye, one)) for one in (tenant, other)] == [1, 1]


async def test_records_find_the_partition_of_their_month(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    for at in (clock.now(), clock.now() + timedelta(days=30), clock.now() - timedelta(days=3_000)):
        await access_log.record(access(tenant, uuid4(), at, {IDENTITY: [uuid4()]}))

    places = await owner_eye.fetch(
        "SELECT tableoid::regclass::text FROM access_records WHERE tenant_id = $1 ORDER BY at", tenant
    )
    assert [row[0] for row in places] == [
        "access_records_rest",
        "access_records_2026_11",
        "access_records_2026_12",
    ]


async def test_a_statement_is_prepared_once_for_each_number_of_rows_and_planned_once(
    access_log: AccessLog, tenant: UUID, clock: SettableClock
) -> None:
    for subjects in (1, 1, 1, 250, 250):
        people = [uuid4() for _ in range(subjects)]
        await access_log.record(access(tenant, uuid4(), clock.now(), {IDENTITY: people}))

    told = await access_log._connection.fetch(
        "SELECT name, generic_plans, custom_plans FROM pg_prepared_statements ORDER BY name"
    )
    assert [tuple(row) for row in told] == [("isomod_access_1", 3, 0), ("isomod_access_3", 2, 0)]


@pytest.mark.parametrize("answers", [16, 17, 40])
async def test_many_rows_of_one_commit_are_all_there(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection, answers: int
) -> None:
    people = [uuid4() for _ in range(answers)]
    access_log.underway = answers + 1

    await asyncio.gather(
        *(access_log.record(access(tenant, one, clock.now(), {IDENTITY: [one]})) for one in people)
    )

    rows = await stored(owner_eye, tenant)
    assert sorted((row[0], row[-1]) for row in rows) == sorted((one, [one.bytes]) for one in people)
    assert max((await commits(owner_eye, tenant)).values()) == answers
