"""Rows to look for, written the ordinary way."""

from uuid import UUID

from sqlalchemy import insert

from isomod_graphql.core.counters import Counter
from isomod_graphql.core.tenancy import Database


async def put(database: Database, tenant: UUID, name: str) -> None:
    """A counter row of this tenant."""
    async with database.begin(tenant, write=True) as connection:
        await connection.run(insert(Counter).values(tenant_id=tenant, name=name, value=1))
