"""Time as a dependency: what time it is, never read from the operating system by a rule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LEGAL_ZONE = ZoneInfo("Europe/Brussels")
"""Legal days are counted in this zone; hours are counted in UTC."""


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)


@dataclass
class SettableClock:
    """A clock that stands still until it is moved; for tests and for drills with `--as-of`."""

    instant: datetime

    def now(self) -> datetime:
        """The instant that was set."""
        return self.instant

    def advance(self, by: timedelta) -> None:
        """Moves the clock forward (or back, with a negative span)."""
        self.instant += by
