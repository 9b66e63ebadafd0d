"""Running until somebody says stop: signals, the HTTP server, the worker. It refuses to drop a request that is under way."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.applications import Starlette

from isomod_graphql.cli.failed import Failed
from isomod_graphql.core.errors import KeyDestroyed
from isomod_graphql.core.heap import settle
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.installation import Installation
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.wiring import product_consumers, product_duties, product_schedule
from isomod_graphql.jobs.worker import run_worker
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import mail_transport
from isomod_graphql.web.wire import Wire

GRACE_S = 20
"""How long requests that are under way may take after the stop; less than the grace of an orchestrator (30 s)."""


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs it, and says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP set."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def serve_app(
    app: Starlette, listener: socket.socket, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serves until `stop`, then says so on /readyz, takes no new connection and ends the requests it has. Raises Failed."""
    config = uvicorn.Config(
        app,
        http=Wire,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping, starting = asyncio.create_task(stop.wait()), asyncio.create_task(server.up.wait())
    try:
        await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
        if not server.started:
            raise Failed("the server did not start; its log says why")
        settle()
        ready()
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        starting.cancel()
        app.state.parts.drain()
        server.should_exit = True
        await serving


async def work_until(stop: asyncio.Event, installation: Installation) -> None:
    """Runs events and the schedule until `stop`, then ends what is under way."""
    settings = installation.settings
    post = Post(mail_transport(settings, installation.clock), settings.public_url)
    consumers = product_consumers(post)
    await run_worker(installation, consumers, product_schedule(product_duties(consumers)), stop)


async def open_platform(store: Store) -> None:
    """Makes the keys of the platform on the very first start. Raises Failed where there should be some, or no tables are."""
    try:
        await store.keystore.tenant(PLATFORM_TENANT)
        return
    except KeyDestroyed:
        pass
    except ProgrammingError:
        raise Failed("the key database is not migrated; run `isomod migrate`") from None
    try:
        async with store.main.begin(PLATFORM_TENANT, write=False) as connection:
            used = await connection.value(text("SELECT EXISTS (SELECT 1 FROM accounts)"))
    except ProgrammingError:
        raise Failed("the main database is not migrated; run `isomod migrate`") from None
    if used:
        raise Failed(
            "the keys of the platform are gone, and there are accounts: restore the key database, do not start anew"
        )
    await store.keystore.create_tenant(PLATFORM_TENANT)
