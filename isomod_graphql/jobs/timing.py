"""When something recurs: on a grid of UTC, or at a wall clock time of a zone. Pure; a day with 23 or 25 hours has one run like any other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from isomod_graphql.core.clock import LEGAL_ZONE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


class Timing(Protocol):
    """A rule that names instants."""

    def next_after(self, instant: datetime) -> datetime:
        """The first due instant later than `instant`, in UTC."""
        ...

    def last_at(self, instant: datetime) -> datetime:
        """The last due instant not later than `instant`, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """At every multiple of `step` since the epoch, moved by `offset`; independent of zones."""

    step: timedelta
    offset: timedelta = timedelta(0)

    def next_after(self, instant: datetime) -> datetime:
        """The first multiple later than `instant`."""
        return self.last_at(instant) + self.step

    def last_at(self, instant: datetime) -> datetime:
        """The last multiple not later than `instant`."""
        return EPOCH + self.offset + (instant - EPOCH - self.offset) // self.step * self.step


@dataclass(frozen=True, slots=True)
class Daily:
    """Once per day at a wall clock time of a zone, on these weekdays (Monday is 0).

    A time that the day skips is read with the offset before the gap, a time that occurs twice means the first
    (RFC 5545 section 3.3.5).
    """

    at: time
    zone: ZoneInfo = LEGAL_ZONE
    weekdays: frozenset[int] = frozenset(range(7))

    def __post_init__(self) -> None:
        """Raises ValueError when no day is left, or for a time with a zone of its own."""
        if not self.weekdays & frozenset(range(7)) or self.at.tzinfo is not None:
            raise ValueError("a daily timing needs a weekday and a plain wall clock time")

    def next_after(self, instant: datetime) -> datetime:
        """The first due instant later than `instant`."""
        return next(due for due in self._from(instant, ONE_DAY) if due > instant)

    def last_at(self, instant: datetime) -> datetime:
        """The last due instant not later than `instant`."""
        return next(due for due in self._from(instant, -ONE_DAY) if due <= instant)

    def _from(self, instant: datetime, step: timedelta) -> Iterator[datetime]:
        # Two days of margin: a zone can be most of a day from UTC and skip a whole one.
        day: date = instant.astimezone(self.zone).date() - 2 * step
        while True:
            if day.weekday() in self.weekdays:
                yield datetime.combine(day, self.at.replace(fold=0), self.zone).astimezone(UTC)
            day += step
