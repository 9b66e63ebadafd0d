"""One worker process: ticks the schedule, delivers due events side by side, and ends what it began. Refuses to start anything after the stop."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from isomod_graphql.core.installation import Installation
from isomod_graphql.core.tenancy import Database
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.queue import Queue, Waiting, code_of
from isomod_graphql.jobs.schedule import Schedule

log: Any = structlog.get_logger("isomod.jobs")

CHANNEL = "isomod_outbox"


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker looks without being woken, and how many deliveries it has under way at once."""

    look: timedelta = timedelta(seconds=1)
    width: int = 4


async def run_worker(
    installation: Installation,
    consumers: Consumers,
    schedule: Schedule,
    stop: asyncio.Event,
    pace: Pace = Pace(),
) -> None:
    """Works until `stop` is set, then ends the deliveries that are under way. Any number of workers may run.

    New events wake it at once where the database address is direct; behind PgBouncer it finds them by looking.
    """
    store = installation.store
    queue = Queue(store, consumers.with_also(schedule.consumers()))
    wake = asyncio.Event()
    helpers = [
        asyncio.create_task(_listen(store.main, wake)),
        asyncio.create_task(_wake_at_the_end(stop, wake)),
    ]
    ticking = asyncio.create_task(_tick(schedule, installation, stop, pace))
    log.info("worker.started", kinds=len(consumers.kinds), entries=len(schedule.entries))
    try:
        await _deliver(queue, stop, wake, pace)
        await ticking
    finally:
        for task in (*helpers, ticking):
            task.cancel()
        await asyncio.gather(*helpers, ticking, return_exceptions=True)
        log.info("worker.stopped")


async def _deliver(queue: Queue, stop: asyncio.Event, wake: asyncio.Event, pace: Pace) -> None:
    running: dict[UUID, asyncio.Task[None]] = {}

    def ended(waiting: Waiting, _task: asyncio.Task[None]) -> None:
        running.pop(waiting.id, None)
        wake.set()

    async def start() -> None:
        for waiting in await queue.due(pace.width):
            if waiting.id not in running and len(running) < pace.width and not stop.is_set():
                task = asyncio.create_task(_steadily("delivery.lost", queue.deliver, waiting))
                running[waiting.id] = task
                task.add_done_callback(partial(ended, waiting))

    try:
        while not stop.is_set():
            wake.clear()
            if len(running) < pace.width:
                await _steadily("queue.unreachable", start)
            await _pause(wake, pace)
        await asyncio.gather(*running.values())
    finally:
        for task in running.values():
            task.cancel()


async def _pause(until: asyncio.Event, pace: Pace) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(pace.look.total_seconds()):
            await until.wait()


async def _tick(schedule: Schedule, installation: Installation, stop: asyncio.Event, pace: Pace) -> None:
    while not stop.is_set():
        await _steadily("schedule.unreachable", schedule.tick, installation.store)
        await _pause(stop, pace)


async def _steadily(what: str, act: Callable[..., Awaitable[object]], *given: object) -> None:
    """Runs one step; a database that is away for a while is said and does not end the worker."""
    try:
        await act(*given)
    except Exception as error:  # noqa: BLE001  the worker outlives every failure; only the code is said
        log.warning(what, code=code_of(error))


async def _wake_at_the_end(stop: asyncio.Event, wake: asyncio.Event) -> None:
    await stop.wait()
    wake.set()


async def _listen(main: Database, wake: asyncio.Event) -> None:
    """Wakes the worker when an event was told, over a connection of its own, for as long as there is one."""
    address = main.engine.url.render_as_string(hide_password=False)
    while True:
        database = Database(address, pool_size=1, statement_cache=0)
        try:
            await _hear(database, wake)
        except Exception as error:  # noqa: BLE001  looking goes on without it
            log.warning("bell.unreachable", code=code_of(error))
        finally:
            with suppress(Exception):
                await database.close()
        await asyncio.sleep(1)


async def _hear(database: Database, wake: asyncio.Event) -> None:
    ended = asyncio.Event()

    def end(_driver: object) -> None:
        ended.set()

    def ring(*_rung: object) -> None:
        wake.set()

    async with database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        driver.add_termination_listener(end)
        await driver.add_listener(CHANNEL, ring)
        ring()
        try:
            await ended.wait()
        finally:
            driver.remove_termination_listener(end)
            if not driver.is_closed():
                await driver.remove_listener(CHANNEL, ring)
