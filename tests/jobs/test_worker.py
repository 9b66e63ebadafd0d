"""Workers as they run: woken at once, several side by side, stopped in good order or killed without warning."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.events import Consumer, Event, Outside, Within
from isomod_graphql.core.installation import Installation, Urls
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.queue import Outcome, Queue, Waiting
from isomod_graphql.jobs.schedule import Schedule
from isomod_graphql.jobs.worker import Pace, run_worker
from tests.architecture.sources import ROOT
from tests.jobs.deliveries import count_in_database, effects, fates, new_kind, tell_once

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(urls: Urls, clock: SettableClock, tmp_path: Path) -> Iterator[Start]:
    """Starts worker processes and leaves none behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, how: str) -> "subprocess.Popen[bytes]":
        given = {
            "main": urls.main, "keys": urls.keys, "root": str(urls.root_key_file), "folder": str(tmp_path),
            "now": clock.now().isoformat(), "kind": kind, "how": how,
        }  # fmt: skip
        command = [sys.executable, "-m", "tests.jobs.killable", json.dumps(given)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 20) -> None:
    """Waits until something holds; fails when it does not in time."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  what is waited for is in a database or another process
            await asyncio.sleep(0.02)


async def until_file(folder: Path, name: str) -> None:
    """Waits for a file that a process writes."""

    async def there() -> bool:
        return any(fnmatch(found, name) for found in await asyncio.to_thread(os.listdir, folder))

    await until(there)


async def told(store: Store, tenant: UUID, kind: str) -> bool:
    """Tells an event; False when the pool handed out a connection that the server had ended."""
    try:
        await tell_once(store, tenant, kind)
    except (DBAPIError, ConnectionError, ServiceUnavailable, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


def working(
    store: Store, clock: SettableClock, consumer: Consumer, stop: asyncio.Event, *, look: float = 0.05
) -> "asyncio.Task[None]":
    """A worker in this process."""
    installation = Installation(Settings(), store, clock)
    pace = Pace(timedelta(seconds=look))
    return asyncio.create_task(run_worker(installation, Consumers([consumer]), Schedule([]), stop, pace))


async def test_an_event_wakes_the_worker_long_before_it_would_look(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, stop, seen = new_kind(), asyncio.Event(), asyncio.Event()

    async def see(_store: Store, _event: Event) -> None:
        seen.set()

    worker = working(store, clock, Outside(kind, "see", see), stop, look=30)
    await asyncio.sleep(0.5)
    told = time.monotonic()
    await tell_once(store, tenant, kind)
    async with asyncio.timeout(5):
        await seen.wait()

    assert time.monotonic() - told < 2
    stop.set()
    async with asyncio.timeout(5):
        await worker


async def test_a_worker_that_lost_its_listening_connection_looks_and_listens_again(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    kind, stop = new_kind(), asyncio.Event()
    worker = working(store, clock, Within(kind, "count", count_in_database), stop)
    await asyncio.sleep(0.3)
    with capture_logs() as logs:
        ended = await owner_eye.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid() AND datname = current_database()"
        )
        await tell_once(store, tenant, kind)

        async def delivered() -> bool:
            return await effects(store, tenant) == 1

        await until(delivered)

    assert len(ended) >= 1
    assert "personal" not in str(logs)
    stop.set()
    await worker


async def test_two_worker_processes_deliver_each_event_once(
    store: Store, tenant: UUID, start: Start, tmp_path: Path
) -> None:
    kind = new_kind()
    for _ in range(60):
        await tell_once(store, tenant, kind)

    workers = [start(kind, "count"), start(kind, "count")]

    async def settled() -> bool:
        return {fate.state for fate in await fates(store, tenant, kind)} == {"DONE"}

    await until(settled)
    for worker in workers:
        # One may settle everything before the other can be stopped in order.
        await until_file(tmp_path, f"started-{worker.pid}")
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(10) for worker in workers] == [0, 0]
    assert await effects(store, tenant) == 60
    assert {fate.attempts for fate in await fates(store, tenant, kind)} == {1}


@pytest.mark.parametrize("how", ["hang", "hang_outside"])
async def test_what_a_killed_worker_had_begun_is_done_by_another_after_the_lease(
    store: Store, tenant: UUID, clock: SettableClock, start: Start, tmp_path: Path, how: str
) -> None:
    kind = new_kind()
    event_id = await tell_once(store, tenant, kind)
    doomed = start(kind, how)
    await until_file(tmp_path, "entered-*")

    doomed.send_signal(signal.SIGKILL)
    doomed.wait(10)

    survivor = Queue(store, Consumers([Within(kind, "count", count_in_database)]))
    assert await effects(store, tenant) == 0
    assert await survivor.deliver(Waiting(tenant, event_id)) is Outcome.TAKEN
    clock.advance(timedelta(seconds=60))
    assert await survivor.deliver(Waiting(tenant, event_id)) is Outcome.DONE
    assert await effects(store, tenant) == 1
    assert (await fates(store, tenant, kind))[0].attempts == 2


async def test_a_stop_ends_what_runs_and_starts_nothing_more(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, stop, entered, leave = new_kind(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_store: Store, _event: Event) -> None:
        entered.set()
        await leave.wait()

    worker = working(store, clock, Outside(kind, "slow", slow), stop)
    await tell_once(store, tenant, kind)
    await entered.wait()
    stop.set()
    await tell_once(store, tenant, kind)
    await asyncio.sleep(0.3)
    assert not worker.done()
    leave.set()
    await worker

    assert sorted(fate.state for fate in await fates(store, tenant, kind)) == ["DONE", "WAITING"]


async def test_a_slow_delivery_does_not_hold_up_the_others(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, stop, leave = new_kind(), asyncio.Event(), asyncio.Event()
    done: list[UUID] = []

    async def slow_once(_store: Store, event: Event) -> None:
        if "slow" in event.ids:
            await leave.wait()
        done.append(event.id)

    await tell_once(store, tenant, kind, slow=tenant)
    worker = working(store, clock, Outside(kind, "slow", slow_once), stop)
    others = [await tell_once(store, tenant, kind) for _ in range(12)]

    async def others_done() -> bool:
        return set(others) <= set(done)

    await until(others_done)
    assert len(done) == 12
    leave.set()
    stop.set()
    await worker
    assert len(done) == 13


async def test_a_worker_outlives_a_database_that_drops_every_connection(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    kind, stop = new_kind(), asyncio.Event()
    worker = working(store, clock, Within(kind, "count", count_in_database), stop)
    await asyncio.sleep(0.2)

    await owner_eye.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'isomod_app' AND datname = current_database()"
    )
    await asyncio.sleep(0.2)
    await until(partial(told, store, tenant, kind))

    async def delivered() -> bool:
        return {fate.state for fate in await fates(store, tenant, kind)} == {"DONE"}

    await until(delivered)
    assert await effects(store, tenant) == 1
    stop.set()
    await worker
