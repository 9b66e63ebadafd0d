"""The pool of connections for reading, straight on the driver. Refuses a connection that is still in a transaction."""

import asyncio
import random
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.exceptions import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    IdleInTransactionSessionTimeoutError,
    InterfaceError,
    InternalClientError,
    InvalidCachedStatementError,
    InvalidSQLStatementNameError,
    PostgresConnectionError,
    PostgresError,
)

from isomod_graphql.core.cork import Cork, CorkingLoop, Uncorked, cork_of
from isomod_graphql.core.errors import ServiceUnavailable
from isomod_graphql.core.wire import (
    BEGIN_STATEMENT,
    END_STATEMENT,
    SET_TENANT,
    TENANT_STATEMENT,
    tenant_ahead,
)

GONE = (
    OSError,
    InternalClientError,
    PostgresConnectionError,
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    IdleInTransactionSessionTimeoutError,
    InvalidCachedStatementError,
    InvalidSQLStatementNameError,
)
"""What is raised when the server went away or no longer knows what was prepared: the line is of no use any more.

`InternalClientError` is what a line answers that was told of its end and is not closed yet.
"""

PLAINER = {"uuid": "bytea", "timestamptz": "int8"}
"""Types of which the driver makes no objects, and what it takes them for: an answer holds hundreds of them."""

TENANTS = 4_096
SETTLE_S = 5.0
SWEEP_S = 0.005


@dataclass(frozen=True, slots=True)
class Terms:
    """How the connections of a pool are made: `begin` opens a transaction, `local` says what it adds behind PgBouncer.

    `statements` 0 means PgBouncer in transaction mode: nothing is prepared, and no setting belongs to a connection.
    """

    connect: Mapping[str, Any]
    settings: Mapping[str, str]
    begin: str
    local: str
    size: int
    statements: int
    wait_s: float = 10.0
    lifetime_s: float = 1_800.0


@dataclass(eq=False, slots=True)
class Line:
    """One connection with the statements that are prepared on it. Uuids go in and come out as bytes, instants as microseconds since 2000."""

    connection: Any
    protocol: Any
    cork: Cork | Uncorked
    expires: float
    room: int
    statements: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    own: tuple[Any, ...] = ()
    read: bool = False
    """Its transaction has read all that it will; whoever uses the line next ends it in the same round trip."""

    def fit(self) -> bool:
        """Open, young enough and in no transaction but one that has read everything."""
        connection = self.connection
        return not (
            connection.is_closed()
            or (connection.is_in_transaction() and not self.read)
            or self.protocol._is_cancelling()  # noqa: SLF001  the driver shows it nowhere else
            or self.expires < time.monotonic()
        )

    def state(self, sql: str) -> Any:  # noqa: ANN401  the driver's own state of a statement
        """The prepared statement, or None."""
        statement = self.statements.get(sql)
        if statement is None:
            return None
        self.statements.move_to_end(sql)
        return statement._state  # noqa: SLF001  its public method adds a third to the cost of a fetch

    async def prepare(self, sql: str) -> Any:  # noqa: ANN401  as above
        """Prepares a statement, inside a transaction only: the driver leaves the implicit one open, which spoils BEGIN.

        The driver itself deallocates the statement that falls out here, when it prepares the next one.
        """
        statement = await self.connection.prepare(sql)
        self.statements[sql] = statement
        if len(self.statements) > self.room:
            self.statements.popitem(last=False)
        return statement._state  # noqa: SLF001  as above


class Readers:
    """A pool of lines: the last one returned is taken first, those who wait are served in order."""

    def __init__(self, terms: Terms) -> None:
        """Opens nothing before the first reader comes."""
        self.terms = terms
        self.wait_s = terms.wait_s
        self._idle: list[Line] = []
        self._waiting: deque[asyncio.Future[Line | None]] = deque()
        self._open = 0
        self._finishing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._ahead: dict[UUID, bytes] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def idle(self) -> Line | None:
        """A line that is fit to be used at once."""
        while self._idle:
            line = self._idle.pop()
            if line.fit():
                return line
            self.drop(line)
        return None

    async def take(self) -> Line:
        """A line, opened when there is room, else the next that is returned. Raises ServiceUnavailable."""
        line = self.idle()
        if line is None and self._open < self.terms.size:
            self._open += 1
        else:
            line = line or await self._wait()
        return line or await self._connect()

    async def _wait(self) -> Line | None:
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Line | None] = loop.create_future()
        self._waiting.append(waiter)
        end = loop.call_later(self.wait_s, _give_up, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                # It was served in the same turn in which it was cancelled.
                self._pass_on(waiter.result())
            raise
        finally:
            end.cancel()

    async def _connect(self) -> Line:
        """A new line in a place that is already counted, so that the pool never grows beyond its size."""
        if self._closed:
            self._pass_on(None)
            raise ServiceUnavailable
        connection: Any = None
        try:
            connection = await asyncpg.connect(
                **self.terms.connect,
                server_settings=dict(self.terms.settings),
                loop=CorkingLoop(asyncio.get_running_loop()),
            )
            line = await self._equip(connection)
        except BaseException as error:
            if connection is not None:
                connection.terminate()
            self._pass_on(None)
            if isinstance(error, (*GONE, InterfaceError, PostgresError, TimeoutError)):
                raise ServiceUnavailable from error
            raise
        return line

    async def _equip(self, connection: Any) -> Line:  # noqa: ANN401  the driver is untyped
        for kind, instead in PLAINER.items():
            await connection.set_builtin_type_codec(
                kind, schema="pg_catalog", codec_name=instead, format="binary"
            )
        lifetime = self.terms.lifetime_s * random.uniform(0.9, 1)  # noqa: S311  only spreads the reconnects
        line = Line(
            connection, connection._protocol, cork_of(connection._transport),  # noqa: SLF001  no public way
            time.monotonic() + lifetime, self.terms.statements,
        )  # fmt: skip
        if self.terms.statements:
            begin = await connection.prepare(self.terms.begin, name=BEGIN_STATEMENT)
            tenant = await connection.prepare(SET_TENANT, name=TENANT_STATEMENT)
            end = await connection.prepare("COMMIT", name=END_STATEMENT)
            line.own = (begin, tenant, end)
            await connection.execute("SELECT 1")  # Ends the implicit transaction in which they were prepared.
        return line

    def ahead(self, tenant_id: UUID) -> bytes:
        """The messages that set this tenant."""
        known = self._ahead.get(tenant_id)
        if known is None:
            if len(self._ahead) >= TENANTS:
                self._ahead.clear()
            known = self._ahead[tenant_id] = tenant_ahead(tenant_id)
        return known

    def begin(self, tenant_id: UUID) -> str:
        """The statements that open a transaction of this tenant; the uuid is printed from a parsed value."""
        terms = self.terms
        return f"{terms.begin}; SET LOCAL app.tenant_id = '{UUID(int=tenant_id.int)}'{terms.local}"

    def release(self, line: Line) -> None:
        """Returns a line that has ended its transaction; any other is closed."""
        if self._closed or not line.fit():
            self.drop(line)
        else:
            self._pass_on(line)

    def drop(self, line: Line) -> None:
        """Closes a line; whoever waits may open another in its place."""
        line.connection.terminate()
        self._pass_on(None)

    def drop_idle(self) -> None:
        """Closes every idle line: one of them was found dead, so its server may have been restarted."""
        idle, self._idle = self._idle, []
        for line in idle:
            self.drop(line)

    def _pass_on(self, line: Line | None) -> None:
        """Hands a line, or the counted place of one that is gone, to the first who waits."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(line)
                return
        if line is None:
            self._open -= 1
        else:
            self._idle.append(line)

    def leave(self, line: Line) -> None:
        """Returns a line whose transaction has read everything. If nobody takes it in a moment, the transaction is ended."""
        if not line.room:
            self.finish(line)
            return
        line.read = True
        self.release(line)
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._end_read)

    def _end_read(self) -> None:
        self._sweep = None
        idle, self._idle = self._idle, []
        for line in idle:
            if line.read:
                self.finish(line)
            else:
                self._idle.append(line)

    def finish(self, line: Line) -> None:
        """Ends the line's transaction in the background, whatever becomes of the caller, and returns the line."""
        line.read = False
        task = asyncio.get_running_loop().create_task(self._settle(line))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _settle(self, line: Line) -> None:
        """COMMIT ends a failed transaction as well. A line that does not answer in time is closed."""
        protocol = line.protocol
        try:
            # A cancelled task has had its statement cancelled by the driver; the server has not acknowledged it yet.
            await protocol._wait_for_cancellation(SETTLE_S)  # noqa: SLF001  no public way
            if line.connection.is_in_transaction():
                await protocol.query("COMMIT", SETTLE_S)
        except (*GONE, InterfaceError, PostgresError, TimeoutError):
            self.drop(line)
        except BaseException:
            self.drop(line)
            raise
        else:
            self.release(line)

    async def close(self) -> None:
        """Closes every line as soon as it is returned; waits for those that are ending their transaction."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        self.drop_idle()
        while self._waiting:
            self._open += 1
            self._pass_on(None)
        while self._finishing:
            await asyncio.wait(self._finishing)


def _give_up(waiter: "asyncio.Future[Line | None]") -> None:
    if not waiter.done():
        waiter.set_exception(ServiceUnavailable())
