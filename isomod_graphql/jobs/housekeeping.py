"""Duties that need no room but the core: expired keys of clients, delivered events, months to come. Refuses to delete without a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, TextClause, delete, or_, select, text, tuple_

from isomod_graphql.core.clock import LEGAL_ZONE
from isomod_graphql.core.events import DEAD, DONE, WAITING, OutboxRow
from isomod_graphql.core.idempotency import IdempotencyRow
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.models import OPEN, ScheduleRun

log: Any = structlog.get_logger("isomod.jobs")

BATCH = 1_000
"""Rows deleted in one transaction."""

MONTHS_AHEAD = 3
KEEP_DELIVERED = timedelta(days=7)
KEEP_GIVEN_UP = timedelta(days=90)
KEEP_UNHEARD = timedelta(days=30)
"""An event whose kind has no consumer."""


async def delete_expired_keys(store: Store, _due: datetime) -> None:
    """Deletes the idempotency keys whose 24 hours are over, of every tenant."""
    now = store.clock.now()
    tenants = await _tenants(store, text("SELECT * FROM tenants_with_expired_keys(:at)").bindparams(at=now))
    key = tuple_(IdempotencyRow.tenant_id, IdempotencyRow.principal_id, IdempotencyRow.key_hash)
    deleted = 0
    for tenant_id in tenants:
        some = select(*key.clauses).where(
            IdempotencyRow.tenant_id == tenant_id, IdempotencyRow.expires_at <= now
        )
        deleted += await _in_batches(
            store, tenant_id, delete(IdempotencyRow).where(key.in_(some.limit(BATCH)))
        )
    log.info("idempotency_keys.deleted", rows=deleted)


@dataclass(frozen=True, slots=True)
class DeleteSettledEvents:
    """Deletes events 7 days after their delivery, 90 days after they were given up, and those that nobody hears after 30.

    `heard` are the kinds that have a consumer: an event of those waits as long as it must.
    """

    heard: frozenset[str]

    async def __call__(self, store: Store, _due: datetime) -> None:
        """The duty."""
        now = store.clock.now()
        before = text("SELECT * FROM tenants_with_settled_events(:at)").bindparams(at=now - KEEP_DELIVERED)
        key = tuple_(OutboxRow.tenant_id, OutboxRow.id)
        deleted = 0
        for tenant_id in await _tenants(store, before):
            some = select(*key.clauses).where(OutboxRow.tenant_id == tenant_id, self._over(now)).limit(BATCH)
            deleted += await _in_batches(store, tenant_id, delete(OutboxRow).where(key.in_(some)))
        runs = select(ScheduleRun.id).where(
            ScheduleRun.tenant_id == PLATFORM_TENANT,
            ScheduleRun.state != OPEN,
            ScheduleRun.finished_at < now - KEEP_GIVEN_UP,
        )
        gone = delete(ScheduleRun).where(
            ScheduleRun.tenant_id == PLATFORM_TENANT, ScheduleRun.id.in_(runs.limit(BATCH))
        )
        deleted += await _in_batches(store, PLATFORM_TENANT, gone)
        log.info("events.deleted", rows=deleted)

    def _over(self, now: datetime) -> ColumnElement[bool]:
        unheard = OutboxRow.kind.not_in(self.heard) & OutboxRow.kind.not_like("schedule.%")
        return or_(
            (OutboxRow.state == DONE) & (OutboxRow.updated_at < now - KEEP_DELIVERED),
            (OutboxRow.state == DEAD) & (OutboxRow.updated_at < now - KEEP_GIVEN_UP),
            (OutboxRow.state == WAITING) & unheard & (OutboxRow.created_at < now - KEEP_UNHEARD),
        )


async def ensure_months(store: Store, _due: datetime) -> None:
    """Makes the partitions of this month and the next three, for every table that is partitioned by month."""
    first = store.clock.now().astimezone(LEGAL_ZONE).date().replace(day=1)
    wanted = text("SELECT ensure_month_partitions(:first, :months)").bindparams(
        first=first, months=MONTHS_AHEAD + 1
    )
    async with store.main.begin(PLATFORM_TENANT, write=True) as connection:
        made = await connection.value(wanted)
    log.info("partitions.made", tables=made)


async def _tenants(store: Store, wanted: TextClause) -> Sequence[UUID]:
    async with store.main.begin(PLATFORM_TENANT, write=False) as connection:
        return [row[0] for row in await connection.all(wanted)]


async def _in_batches(store: Store, tenant_id: UUID, some: Any) -> int:  # noqa: ANN401  a DELETE of any table
    total = 0
    while True:
        async with store.main.begin(tenant_id, write=True) as connection:
            gone = await connection.run(some)
        total += gone
        if gone < BATCH:
            return total
