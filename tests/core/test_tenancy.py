"""A tenant never leaks: through a pooled connection, a missing filter, a cancelled request or a dead server connection."""

import asyncio
from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, select, text

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.counters import Counter
from isomod_graphql.core.errors import ServiceUnavailable, StatementTimeout
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import ConstraintConflict, Database, Limits
from tests.core.counting import put


async def names_without_filter(database: Database, tenant: UUID) -> list[str]:
    """Every counter that a query without any tenant filter returns."""
    async with database.begin(tenant, write=False) as connection:
        return [row.name for row in await connection.all(select(Counter.name).order_by(Counter.name))]


@pytest.fixture
def tenants(clock: SettableClock) -> tuple[UUID, UUID]:
    """Two tenants."""
    return new_id(clock.now()), new_id(clock.now())


async def test_a_query_without_a_tenant_filter_returns_only_the_tenants_rows(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database = Database(urls.main, pool_size=1)
    await put(database, tenants[0], "first")
    await put(database, tenants[1], "second")

    seen = [await names_without_filter(database, tenant) for tenant in tenants]

    assert seen == [["first"], ["second"]]
    await database.close()


async def test_writing_a_row_of_another_tenant_is_refused(urls: Urls, tenants: tuple[UUID, UUID]) -> None:
    database = Database(urls.main, pool_size=1)

    with pytest.raises(Exception, match="row-level security"):
        async with database.begin(tenants[0], write=True) as connection:
            await connection.run(insert(Counter).values(tenant_id=tenants[1], name="smuggled", value=1))

    assert await names_without_filter(database, tenants[1]) == []
    await database.close()


async def test_the_owner_of_the_tables_is_bound_by_the_same_rule(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    app, owner = Database(urls.main, pool_size=1), Database(urls.main_owner, pool_size=1)
    await put(app, tenants[0], "first")

    assert await names_without_filter(owner, tenants[1]) == []
    await app.close()
    await owner.close()


async def test_a_connection_without_a_tenant_reads_nothing(urls: Urls) -> None:
    database = Database(urls.main, pool_size=1)

    async with database.engine.connect() as connection:
        with pytest.raises(Exception, match=r"app\.tenant_id"):
            await connection.execute(select(Counter.name))

    await database.close()


async def test_a_read_transaction_cannot_write(urls: Urls, tenants: tuple[UUID, UUID]) -> None:
    database = Database(urls.main, pool_size=1)

    with pytest.raises(Exception, match="read-only transaction"):
        async with database.begin(tenants[0], write=False) as connection:
            await connection.run(insert(Counter).values(tenant_id=tenants[0], name="x", value=1))

    await database.close()


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("pause", ["SELECT 1", "SELECT pg_sleep(0.002)"])
async def test_a_request_cancelled_at_any_await_leaves_no_tenant_behind(
    urls: Urls, tenants: tuple[UUID, UUID], pause: str, *, write: bool
) -> None:
    database = Database(urls.main, pool_size=1)
    await put(database, tenants[0], "first")
    await put(database, tenants[1], "second")

    async def request_of_the_first() -> None:
        async with database.begin(tenants[0], write=write) as connection:
            await connection.all(select(Counter.name))
            await connection.all(text(pause))

    for turns in range(60):
        task = asyncio.create_task(request_of_the_first())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

        assert await names_without_filter(database, tenants[1]) == ["second"]

    await database.close()


async def test_a_connection_left_in_a_transaction_is_thrown_away(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database = Database(urls.main, pool_size=1)
    await put(database, tenants[0], "first")
    async with database.engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute(f"BEGIN; SET LOCAL app.tenant_id = '{tenants[0]}'")

    assert await names_without_filter(database, tenants[1]) == []
    await database.close()


async def test_a_conflict_names_the_constraint_and_none_of_the_values(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database = Database(urls.main, pool_size=1)
    await put(database, tenants[0], "Canary-5512")

    with pytest.raises(ConstraintConflict) as conflict:
        await put(database, tenants[0], "Canary-5512")

    assert conflict.value.constraint == "pk_counters"
    assert "Canary" not in repr(conflict.value) + str(conflict.value.__cause__)
    assert conflict.value.__suppress_context__
    await database.close()


async def test_a_server_that_cannot_be_reached_is_a_stable_error() -> None:
    database = Database("postgresql+asyncpg://nobody@/none?host=/nonexistent", pool_size=1)

    with pytest.raises(ServiceUnavailable):
        async with database.begin(UUID(int=1), write=False):
            raise AssertionError("never reached")

    await database.close()


async def test_every_tenant_table_forces_row_security_on_its_owner(
    owner_eye: asyncpg.Connection, store: Store
) -> None:
    rows = await owner_eye.fetch("""
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relforcerowsecurity
        ORDER BY 1
    """)

    assert [row[0] for row in rows] == ["directory"]


async def test_the_app_role_has_no_dangerous_right(owner_eye: asyncpg.Connection) -> None:
    row = await owner_eye.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = 'isomod_app'"
    )
    owned = await owner_eye.fetchval("SELECT count(*) FROM pg_tables WHERE tableowner = 'isomod_app'")

    assert tuple(row) == (False, False, False, False)
    assert owned == 0


async def test_the_database_itself_cancels_a_statement_that_runs_too_long(
    urls: Urls, tenants: tuple[UUID, UUID]
) -> None:
    database = Database(urls.main, pool_size=1, limits=Limits(statement_ms=50))
    await put(database, tenants[1], "second")

    with pytest.raises(StatementTimeout):
        async with database.begin(tenants[0], write=False) as connection:
            await connection.all(text("SELECT pg_sleep(5)"))

    assert await names_without_filter(database, tenants[1]) == ["second"]
    await database.close()
