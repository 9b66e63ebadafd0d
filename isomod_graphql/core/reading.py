"""Reads of one tenant in as few round trips as the protocol allows. Refuses to go on after an error or after its end."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from asyncpg.exceptions import InterfaceError, QueryCanceledError

from isomod_graphql.core.errors import ServiceUnavailable, StatementTimeout
from isomod_graphql.core.readers import GONE, Line, Readers
from isomod_graphql.core.wire import BEGIN_AHEAD, END_AHEAD


class Reading:
    """One read-only snapshot of one tenant, begun by the first fetch. One fetch at a time."""

    __slots__ = ("_ended", "_line", "_readers", "_tenant_id")

    def __init__(self, readers: Readers, tenant_id: UUID) -> None:
        """Made by Database.reading only."""
        self._readers = readers
        self._tenant_id = tenant_id
        self._line: Line | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end()

    async def done(self) -> None:
        """Nothing more is fetched: gives the connection back at once; its transaction ends without anybody waiting for it."""
        self._end()

    def _end(self, *, begun: bool = True) -> None:
        """`begun` False: the statement was a transaction by itself, which is over."""
        self._ended = True
        line, self._line = self._line, None
        if line is not None:
            (self._readers.leave if begun else self._readers.release)(line)

    async def fetch(self, sql: str, args: Sequence[Any] = (), *, last: bool = False) -> list[Any]:
        """The rows (asyncpg.Record) of one statement; `last` promises that no other follows.

        Each statement takes one round trip, once it is prepared: its transaction begins with the first and ends unheard.
        Raises StatementTimeout, ServiceUnavailable; after any error the reading has ended.
        """
        try:
            if self._line is None:
                return await self._first(sql, args, last=last)
            rows = await self._next(self._line, sql, args)
        except QueryCanceledError:
            raise StatementTimeout from None
        except GONE as error:
            raise ServiceUnavailable from error
        if last:
            self._end()
        return rows

    async def _first(self, sql: str, args: Sequence[Any], *, last: bool) -> list[Any]:
        """The first statement. A line that turns out to be dead is replaced once, as nothing has been read yet."""
        if self._ended:
            raise RuntimeError("the reading has ended")
        readers = self._readers
        line = readers.idle() or await readers.take()
        try:
            return await self._begin(line, sql, args, last=last)
        except GONE:
            readers.drop_idle()
        return await self._begin(await readers.take(), sql, args, last=last)

    async def _begin(self, line: Line, sql: str, args: Sequence[Any], *, last: bool) -> list[Any]:
        """Sends what opens the transaction ahead of a statement that is prepared; any other is prepared inside of one."""
        readers, state = self._readers, line.state(sql)
        read, line.read = line.read, False
        try:
            if state is None:
                end = "COMMIT; " if read else ""
                await line.connection.execute(end + readers.begin(self._tenant_id))
                rows = await self._run(line, sql, args)
            else:
                ahead = readers.ahead(self._tenant_id)
                if not last:
                    ahead = BEGIN_AHEAD + ahead
                line.cork.put(END_AHEAD + ahead if read else ahead)
                rows = await line.protocol.bind_execute(state, args, "", 0, False, None)
        except BaseException as error:
            self._fail(line, error, sent=state is not None and not line.cork.pull())
            raise
        self._line = line
        if last:
            self._end(begun=state is None)
        return rows

    async def _next(self, line: Line, sql: str, args: Sequence[Any]) -> list[Any]:
        try:
            return await self._run(line, sql, args)
        except BaseException as error:
            self._fail(line, error, sent=False)
            raise

    async def _run(self, line: Line, sql: str, args: Sequence[Any]) -> list[Any]:
        if not line.room:
            return list(await line.connection.fetch(sql, *args))
        state = line.state(sql) or await line.prepare(sql)
        rows: list[Any] = await line.protocol.bind_execute(state, args, "", 0, False, None)
        return rows

    def _fail(self, line: Line, error: BaseException, *, sent: bool) -> None:
        """Ends the reading and closes the line, unless its state is certain. Raises ConnectionResetError for a closed one.

        `sent`: messages went ahead of the statement. If the driver then refused an argument, the Sync never followed them.
        """
        self._ended, self._line = True, None
        closed = line.connection.is_closed()
        answered = isinstance(error, asyncio.CancelledError) or getattr(error, "severity", None) is not None
        if closed or isinstance(error, GONE) or (sent and not answered):
            self._readers.drop(line)
        else:
            self._readers.finish(line)
        if closed and isinstance(error, InterfaceError):
            # The driver says the same class when it is called wrongly.
            raise ConnectionResetError from error
