"""Real PostgreSQL for every test: two embedded servers for the run, one migrated template, a pair of databases per worker, a new tenant per test."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.embedded import (
    APP_ROLE,
    OWNER_ROLE,
    EmbeddedServer,
    provision,
    start_server,
    stop_server,
)
from isomod_graphql.core.ids import PLATFORM_TENANT, new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.migrate import migrate
from isomod_graphql.core.roots import create_root_key_file
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
"""The instant at which every test begins: a Monday."""


@dataclass(frozen=True)
class Cluster:
    """Two running embedded servers with a migrated template database each."""

    folder: Path
    main: EmbeddedServer
    keys: EmbeddedServer


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Workers share the run's folder; the first to take the lock starts the servers.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"single-{os.getpid()}")
    folder = Path(tempfile.gettempdir()) / f"isomod-tests-{run[:12]}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    return folder


async def _build(folder: Path) -> Cluster:
    main, keys = start_server(folder / "m"), start_server(folder / "k")
    for server, name in ((main, "template_main"), (keys, "template_keys")):
        admin = await server.admin()
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            await admin.execute(f"ALTER SYSTEM SET {setting} = off")
        await admin.execute("SELECT pg_reload_conf()")
        await admin.close()
        await provision(server, name)
    await migrate(main.url(OWNER_ROLE, "template_main"), keys.url(OWNER_ROLE, "template_keys"))
    create_root_key_file(folder / "root.key")
    return Cluster(folder, main, keys)


def _servers_of(folder: Path) -> Cluster:
    facts = json.loads((folder / "cluster.json").read_text())
    servers = [EmbeddedServer(Path(f["folder"]), f["socket_folder"], f["pid"]) for f in facts]
    return Cluster(folder, servers[0], servers[1])


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The servers of this run; the last worker to leave stops them and removes their folder."""
    folder = _shared_folder(tmp_path_factory)
    users = folder / "users"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "cluster.json").exists():
            built = asyncio.run(_build(folder))
            facts = [
                {"folder": str(s.folder), "socket_folder": s.socket_folder, "pid": s.pid}
                for s in (built.main, built.keys)
            ]
            (folder / "cluster.json").write_text(json.dumps(facts))
        users.write_text(str(int(users.read_text() or "0") + 1 if users.exists() else 1))
        fcntl.flock(lock, fcntl.LOCK_UN)
    yield _servers_of(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0 and "PYTEST_XDIST_WORKER" not in os.environ:
            _remove(folder)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The controller of a parallel run stops the servers after every worker has left."""
    run = getattr(session.config, "workerinput", None)
    uid = os.environ.get("PYTEST_XDIST_TESTRUNUID") or getattr(session.config, "_isomod_uid", None)
    if run is None and uid is not None:
        folder = Path(tempfile.gettempdir()) / f"isomod-tests-{uid[:12]}"
        if folder.exists():
            _remove(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Remembers the run's id in the controller of a parallel run."""
    config = node.config  # type: ignore[attr-defined]  # xdist's WorkerController is untyped
    config._isomod_uid = node.workerinput["testrunuid"]  # type: ignore[attr-defined]  # same


def _remove(folder: Path) -> None:
    for name in ("m", "k"):
        pid_file = folder / name / "postmaster.pid"
        if pid_file.exists():
            stop_server(folder / name)
    shutil.rmtree(folder, ignore_errors=True)


async def _clone(server: EmbeddedServer, template: str, name: str) -> None:
    admin = await server.admin()
    try:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER_ROLE}")
    finally:
        await admin.close()


@pytest.fixture(scope="session")
def urls(cluster: Cluster) -> Urls:
    """A pair of databases of this worker's own."""
    return _pair_of(cluster, os.environ.get("PYTEST_XDIST_WORKER", "gw0"))


@pytest.fixture
def own_urls(cluster: Cluster) -> Urls:
    """A pair of databases of this test's own, for what looks at or changes a whole database."""
    return _pair_of(cluster, uuid4().hex[:12])


def _pair_of(cluster: Cluster, name: str) -> Urls:
    with (cluster.folder / "clone").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asyncio.run(_clone(cluster.main, "template_main", f"main_{name}"))
        asyncio.run(_clone(cluster.keys, "template_keys", f"keys_{name}"))
    urls = Urls(
        cluster.main.url(APP_ROLE, f"main_{name}"), cluster.keys.url(APP_ROLE, f"keys_{name}"),
        cluster.main.url(OWNER_ROLE, f"main_{name}"), cluster.keys.url(OWNER_ROLE, f"keys_{name}"),
        cluster.folder / "root.key",
    )  # fmt: skip
    asyncio.run(_create_platform(urls))
    return urls


async def _create_platform(urls: Urls) -> None:
    store = open_store(Settings(pool_size=2), urls, SettableClock(START))
    await store.keystore.create_tenant(PLATFORM_TENANT)
    await store.close()


@pytest.fixture
def clock() -> SettableClock:
    """Stands at START until the test moves it."""
    return SettableClock(START)


@pytest.fixture
async def store(urls: Urls, clock: SettableClock) -> AsyncIterator[Store]:
    """A store on this worker's databases."""
    store = open_store(Settings(), urls, clock)
    yield store
    await store.close()


@pytest.fixture
async def tenant(store: Store) -> UUID:
    """A tenant nobody else uses: its keys exist, its tables are empty."""
    tenant_id = new_id(store.clock.now())
    await store.keystore.create_tenant(tenant_id)
    return tenant_id


@pytest.fixture
async def owner_eye(cluster: Cluster) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's view of this worker's main database, to see what is stored without any rule."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    connection = await cluster.main.admin(f"main_{worker}")
    yield connection
    await connection.close()


def run_quietly(*command: str) -> str:
    """Runs a command and returns what it printed; fails the test when the command fails."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
