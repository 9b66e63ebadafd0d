"""The schedule: every due instant has one run, whoever ticks, whatever was missed, and its outcome is kept."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.models import ScheduleRow, ScheduleRun
from isomod_graphql.jobs.queue import Queue
from isomod_graphql.jobs.schedule import Entry, Schedule
from isomod_graphql.jobs.timing import Daily, Every

HOUR = timedelta(hours=1)


class Duties:
    """Duties that remember when they were due."""

    def __init__(self) -> None:
        """Nothing was done yet."""
        self.name = f"test_{uuid4().hex}"
        self.done: list[datetime] = []
        self.fails = 0

    async def __call__(self, _store: Store, due: datetime) -> None:
        """Remembers, or fails as often as it is told to."""
        if self.fails:
            self.fails -= 1
            raise ServiceUnavailable
        self.done.append(due)


async def work(store: Store, schedule: Schedule, rounds: int = 1) -> None:
    """Ticks and delivers, this often."""
    queue = Queue(store, Consumers(schedule.consumers()))
    for _ in range(rounds):
        await schedule.tick(store)
        for waiting in await queue.due(100):
            await queue.deliver(waiting)


async def runs_of(store: Store, name: str) -> list[tuple[datetime, str, str | None]]:
    """The runs of an entry: due, state, error."""
    wanted = select(ScheduleRun.due_at, ScheduleRun.state, ScheduleRun.error).where(
        ScheduleRun.tenant_id == PLATFORM_TENANT, ScheduleRun.name == name
    )
    async with store.transaction(PLATFORM_TENANT) as tx:
        return [
            (row.due_at, row.state, row.error) for row in await tx.all(wanted.order_by(ScheduleRun.due_at))
        ]


async def last_of(store: Store, name: str) -> tuple[datetime, datetime | None, str | None]:
    """An entry: due next, due last, outcome of the last run."""
    wanted = select(ScheduleRow.next_due_at, ScheduleRow.last_due_at, ScheduleRow.last_outcome).where(
        ScheduleRow.tenant_id == PLATFORM_TENANT, ScheduleRow.name == name
    )
    async with store.transaction(PLATFORM_TENANT) as tx:
        row = await tx.first(wanted)
    assert row is not None
    return row.next_due_at, row.last_due_at, row.last_outcome


async def test_an_entry_runs_when_it_is_due_and_not_before(store: Store, clock: SettableClock) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(HOUR), duty)])

    await work(store, schedule, 2)
    assert duty.done == []
    clock.advance(HOUR - timedelta(microseconds=1))
    await work(store, schedule, 2)
    assert duty.done == []
    clock.advance(timedelta(microseconds=1))
    await work(store, schedule, 2)

    assert duty.done == [started + HOUR]
    assert await last_of(store, duty.name) == (started + 2 * HOUR, started + HOUR, "DONE")
    assert await runs_of(store, duty.name) == [(started + HOUR, "DONE", None)]


async def test_what_was_missed_is_caught_up_in_order(store: Store, clock: SettableClock) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(HOUR), duty)])
    await work(store, schedule)

    clock.advance(5 * HOUR)
    await work(store, schedule, 8)

    assert duty.done == [started + n * HOUR for n in range(1, 6)]


async def test_an_entry_that_wants_the_latest_only_skips_what_was_missed(
    store: Store, clock: SettableClock
) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(HOUR), duty, each=False)])
    await work(store, schedule)

    clock.advance(5 * HOUR)
    await work(store, schedule, 8)

    assert duty.done == [started + 5 * HOUR]


async def test_twenty_racing_ticks_start_one_run(store: Store, clock: SettableClock) -> None:
    duty = Duties()
    schedules = [Schedule([Entry(duty.name, Every(HOUR), duty)]) for _ in range(20)]
    await asyncio.gather(*(schedule.tick(store) for schedule in schedules))
    clock.advance(HOUR)

    started = await asyncio.gather(*(schedule.tick(store) for schedule in schedules))
    await asyncio.gather(*(work(store, schedule) for schedule in schedules))

    assert sum(started) == 1
    assert duty.done == [clock.now()]


async def test_a_clock_that_steps_back_an_hour_repeats_nothing(store: Store, clock: SettableClock) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(timedelta(minutes=10)), duty)])
    await work(store, schedule)
    clock.advance(timedelta(minutes=10))
    await work(store, schedule)

    clock.advance(-HOUR)
    for _ in range(8):
        clock.advance(timedelta(minutes=10))
        await work(store, schedule)

    assert duty.done == [started + timedelta(minutes=10 * n) for n in (1, 2, 3)]


async def test_a_run_that_fails_is_tried_again_and_the_next_waits_for_it(
    store: Store, clock: SettableClock
) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(HOUR), duty)])
    await work(store, schedule)
    duty.fails = 1
    clock.advance(2 * HOUR)

    await work(store, schedule, 3)
    assert duty.done == []
    assert await runs_of(store, duty.name) == [(started + HOUR, "OPEN", None)]
    clock.advance(timedelta(seconds=7))
    await work(store, schedule, 3)

    assert duty.done == [started + HOUR, started + 2 * HOUR]


async def test_a_run_that_is_given_up_is_kept_as_failed_and_the_next_goes_on(
    store: Store, clock: SettableClock
) -> None:
    duty, started = Duties(), clock.now()
    schedule = Schedule([Entry(duty.name, Every(HOUR), duty, attempts=1)])
    await work(store, schedule)
    duty.fails = 1
    clock.advance(HOUR)
    await work(store, schedule)
    clock.advance(HOUR)
    await work(store, schedule, 2)

    assert await runs_of(store, duty.name) == [
        (started + HOUR, "FAILED", "SERVICE_UNAVAILABLE"),
        (started + 2 * HOUR, "DONE", None),
    ]
    assert duty.done == [started + 2 * HOUR]


async def test_a_changed_timing_counts_from_now(store: Store, clock: SettableClock) -> None:
    duty = Duties()
    await work(store, Schedule([Entry(duty.name, Every(timedelta(minutes=10)), duty)]))
    clock.advance(timedelta(minutes=30))

    await work(store, Schedule([Entry(duty.name, Daily(time(3)), duty)]), 2)

    assert duty.done == []
    assert (await last_of(store, duty.name))[0] == datetime(2026, 11, 3, 2, 0, tzinfo=UTC)


def test_two_entries_of_one_name_are_refused() -> None:
    duty = Duties()

    with pytest.raises(ValueError, match="one name"):
        Schedule([Entry("a", Every(HOUR), duty), Entry("a", Every(HOUR), duty)])
