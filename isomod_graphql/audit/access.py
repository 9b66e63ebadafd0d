"""Writes down who was shown whose data, many answers in one commit. Refuses to say that it did before the commit, and to wait longer than two seconds."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Final

import asyncpg
import structlog
from asyncpg.exceptions import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    InterfaceError,
    InternalClientError,
    InvalidSQLStatementNameError,
    PostgresConnectionError,
)
from asyncpg.pgproto import pgproto
from sqlalchemy import URL

from isomod_graphql.core.errors import AccessRecordUnavailable
from isomod_graphql.engine.recording import Access

log: Any = structlog.get_logger("isomod.access")

PER_ROW: Final = 100
"""Subjects in one row; with more, the database would store their ids apart from it."""

LOST: Final = (
    OSError,
    InterfaceError,
    InternalClientError,
    PostgresConnectionError,
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    InvalidSQLStatementNameError,
)
"""What is raised when the connection went away; `InterfaceError` is also what a closed one answers, and
`InternalClientError` one that was told of its end and is not closed yet."""

COLUMNS: Final = "tenant_id, at, id, viewer_id, viewer_kind, purpose, operation, categories, subjects"
TYPES: Final = ("uuid", "timestamptz", "uuid", "uuid", "text", "text", "bytea", "int", "bytea")
ROWS: Final = f"unnest({', '.join(f'${at}::{kind}[]' for at, kind in enumerate(TYPES, 1))}) AS given"
PUT: Final = f"INSERT INTO access_records ({COLUMNS}) SELECT given.* FROM {ROWS}"
FEW: Final = 16
"""So many rows are written as values each: a fifth less work for the database than arrays, and a statement per number."""
# Behind PgBouncer no setting belongs to a connection, so this one is made in the statement that it is for.
PUT_BEHIND: Final = (
    f"INSERT INTO access_records ({COLUMNS})"
    f" SELECT given.* FROM set_config('synchronous_commit', 'on', true), {ROWS}"
)
SETTINGS: Final = {
    "synchronous_commit": "on",
    "plan_cache_mode": "force_generic_plan",
    "application_name": "isomod access log",
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How many records may wait at once, and how long the longest waits: half for the batch before it, half for its own.

    A commit waits until half of the answers that are being made wait for it, but no longer than `gather` seconds.
    """

    most: int = 10_000
    seconds: float = 2.0
    gather: float = 0.005


Row = tuple[Any, ...]
"""A value of each of COLUMNS."""


def put_few(rows: int) -> str:
    """The statement that writes so many rows, value by value."""
    width = len(TYPES)
    written = (
        ", ".join(f"${row * width + at}::{kind}" for at, kind in enumerate(TYPES, 1)) for row in range(rows)
    )
    return f"INSERT INTO access_records ({COLUMNS}) VALUES {', '.join(f'({row})' for row in written)}"


class _Batch:
    """The rows that go in with one commit, and who waits for it."""

    __slots__ = ("rows", "waiting")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.waiting: list[asyncio.Future[bool]] = []

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """The rows, turned."""
        return tuple(map(list, zip(*self.rows, strict=True)))


class AccessLog:
    """The recorder of one process. While one batch is being written the next one fills; it opens its connection by itself."""

    def __init__(self, url: URL, *, statement_cache: int = 200, patience: Patience = Patience()) -> None:
        """`url` is the main database's; `statement_cache` 0 is for PgBouncer in transaction mode."""
        self._address: Mapping[str, Any] = url.get_dialect()().create_connect_args(url)[1]
        self._behind = statement_cache == 0
        self._patience = patience
        self._filling = _Batch()
        self._writing: asyncio.Task[None] | None = None
        self._connection: Any = None
        self._puts: dict[int, Any] = {}
        """By the number of rows, 0 for any number: what is prepared on the connection."""
        self._closed = False
        self.underway = 0
        self.shown: Counter[int] = Counter()
        """By the bits of categories: how many people answers told of."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ripe: asyncio.Future[None] | None = None
        self._start = secrets.token_bytes(8)
        self._numbers = count()

    async def record(self, access: Access) -> None:
        """Returns when the record is committed. Raises AccessRecordUnavailable; then it may or may not be there."""
        batch = self._filling
        if self._closed or len(batch.waiting) >= self._patience.most:
            raise AccessRecordUnavailable
        if not self._add(batch.rows, access):
            return
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        durable: asyncio.Future[bool] = self._loop.create_future()
        batch.waiting.append(durable)
        if self._writing is None:
            self._writing = self._loop.create_task(self._write())
        elif self._ripe is not None and 2 * len(batch.waiting) >= self.underway:
            self._ripen()
        if not await durable:
            raise AccessRecordUnavailable

    def _add(self, rows: list[Row], access: Access) -> bool:
        """Adds the rows of one access; False when nothing was released."""
        before = len(rows)
        for mask, released in access.released.items():
            joined = b"".join(released)
            self.shown[mask] += len(released)
            for start in range(0, len(joined), PER_ROW * 16):
                # Unique through the start of this process and a number; the driver's own type costs a fifth of the other.
                row_id = pgproto.UUID(self._start + next(self._numbers).to_bytes(8, "big"))
                rows.append((
                    access.tenant_id, access.at, row_id, access.viewer_id, access.viewer_kind, access.purpose,
                    access.operation, mask, joined[start : start + PER_ROW * 16],
                ))  # fmt: skip
        return len(rows) > before

    async def _write(self) -> None:
        """Writes batch after batch until nobody waits any more."""
        batch = self._filling
        try:
            while self._filling.waiting:
                await self._gather()
                batch, self._filling = self._filling, _Batch()
                self._tell(batch, durable=await self._commit(batch))
        except BaseException:
            # Nobody waits for ever, whatever ends this.
            self._tell(batch, durable=False)
            self._tell(self._filling, durable=False)
            self._filling = _Batch()
            raise
        finally:
            self._writing = None

    async def _gather(self) -> None:
        """Under load records come together: whoever does not wait yet is served meanwhile, so nobody is idle."""
        # Those whose commit is over leave first.
        await asyncio.sleep(0)
        if 2 * len(self._filling.waiting) >= self.underway:
            return
        loop = asyncio.get_running_loop()
        self._ripe = loop.create_future()
        end = loop.call_later(self._patience.gather, self._ripen)
        try:
            await self._ripe
        finally:
            end.cancel()
            self._ripe = None

    def _ripen(self) -> None:
        if self._ripe is not None and not self._ripe.done():
            self._ripe.set_result(None)

    @staticmethod
    def _tell(batch: _Batch, *, durable: bool) -> None:
        for waiting in batch.waiting:
            # One that was cancelled meanwhile is done.
            if not waiting.done():
                waiting.set_result(durable)

    async def _commit(self, batch: _Batch) -> bool:
        """True when the batch is durable. A lost connection is replaced once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience.seconds / 2
        try:
            try:
                await self._insert(batch, deadline, again=False)
            except LOST:
                self._drop()
                await self._insert(batch, deadline, again=True)
        except Exception as error:  # noqa: BLE001  whatever it is: not recorded, and the next batch is tried anew
            self._drop()
            log.warning("access.not_recorded", answers=len(batch.waiting), kind=type(error).__qualname__)
            return False
        except BaseException:
            self._drop()
            raise
        return True

    async def _insert(self, batch: _Batch, deadline: float, *, again: bool) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() >= deadline:
            raise TimeoutError
        if self._connection is None or self._connection.is_closed():
            await self._connect(deadline - loop.time())
        connection = self._connection
        # Closing the connection ends what waits for it, at the price of a timer.
        end = loop.call_at(deadline, connection.terminate)
        try:
            if again:
                # The commit of the first time may have gone through, and only its answer been lost.
                put = PUT_BEHIND if self._behind else PUT
                await connection.execute(f"{put} ON CONFLICT DO NOTHING", *batch.columns)
            elif self._behind:
                await connection.execute(PUT_BEHIND, *batch.columns)
            elif len(batch.rows) > FEW:
                put = await self._prepared(0)
                await put.fetch(*batch.columns)
            else:
                put = await self._prepared(len(batch.rows))
                await put.fetch(*chain.from_iterable(batch.rows))
        finally:
            end.cancel()

    async def _connect(self, seconds: float) -> None:
        options: dict[str, Any] = {"statement_cache_size": 0, "timeout": seconds}
        if not self._behind:
            options["server_settings"] = SETTINGS
        async with asyncio.timeout(seconds):
            self._connection = await asyncpg.connect(**{**self._address, **options})

    async def _prepared(self, rows: int) -> Any:  # noqa: ANN401  the driver's own type
        found = self._puts.get(rows)
        if found is None:
            # Without a name the driver has the statement read and planned anew each time.
            text = put_few(rows) if rows else PUT
            found = self._puts[rows] = await self._connection.prepare(text, name=f"isomod_access_{rows}")
        return found

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
        self._puts.clear()

    async def close(self) -> None:
        """Ends after what waits is written; whoever comes later is refused."""
        self._closed = True
        while self._writing is not None:
            await asyncio.wait({self._writing})
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close(timeout=self._patience.seconds)
