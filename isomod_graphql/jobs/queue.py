"""Delivery of events on PostgreSQL: claim, run, settle or try again. Refuses to run one event twice at once, and to keep more of an error than its code."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import insert, select, text, update

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.events import DEAD, DONE, WAITING, Consumer, Event, GiveUp, OutboxRow, Within
from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import TenantConnection
from isomod_graphql.jobs.backoff import wait_after
from isomod_graphql.jobs.consumers import Consumers

log: Any = structlog.get_logger("isomod.jobs")

WORKER_LOST = "WORKER_LOST"
"""The code of an event whose last attempt ended with its worker."""

PART_OF_LEASE = 0.75
"""A consumer is stopped after this part of its lease, so that the clocks of two workers may differ a little."""


class Outcome(StrEnum):
    """What became of one delivery."""

    DONE = "DONE"
    TAKEN = "TAKEN"
    """Somebody else has it, or had it."""
    AGAIN = "AGAIN"
    DEAD = "DEAD"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Where a due event is."""

    tenant_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that is ours until the lease ends, and for whom; no consumer: it is to be spread over several."""

    event: Event
    id: UUID
    consumer: Consumer | None


class Queue:
    """The outbox of every tenant, seen by one worker."""

    def __init__(self, store: Store, consumers: Consumers) -> None:
        """Delivers the kinds of `consumers` and leaves others waiting."""
        self._store = store
        self._consumers = consumers

    async def due(self, most: int) -> list[Waiting]:
        """At most `most` due events of all tenants, the oldest of each tenant in turns."""
        wanted = text("SELECT tenant_id, id FROM due_events(:at, :kinds, :most)").bindparams(
            at=self._store.clock.now(), kinds=self._consumers.kinds, most=most
        )
        async with self._store.main.begin(PLATFORM_TENANT, write=False) as connection:
            return [Waiting(row.tenant_id, row.id) for row in await connection.all(wanted)]

    async def deliver(self, waiting: Waiting) -> Outcome:
        """One attempt at one event. Never raises for what a consumer does; a server that is away does raise."""
        async with self._store.main.begin(waiting.tenant_id, write=True) as connection:
            claim = await self._claim(connection, waiting)
        if claim is None or isinstance(claim, Outcome):
            return claim or Outcome.TAKEN
        try:
            settled = await self._run(claim)
        except Exception as error:  # noqa: BLE001  whatever a consumer raises, the event is not lost
            return await self._failed(claim, error)
        if settled:
            _say("event.done", claim)
        return Outcome.DONE if settled else Outcome.TAKEN

    async def _claim(self, connection: TenantConnection, waiting: Waiting) -> Claim | Outcome | None:
        now = self._store.clock.now()
        here = (OutboxRow.tenant_id == waiting.tenant_id, OutboxRow.id == waiting.id)
        row = await connection.first(
            select(
                OutboxRow.kind, OutboxRow.ids, OutboxRow.attempts, OutboxRow.consumer, OutboxRow.created_at
            )
            .where(*here, OutboxRow.state == WAITING, OutboxRow.due_at <= now)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        known = self._consumers.of(row.kind)
        if not known or (row.consumer is not None and row.consumer not in known):
            # A newer worker told it to a consumer that this one does not have.
            await connection.run(
                update(OutboxRow).where(*here).values(due_at=now + wait_after(1, waiting.id))
            )
            return Outcome.AGAIN
        consumer = known[row.consumer] if row.consumer is not None else None
        if consumer is None and len(known) == 1:
            consumer = next(iter(known.values()))
        first = consumer or next(iter(known.values()))
        ids = {name: UUID(value) for name, value in row.ids.items()}
        event = Event(waiting.tenant_id, waiting.id, row.kind, ids, row.attempts + 1, row.created_at)
        claim = Claim(event, new_id(now), consumer)
        if row.attempts >= first.attempts:
            dead = {"state": DEAD, "last_error": WORKER_LOST, "updated_at": now, "claim": None}
            await connection.run(update(OutboxRow).where(*here).values(dead))
            _say("event.dead", claim, code=WORKER_LOST)
            return Outcome.DEAD
        leased = {
            "attempts": event.attempt,
            "claim": claim.id,
            "due_at": now + first.lease,
            "updated_at": now,
        }
        await connection.run(update(OutboxRow).where(*here).values(leased))
        return claim

    async def _run(self, claim: Claim) -> bool:
        consumer, event = claim.consumer, claim.event
        if consumer is None:
            return await self._spread(claim)
        async with asyncio.timeout(consumer.lease.total_seconds() * PART_OF_LEASE):
            if isinstance(consumer, Within):
                async with self._store.transaction(event.tenant_id, write=True) as tx:
                    # Settled first: the row stays locked until the effect is committed with it.
                    if not await _settle(tx, claim, tx.now):
                        return False
                    await consumer.run(tx, event)
                    return True
            await consumer.run(self._store, event)
        async with self._store.main.begin(event.tenant_id, write=True) as connection:
            return await _settle(connection, claim, self._store.clock.now())

    async def _spread(self, claim: Claim) -> bool:
        event, now = claim.event, self._store.clock.now()
        rows = [
            {
                "tenant_id": event.tenant_id, "id": new_id(now), "kind": event.kind, "consumer": name,
                "ids": {key: str(value) for key, value in event.ids.items()},
                "due_at": now, "created_at": event.told_at, "updated_at": now,
            }
            for name in self._consumers.of(event.kind)
        ]  # fmt: skip
        async with self._store.main.begin(event.tenant_id, write=True) as connection:
            if not await _settle(connection, claim, now):
                return False
            await connection.run(insert(OutboxRow).values(rows))
            return True

    async def _failed(self, claim: Claim, error: Exception) -> Outcome:
        event, now, code = claim.event, self._store.clock.now(), code_of(error)
        most = claim.consumer.attempts if claim.consumer is not None else event.attempt + 1
        dead = isinstance(error, GiveUp) or event.attempt >= most
        wait = wait_after(event.attempt, event.id)
        kept = {
            "state": DEAD if dead else WAITING,
            "last_error": code,
            "claim": None,
            "due_at": now + wait,
            "updated_at": now,
        }
        async with self._store.main.begin(event.tenant_id, write=True) as connection:
            if not await connection.run(update(OutboxRow).where(*_ours(claim)).values(kept)):
                return Outcome.TAKEN
        _say("event.dead" if dead else "event.failed", claim, code=code)
        return Outcome.DEAD if dead else Outcome.AGAIN


def code_of(error: Exception) -> str:
    """What may be kept of an error: its stable code, or its class; never its text, which may quote a value."""
    return error.code if isinstance(error, IsoModError | GiveUp) else type(error).__name__


def _ours(claim: Claim) -> tuple[Any, ...]:
    return (
        OutboxRow.tenant_id == claim.event.tenant_id,
        OutboxRow.id == claim.event.id,
        OutboxRow.claim == claim.id,
        OutboxRow.state == WAITING,
    )


async def _settle(connection: TenantConnection, claim: Claim, now: datetime) -> bool:
    """Marks the event as delivered; False when the lease was lost to another worker."""
    done = {"state": DONE, "done_at": now, "updated_at": now, "claim": None, "last_error": None}
    return await connection.run(update(OutboxRow).where(*_ours(claim)).values(done)) == 1


def _say(what: str, claim: Claim, **more: str) -> None:
    event, consumer = claim.event, claim.consumer
    ids = {"tenant_id": str(event.tenant_id), "event_id": str(event.id), "kind": event.kind}
    level = {"event.done": log.info, "event.failed": log.warning, "event.dead": log.error}[what]
    level(what, **ids, consumer=consumer.name if consumer else "spread", attempt=event.attempt, **more)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events of a kind wait or were given up, over all tenants, and since when."""

    state: str
    kind: str
    events: int
    oldest: datetime


async def backlog(store: Store) -> list[Backlog]:
    """What is not delivered, for operators: kinds and counts only."""
    wanted = text("SELECT state, kind, events, oldest FROM queue_state() ORDER BY state, kind")
    async with store.main.begin(PLATFORM_TENANT, write=False) as connection:
        return [Backlog(row.state, row.kind, row.events, row.oldest) for row in await connection.all(wanted)]


async def revive(store: Store, waiting: Waiting) -> bool:
    """Gives an event that was given up all its attempts again, once its cause is gone; False when it is not DEAD."""
    now = store.clock.now()
    dead = (
        OutboxRow.tenant_id == waiting.tenant_id,
        OutboxRow.id == waiting.id,
        OutboxRow.state == DEAD,
    )
    fresh = {"state": WAITING, "attempts": 0, "due_at": now, "updated_at": now}
    async with store.main.begin(waiting.tenant_id, write=True) as connection:
        return await connection.run(update(OutboxRow).where(*dead).values(fresh)) == 1
