"""Keys that were made and then sealed nothing, because their transaction did not commit. Refuses a key that any pack names, is in use, or anchors weeks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, select, text

from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.keys import NO_WEEK, DataKeyRow
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import TenantConnection
from permissions.categories import WEEKLY

log: Any = structlog.get_logger("isomod.jobs")

OLDER_THAN = timedelta(days=1)
LOOK_BACK = timedelta(days=30)
"""A key is looked at again every day for a month; after that it was in use long enough."""

BATCH = 500

# The catalogue names every pack column of the database, whether or not this process knows its model.
PACKS = text("""
    SELECT c.relname AS table, a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.atttypid = 'bytea'::regtype AND starts_with(a.attname, 'sealed_') AND NOT a.attisdropped
    ORDER BY 1, 2
""")


async def sweep_orphan_keys(store: Store, _due: datetime) -> None:
    """Deletes living keys older than a day that no pack of their tenant names. A tombstone is never touched."""
    now = store.clock.now()
    old = text("SELECT tenant_id, id FROM living_keys(:since, :before)").bindparams(
        since=now - LOOK_BACK, before=now - OLDER_THAN
    )
    async with store.keystore.database.begin(PLATFORM_TENANT, write=False) as connection:
        found = await connection.all(old)
    swept = 0
    for tenant_id, rows in groupby(found, key=lambda row: row.tenant_id):
        ids = [row.id for row in rows]
        for start in range(0, len(ids), BATCH):
            swept += await _sweep(store, tenant_id, ids[start : start + BATCH])
    log.info("orphan_keys.swept", keys=swept)


async def _sweep(store: Store, tenant_id: UUID, key_ids: Sequence[UUID]) -> int:
    async with store.main.begin(tenant_id, write=False) as main:
        suspects = set(key_ids) - await _used(main, key_ids)
    if not suspects:
        return 0
    living = (
        select(DataKeyRow.id)
        .where(
            DataKeyRow.tenant_id == tenant_id,
            DataKeyRow.id.in_(suspects),
            DataKeyRow.wrapped.is_not(None),
            ~(DataKeyRow.keep.in_([keep.value for keep in WEEKLY]) & (DataKeyRow.week == NO_WEEK)),
        )
        .with_for_update(skip_locked=True)
    )
    async with store.keystore.database.begin(tenant_id, write=True) as keys:
        # A writer holds its keys until its main transaction has ended: locked here means that the second look sees all.
        locked = [row.id for row in await keys.all(living)]
        async with store.main.begin(tenant_id, write=False) as main:
            orphans = set(locked) - await _used(main, locked)
        if not orphans:
            return 0
        here = (DataKeyRow.tenant_id == tenant_id, DataKeyRow.id.in_(orphans))
        return await keys.run(delete(DataKeyRow).where(*here))


async def _used(main: TenantConnection, key_ids: Collection[UUID]) -> set[UUID]:
    """The keys of these that some pack of the tenant names (bytes 2 to 17 of a pack)."""
    used: set[UUID] = set()
    wanted = [key_id.bytes for key_id in key_ids]
    for pack in await main.all(PACKS):
        column = f'substring("{pack.column}" FROM 2 FOR 16)'
        named = text(
            f'SELECT DISTINCT {column} AS key FROM "{pack.table}" WHERE tenant_id = :tenant AND {column} = ANY (:keys)'
        )
        for row in await main.all(named.bindparams(tenant=main.tenant_id, keys=wanted)):
            used.add(UUID(bytes=row.key))
    return used
