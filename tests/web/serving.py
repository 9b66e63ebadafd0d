"""The whole application behind a real socket, in a thread with a loop of its own; for clients that are not ours."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import uvicorn
import uvloop

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Installation, Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.founding import found_tenant
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.memberships import add_member
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.roles import GivenRole, give
from isomod_graphql.identity.tokens import put_token
from isomod_graphql.web.app import create_app
from isomod_graphql.web.wire import Wire
from permissions.caveats import UNRESTRICTED
from permissions.principals import Role, Scope

PASSWORD = "correct horse battery staple 7"


@dataclass(frozen=True)
class Served:
    """A running product with one organisation and its administrator, who is its privacy officer too."""

    origin: str
    tenant: UUID
    admin: UUID
    token: str


@contextmanager
def serve(urls: Urls, slug: str, **chosen: Any) -> Iterator[Served]:  # noqa: ANN401  settings by name
    """Runs the product on these databases with a new organisation under `slug`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = Settings(pool_size=4, public_url=f"http://127.0.0.1:{port}", **chosen)
    tenant, admin, token = asyncio.run(_found(settings, urls, slug))
    ready, stop = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: uvloop.run(_run(settings, urls, port, ready, stop)), daemon=True)
    thread.start()
    if not ready.wait(20):
        raise RuntimeError("the product did not start")
    try:
        yield Served(f"http://127.0.0.1:{port}", tenant, admin, token)
    finally:
        stop.set()
        thread.join(20)


@asynccontextmanager
async def _store(settings: Settings, urls: Urls) -> AsyncIterator[Store]:
    store = open_store(settings, urls, SystemClock())
    try:
        yield store
    finally:
        await store.close()


def add_colleague(urls: Urls, served: Served, name: str, role: Role) -> tuple[UUID, str]:
    """Another member with this role: the person and a bearer token with every scope."""
    return asyncio.run(_colleague(Settings(pool_size=2), urls, served, name, role))


async def _colleague(
    settings: Settings, urls: Urls, served: Served, name: str, role: Role
) -> tuple[UUID, str]:
    async with _store(settings, urls) as store:
        async with store.transaction(served.tenant, write=True) as tx:
            values: dict[str, str | None] = {
                "name": name,
                "email": f"{name.split(maxsplit=1)[0].lower()}@colleague.example",
                "phone": "+32470112233",
                "locale": "en",
            }
            end = datetime.now(UTC) + timedelta(days=30)
            person = await add_member(tx, values=values, roles=[GivenRole(role, None, end)])
        await join(Desk(store, settings, Argon2Passwords()), served.tenant, person, password=PASSWORD)
        async with store.transaction(served.tenant, write=True) as tx:
            issued = await put_token(
                tx,
                label="test",
                scopes=frozenset(Scope),
                caveats=UNRESTRICTED,
                expires_at=end,
                person_id=person,
            )
    return person, issued.secret


async def _found(settings: Settings, urls: Urls, slug: str) -> tuple[UUID, UUID, str]:
    async with _store(settings, urls) as store:
        founded = await found_tenant(
            store,
            slug=slug,
            name="Acme Onderhoud",
            founder_email=f"an@{slug}.example",
            founder_name="An Peeters",
            contract_start=date(2026, 1, 1),
        )
        desk = Desk(store, settings, Argon2Passwords())
        await join(desk, founded.tenant_id, founded.person_id, password=PASSWORD)
        async with store.transaction(founded.tenant_id, write=True) as tx:
            await give(tx, founded.person_id, GivenRole(Role.PRIVACY_OFFICER))
            issued = await put_token(
                tx,
                label="test",
                scopes=frozenset(Scope),
                caveats=UNRESTRICTED,
                expires_at=datetime.now(UTC) + timedelta(days=30),
                person_id=founded.person_id,
            )
    return founded.tenant_id, founded.person_id, issued.secret


async def _run(
    settings: Settings, urls: Urls, port: int, ready: threading.Event, stop: threading.Event
) -> None:
    async with _store(settings, urls) as store:
        app = create_app(Installation(settings, store, SystemClock()))
        config = uvicorn.Config(
            app,
            http=Wire,
            host="127.0.0.1",
            port=port,
            log_level="error",
            access_log=False,
            proxy_headers=False,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn offers no event
            await asyncio.sleep(0.02)
        ready.set()
        await asyncio.to_thread(stop.wait)
        app.state.parts.drain()
        server.should_exit = True
        await serving
