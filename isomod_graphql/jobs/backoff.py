"""When a failed delivery is tried again: doubling from five seconds to an hour, spread by the row's own id. Pure; refuses chance."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=1)
SPREAD = 0.25
"""A wait is lengthened by up to this part of itself, so that what failed together does not come back together."""


def wait_after(attempt: int, row_id: UUID) -> timedelta:
    """The wait after the attempt with this number (from 1). The same row waits the same on every machine."""
    doubled = LONGEST if attempt > 20 else min(LONGEST, FIRST * 2 ** (attempt - 1))
    drawn = sha256(row_id.bytes + attempt.to_bytes(4, "big")).digest()
    return doubled * (1 + SPREAD * int.from_bytes(drawn[:4], "big") / 2**32)
