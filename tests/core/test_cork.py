"""What is put ahead of a write leaves with it, in order, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from isomod_graphql.core.cork import Cork, CorkingLoop, Uncorked, cork_of


class Heard(asyncio.Protocol):
    """Keeps what arrives; says that it is ready when it is the server's."""

    def __init__(self, greeting: bytes = b"") -> None:
        self.greeting, self.text, self.arrived = greeting, b"", asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.greeting and isinstance(transport, asyncio.Transport):
            transport.write(self.greeting)

    def data_received(self, data: bytes) -> None:
        self.text += data
        self.arrived.set()

    async def heard(self, size: int) -> bytes:
        """The first bytes that arrive."""
        async with asyncio.timeout(5):
            while len(self.text) < size:
                self.arrived.clear()
                await self.arrived.wait()
        return self.text


@pytest.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Callable[[Any], Awaitable[tuple[Any, Heard, Heard]]]]:
    """Connects over a local socket through a loop: the transport, its own protocol, and what the other side hears."""
    async with AsyncExitStack() as stack:

        async def connected(loop: Any) -> tuple[Any, Heard, Heard]:  # noqa: ANN401  a loop, or what stands for one
            other = Heard(b"ready")
            server = await asyncio.get_running_loop().create_unix_server(lambda: other, tmp_path / "socket")
            stack.callback(server.close)
            transport, mine = await loop.create_unix_connection(Heard, str(tmp_path / "socket"))
            stack.callback(transport.close)
            await mine.heard(5)
            return transport, mine, other

        yield connected


Connect = Callable[[Any], Awaitable[tuple[Any, Heard, Heard]]]


def corking() -> CorkingLoop:
    """The running loop with corks."""
    return CorkingLoop(asyncio.get_running_loop())


async def test_messages_ahead_leave_with_the_next_write_and_only_once(connect: Connect) -> None:
    cork, _, other = await connect(corking())

    cork.put(b"begin ")
    cork.write(b"select ")
    cork.write(memoryview(b"again"))

    assert await other.heard(18) == b"begin select again"
    assert cork.pull() is False


async def test_what_is_pulled_never_leaves(connect: Connect) -> None:
    cork, _, other = await connect(corking())

    cork.put(b"begin ")
    assert cork.pull() is True
    cork.write(b"select")

    assert await other.heard(6) == b"select"


async def test_the_drivers_own_protocol_hears_the_answers(connect: Connect, tmp_path: Path) -> None:
    cork, mine, _ = await connect(corking())

    assert mine.text == b"ready"
    assert isinstance(cork, Cork)
    assert cork_of(cork) is cork
    assert cork.get_extra_info("peername") == str(tmp_path / "socket")


async def test_a_transport_of_the_drivers_own_making_sends_at_once(connect: Connect) -> None:
    transport, _, other = await connect(asyncio.get_running_loop())

    loose = cork_of(transport)
    loose.put(b"begin ")
    transport.write(b"select")

    assert isinstance(loose, Uncorked)
    assert loose.pull() is False
    assert await other.heard(12) == b"begin select"
