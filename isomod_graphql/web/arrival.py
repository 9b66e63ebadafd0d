"""Reading a body, and working for as long as somebody waits. It refuses to read more, or to work longer, than it may."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import BodyTimeout, BodyTooLarge, RequestTimeout

T = TypeVar("T")

GRACE_S = 5.0
"""How long cancelled work may take to give its connection back before the answer leaves without it."""

UNWATCHED_S = 0.02
"""Work that is done by then is not watched: its client cannot have waited in vain for long."""


class ClientGone(Exception):
    """Nobody waits for the answer any more, or it has left already."""


class Patience:
    """How long one request may take, and whether its client is still there.

    It lives in the task that serves the request and cancels that task itself, so that work which is quickly done
    costs one timer and no task. `late` sends a refusal while work that was cancelled still does not end.
    """

    _phase: type[IsoModError] | None = None
    _looked = False
    _due = 0.0
    _why: IsoModError | ClientGone | None = None
    _watch: asyncio.Task[None] | None = None
    _telling: asyncio.Task[None] | None = None

    def __init__(
        self,
        receive: Receive,
        timeout_s: float,
        late: Callable[[IsoModError], Coroutine[Any, Any, None]],
        grace_s: float = GRACE_S,
    ) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request is served in a task")
        self._loop, self._task, self._cancelling = loop, task, task.cancelling()
        self._receive, self._timeout_s, self._late, self._grace_s = receive, timeout_s, late, grace_s
        self._timer = loop.call_later(min(UNWATCHED_S, timeout_s), self._look)

    async def read_body(self, http: HttpFacts, most: int) -> bytes:
        """The length is checked before the first byte is read, and again while reading. Raises ClientGone."""
        announced = http.header(b"content-length") or "0"
        if not announced.isdecimal() or len(announced) > 15 or int(announced) > most:
            raise BodyTooLarge
        return await self._bounded(_body(self._receive, most), BodyTimeout)

    async def finish(self, work: Awaitable[T]) -> T:
        """The result of the work, which is cancelled when the client leaves or the time is over. Raises ClientGone."""
        return await self._bounded(work, RequestTimeout)

    def end(self) -> None:
        """Nothing of it goes on afterwards."""
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _bounded(self, work: Awaitable[T], phase: type[IsoModError]) -> T:
        """Whatever cancelled work still says, the reason why it was cancelled stands."""
        self._phase = phase
        self._due = self._loop.time() + self._timeout_s
        if self._looked:
            self._timer.cancel()
            self._timer = self._loop.call_later(min(UNWATCHED_S, self._timeout_s), self._look)
        try:
            result = await work
        except (Exception, asyncio.CancelledError):
            await self._explain()
            raise
        if self._why is not None:
            await self._explain()
        self._phase = None
        return result

    async def _explain(self) -> None:
        """Raises why the work was cancelled, unless somebody else cancelled it as well, or nobody did."""
        why = self._why
        if why is None or self._task.uncancel() > self._cancelling:
            return
        self.end()
        if self._telling is not None:
            await self._telling
            raise ClientGone from None
        raise why from None

    def _look(self) -> None:
        """What is not done at once comes by here: from now on its client is watched, and later its time is over."""
        self._looked = True
        if self._phase is None:
            return
        if self._loop.time() >= self._due:
            self._stop(self._phase())
            self._timer = self._loop.call_later(self._grace_s, self._tell)
            return
        if self._phase is RequestTimeout and self._watch is None:
            self._watch = self._loop.create_task(self._gone())
        self._timer = self._loop.call_at(self._due, self._look)

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._timer.cancel()
        self._stop(ClientGone())

    def _stop(self, why: IsoModError | ClientGone) -> None:
        if self._why is None and self._phase is not None:
            self._why = why
            self._task.cancel()

    def _tell(self) -> None:
        if isinstance(self._why, IsoModError):
            self._telling = self._loop.create_task(self._late(self._why))


async def _body(receive: Receive, most: int) -> bytes:
    message = await receive()
    chunks: list[bytes] = []
    size = 0
    while message["type"] != "http.disconnect":
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most:
            raise BodyTooLarge
        if not message.get("more_body", False):
            return b"".join(chunks) + chunk if chunks else chunk
        chunks.append(chunk)
        message = await receive()
    raise ClientGone
