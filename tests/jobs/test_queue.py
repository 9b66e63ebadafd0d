"""Deliveries: once in effect, again after a failure, kept when given up; ids and codes only."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.events import Event, GiveUp, Outside, Within, tell
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.jobs.backoff import wait_after
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.queue import Outcome, Queue, Waiting, backlog, revive
from tests.jobs.deliveries import count_in_database, effects, fates, new_kind, tell_once

CANARY = "Canary-5512@acme.example"


def failing(error: Exception) -> Callable[[Store, Event], Awaitable[None]]:
    """A consumer that always raises this."""

    async def fail(_store: Store, _event: Event) -> None:
        raise error

    return fail


async def test_an_event_is_delivered_with_its_ids_and_only_once(store: Store, tenant: UUID) -> None:
    seen: list[Event] = []
    kind, order = new_kind(), uuid4()

    async def see(_tx: Transaction, event: Event) -> None:
        seen.append(event)

    queue = Queue(store, Consumers([Within(kind, "see", see)]))
    event_id = await tell_once(store, tenant, kind, work_order_id=order)
    (waiting,) = await queue.due(10)

    outcomes = [await queue.deliver(waiting), await queue.deliver(waiting)]

    assert outcomes == [Outcome.DONE, Outcome.TAKEN]
    assert seen == [Event(tenant, event_id, kind, {"work_order_id": order}, 1, store.clock.now())]
    assert await queue.due(10) == []


async def test_an_event_of_a_transaction_that_fails_is_not_told(store: Store, tenant: UUID) -> None:
    kind = new_kind()

    async def tell_and_fail() -> None:
        async with store.transaction(tenant, write=True) as tx:
            await tell(tx, kind)
            raise ServiceUnavailable

    with pytest.raises(ServiceUnavailable):
        await tell_and_fail()

    assert await fates(store, tenant, kind) == []


async def test_ten_racing_deliveries_have_one_effect(store: Store, tenant: UUID) -> None:
    kind = new_kind()
    queues = [Queue(store, Consumers([Within(kind, "count", count_in_database)])) for _ in range(10)]
    await tell_once(store, tenant, kind)
    (waiting,) = await queues[0].due(10)

    outcomes = await asyncio.gather(*(queue.deliver(waiting) for queue in queues))

    assert sorted(outcomes) == [Outcome.DONE] + [Outcome.TAKEN] * 9
    assert await effects(store, tenant) == 1


async def test_a_consumer_that_raises_leaves_nothing_and_is_tried_again(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, fails = new_kind(), [True]

    async def fail_at_first(tx: Transaction, event: Event) -> None:
        await count_in_database(tx, event)
        if fails.pop():
            raise RuntimeError(CANARY)

    fails.insert(0, False)
    queue = Queue(store, Consumers([Within(kind, "count", fail_at_first)]))
    event_id = await tell_once(store, tenant, kind)
    waiting = Waiting(tenant, event_id)

    assert await queue.deliver(waiting) is Outcome.AGAIN
    assert (await effects(store, tenant), (await fates(store, tenant, kind))[0].last_error) == (
        0,
        "RuntimeError",
    )
    assert await queue.deliver(waiting) is Outcome.TAKEN
    clock.advance(wait_after(1, event_id))
    assert await queue.deliver(waiting) is Outcome.DONE
    assert await effects(store, tenant) == 1


async def test_the_waits_are_exactly_those_of_the_rule_until_it_is_given_up(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind = new_kind()
    queue = Queue(store, Consumers([Outside(kind, "fail", failing(ServiceUnavailable()), attempts=13)]))
    event_id = await tell_once(store, tenant, kind)
    waits = []

    while (await queue.deliver(Waiting(tenant, event_id))) is Outcome.AGAIN:
        (fate,) = await fates(store, tenant, kind)
        waits.append(fate.due_at - clock.now())
        clock.advance(waits[-1] - timedelta(microseconds=1))
        assert Waiting(tenant, event_id) not in await queue.due(1000)
        clock.advance(timedelta(microseconds=1))

    doubled = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert waits == [wait_after(attempt, event_id) for attempt in range(1, 13)]
    assert all(
        timedelta(seconds=s) <= wait < timedelta(seconds=s * 1.25)
        for s, wait in zip(doubled, waits, strict=True)
    )
    (fate,) = await fates(store, tenant, kind)
    assert (fate.state, fate.attempts, fate.last_error) == ("DEAD", 13, "SERVICE_UNAVAILABLE")


async def test_a_hundred_attempts_outlast_three_days() -> None:
    total = sum((wait_after(attempt, UUID(int=7)) for attempt in range(1, 100)), timedelta())

    assert timedelta(days=3.7) < total < timedelta(days=4.7)


async def test_what_is_given_up_stays_visible_and_can_be_revived(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind = new_kind()
    event_id = await tell_once(store, tenant, kind)
    queue = Queue(store, Consumers([Outside(kind, "fail", failing(GiveUp("MAIL_REFUSED")))]))

    assert await queue.deliver(Waiting(tenant, event_id)) is Outcome.DEAD

    (seen,) = [row for row in await backlog(store) if row.kind == kind]
    assert (seen.state, seen.events, seen.oldest) == ("DEAD", 1, clock.now())
    assert await queue.due(10) == []
    mended = Queue(store, Consumers([Within(kind, "count", count_in_database)]))
    assert await revive(store, Waiting(tenant, event_id))
    assert await mended.deliver(Waiting(tenant, event_id)) is Outcome.DONE
    assert not await revive(store, Waiting(tenant, event_id))


async def test_an_event_with_several_consumers_is_spread_and_one_that_fails_does_not_repeat_the_other(
    store: Store, tenant: UUID
) -> None:
    kind = new_kind()
    both = Consumers(
        [Within(kind, "count", count_in_database), Outside(kind, "fail", failing(ServiceUnavailable()))]
    )
    queue = Queue(store, both)
    await tell_once(store, tenant, kind)

    for _ in range(3):
        for waiting in await queue.due(10):
            await queue.deliver(waiting)

    assert await effects(store, tenant) == 1
    states = sorted((fate.state, fate.attempts) for fate in await fates(store, tenant, kind))
    assert states == [("DONE", 1), ("DONE", 1), ("WAITING", 1)]


async def test_a_kind_without_a_consumer_waits_for_a_worker_that_knows_it(store: Store, tenant: UUID) -> None:
    kind = new_kind()
    event_id = await tell_once(store, tenant, kind)
    old, new = (
        Queue(store, Consumers([])),
        Queue(store, Consumers([Within(kind, "count", count_in_database)])),
    )

    assert Waiting(tenant, event_id) not in await old.due(1000)
    assert await new.due(10) == [Waiting(tenant, event_id)]


async def test_a_tenant_with_many_events_does_not_delay_another(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, quiet = new_kind(), new_id(clock.now())
    await store.keystore.create_tenant(quiet)
    for _ in range(20):
        await tell_once(store, tenant, kind)
    clock.advance(timedelta(seconds=1))
    late = await tell_once(store, quiet, kind)

    due = await Queue(store, Consumers([Within(kind, "count", count_in_database)])).due(4)

    assert Waiting(quiet, late) in due[:2]
    assert len(due) == 4


async def test_a_consumer_that_hangs_is_stopped_before_its_lease_ends(store: Store, tenant: UUID) -> None:
    kind = new_kind()

    async def hang(_store: Store, _event: Event) -> None:
        await asyncio.Event().wait()

    queue = Queue(store, Consumers([Outside(kind, "hang", hang, lease=timedelta(seconds=0.2))]))
    event_id = await tell_once(store, tenant, kind)

    assert await queue.deliver(Waiting(tenant, event_id)) is Outcome.AGAIN
    assert (await fates(store, tenant, kind))[0].last_error == "TimeoutError"


async def test_a_delivery_that_outlived_its_lease_does_not_settle_for_its_successor(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind, entered, leave = new_kind(), asyncio.Event(), asyncio.Event()

    async def slow(_store: Store, event: Event) -> None:
        if event.attempt == 1:
            entered.set()
            await leave.wait()
        else:
            raise ServiceUnavailable

    queue = Queue(store, Consumers([Outside(kind, "slow", slow)]))
    event_id = await tell_once(store, tenant, kind)
    first = asyncio.create_task(queue.deliver(Waiting(tenant, event_id)))
    await entered.wait()
    clock.advance(timedelta(seconds=61))
    assert await queue.deliver(Waiting(tenant, event_id)) is Outcome.AGAIN
    leave.set()

    assert await first is Outcome.TAKEN
    assert (await fates(store, tenant, kind))[0].state == "WAITING"


async def test_an_event_whose_workers_die_every_time_is_given_up(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    kind = new_kind()

    async def die(_store: Store, _event: Event) -> None:
        raise asyncio.CancelledError

    queue = Queue(store, Consumers([Outside(kind, "die", die, attempts=2)]))
    event_id = await tell_once(store, tenant, kind)
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await queue.deliver(Waiting(tenant, event_id))
        clock.advance(timedelta(seconds=61))

    assert await queue.deliver(Waiting(tenant, event_id)) is Outcome.DEAD
    assert (await fates(store, tenant, kind))[0].last_error == "WORKER_LOST"


async def test_no_value_of_an_error_reaches_the_outbox_or_the_log(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    kind = new_kind()
    queue = Queue(store, Consumers([Outside(kind, "fail", failing(ValueError(CANARY)))]))
    event_id = await tell_once(store, tenant, kind)

    with capture_logs() as logs:
        await queue.deliver(Waiting(tenant, event_id))

    rows = await owner_eye.fetch("SELECT o::text FROM outbox o WHERE tenant_id = $1", tenant)
    assert len(rows) == 1
    assert "Canary" not in rows[0][0]
    assert [(line["event"], line["code"], line["event_id"]) for line in logs] == [
        ("event.failed", "ValueError", str(event_id))
    ]
    assert "Canary" not in str(logs)


def test_two_consumers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two consumers"):
        Consumers([Within("a", "x", count_in_database), Within("a", "x", count_in_database)])
