"""The database of the peers: the embedded PostgreSQL with the rows of `peers/dataset.sql`. It refuses to touch the product's."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.documents import HERE
from isomod_graphql.core.embedded import EmbeddedServer, start_server, stop_server

DATASET: Final = HERE / "peers" / "dataset.sql"


@dataclass(frozen=True, slots=True)
class PeerDatabase:
    """Where the peers find their rows; `environment` is theirs."""

    pid: int
    environment: dict[str, str]


@asynccontextmanager
async def peer_database(folder: Path, times: int = 1) -> AsyncIterator[PeerDatabase]:
    """Starts the server and fills a database with `times` the rows, once; stops the server at the end."""
    place = _place(folder)
    server = start_server(place)
    try:
        name = f"bench_{times}"
        await _create(server, name)
        await _fill(server, name, times)
        socket = server.socket_folder
        yield PeerDatabase(
            server.pid,
            {
                "PGHOST": socket,
                "PGUSER": "postgres",
                "PGDATABASE": name,
                "DATABASE_URL": f"postgresql:///{name}?user=postgres&host={socket}",
            },
        )
    finally:
        stop_server(place)


def _place(folder: Path) -> Path:
    return folder.resolve() / "peers"


async def _create(server: EmbeddedServer, name: str) -> None:
    admin = await server.admin()
    try:
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()


async def _fill(server: EmbeddedServer, name: str, times: int) -> None:
    """The comment of the schema tells which data set is in it."""
    rows = DATASET.read_text(encoding="utf-8")
    stamp = hashlib.sha256(rows.encode()).hexdigest()
    admin = await server.admin(name)
    try:
        if await admin.fetchval("SELECT obj_description(to_regnamespace('app'), 'pg_namespace')") == stamp:
            return
        await admin.execute(f"SET bench.times = '{times}'")
        await admin.execute(rows)
        await admin.execute("VACUUM ANALYZE")
        await admin.execute("CHECKPOINT")
        await admin.execute(f"COMMENT ON SCHEMA app IS '{stamp}'")
    finally:
        await admin.close()
