"""Database connections bound to one tenant for one transaction. The only place that writes BEGIN; refuses a connection left in a transaction."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult, Executable, Row, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from isomod_graphql.core.errors import Conflict, NotFound, ServiceUnavailable, StatementTimeout
from isomod_graphql.core.readers import Readers, Terms
from isomod_graphql.core.reading import Reading

BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
QUERY_CANCELED = "57014"
FOREIGN_KEY_VIOLATION = "23503"
BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
SNAPSHOT = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_read_only": "on",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
}
"""A statement of a reader that is a transaction by itself is one like BEGIN_READ.

It is too short to be worth compiling, and its joins are look-ups in an order that is fixed: planning it anew for every
array of ids took longer than running it. A look-up goes through an index in memory, which costs less than reading even a
small table for each row.
"""

LONG_READS = 2
"""Connections for what reads for longer than a request does; they are opened when they are needed, beside the others."""
CONNECT_S = 10.0
SETTLE_S = 10.0


class _NoRows(logging.Filter):
    """SQLAlchemy writes every row it reads into its log at DEBUG, and `hide_parameters` does not stop it: notes would be in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Row ")


logging.getLogger("sqlalchemy.engine.Engine").addFilter(_NoRows())


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a statement may run and a transaction may pause, in milliseconds; the server itself cancels what is longer."""

    statement_ms: int = 5_000
    idle_ms: int = 10_000

    @property
    def settings(self) -> dict[str, str]:
        """As settings of a connection."""
        return {
            "statement_timeout": str(self.statement_ms),
            "idle_in_transaction_session_timeout": str(self.idle_ms),
        }

    @property
    def local(self) -> str:
        """As settings of one transaction."""
        return "; ".join(f"SET LOCAL {name} = {value}" for name, value in self.settings.items())


class TenantConnection:
    """Statements inside one transaction of one tenant. Row level security sees this tenant and no other."""

    def __init__(self, connection: AsyncConnection, tenant_id: UUID, *, write: bool) -> None:
        """Made by Database.begin only."""
        self._connection = connection
        self.tenant_id = tenant_id
        self.write = write

    async def all(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Sequence[Row[Any]]:
        """Every row; `parameters` are those that the statement left open."""
        return (await self._execute(statement, parameters)).fetchall()

    async def first(self, statement: Executable) -> Row[Any] | None:
        """The first row, or None."""
        return (await self._execute(statement)).first()

    async def value(self, statement: Executable) -> Any:  # noqa: ANN401  a column's own type
        """The first column of the first row, or None."""
        row = await self.first(statement)
        return None if row is None else row[0]

    async def run(self, statement: Executable) -> int:
        """Executes a write; the number of rows it touched. Raises Conflict when a unique or foreign key refuses."""
        return (await self._execute(statement)).rowcount

    async def _execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        try:
            return await self._connection.execute(statement, parameters)
        except IntegrityError as error:
            # The driver's text quotes the values in DETAIL; the constraint's name is all that may leave.
            constraint = getattr(error.orig.__cause__, "constraint_name", None) if error.orig else None
            missing = getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION
            raise (MissingReference if missing else ConstraintConflict)(constraint) from None
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED:
                raise StatementTimeout from None
            raise


class ConstraintConflict(Conflict):
    """A constraint refused the write; `constraint` is its name, for a service that knows what it means."""

    def __init__(self, constraint: str | None) -> None:
        """Keeps the constraint's name and none of the values."""
        super().__init__()
        self.constraint = constraint


class MissingReference(ConstraintConflict):
    """A foreign key refused the write: the row that it names is not there, as for any other id that names nothing."""

    code = NotFound.code
    message = NotFound.message


class Database:
    """A pool of connections to one server, used only through `begin` and `reading`."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        readers: int = 1,
        statement_cache: int = 200,
        limits: Limits = Limits(),
    ) -> None:
        """`pool_size` connections for `begin` and `readers` for `reading`, each opened when it is first needed.

        `statement_cache` 0 is for PgBouncer in transaction mode: no prepared statement outlives its transaction.
        """
        bouncer = statement_cache == 0
        self._local = f"; {limits.local}" if bouncer else ""
        connect: dict[str, Any] = {"statement_cache_size": statement_cache}
        if bouncer:
            connect |= {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
        else:
            connect["server_settings"] = limits.settings
        self.engine: AsyncEngine = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            connect_args=connect,
            hide_parameters=True,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_open_transaction)
        self.readers = Readers(_terms(self.engine, readers, statement_cache, limits))
        self.long_readers = Readers(_terms(self.engine, LONG_READS, statement_cache, limits))

    def reading(self, tenant_id: UUID) -> Reading:
        """A read-only snapshot of one tenant for compiled statements: `async with database.reading(tenant_id) as reading`."""
        return Reading(self.readers, tenant_id)

    def reading_long(self, tenant_id: UUID) -> Reading:
        """The same on connections of its own: an export never takes one from requests."""
        return Reading(self.long_readers, tenant_id)

    @asynccontextmanager
    async def begin(self, tenant_id: UUID, *, write: bool) -> AsyncIterator[TenantConnection]:
        """One transaction with the tenant set in the same round trip. Commits on success, rolls back on anything else.

        A commit or rollback that is cancelled is finished all the same; one that fails ends the connection, so that the
        next request can never find the tenant of this one. Raises ServiceUnavailable when the server cannot be reached.
        """
        connection = await self._connect()
        try:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            begin = BEGIN_WRITE if write else BEGIN_READ
            try:
                # The uuid is printed from a parsed value; a simple-protocol message cannot bind parameters.
                await driver.execute(
                    f"{begin}; SET LOCAL app.tenant_id = '{UUID(int=tenant_id.int)}'{self._local}"
                )
                yield TenantConnection(connection, tenant_id, write=write)
            except BaseException:
                await _surely(_roll_back(driver))
                raise
            await _surely(_settle(driver, "COMMIT"))
        finally:
            await asyncio.shield(connection.close())

    async def _connect(self) -> AsyncConnection:
        try:
            return await self.engine.connect()
        except (OSError, DBAPIError, PoolTimeout) as error:
            raise ServiceUnavailable from error

    async def close(self) -> None:
        """Closes every connection."""
        await self.readers.close()
        await self.long_readers.close()
        await self.engine.dispose()


def _terms(engine: AsyncEngine, size: int, statements: int, limits: Limits) -> Terms:
    """The readers' connections: made of the same address, as SQLAlchemy's dialect understands it."""
    _, connect = engine.dialect.create_connect_args(engine.url)
    for name in ("prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn"):
        connect.pop(name, None)
    connect = {"timeout": CONNECT_S, **connect, "statement_cache_size": statements}
    bouncer = statements == 0
    return Terms(
        connect,
        {} if bouncer else limits.settings | SNAPSHOT,
        begin=BEGIN_READ,
        local=f"; {limits.local}" if bouncer else "",
        size=size,
        statements=statements,
    )


async def _surely(work: Coroutine[Any, Any, None]) -> None:
    """Waits until the work is done, however often the caller is cancelled meanwhile; tells of it afterwards."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    if cancelled:
        task.exception()
        raise asyncio.CancelledError
    task.result()


async def _settle(driver: Any, verb: str) -> None:  # noqa: ANN401  the driver's connection is untyped
    if driver.is_closed():
        return
    try:
        await driver.execute(verb, timeout=SETTLE_S)
    except BaseException:
        driver.terminate()
        raise


async def _roll_back(driver: Any) -> None:  # noqa: ANN401  as above
    """The caller hears what went wrong before; a transaction that cannot be rolled back ends with its connection."""
    with suppress(Exception):
        await _settle(driver, "ROLLBACK")


def _refuse_open_transaction(dbapi_connection: Any, _record: object, _proxy: object) -> None:  # noqa: ANN401
    """Checkout hook: a connection that is still in a transaction holds somebody's tenant; it is thrown away."""
    driver = dbapi_connection.driver_connection
    if driver.is_closed() or driver.is_in_transaction():
        driver.terminate()
        raise DisconnectionError
