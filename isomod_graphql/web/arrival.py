"""Reading a body and watching for a client that leaves. It refuses to read more, or to work longer, than it may."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.refusals import BodyTimeout, BodyTooLarge, RequestTimeout

T = TypeVar("T")

GRACE_S = 5.0
"""How long cancelled work may take to give its connection back before it is left alone."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def read_body(http: HttpFacts, receive: Receive, most: int, timeout_s: float) -> bytes:
    """The length is checked before the first byte is read, and again while reading. Raises ClientGone."""
    announced = http.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 15 or int(announced) > most:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise BodyTooLarge
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise BodyTimeout from None


async def finished_or_gone(work: Coroutine[Any, Any, T], receive: Receive, timeout_s: float) -> T:
    """The result of the work. It is cancelled, and awaited, when the client leaves or the time is over."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_gone(receive))
    try:
        done, _ = await asyncio.wait({task, watch}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            return task.result()
        raise ClientGone if watch in done else RequestTimeout
    finally:
        task.cancel()
        watch.cancel()
        await asyncio.wait({task, watch}, timeout=GRACE_S)
        if task.done() and not task.cancelled():
            task.exception()  # marks it as seen; the caller has its answer already


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
