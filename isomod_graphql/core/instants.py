"""Instants as the readers' driver hands them over: microseconds since the year 2000, PostgreSQL's own count. Refuses an instant without a zone.

The driver takes four times as long to make a `datetime` of one.
"""

import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import orjson
from sqlalchemy import DateTime
from sqlalchemy.types import TypeEngine

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
JSON: Final = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
"""How answers are written: instants in UTC, those of `written_of` as well."""
MICROSECOND: Final = timedelta(microseconds=1)

_UNIX: Final = 946_684_800.0
_SURE: Final = 3_000_000_000_000_000
"""95 years to both sides: as long as that, seconds as a float tell every microsecond apart."""
# Newer Pythons warn of the faster one.
_written = (
    datetime.utcfromtimestamp if sys.version_info < (3, 12) else partial(datetime.fromtimestamp, tz=UTC)
)


def micros_of(instant: datetime) -> int:
    """Microseconds since 2000. Raises TypeError for an instant without a zone."""
    return (instant - EPOCH) // MICROSECOND


def instant_of(micros: int) -> datetime:
    """The instant, in UTC."""
    return EPOCH + timedelta(microseconds=micros)


def written_of(micros: int) -> datetime:
    """The same without its zone, to be written as `JSON` says and for nothing else: it is made in half the time."""
    if -_SURE < micros < _SURE:
        return _written(micros / 1e6 + _UNIX)
    return instant_of(micros)


def is_instant(kind: TypeEngine[object]) -> bool:
    """Columns of this type come as microseconds."""
    return isinstance(kind, DateTime)
