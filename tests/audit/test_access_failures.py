"""Where a record cannot be written nobody is told that it was: lost connections, refused rows, a full queue, a server that does not answer."""

import asyncio
import time
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from isomod_graphql.audit.access import AccessLog, Patience
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import AccessRecordUnavailable
from isomod_graphql.core.installation import Urls
from isomod_graphql.engine.recording import Access
from tests.audit.accesses import IDENTITY, access, commits, held_back, stored

END_CONNECTION = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'isomod access log' AND datname = current_database()"


def shown(tenant: UUID, clock: SettableClock) -> Access:
    """An answer that showed one name."""
    return access(tenant, uuid4(), clock.now(), {IDENTITY: [uuid4()]})


async def ends(log: AccessLog, *accesses: Access) -> list[type]:
    """How recording each of these ended."""
    results = await asyncio.gather(*(log.record(one) for one in accesses), return_exceptions=True)
    return [type(result) for result in results]


async def test_a_connection_that_was_lost_meanwhile_is_replaced(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    pauses = (0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05)
    ended = 0
    await access_log.record(shown(tenant, clock))
    for pause in pauses:
        ended += await owner_eye.fetchval(END_CONNECTION)
        # The driver may know nothing yet, the reason only, or all.
        await asyncio.sleep(pause)
        await access_log.record(shown(tenant, clock))

    assert ended == len(pauses)
    assert len(await stored(owner_eye, tenant)) == 1 + len(pauses)


async def test_a_connection_that_is_lost_under_way_is_replaced_and_the_row_stands_once(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    await access_log.record(shown(tenant, clock))
    async with held_back(owner_eye):
        waiting = asyncio.create_task(access_log.record(shown(tenant, clock)))
        await asyncio.sleep(0.05)
        ended = await owner_eye.fetchval(END_CONNECTION)
        await asyncio.sleep(0.1)
    await waiting

    assert ended == 1
    assert len(await stored(owner_eye, tenant)) == 2


async def test_a_batch_whose_commit_went_through_unheard_is_not_written_twice(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    await access_log.record(shown(tenant, clock))
    batch = access_log._filling
    access_log._add(batch.rows, shown(tenant, clock))
    until = asyncio.get_running_loop().time() + 1

    await access_log._insert(batch, until, again=False)
    await access_log._insert(batch, until, again=True)

    assert sorted((await commits(owner_eye, tenant)).values()) == [1, 1]
    batch.rows.clear()


async def test_a_server_that_cannot_be_reached_withholds(tenant: UUID, clock: SettableClock) -> None:
    log = AccessLog(make_url("postgresql+asyncpg://nobody@/none?host=/nonexistent"))

    assert await ends(log, shown(tenant, clock), shown(tenant, clock)) == 2 * [AccessRecordUnavailable]

    await log.close()


async def test_a_server_that_does_not_answer_withholds_in_time_and_is_tried_again(
    urls: Urls, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    log = AccessLog(make_url(urls.main), patience=Patience(seconds=0.4))
    await log.record(shown(tenant, clock))
    async with held_back(owner_eye):
        begun = time.monotonic()
        first = asyncio.create_task(ends(log, shown(tenant, clock)))
        await asyncio.sleep(0.05)
        later = await ends(log, shown(tenant, clock))
        took = time.monotonic() - begun

    assert (await first, later) == ([AccessRecordUnavailable], [AccessRecordUnavailable])
    assert 0.35 < took < 0.6
    assert await ends(log, shown(tenant, clock)) == [type(None)]
    await log.close()


async def test_a_full_queue_refuses_the_next_and_keeps_the_others(
    urls: Urls, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    log = AccessLog(make_url(urls.main), patience=Patience(most=3))
    async with held_back(owner_eye):
        under_way = asyncio.create_task(ends(log, shown(tenant, clock)))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(ends(log, shown(tenant, clock))) for _ in range(3)]
        await asyncio.sleep(0)
        refused = await ends(log, shown(tenant, clock))
    kept = await asyncio.gather(under_way, *waiting)

    assert refused == [AccessRecordUnavailable]
    assert kept == 4 * [[type(None)]]
    assert len(await stored(owner_eye, tenant)) == 4
    await log.close()


async def test_a_right_that_was_taken_away_withholds_until_it_is_given_back(
    own_urls: Urls, tenant: UUID, clock: SettableClock
) -> None:
    owner = await asyncpg.connect(own_urls.main_owner.replace("+asyncpg", ""))
    log = AccessLog(make_url(own_urls.main))

    await owner.execute("REVOKE INSERT ON access_records FROM isomod_app")
    refused = await ends(log, shown(tenant, clock), shown(tenant, clock))
    await owner.execute("GRANT INSERT ON access_records TO isomod_app")

    assert refused == 2 * [AccessRecordUnavailable]
    assert await ends(log, shown(tenant, clock)) == [type(None)]
    await log.close()
    await owner.close()


async def test_closing_writes_what_waits_and_refuses_what_comes_later(
    urls: Urls, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    log = AccessLog(make_url(urls.main))
    waiting = [asyncio.create_task(log.record(shown(tenant, clock))) for _ in range(5)]
    await asyncio.sleep(0)

    await log.close()
    await asyncio.gather(*waiting)

    assert len(await stored(owner_eye, tenant)) == 5
    with pytest.raises(AccessRecordUnavailable):
        await log.record(shown(tenant, clock))


async def test_a_writer_that_is_cancelled_leaves_nobody_waiting(
    access_log: AccessLog, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    async with held_back(owner_eye):
        tasks = [asyncio.create_task(ends(access_log, shown(tenant, clock))) for _ in range(2)]
        await asyncio.sleep(0.05)
        tasks.append(asyncio.create_task(ends(access_log, shown(tenant, clock))))
        await asyncio.sleep(0)
        writing = access_log._writing
        assert writing is not None
        writing.cancel()
        told = await asyncio.gather(*tasks)

    assert told == 3 * [[AccessRecordUnavailable]]
    assert await ends(access_log, shown(tenant, clock)) == [type(None)]
