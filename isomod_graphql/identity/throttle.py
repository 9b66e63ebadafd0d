"""The throttle of sign-ins: free failures, then a growing delay that is never permanent. Refuses to tell who has an account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.models import Throttle

FREE_FAILURES: Final = 5
FIRST_DELAY: Final = timedelta(seconds=1)
LONGEST_DELAY: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""A day without a failure starts the count afresh."""

_ENOUGH_DOUBLINGS: Final = 10


def delay_after(failures: int) -> timedelta:
    """How long nothing is accepted after this many failures in a row."""
    if failures <= FREE_FAILURES:
        return timedelta(0)
    return min(LONGEST_DELAY, FIRST_DELAY * (1 << min(failures - FREE_FAILURES - 1, _ENOUGH_DOUBLINGS)))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where failures are counted: by address, and apart from all others for a device that has signed in before."""

    lookup_hash: bytes
    device_hash: bytes = b""


async def charge(tx: Transaction, bucket: Bucket) -> bool:
    """Counts a failure before the proof is checked, so that a thousand attempts at once count as a thousand.

    False while the delay runs: the attempt must fail, and is not counted, so nobody can keep the delay alive for ever.
    """
    fresh = {
        "tenant_id": tx.tenant_id, "lookup_hash": bucket.lookup_hash, "device_hash": bucket.device_hash,
        "failures": 0, "failed_at": tx.now, "allowed_at": tx.now,
    }  # fmt: skip
    put = insert(Throttle).values(fresh)
    put = put.on_conflict_do_update(
        index_elements=["tenant_id", "lookup_hash", "device_hash"], set_={"failures": Throttle.failures}
    )
    row = await tx.first(put.returning(Throttle.failures, Throttle.failed_at, Throttle.allowed_at))
    if row is None or tx.now < row.allowed_at:
        return False
    failures = 1 + (0 if tx.now - row.failed_at >= FORGOTTEN_AFTER else int(row.failures))
    counted = {"failures": failures, "failed_at": tx.now, "allowed_at": tx.now + delay_after(failures)}
    await tx.run(update(Throttle).where(*_here(tx, bucket)).values(counted))
    return True


async def closed_for(tx: Transaction, bucket: Bucket) -> timedelta | None:
    """How long the delay of this bucket still runs, perhaps not at all; None when no failure is counted. Counts nothing."""
    allowed_at = await tx.value(select(Throttle.allowed_at).where(*_here(tx, bucket)))
    return None if allowed_at is None else max(timedelta(0), allowed_at - tx.now)


async def refund(tx: Transaction, bucket: Bucket) -> None:
    """The proof was right: the count starts afresh."""
    await tx.run(delete(Throttle).where(*_here(tx, bucket)))


async def clear(tx: Transaction, lookup_hash: bytes) -> None:
    """Every count of this address starts afresh."""
    here = (Throttle.tenant_id == tx.tenant_id, Throttle.lookup_hash == lookup_hash)
    await tx.run(delete(Throttle).where(*here))


async def forget_old(tx: Transaction) -> int:
    """Removes counts that mean nothing any more; returns how many."""
    before: datetime = tx.now - FORGOTTEN_AFTER
    return await tx.run(
        delete(Throttle).where(Throttle.tenant_id == tx.tenant_id, Throttle.failed_at <= before)
    )


def _here(tx: Transaction, bucket: Bucket) -> tuple[Any, ...]:
    return (
        Throttle.tenant_id == tx.tenant_id,
        Throttle.lookup_hash == bucket.lookup_hash,
        Throttle.device_hash == bucket.device_hash,
    )
