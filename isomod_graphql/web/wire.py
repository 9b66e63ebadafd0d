"""HTTP/1.1 on a connection, as uvicorn and httptools speak it, with one write per answer. It refuses a request without end.

httptools bounds nothing itself: a head that never ends would be kept in memory for as long as somebody sends it.
"""

from functools import lru_cache, partial
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from isomod_graphql.web.sending import CutOff

HEAD_BYTES: Final = 64 << 10
"""What is kept of a head that has not ended; as much as uvicorn's other reader of HTTP allows."""

MESSAGE_BYTES: Final = 16 << 20
"""Head, body and trailers of one request, its chunk sizes included; no body that is served comes near it."""


class Wire(HttpToolsProtocol):
    """One connection."""

    _taken = 0
    _began = False
    _in_head = False

    def data_received(self, data: bytes) -> None:
        """Bytes are counted from the read after the one in which a request began."""
        super().data_received(data)
        self._taken = 0 if self._began else self._taken + len(data)
        self._began = False
        if self._taken > (HEAD_BYTES if self._in_head else MESSAGE_BYTES) and not self.transport.is_closing():
            if self._in_head:
                self.send_400_response("Invalid HTTP request received.")
            self.transport.close()

    def on_message_begin(self) -> None:
        """As uvicorn."""
        self._began = self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """As uvicorn."""
        self._in_head = False
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401  uvicorn's own type of an application
        super()._start_asgi_task(cycle, partial(_serve, app, cycle))


async def _serve(
    app: ASGIApp, cycle: RequestResponseCycle, scope: Scope, receive: Receive, send: Send
) -> None:
    """ASGI lets a server keep the start of an answer until its body comes, and the two leave together."""
    started: list[Message] = []

    async def send_together(message: Message) -> None:
        if message["type"] == "http.response.start" and not started and not cycle.response_started:
            started.append(message)
            return
        if message["type"] == ABORT:
            cycle.transport.abort()
            return
        if started:
            start = started.pop()
            if _sent_whole(cycle, start, message):
                return
            await send(start)
        await send(message)

    try:
        await app(scope, receive, send_together)
    except CutOff:
        cycle.disconnected = True
        cycle.message_event.set()
        cycle.transport.close()


def _sent_whole(cycle: RequestResponseCycle, start: Message, message: Message) -> bool:
    """An ordinary answer goes out in one write; False, and nothing done, for every other one, which uvicorn sends."""
    body = message.get("body", b"")
    ordinary = (
        message["type"] == "http.response.body"
        and not message.get("more_body", False)
        and (b"content-length", b"%d" % len(body)) in start["headers"]
        and not any(name in _UNUSUAL for name, _ in start["headers"])
        and cycle.scope["method"] != "HEAD"
        and not (cycle.disconnected or cycle.flow.write_paused or cycle.access_log)
    )
    if not ordinary:
        return False
    head = [STATUS_LINE[start["status"]]]
    head += [_line(name, value) for name, value in cycle.default_headers]
    head += [_line(name, value) for name, value in start["headers"]]
    head.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.writelines((b"".join(head), body))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


ABORT: Final = "isomod.http.abort"
"""A message of ours: the connection ends at once, and what its client did not take is thrown away."""

_UNUSUAL: Final = frozenset({b"connection", b"transfer-encoding", b"set-cookie"})
"""The first two change how an answer ends; a cookie is a secret, which no memory of lines may keep."""


@lru_cache(maxsize=1024)
def _line(name: bytes, value: bytes) -> bytes:
    """Raises RuntimeError, as uvicorn, for what could end the line early."""
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("a header holds a control character")
    return name.lower() + b": " + value + b"\r\n"
