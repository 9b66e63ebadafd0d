"""A transport whose next write takes messages along that stand ahead of it: one system call instead of two, and nothing sent when the driver refuses. It changes no byte."""

import asyncio
from collections.abc import Callable
from typing import Any


class Cork:
    """Stands between the driver and its transport."""

    __slots__ = ("_ahead", "_transport")

    def __init__(self, transport: Any) -> None:  # noqa: ANN401  asyncio's or uvloop's
        """Nothing is held back at first."""
        self._transport = transport
        self._ahead = b""

    def put(self, ahead: bytes) -> None:
        """These bytes leave with the next write, in front of it."""
        self._ahead = ahead

    def pull(self) -> bool:
        """Takes back what has not left; True when it was still here."""
        held, self._ahead = self._ahead, b""
        return bool(held)

    def write(self, data: Any) -> None:  # noqa: ANN401  any buffer
        """Sends what was put ahead and this."""
        if self._ahead:
            ahead, self._ahead = self._ahead, b""
            self._transport.writelines((ahead, data))
        else:
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever a transport has
        return getattr(self._transport, name)


class Uncorked:
    """The same face for a transport that the driver made by itself, as for TLS: what is put ahead leaves at once."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Any) -> None:  # noqa: ANN401  asyncio's or uvloop's
        """The driver goes on writing to the transport itself."""
        self._transport = transport

    def put(self, ahead: bytes) -> None:
        """Sends it."""
        self._transport.write(ahead)

    def pull(self) -> bool:
        """Nothing is ever held back."""
        return False


class CorkingLoop:
    """The running loop, but that a connection over a local socket gets a Cork; made for one connection of the driver."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """What the driver calls for every statement is taken over, so that it costs nothing more."""
        self._loop = loop
        self.create_future, self.create_task = loop.create_future, loop.create_task
        self.call_later, self.call_at, self.time = loop.call_later, loop.call_at, loop.time

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever a loop has
        return getattr(self._loop, name)

    async def create_unix_connection(
        self,
        factory: Callable[[], Any],
        *args: Any,  # noqa: ANN401  handed on
        **kwargs: Any,  # noqa: ANN401  handed on
    ) -> tuple[Cork, Any]:
        """As the loop's own."""
        _, made = await self._loop.create_unix_connection(lambda: _Introduction(factory()), *args, **kwargs)
        return made.cork, made.driver


class _Introduction(asyncio.Protocol):
    """Is there until the connection is made, then the driver's own protocol takes its place."""

    cork: Cork

    def __init__(self, driver: Any) -> None:  # noqa: ANN401  the driver is untyped
        self.driver = driver

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401  asyncio's or uvloop's
        self.cork = Cork(transport)
        transport.set_protocol(self.driver)
        self.driver.connection_made(self.cork)


def cork_of(transport: Any) -> Cork | Uncorked:  # noqa: ANN401  the driver's transport
    """The cork of a connection."""
    return transport if isinstance(transport, Cork) else Uncorked(transport)
