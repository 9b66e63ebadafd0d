"""The databases that are measured: the embedded pair with the organisation `bench`, made once and kept. It refuses to touch any other."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from isomod_graphql.cli.demo.credentials import BENCH, issue
from isomod_graphql.cli.demo.seeding import seed_bench
from isomod_graphql.cli.running import open_platform
from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.embedded import MAIN, EmbeddedServer, start_server, stop_server
from isomod_graphql.core.installation import Installation, Urls, open_installation, open_store, urls_of
from isomod_graphql.core.migrate import migrate
from isomod_graphql.core.settings import Settings
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.principals import resolve_token
from permissions.principals import Principal, Role

POINTS: Final = 10**12
"""A minute's points: the limit is not what is measured."""

TOKENS: Final = "tokens.json"


@dataclass(frozen=True, slots=True)
class Stand:
    """What is measured. `tokens` are by role; `database_pid` is the main server's."""

    folder: Path
    installation: Installation
    tenant_id: UUID
    tokens: Mapping[Role, str]
    database_pid: int

    async def principal(self, role: Role) -> Principal:
        """Who is behind the role's token. Raises LookupError when nobody is."""
        desk = Desk(self.installation.store, self.installation.settings, Argon2Passwords())
        principal = await resolve_token(desk, self.tokens[role], "127.0.0.1")
        if principal is None:
            raise LookupError(role)
        return principal


async def _seeded(settings: Settings, urls: Urls, times: int) -> UUID:
    """Fills the organisation once; it is one transaction, which no limit of time may cut."""
    endless = settings.model_copy(update={"statement_timeout_ms": 0, "idle_in_transaction_timeout_ms": 0})
    store = open_store(endless, urls, SystemClock())
    try:
        return await seed_bench(store, times)
    finally:
        await store.close()


@asynccontextmanager
async def open_stand(folder: Path, times: int = 1) -> AsyncIterator[Stand]:
    """Starts both servers, fills them when they are empty, with `times` the rows, and stops them at the end."""
    settings = Settings(data_dir=folder, points_per_minute=POINTS)
    urls = await urls_of(settings)
    try:
        await migrate(urls.main_owner, urls.keys_owner)
        async with open_installation(settings) as installation:
            await open_platform(installation.store)
            tenant_id = await _seeded(settings, urls, times)
            tokens = _known(folder) or await _issue(installation, tenant_id, folder)
            yield Stand(folder, installation, tenant_id, tokens, _server(folder).pid)
    finally:
        _stop(folder)


def _server(folder: Path) -> EmbeddedServer:
    return start_server(folder.resolve() / "postgres")


def _stop(folder: Path) -> None:
    for name in ("postgres", "keystore"):
        stop_server(folder.resolve() / name)


async def _issue(installation: Installation, tenant_id: UUID, folder: Path) -> dict[Role, str]:
    """Issued once, for the data they belong to; and the tables are brought to the state after an autovacuum."""
    issued = await issue(installation.store, tenant_id, BENCH)
    admin = await _server(folder).admin(MAIN)
    try:
        await admin.execute("VACUUM ANALYZE")
        await admin.execute("CHECKPOINT")
    finally:
        await admin.close()
    return _keep(folder, {role: user["token"] for role, user in issued["users"].items()})


def _keep(folder: Path, tokens: dict[str, str]) -> dict[Role, str]:
    path = folder / TOKENS
    path.touch(mode=0o600)
    path.write_text(json.dumps(tokens), encoding="utf-8")
    return _known(folder)


def _known(folder: Path) -> dict[Role, str]:
    """The tokens of an earlier run, none on the first."""
    path = folder / TOKENS
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {Role(role.upper()): token for role, token in told.items()}
