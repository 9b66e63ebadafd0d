"""Reads on the driver: only the tenant's rows, one snapshot, no tenant left behind by a cancelled, failed or lost read."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from asyncpg.exceptions import PostgresError

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import ServiceUnavailable, StatementTimeout
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls
from isomod_graphql.core.instants import micros_of
from isomod_graphql.core.tenancy import Database, Limits
from tests.conftest import START
from tests.core.counting import put

NAMES = "SELECT name FROM counters ORDER BY name"
WHO = "SELECT tenant_id FROM counters WHERE tenant_id = $1"


@pytest.fixture
def tenants(clock: SettableClock) -> tuple[UUID, UUID]:
    """Two tenants."""
    return new_id(clock.now()), new_id(clock.now())


@pytest.fixture
async def database(urls: Urls, tenants: tuple[UUID, UUID]) -> AsyncIterator[Database]:
    """One connection for reading; a counter row of each tenant."""
    database = Database(urls.main, pool_size=1, readers=1)
    await put(database, tenants[0], "first")
    await put(database, tenants[1], "second")
    yield database
    await database.close()


async def names(database: Database, tenant: UUID, *, last: bool = True) -> list[str]:
    """Every counter that a statement without a tenant filter reads."""
    async with database.reading(tenant) as reading:
        return [row["name"] for row in await reading.fetch(NAMES, last=last)]


async def pid_of(database: Database, tenant: UUID) -> int:
    """The server process behind the only connection for reading."""
    async with database.reading(tenant) as reading:
        return int((await reading.fetch("SELECT pg_backend_pid()", last=True))[0][0])


@pytest.mark.parametrize("last", [False, True])
async def test_a_statement_without_a_tenant_filter_reads_only_the_tenants_rows(
    database: Database, tenants: tuple[UUID, UUID], *, last: bool
) -> None:
    seen = [await names(database, tenants[turn % 2], last=last) for turn in range(6)]

    assert seen == [["first"], ["second"]] * 3


async def test_several_statements_read_one_snapshot(database: Database, tenants: tuple[UUID, UUID]) -> None:
    async with database.reading(tenants[0]) as reading:
        before = await reading.fetch(NAMES)
        await put(database, tenants[0], "later")
        after = await reading.fetch(NAMES)

    assert before == after
    assert await names(database, tenants[0]) == ["first", "later"]


@pytest.mark.parametrize("last", [False, True])
async def test_a_reading_cannot_write(database: Database, tenants: tuple[UUID, UUID], *, last: bool) -> None:
    write = "UPDATE counters SET value = 7"
    for _ in range(2):
        async with database.reading(tenants[0]) as reading:
            with pytest.raises(PostgresError, match="read-only transaction"):
                await reading.fetch(write, last=last)

    assert await names(database, tenants[1]) == ["second"]


async def test_uuids_go_in_and_come_out_as_bytes(database: Database, tenants: tuple[UUID, UUID]) -> None:
    listed = "SELECT tenant_id, $2::uuid[] FROM counters WHERE tenant_id = ANY($1::uuid[])"
    for _ in range(2):
        async with database.reading(tenants[0]) as reading:
            by_bytes = await reading.fetch(WHO, [tenants[0].bytes])
            by_list = await reading.fetch(listed, [[tenants[0].bytes], [tenants[1].bytes, None]], last=True)

        assert [tuple(row) for row in by_bytes] == [(tenants[0].bytes,)]
        assert tuple(by_list[0]) == (tenants[0].bytes, [tenants[1].bytes, None])


@pytest.mark.parametrize("statements", [0, 200])
async def test_instants_go_in_and_come_out_as_microseconds(
    urls: Urls, tenants: tuple[UUID, UUID], statements: int
) -> None:
    wanted = "SELECT $1::timestamptz, NULL::timestamptz, $2::timestamptz[], $1 + interval '1 us'"
    instant = START + timedelta(microseconds=7)
    database = Database(urls.main, pool_size=1, readers=1, statement_cache=statements)
    try:
        async with database.reading(tenants[0]) as reading:
            rows = await reading.fetch(wanted, [micros_of(instant), [micros_of(START), None]], last=True)
    finally:
        await database.close()

    assert tuple(rows[0]) == (micros_of(instant), None, [micros_of(START), None], micros_of(instant) + 1)


@pytest.mark.parametrize("statements", [0, 1, 200])
@pytest.mark.parametrize("last", [False, True])
async def test_a_read_cancelled_at_any_await_leaves_no_tenant_behind(
    urls: Urls, tenants: tuple[UUID, UUID], statements: int, *, last: bool
) -> None:
    database = Database(urls.main, pool_size=1, readers=1, statement_cache=statements)
    await put(database, tenants[0], "first")
    await put(database, tenants[1], "second")

    async def request_of_the_first() -> None:
        async with database.reading(tenants[0]) as reading:
            if not last:
                await reading.fetch(NAMES)
                await reading.fetch("SELECT 1")
            await reading.fetch("SELECT pg_sleep(0.002)", last=True)

    for turns in range(60):
        task = asyncio.create_task(request_of_the_first())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        assert await names(database, tenants[1]) == ["second"]
        assert await names(database, tenants[1], last=False) == ["second"]

    await database.close()


@pytest.mark.parametrize("last", [False, True])
async def test_a_cancelled_read_is_cancelled_in_the_database_and_its_connection_lives(
    database: Database, tenants: tuple[UUID, UUID], owner_eye: asyncpg.Connection, *, last: bool
) -> None:
    pid = await pid_of(database, tenants[0])
    running = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND query LIKE '%pg_sleep(4)%' AND state = 'active'"

    async def sleep() -> None:
        async with database.reading(tenants[0]) as reading:
            await reading.fetch("SELECT pg_sleep(4)", last=last)

    task = asyncio.create_task(sleep())
    while not await owner_eye.fetchval(running, pid):
        await owner_eye.execute("SELECT pg_sleep(0.01)")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert await names(database, tenants[1]) == ["second"]
    assert await owner_eye.fetchval(running, pid) == 0
    assert await pid_of(database, tenants[1]) == pid


async def test_a_transaction_that_has_read_everything_is_ended_by_the_next_reader_of_its_connection(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    fails = "SELECT 1 / count(*) FROM counters WHERE name = $1"
    pid = await pid_of(database, tenants[0])
    for _ in range(2):
        for last in (True, False):
            assert await names(database, tenants[0], last=False) == ["first"]
            assert database.readers._idle[0].read
            with pytest.raises(PostgresError, match="division by zero"):
                async with database.reading(tenants[1]) as reading:
                    await reading.fetch(fails, ["first"], last=last)

            assert await names(database, tenants[1], last=last) == ["second"]

    assert await pid_of(database, tenants[1]) == pid


async def test_a_transaction_that_has_read_everything_ends_soon_when_nobody_comes(
    database: Database, tenants: tuple[UUID, UUID], owner_eye: asyncpg.Connection
) -> None:
    pid = await pid_of(database, tenants[0])
    await names(database, tenants[0], last=False)
    line = database.readers._idle[0]
    assert line.connection.is_in_transaction()

    while line.connection.is_in_transaction():
        await owner_eye.execute("SELECT 1")

    assert await owner_eye.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid) == "idle"
    assert await pid_of(database, tenants[1]) == pid


async def test_a_connection_left_in_a_transaction_is_thrown_away(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    line = await database.readers.take()
    await line.connection.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenants[0]}'")
    database.readers._idle.append(line)

    assert await names(database, tenants[1]) == ["second"]
    assert line.connection.is_closed()


async def test_without_a_reading_a_connection_has_no_tenant(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    for last in (True, False, True):
        await names(database, tenants[0], last=last)
    line = await database.readers.take()

    with pytest.raises(PostgresError, match="uuid"):
        await line.connection.fetch(NAMES)

    database.readers.drop(line)


@pytest.mark.parametrize("last", [False, True])
async def test_a_restarted_server_is_not_noticed(
    database: Database, tenants: tuple[UUID, UUID], owner_eye: asyncpg.Connection, *, last: bool
) -> None:
    await names(database, tenants[0])
    pid = await pid_of(database, tenants[0])
    line = await database.readers.take()
    await owner_eye.execute("SELECT pg_terminate_backend($1, 1000)", pid)
    # Nobody has listened to the socket since: the line still looks alive.
    database.readers._idle.append(line)

    async with database.reading(tenants[1]) as reading:
        rows = await reading.fetch(NAMES, last=last)

    assert [row["name"] for row in rows] == ["second"]


async def test_a_line_that_was_told_of_its_end_and_is_not_closed_yet_is_replaced(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    """The server's last message, as it comes when the end of the connection is still on its way."""
    await names(database, tenants[0])
    line = await database.readers.take()
    last_words = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
    line.protocol.data_received(b"E" + (4 + len(last_words)).to_bytes(4, "big") + last_words)
    database.readers._idle.append(line)

    assert await names(database, tenants[1]) == ["second"]


async def test_a_connection_lost_between_two_statements_is_a_stable_error(
    database: Database, tenants: tuple[UUID, UUID], owner_eye: asyncpg.Connection
) -> None:
    async with database.reading(tenants[0]) as reading:
        pid = (await reading.fetch("SELECT pg_backend_pid()"))[0][0]
        await owner_eye.execute("SELECT pg_terminate_backend($1, 1000)", pid)

        with pytest.raises(ServiceUnavailable):
            await reading.fetch(NAMES)

    assert await names(database, tenants[1]) == ["second"]


async def test_a_server_that_cannot_be_reached_is_a_stable_error() -> None:
    database = Database("postgresql+asyncpg://nobody@/none?host=/nonexistent")

    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            async with database.reading(UUID(int=1)) as reading:
                await reading.fetch(NAMES)

    await database.close()


@pytest.mark.parametrize("statements", [0, 200])
@pytest.mark.parametrize("last", [False, True])
async def test_the_database_itself_cancels_a_read_that_runs_too_long(
    urls: Urls, tenants: tuple[UUID, UUID], statements: int, *, last: bool
) -> None:
    database = Database(
        urls.main, pool_size=1, readers=1, statement_cache=statements, limits=Limits(statement_ms=50)
    )
    await put(database, tenants[1], "second")

    for _ in range(2):
        with pytest.raises(StatementTimeout):
            async with database.reading(tenants[0]) as reading:
                await reading.fetch("SELECT pg_sleep(5)", last=last)

    assert await names(database, tenants[1]) == ["second"]
    await database.close()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("value", ["no number", 2**40])
async def test_an_argument_that_the_driver_refuses_leaves_nothing_half_sent(
    database: Database, tenants: tuple[UUID, UUID], value: object, *, last: bool
) -> None:
    number = "SELECT $1::int4"
    async with database.reading(tenants[0]) as reading:
        await reading.fetch(number, [1])
    pid = await pid_of(database, tenants[0])

    with pytest.raises(asyncpg.DataError):
        async with database.reading(tenants[0]) as reading:
            await reading.fetch(number, [value], last=last)

    assert await names(database, tenants[1]) == ["second"]
    assert await pid_of(database, tenants[1]) == pid


async def test_a_statement_that_is_called_wrongly_is_no_outage(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    for _ in range(2):
        async with database.reading(tenants[0]) as reading:
            with pytest.raises(asyncpg.InterfaceError, match="1 argument"):
                await reading.fetch("SELECT $1::int4", [1, 2], last=True)


@pytest.mark.parametrize("statements", [0, 2, 200])
async def test_among_many_cancelled_and_failed_reads_each_tenant_sees_only_its_own(
    urls: Urls, tenants: tuple[UUID, UUID], statements: int
) -> None:
    database = Database(urls.main, readers=2, statement_cache=statements)
    dice = random.Random(7)  # noqa: S311  the same order every time
    for tenant in tenants:
        await put(database, tenant, str(tenant))
    fails = "SELECT 1 / (count(*) - 1) FROM counters"
    seen: list[tuple[str, UUID]] = []
    most = [0]

    async def read(tenant: UUID) -> None:
        async with database.reading(tenant) as reading:
            most.append(max(most[-1], database.readers._open))
            for _ in range(dice.randrange(3)):
                seen.extend((row["name"], tenant) for row in await reading.fetch(NAMES))
            if not dice.randrange(4):
                await reading.fetch(fails, last=True)
            seen.extend((row["name"], tenant) for row in await reading.fetch(NAMES, last=True))

    async def client(tenant: UUID) -> None:
        for _ in range(40):
            task = asyncio.create_task(read(tenant))
            for _ in range(dice.randrange(30)):
                await asyncio.sleep(0)
            if dice.randrange(2):
                task.cancel()
            with suppress(asyncio.CancelledError, asyncpg.DivisionByZeroError):
                await task

    await asyncio.gather(*(client(tenants[number % 2]) for number in range(6)))

    assert {tenant for _, tenant in seen} == set(tenants)
    assert most[-1] == 2
    assert [name for name, tenant in seen if name != str(tenant)] == []
    await database.close()


def test_one_address_means_one_server() -> None:
    database = Database("postgresql+asyncpg://me:p%40ss@db.example:6543/isomod?ssl=verify-full", readers=1)

    assert database.readers.terms.connect == {
        "host": "db.example", "port": 6543, "user": "me", "password": "p@ss", "database": "isomod",
        "ssl": "verify-full", "timeout": 10.0, "statement_cache_size": 200,
    }  # fmt: skip


async def test_those_who_wait_are_served_in_order_and_not_for_ever(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    served: list[int] = []

    async def read(number: int) -> None:
        async with database.reading(tenants[0]) as reading:
            await reading.fetch(NAMES)
            served.append(number)

    line = await database.readers.take()
    waiting = [asyncio.create_task(read(number)) for number in range(5)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    database.readers.release(line)
    await asyncio.gather(*waiting, return_exceptions=True)

    assert served == [0, 2, 3, 4]


async def test_a_pool_that_stays_empty_is_a_stable_error(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    database.readers.wait_s = 0.02
    line = await database.readers.take()

    with pytest.raises(ServiceUnavailable):
        await names(database, tenants[0])

    database.readers.release(line)
    assert await names(database, tenants[0]) == ["first"]


async def test_a_pool_that_is_closed_sends_the_waiting_away_and_closes_what_is_returned(
    database: Database, tenants: tuple[UUID, UUID]
) -> None:
    line = await database.readers.take()
    waiting = asyncio.create_task(names(database, tenants[0]))
    await asyncio.sleep(0)

    await database.readers.close()
    database.readers.release(line)

    with pytest.raises(ServiceUnavailable):
        await waiting
    with pytest.raises(ServiceUnavailable):
        await names(database, tenants[0])
    assert line.connection.is_closed()
    assert database.readers._open == 0


async def test_an_old_connection_is_replaced(database: Database, tenants: tuple[UUID, UUID]) -> None:
    first = await pid_of(database, tenants[0])
    line = await database.readers.take()
    line.expires = 0
    database.readers.release(line)

    assert await pid_of(database, tenants[0]) != first
    assert line.connection.is_closed()


async def test_the_prepared_statements_of_a_connection_are_bounded(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database = Database(urls.main, pool_size=1, readers=1, statement_cache=3)

    for number in [*range(10), 8, 9]:
        async with database.reading(tenants[0]) as reading:
            assert (await reading.fetch(f"SELECT {number}"))[0][0] == number
    async with database.reading(tenants[0]) as reading:
        kept = await reading.fetch(
            "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE '\\_\\_asyncpg%'"
        )

    assert kept[0][0] <= 4
    await database.close()


async def test_what_was_prepared_before_a_column_changed_is_prepared_again(
    own_urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database, owner = Database(own_urls.main), Database(own_urls.main_owner)
    await put(database, tenants[0], "first")
    every = "SELECT * FROM counters"
    for last in (True, False):
        async with database.reading(tenants[0]) as reading:
            await reading.fetch(every)
        async with owner.engine.connect() as connection:
            await connection.exec_driver_sql(f"ALTER TABLE counters ADD COLUMN more_{last} int")

        async with database.reading(tenants[0]) as reading:
            rows = await reading.fetch(every, last=last)
            assert f"more_{last}".lower() in rows[0].keys()  # noqa: SIM118  a record's `in` asks its values

    await database.close()
    await owner.close()
