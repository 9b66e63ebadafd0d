"""Hears what any process told, over one connection of its own. Refuses to say that it hears before it has heard itself."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import asyncpg
from sqlalchemy import URL, func, select

from isomod_graphql.core.events import CHANNEL, News
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.tenancy import Database

CONNECT_S: Final = 5.0
PROOF_S: Final = 5.0
"""How long what was said may take to be heard."""
PULSE_S: Final = 10.0
"""How often a connection over which nothing comes is asked whether it is still one."""
SETTINGS: Final = {"application_name": "isomod live"}


class Ear:
    """One connection at a time. Behind PgBouncer in transaction mode nothing is heard; the address must be direct."""

    def __init__(self, url: URL, database: Database, *, proof_s: float = PROOF_S) -> None:
        """`url` is where to listen, `database` where to speak: the same database."""
        self._address: Mapping[str, Any] = url.get_dialect()().create_connect_args(url)[1]
        self._database, self._proof_s = database, proof_s

    async def listen(self, heard: Callable[[News], None], ready: Callable[[], None]) -> None:
        """Returns when the connection is lost; `ready` is called once, when nothing can be missed any more.

        Raises whatever keeps it from listening: OSError, an error of the database, ServiceUnavailable, TimeoutError.
        """
        options = {"statement_cache_size": 0, "timeout": CONNECT_S, "server_settings": SETTINGS}
        connection: Any = await asyncpg.connect(**{**self._address, **options})
        try:
            lost, proof, proven = asyncio.Event(), secrets.token_hex(16), asyncio.Event()

            def hear(_connection: object, _pid: int, _channel: str, said: str) -> None:
                if said == proof:
                    proven.set()
                elif (news := News.read(said)) is not None:
                    heard(news)

            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(CHANNEL, hear)
            async with asyncio.timeout(self._proof_s):
                await self._say(proof)
                await proven.wait()
            ready()
            await _until_lost(connection, lost)
        finally:
            with suppress(Exception):
                await connection.close(timeout=CONNECT_S)

    async def _say(self, text: str) -> None:
        async with self._database.begin(PLATFORM_TENANT, write=True) as connection:
            await connection.value(select(func.pg_notify(CHANNEL, text)))


async def _until_lost(connection: Any, lost: asyncio.Event) -> None:  # noqa: ANN401  the driver's connection is untyped
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(PULSE_S):
                await lost.wait()
                return
        try:
            await connection.execute("SELECT 1", timeout=PROOF_S)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
