"""Subscriptions over server-sent events: each event is authenticated, planned and projected anew. It refuses to tell of a row that its subscriber does not reach, and to go on as somebody else.

GraphQL over SSE, distinct connections: every stream is the answer to one POST. What ends a stream is its last `next`.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, Protocol

import structlog
from graphql import ExecutionResult, GraphQLError
from starlette.types import Receive, Send

from isomod_graphql.core.errors import IsoModError, Unauthenticated
from isomod_graphql.engine.compiler import Asked
from isomod_graphql.engine.request import Telling
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.wishes import PLAIN, wish_of
from isomod_graphql.web import answers
from isomod_graphql.web.exchange import Arrival, GraphQLRequest, NotExecuted
from isomod_graphql.web.facts import Credential, HttpFacts
from isomod_graphql.web.metering import Meter
from isomod_graphql.web.negotiation import Media
from isomod_graphql.web.refusals import PrincipalChanged, RequestTimeout, SubscriberTooSlow
from isomod_graphql.web.sending import COMPLETE, PRIVATE, TYPE, VARY, framed
from isomod_graphql.web.subscribers import Seat, Subscribers
from isomod_graphql.web.wire import ABORT
from permissions.principals import NOBODY, Principal
from schema.execution import Answered, Execution

log: Any = structlog.get_logger("isomod.live")

READY: Final = b": ready\n\n"
"""From here on nothing is missed."""
BEAT: Final = b":\n\n"
UNBUFFERED: Final = (b"x-accel-buffering", b"no")


class StillKnown(Protocol):
    """Looks a caller up again."""

    async def still(self, credential: Credential, http: HttpFacts) -> Principal | None:
        """None when the credential is over, or of no use from there."""


class Streams:
    """The Streaming of the GraphQL endpoint."""

    def __init__(
        self, subscribers: Subscribers, execution: Execution, callers: StillKnown, meter: Meter
    ) -> None:
        """One per process."""
        self.subscribers, self.execution = subscribers, execution
        self.callers, self.meter = callers, meter

    async def serve(
        self, request: GraphQLRequest, principal: Principal, http: HttpFacts, arrival: Arrival
    ) -> NotExecuted | None:
        """Raises ServiceUnavailable, TooManySubscriptions, and what the operation is refused for."""
        if principal.kind == NOBODY.kind or http.credential is None:
            raise Unauthenticated
        asked = self._asked(request, principal)
        if isinstance(asked, ExecutionResult):
            return NotExecuted(asked.errors or [])
        self.execution.refuse(asked)
        with self.subscribers.seat(principal) as seat:
            await arrival.patience.finish(self._open(seat, asked))
            arrival.patience.end()
            stream = _Stream(self, seat, request, asked.viewer, http, http.credential)
            await stream.run(arrival.receive, arrival.send, arrival.told)
        return None

    async def _open(self, seat: Seat, asked: Asked) -> None:
        await self.subscribers.hear(seat, await self.execution.topic(asked))

    def _asked(self, request: GraphQLRequest, principal: Principal) -> Asked | ExecutionResult:
        wish = wish_of(request.extensions) if request.extensions else PLAIN
        variables = dict(request.variables)
        return self.execution.asked(
            request.operation, request.document, request.document_hash, variables, principal, wish
        )

    async def told(
        self, request: GraphQLRequest, principal: Principal, telling: Telling
    ) -> Answered | ExecutionResult:
        """The answer for one event, planned for who the caller is now."""
        asked = self._asked(request, principal)
        if isinstance(asked, ExecutionResult):
            return asked
        self.execution.refuse(asked)
        return await self.execution.answer(
            asked, request.document_hash, dict(request.variables), None, telling=telling
        )


class _Stream:
    """One subscription: a task reads what changed, the other sends; what lies between them is bounded."""

    def __init__(
        self,
        streams: Streams,
        seat: Seat,
        request: GraphQLRequest,
        viewer: Viewer,
        http: HttpFacts,
        credential: Credential,
    ) -> None:
        self._streams, self._seat, self._request = streams, seat, request
        self._viewer, self._http, self._credential = viewer, http, credential
        self._bounds = streams.subscribers.bounds
        self._loop = asyncio.get_running_loop()
        self._frames: deque[bytes] = deque()
        self._bytes = self._told = 0
        self._last: list[answers.ErrorEntry] | None = None

    async def run(self, receive: Receive, send: Send, told: Mapping[str, str]) -> None:
        """Until it has ended or the client is gone; nothing of it goes on afterwards."""
        sending = self._loop.create_task(self._send(send, told))
        leaving = self._loop.create_task(_gone(receive))
        reading = self._loop.create_task(self._read())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = (reading, leaving, sending)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            log.info("subscription.ended", code=self._code(), told=self._told)

    def _code(self) -> str:
        return "CLIENT_GONE" if self._last is None else str(self._last[0]["extensions"]["code"])

    async def _read(self) -> None:
        """Looks the caller up, then reads what changed, one row after the other."""
        seat = self._seat
        try:
            while seat.ending is None:
                principal = await self._look()
                if seat.due:
                    row_id = next(iter(seat.due))
                    del seat.due[row_id]
                    await self._event(Telling(row_id), principal)
                    continue
                seat.stirred.clear()
                try:
                    async with asyncio.timeout(self._bounds.heartbeat_s):
                        await seat.stirred.wait()
                except TimeoutError:
                    continue
        except IsoModError as refusal:
            self._fail(answers.entries_of_refusal(refusal))
        except Exception as bug:  # noqa: BLE001  nothing of it may be shown
            self._fail([answers.entry_of_bug(bug, self._request.document_hash)])

    async def _look(self) -> Principal:
        """Who the caller is now. Raises Unauthenticated, and PrincipalChanged for somebody who may do other things."""
        principal = await self._streams.callers.still(self._credential, self._http)
        if principal is None:
            self._discard()
            raise Unauthenticated
        now = Viewer.at(principal, self._streams.execution.clock.now())
        if self._seat.changed or not _same(now, self._viewer):
            self._discard()
            raise PrincipalChanged
        return principal

    async def _event(self, telling: Telling, principal: Principal) -> None:
        """Only what is told is paid for: what is left must not tell of rows out of reach."""
        try:
            async with self._streams.subscribers.turns, asyncio.timeout(self._bounds.event_s):
                answer = await self._streams.told(self._request, principal, telling)
        except TimeoutError:
            raise RequestTimeout from None
        if isinstance(answer, ExecutionResult) and answer.errors and not telling.seen:
            self._fail(self._entries(answer.errors))
            return
        if not telling.seen:
            return
        self._streams.meter.spend(self._request.cost, principal, self._http)
        self._put(framed(self._body(answer)))

    def _body(self, answer: Answered | ExecutionResult) -> bytes:
        if isinstance(answer, Answered):
            return answer.body
        members: dict[str, Any] = {"data": answer.data}
        if answer.errors:
            members["errors"] = self._entries(answer.errors)
        if answer.extensions:
            members["extensions"] = answer.extensions
        return answers.body_of(members)

    def _entries(self, errors: list[GraphQLError]) -> list[answers.ErrorEntry]:
        return answers.entries_of_errors(errors, self._request.document_hash)

    def _put(self, frame: bytes) -> None:
        self._bytes += len(frame)
        self._frames.append(frame)
        full = len(self._frames) > 1 and self._bytes > self._bounds.frame_bytes
        if full or len(self._frames) > self._bounds.frames:
            self._discard()
            raise SubscriberTooSlow
        self._told += 1
        self._seat.over.set()

    def _discard(self) -> None:
        """What was not sent yet is not sent any more."""
        self._frames.clear()
        self._bytes = 0

    def _fail(self, entries: list[answers.ErrorEntry]) -> None:
        if self._last is None:
            self._last = entries
        self._seat.over.set()

    async def _send(self, send: Send, told: Mapping[str, str]) -> None:
        """Beats come at fixed times, whatever is told between them."""
        seat, body = self._seat, _Sender(send, self._bounds.send_s)
        raw = [TYPE[Media.EVENTS], PRIVATE, VARY, UNBUFFERED]
        raw += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await body.message({"type": "http.response.start", "status": 200, "headers": raw})
        await body(READY)
        beat = self._loop.time() + self._bounds.heartbeat_s
        while True:
            seat.over.clear()
            while self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame)
                await body(frame)
            if self._last is None and seat.ending is not None:
                self._last = answers.entries_of_refusal(seat.ending)
            if self._last is not None:
                await body(framed(answers.body_of({"errors": self._last})) + COMPLETE, more=False)
                return
            try:
                async with asyncio.timeout_at(beat):
                    await seat.over.wait()
            except TimeoutError:
                await body(BEAT)
                beat += self._bounds.heartbeat_s


class _Sender:
    """Sends as long as the client takes something within the time."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send, self._seconds = send, seconds

    async def __call__(self, body: bytes, *, more: bool = True) -> None:
        await self.message({"type": "http.response.body", "body": body, "more_body": more})

    async def message(self, message: dict[str, Any]) -> None:
        """Raises SubscriberTooSlow, after the connection was ended: nobody is there to read why."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(message)
        except TimeoutError:
            await self._send({"type": ABORT})
            raise SubscriberTooSlow from None


def _same(now: Viewer, before: Viewer) -> bool:
    """The same caller with the same powers over the same sites."""
    return _who(now) == _who(before) and (now.vector, now.slots, now.bound) == (
        before.vector,
        before.slots,
        before.bound,
    )


def _who(viewer: Viewer) -> tuple[object, ...]:
    one = viewer.principal
    return one.kind, one.tenant_id, one.person_id, one.account_id, one.client_id, one.credential_id


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
