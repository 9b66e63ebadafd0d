"""The clock of a work order's service level: measures from a history of statuses, never reads the time itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from isomod_graphql.work_orders.rules import WorkOrderStatus


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One row of an order's history: when it reached a status."""

    at: datetime
    to: WorkOrderStatus


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch during which the clock of the service level stands still; no end means that it still does."""

    starts_at: datetime
    ends_at: datetime | None = None


def pauses_of(history: Sequence[StatusChange]) -> tuple[Pause, ...]:
    """The holds in a history, which is given in the order in which it was written."""
    pauses: list[Pause] = []
    held_since: datetime | None = None
    for change in history:
        if change.to is WorkOrderStatus.ON_HOLD:
            held_since = held_since or change.at
        elif held_since is not None:
            pauses.append(Pause(held_since, change.at))
            held_since = None
    if held_since is not None:
        pauses.append(Pause(held_since))
    return tuple(pauses)


def paused_time(pauses: Sequence[Pause], *, since: datetime, until: datetime) -> timedelta:
    """The length of the union of the pauses inside [since, until], counted in UTC so that no clock change bends it."""
    first, last = since.astimezone(UTC), until.astimezone(UTC)
    spans = sorted(
        (max(pause.starts_at.astimezone(UTC), first), min((pause.ends_at or last).astimezone(UTC), last))
        for pause in pauses
    )
    total, covered_to = timedelta(), first
    for start, end in spans:
        total += max(end - max(start, covered_to), timedelta())
        covered_to = max(covered_to, end)
    return total


def paused_seconds(history: Sequence[StatusChange], *, since: datetime, until: datetime) -> int:
    """Whole seconds on hold inside [since, until]."""
    return paused_time(pauses_of(history), since=since, until=until) // timedelta(seconds=1)


def elapsed_working(history: Sequence[StatusChange], *, since: datetime, until: datetime) -> timedelta:
    """The time that counts towards the service level: [since, until] without its holds, never negative."""
    whole = until.astimezone(UTC) - since.astimezone(UTC)
    return max(whole - paused_time(pauses_of(history), since=since, until=until), timedelta())
