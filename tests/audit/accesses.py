"""Accesses for tests, and what the database holds of them without any rule."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg

from isomod_graphql.engine.recording import Access
from permissions.categories import PERSONAL_ORDER, Category

IDENTITY, CONTACT = (1 << PERSONAL_ORDER.index(one) for one in (Category.IDENTITY, Category.CONTACT))


def access(
    tenant: UUID,
    viewer: UUID,
    at: datetime,
    released: Mapping[int, Collection[UUID]],
    *,
    operation: str = "{ users { name } }",
    purpose: str = "SERVICE",
    kind: str = "PERSON",
) -> Access:
    """An answer that showed these categories of these people."""
    raw = {mask: [person.bytes for person in people] for mask, people in released.items()}
    return Access(tenant, viewer, kind, purpose, sha256(operation.encode()).digest(), at, raw)


async def stored(eye: asyncpg.Connection, tenant: UUID) -> list[tuple[Any, ...]]:
    """The records of a tenant: viewer, kind, purpose, operation, instant, mask, subjects."""
    rows = await eye.fetch(
        "SELECT viewer_id, viewer_kind, purpose, operation, at, categories, subjects FROM access_records"
        " WHERE tenant_id = $1 ORDER BY at, categories, subjects",
        tenant,
    )
    return [
        (UUID(bytes=row[0].bytes), *row[1:6], [row[6][n : n + 16] for n in range(0, len(row[6]), 16)])
        for row in rows
    ]


async def commits(eye: asyncpg.Connection, *tenants: UUID) -> Counter[str]:
    """How many records each commit brought."""
    rows = await eye.fetch("SELECT xmin::text FROM access_records WHERE tenant_id = ANY ($1)", tenants)
    return Counter(row[0] for row in rows)


@asynccontextmanager
async def held_back(eye: asyncpg.Connection) -> AsyncIterator[None]:
    """Nothing can be recorded meanwhile; who tries waits."""
    async with eye.transaction():
        await eye.execute("LOCK TABLE access_records IN SHARE MODE")
        yield
