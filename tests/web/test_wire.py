"""A connection: answers leave in one piece, a head without end is refused, and a client that hangs up stops its work."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from isomod_graphql.web.graphql import DoorRules
from isomod_graphql.web.sending import CutOff
from isomod_graphql.web.wire import ABORT, HEAD_BYTES, Wire
from tests.web.toy import TOKEN, Door

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(door: Door, app: object = None) -> AsyncIterator[Connection]:
    """A connection to this door, or to another application, behind a socket."""
    config = uvicorn.Config(
        app or door.app,  # type: ignore[arg-type]  # uvicorn's own type of an application
        port=0, http=Wire, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers no event
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await serving


def asking(query: str, *more: str) -> bytes:
    body = json.dumps({"query": query}).encode()
    head = [
        "POST /graphql HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}",
        "Content-Type: application/json", f"Content-Length: {len(body)}", *more,
    ]  # fmt: skip
    return "\r\n".join([*head, "", ""]).encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    return head[0], headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def test_answers_follow_one_another_on_a_connection_until_it_is_closed() -> None:
    async with connected(Door()) as (reader, writer):
        writer.write(asking("{ hello }") + asking("{ policy }") + asking("{", "Connection: close"))
        first, second, third = [await answer(reader) for _ in range(3)]
        rest = await reader.read()

    assert (first[0], first[2]) == ("HTTP/1.1 200 OK", b'{"data":{"hello":"hello you"}}')
    assert (second[0], second[2]) == ("HTTP/1.1 200 OK", b'{"data":{"policy":"public"}}')
    assert (third[0], third[1]["connection"], rest) == ("HTTP/1.1 200 OK", "close", b"")
    assert first[1]["vary"] == "Accept, Authorization, Cookie"
    assert first[1]["x-frame-options"] == "DENY"
    assert "date" in first[1]


async def test_an_answer_without_a_body_has_none() -> None:
    async with connected(Door()) as (reader, writer):
        writer.write(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = await reader.read()

    head, _, body = received.partition(b"\r\n\r\n")
    assert (head.splitlines()[0], body) == (b"HTTP/1.1 200 OK", b"")


async def test_a_header_that_would_end_its_line_early_ends_the_request_instead() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"2"), (b"x", b"a\r\nset-cookie: b")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    async with connected(Door(), app) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = await reader.read()

    assert b"set-cookie" not in received
    assert received == b"" or received.startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nhost: "])
async def test_a_head_without_end_is_refused(begin: bytes) -> None:
    line = b"a" * 1_000 if begin[-1:] != b"\n" else b"a: " + b"a" * 995 + b"\r\n"
    sent = 0
    async with connected(Door()) as (reader, writer):
        writer.write(begin)
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof() and sent < HEAD_BYTES * 100:
                writer.write(line)
                await writer.drain()
                await asyncio.sleep(0)
                sent += len(line)

    assert sent < HEAD_BYTES * 100


async def test_a_client_that_hangs_up_stops_its_work() -> None:
    door = Door()
    async with connected(door) as (_, writer):
        writer.write(asking("{ slow }"))
        await door.executor.started.wait()
        writer.close()
        async with asyncio.timeout(5):
            while not door.executor.stopped:  # noqa: ASYNC110  the executor only counts
                await asyncio.sleep(0.01)

    assert door.executor.stopped == 1


async def test_a_client_that_takes_nothing_is_cut_off_with_what_waits_for_it() -> None:
    left = asyncio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            async with asyncio.timeout(0.5):
                while True:
                    await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        except TimeoutError:
            await send({"type": ABORT})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with connected(Door(), app) as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(left.wait(), 5)


async def test_a_body_that_trickles_in_is_refused_when_the_time_is_over() -> None:
    async with connected(Door(rules=DoorRules(timeout_s=0.1))) as (reader, writer):
        writer.write(asking("{ hello }")[:-5])
        status, _, body = await answer(reader)

    assert status == "HTTP/1.1 408 Request Timeout"
    assert json.loads(body)["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"


async def test_an_answer_that_is_cut_off_is_not_taken_for_a_whole_one() -> None:
    async def cut(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise CutOff

    async with connected(Door(), cut) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = await reader.read()

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
