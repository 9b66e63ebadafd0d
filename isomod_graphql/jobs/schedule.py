"""The schedule: which entry is due and how its runs ended. Refuses to run one due instant twice; what was missed is caught up."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.core.events import DEAD, Event, OutboxRow, Outside, tell
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.jobs.models import DONE, FAILED, OPEN, ScheduleRow, ScheduleRun
from isomod_graphql.jobs.timing import Timing

log: Any = structlog.get_logger("isomod.jobs")

Duty = Callable[[Store, datetime], Awaitable[None]]
"""What an entry does at a due instant. It may run a second time after a crash, so it must bear that."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the schedule. `each`: every missed instant is caught up in order; otherwise the latest alone.

    `lease`: the longest that one run may take. A run that fails is tried again up to `attempts` times.
    """

    name: str
    timing: Timing
    duty: Duty
    each: bool = True
    lease: timedelta = timedelta(minutes=10)
    attempts: int = 8

    @property
    def kind(self) -> str:
        """The kind of the event that carries out a run."""
        return f"schedule.{self.name}"


class Schedule:
    """The entries of one installation. Any number of workers may tick it at once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Raises ValueError for two entries of one name."""
        self.entries = tuple(entries)
        names = [entry.name for entry in self.entries]
        if len(set(names)) != len(names):
            raise ValueError("two entries of one name")

    def consumers(self) -> list[Outside]:
        """What carries out the runs: the queue, with its claims, leases and further attempts."""
        return [
            Outside(entry.kind, "duty", partial(_carry_out, entry), entry.lease, entry.attempts)
            for entry in self.entries
        ]

    async def tick(self, store: Store) -> int:
        """Starts the runs that are due; the number started. One run of an entry is open at a time."""
        wanted = select(ScheduleRow.name, ScheduleRow.timing, ScheduleRow.next_due_at)
        async with store.transaction(PLATFORM_TENANT) as tx:
            rows = {
                row.name: row for row in await tx.all(wanted.where(ScheduleRow.tenant_id == tx.tenant_id))
            }
        started = 0
        for entry in self.entries:
            if not _stands(entry, rows.get(entry.name), store.clock.now()):
                async with store.transaction(PLATFORM_TENANT, write=True) as tx:
                    started += await _start(tx, entry)
        return started


def _stands(entry: Entry, row: Row[Any] | None, now: datetime) -> bool:
    """True when there is nothing to do: the entry is known with this timing and not due."""
    return row is not None and row.timing == repr(entry.timing) and row.next_due_at > now


async def _start(tx: Transaction, entry: Entry) -> int:
    row = await _locked(tx, entry)
    if row is None or row.next_due_at > tx.now:
        return 0
    if not await _closed(tx, entry):
        return 0
    due = row.next_due_at if entry.each else max(row.next_due_at, entry.timing.last_at(tx.now))
    run_id = tx.new_id()
    run = {
        "tenant_id": tx.tenant_id, "id": run_id, "name": entry.name, "due_at": due, "state": OPEN,
        "event_id": await tell(tx, entry.kind, run_id=run_id), "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(ScheduleRun).values(run))
    await _update(tx, entry, next_due_at=entry.timing.next_after(due), last_due_at=due)
    return 1


async def _locked(tx: Transaction, entry: Entry) -> Row[Any] | None:
    """The entry's row, locked; None while another worker looks at it. A new or changed timing starts from now."""
    here = (ScheduleRow.tenant_id == tx.tenant_id, ScheduleRow.name == entry.name)
    wanted = select(ScheduleRow.timing, ScheduleRow.next_due_at).where(*here)
    fresh = {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "name": entry.name, "timing": repr(entry.timing),
        "next_due_at": entry.timing.next_after(tx.now), "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(ScheduleRow).values(fresh).on_conflict_do_nothing())
    row = await tx.first(wanted.with_for_update(skip_locked=True))
    if row is not None and row.timing != repr(entry.timing):
        await _update(tx, entry, timing=repr(entry.timing), next_due_at=entry.timing.next_after(tx.now))
        return await tx.first(wanted)
    return row


async def _closed(tx: Transaction, entry: Entry) -> bool:
    """False while a run is open; one whose event was given up is closed as FAILED."""
    open_run = await tx.first(
        select(ScheduleRun.id, OutboxRow.last_error, OutboxRow.state)
        .join(
            OutboxRow,
            (OutboxRow.tenant_id == ScheduleRun.tenant_id) & (OutboxRow.id == ScheduleRun.event_id),
        )
        .where(
            ScheduleRun.tenant_id == tx.tenant_id, ScheduleRun.name == entry.name, ScheduleRun.state == OPEN
        )
    )
    if open_run is None:
        return True
    if open_run.state != DEAD:
        return False
    await _close(tx, entry, open_run.id, outcome=FAILED, error=open_run.last_error)
    return True


async def _carry_out(entry: Entry, store: Store, event: Event) -> None:
    run_id = event.ids["run_id"]
    wanted = select(ScheduleRun.due_at).where(
        ScheduleRun.tenant_id == event.tenant_id, ScheduleRun.id == run_id, ScheduleRun.state == OPEN
    )
    async with store.transaction(event.tenant_id) as tx:
        due: datetime | None = await tx.value(wanted)
    if due is None:
        return
    await entry.duty(store, due)
    async with store.transaction(event.tenant_id, write=True) as tx:
        await _close(tx, entry, run_id, outcome=DONE, error=None)
    log.info("schedule.done", entry=entry.name, run_id=str(run_id), due_at=due.isoformat())


async def _close(tx: Transaction, entry: Entry, run_id: Any, *, outcome: str, error: str | None) -> None:  # noqa: ANN401  a column's value
    closed = {"state": outcome, "finished_at": tx.now, "error": error, "updated_at": tx.now}
    here = (ScheduleRun.tenant_id == tx.tenant_id, ScheduleRun.id == run_id, ScheduleRun.state == OPEN)
    if await tx.run(update(ScheduleRun).where(*here).values(closed)):
        await _update(tx, entry, last_finished_at=tx.now, last_outcome=outcome, last_error=error)


async def _update(tx: Transaction, entry: Entry, **values: object) -> None:
    here = (ScheduleRow.tenant_id == tx.tenant_id, ScheduleRow.name == entry.name)
    counted = {**values, "version": ScheduleRow.version + 1, "updated_at": tx.now}
    await tx.run(update(ScheduleRow).where(*here).values(counted))
