"""Adds the raw records of access up into days, and ends both when their time is over. Refuses to count a record twice, and to drop one that was not counted."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import TextClause, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.audit.models import AccessDay, AccessFold, AccessRecord
from isomod_graphql.core.clock import LEGAL_ZONE
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import TenantConnection

log: Any = structlog.get_logger("isomod.access")

SETTLED: Final = timedelta(seconds=30)
"""A record of this age is there or its answer was withheld: longer than a request and the wait for its record take."""

CHUNK: Final = 2_000
"""Records that are folded, and rows that are deleted, in one transaction: at most a second's work."""

LOOK_BACK: Final = 3
KEEP_RECORDS: Final = timedelta(days=90)
KEEP_DAYS_YEARS: Final = 7
NEVER: Final = datetime(1970, 1, 1, tzinfo=LEGAL_ZONE)

KEY_OF_DAY: Final = ["tenant_id", "subject_id", "day", "viewer_id", "viewer_kind", "purpose", "categories"]
# What is the same many times, such as a list that somebody looks at all day, is counted before it is taken apart.
FOLD: Final = text(f"""
    INSERT INTO access_days AS known
        (tenant_id, subject_id, day, viewer_id, viewer_kind, purpose, categories, count)
    SELECT tenant_id, encode(substring(subjects FROM 16 * n + 1 FOR 16), 'hex')::uuid, day, viewer_id, viewer_kind,
        purpose, categories, sum(answers)::bigint
    FROM (
        SELECT tenant_id, (at AT TIME ZONE '{LEGAL_ZONE.key}')::date AS day, viewer_id, viewer_kind, purpose,
            categories, subjects, count(*) AS answers
        FROM access_records WHERE tenant_id = :tenant AND at >= :since AND at < :until
        GROUP BY 1, 2, 3, 4, 5, 6, 7) alike
    CROSS JOIN LATERAL generate_series(0, octet_length(subjects) / 16 - 1) AS place(n)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ON CONFLICT ({", ".join(KEY_OF_DAY)})
        DO UPDATE SET count = known.count + EXCLUDED.count
""")
CHUNK_END: Final = text("""
    SELECT at FROM access_records WHERE tenant_id = :tenant AND at >= :since AND at < :until
    ORDER BY at, id OFFSET :rows LIMIT 1
""")
RECORDED: Final = text("""
    SELECT sum(octet_length(subjects) / 16) FROM access_records
    WHERE tenant_id = :tenant AND at >= :since AND at < :until
""")
TO_FOLD: Final = text("SELECT * FROM tenants_to_fold(:until)")
WITH_RECORDS: Final = text("SELECT * FROM tenants_with_access(:since, :until)")
WITH_DAYS: Final = text("SELECT * FROM tenants_with_access_days(:before)")
DROP_MONTHS: Final = text("SELECT drop_access_months(:before, :folded)")


async def fold_access(store: Store, _due: datetime) -> None:
    """Adds what was recorded since the last time, of every tenant, to its days."""
    until = store.clock.now() - SETTLED
    for tenant_id in await _tenants(store, TO_FOLD.bindparams(until=until)):
        while await _fold_some(store, tenant_id, until):
            pass


async def _fold_some(store: Store, tenant_id: UUID, until: datetime) -> bool:
    """Folds one chunk; True when there may be more. What is counted and up to where commit together."""
    async with store.main.begin(tenant_id, write=True) as connection:
        since = await _locked(connection)
        end = await _chunk_end(connection, since, until)
        if end <= since:
            return False
        await connection.run(FOLD.bindparams(tenant=tenant_id, since=since, until=end))
        here = AccessFold.tenant_id == tenant_id
        await connection.run(update(AccessFold).where(here).values(folded_until=end))
    return end < until


async def _locked(connection: TenantConnection) -> datetime:
    """Up to where the tenant is folded; nobody else folds it until this transaction ends."""
    fresh = insert(AccessFold).values(tenant_id=connection.tenant_id, folded_until=NEVER)
    await connection.run(fresh.on_conflict_do_nothing())
    wanted = select(AccessFold.folded_until).where(AccessFold.tenant_id == connection.tenant_id)
    folded: datetime = await connection.value(wanted.with_for_update())
    return folded


async def _chunk_end(connection: TenantConnection, since: datetime, until: datetime) -> datetime:
    wanted = CHUNK_END.bindparams(tenant=connection.tenant_id, since=since, until=until, rows=CHUNK - 1)
    last: datetime | None = await connection.value(wanted)
    # Records of one instant stay together.
    return until if last is None else min(until, last + timedelta(microseconds=1))


async def recount_access(store: Store, _due: datetime) -> None:
    """Counts the last days anew where a record came too late for the fold, as one from a machine whose clock is slow."""
    today = store.clock.now().astimezone(LEGAL_ZONE).date()
    for back in range(1, LOOK_BACK + 1):
        day = today - timedelta(days=back)
        span = {"since": _start_of(day), "until": _start_of(day + timedelta(days=1))}
        for tenant_id in await _tenants(store, WITH_RECORDS.bindparams(**span)):
            if await _recount(store, tenant_id, day):
                log.warning("access.recounted", tenant_id=str(tenant_id), day=day.isoformat())


async def _recount(store: Store, tenant_id: UUID, day: date) -> bool:
    since, of_day = _start_of(day), (AccessDay.tenant_id == tenant_id, AccessDay.day == day)
    async with store.main.begin(tenant_id, write=True) as connection:
        # What is later than this the fold still adds.
        until = min(_start_of(day + timedelta(days=1)), await _locked(connection))
        recorded = RECORDED.bindparams(tenant=tenant_id, since=since, until=until)
        counted = await connection.value(select(func.sum(AccessDay.count)).where(*of_day))
        if counted == await connection.value(recorded):
            return False
        await connection.run(delete(AccessDay).where(*of_day))
        while since < until:
            end = await _chunk_end(connection, since, until)
            await connection.run(FOLD.bindparams(tenant=tenant_id, since=since, until=end))
            since = end
    return True


async def end_access(store: Store, _due: datetime) -> None:
    """Ends raw records after 90 days and days after 7 years: whole months at once, the rest row by row."""
    before = store.clock.now() - KEEP_RECORDS
    today = store.clock.now().astimezone(LEGAL_ZONE).date()
    oldest = _years_before(today, KEEP_DAYS_YEARS)
    async with store.main.begin(PLATFORM_TENANT, write=True) as connection:
        months = await connection.value(DROP_MONTHS.bindparams(before=before.date(), folded=oldest))
    records = days = 0
    for tenant_id in await _tenants(store, WITH_RECORDS.bindparams(since=NEVER, until=before)):
        records += await _end_records(store, tenant_id, before)
    for tenant_id in await _tenants(store, WITH_DAYS.bindparams(before=oldest)):
        days += await _end_days(store, tenant_id, oldest)
    log.info("access.ended", months=months, records=records, days=days)


async def _end_records(store: Store, tenant_id: UUID, before: datetime) -> int:
    folded = select(AccessFold.folded_until).where(AccessFold.tenant_id == tenant_id).scalar_subquery()
    here = (AccessRecord.tenant_id == tenant_id, AccessRecord.at < before, AccessRecord.at < folded)
    key = tuple_(AccessRecord.tenant_id, AccessRecord.at, AccessRecord.id)
    some = select(*key.clauses).where(*here).order_by(AccessRecord.at).limit(CHUNK)
    return await _in_chunks(store, tenant_id, delete(AccessRecord).where(key.in_(some)))


async def _end_days(store: Store, tenant_id: UUID, oldest: date) -> int:
    key = tuple_(*(AccessDay.__table__.c[name] for name in KEY_OF_DAY))
    some = select(*key.clauses).where(AccessDay.tenant_id == tenant_id, AccessDay.day < oldest).limit(CHUNK)
    return await _in_chunks(store, tenant_id, delete(AccessDay).where(key.in_(some)))


async def _in_chunks(store: Store, tenant_id: UUID, some: Any) -> int:  # noqa: ANN401  a DELETE of either table
    total = 0
    while True:
        async with store.main.begin(tenant_id, write=True) as connection:
            gone = await connection.run(some)
        total += gone
        if gone < CHUNK:
            return total


async def _tenants(store: Store, wanted: TextClause) -> Sequence[UUID]:
    async with store.main.begin(PLATFORM_TENANT, write=False) as connection:
        return [row[0] for row in await connection.all(wanted)]


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(0), LEGAL_ZONE)


def _years_before(day: date, years: int) -> date:
    """The same day of an earlier year; the first of March where that year has no 29 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)
