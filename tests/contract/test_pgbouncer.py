"""Through PgBouncer in transaction mode, many requests of two tenants share two server connections, see only their own rows and are recorded."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, make_url, select

from isomod_graphql.audit.access import AccessLog
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.counters import Counter
from isomod_graphql.core.embedded import APP_ROLE
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.tenancy import Database
from tests.audit.accesses import IDENTITY, access, commits
from tests.conftest import Cluster

BOUNCER = "/usr/sbin/pgbouncer"


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def bouncer(cluster: Cluster) -> Iterator[str]:
    """A PgBouncer in front of this worker's database; two server connections for everybody."""
    assert Path(BOUNCER).exists(), "apt-get install pgbouncer"
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    folder, port = cluster.folder / f"bouncer-{worker}", free_port()
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    (folder / "users.txt").write_text(f'"{APP_ROLE}" ""\n')
    (folder / "pgbouncer.ini").write_text(f"""
[databases]
isomod = host={cluster.main.socket_folder} dbname=main_{worker} user={APP_ROLE}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
unix_socket_dir =
""")
    as_other = (
        ["setpriv", "--reuid=pgserver", "--regid=pgserver", "--clear-groups"] if os.geteuid() == 0 else []
    )
    process = subprocess.Popen(
        [*as_other, BOUNCER, "-q", str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL
    )
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"postgresql+asyncpg://{APP_ROLE}@127.0.0.1:{port}/isomod"
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder)


async def test_two_tenants_share_a_bouncer_and_see_only_their_rows(
    urls: object, bouncer: str, clock: SettableClock
) -> None:
    tenants = [new_id(clock.now()) for _ in range(2)]
    database = Database(bouncer, pool_size=8, readers=8, statement_cache=0)

    async def visit(tenant: UUID, number: int) -> list[str]:
        async with database.begin(tenant, write=True) as connection:
            await connection.run(
                insert(Counter).values(tenant_id=tenant, name=f"{tenant}/{number}", value=number)
            )
        async with database.reading(tenant) as reading:
            compiled = [row["name"] for row in await reading.fetch("SELECT name FROM counters")]
        async with database.begin(tenant, write=False) as connection:
            return compiled + [row.name for row in await connection.all(select(Counter.name))]

    seen = await asyncio.gather(*(visit(tenants[number % 2], number) for number in range(60)))

    assert all(
        name.startswith(str(tenants[number % 2])) for number, names in enumerate(seen) for name in names
    )
    assert max(len(set(names)) for names in seen) == 30
    await database.close()


async def test_access_is_recorded_beside_the_requests_of_others(
    urls: object, bouncer: str, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    tenant = new_id(clock.now())
    database = Database(bouncer, pool_size=4, statement_cache=0)
    logs = [AccessLog(make_url(bouncer), statement_cache=0) for _ in range(3)]

    async def visit(number: int) -> None:
        async with database.begin(tenant, write=True) as connection:
            await connection.run(insert(Counter).values(tenant_id=tenant, name=f"v{number}", value=number))

    async def look(log: AccessLog) -> None:
        for _ in range(10):
            await log.record(access(tenant, tenant, clock.now(), {IDENTITY: [tenant]}))

    await asyncio.gather(*(visit(number) for number in range(30)), *(look(log) for log in logs * 2))

    assert sum((await commits(owner_eye, tenant)).values()) == 60
    for log in logs:
        await log.close()
    await database.close()
