"""Alembic's entry: connects as the owner, takes an advisory lock so that replicas queue, and refuses long waits for table locks."""

import asyncio
from uuid import UUID

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

ADVISORY_LOCK = 7_204_119


def _run(connection: Connection) -> None:
    connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    # Row security binds the owner too; a foreign key that checks existing rows needs some tenant to be set.
    connection.execute(text(f"SET LOCAL app.tenant_id = '{UUID(int=0)}'"))
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()


async def _online(url: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    async with engine.begin() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


asyncio.run(_online(context.config.attributes["url"]))
