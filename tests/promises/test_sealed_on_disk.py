"""Policy section 3: personal data is encrypted at rest. A search over every byte that the servers wrote finds no sealed value."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.embedded import APP_ROLE, OWNER_ROLE
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.privacy.erasure import ErasureGround, erase
from permissions.principals import Role
from tests.conftest import START, Cluster
from tests.engine.graph import World, add_member, make_world, run
from tests.people import add_person

ALL = "{ users(first: 50) { nodes { displayName name email phone jobTitle address locale } } }"


def files_with(folder: Path, marker: str) -> list[str]:
    """Every file below the folder that holds the marker in any of three encodings."""
    needles = [marker.encode(), marker.encode("utf-16-le"), marker.encode().hex().encode()]
    found = []
    # What other tests remove meanwhile, folders too, is passed over.
    paths = (Path(where) / name for where, _, names in os.walk(folder) for name in names)
    for path in paths:
        if path.is_file() and not path.is_symlink():
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            if any(needle in content for needle in needles):
                found.append(path.name)
    return found


async def checkpoint(cluster: Cluster) -> None:
    """Everything that is in memory goes to the files."""
    for server in (cluster.main, cluster.keys):
        admin = await server.admin()
        await admin.execute("CHECKPOINT")
        await admin.close()


async def plant(store: Store, tenant: UUID, canary: str) -> tuple[World, UUID]:
    """A world and a member whose every sealed value holds the canary."""
    world = await make_world(store, tenant)
    person = await add_person(
        store,
        tenant,
        name=f"{canary}-name",
        email=f"{canary}-email@acme.example",
        phone=f"{canary}-phone",
        job_title=f"{canary}-job",
        address=f"{canary}-address",
        locale=f"{canary}-locale",
    )
    await add_member(store, tenant, person)
    return world, person


@pytest.fixture
def canary() -> str:
    """A string that stands nowhere else."""
    return f"Canary{uuid4().hex[:16]}"


async def test_no_sealed_value_is_on_disk_before_or_after_erasure(
    cluster: Cluster, store: Store, tenant: UUID, canary: str, owner_eye: asyncpg.Connection
) -> None:
    world, person = await plant(store, tenant, canary)
    await owner_eye.execute("UPDATE locations SET name = $1 WHERE id = $2", f"Plain{canary}", world.gent)
    await checkpoint(cluster)
    before = files_with(cluster.folder, f"{canary}-")
    control = files_with(cluster.folder, f"Plain{canary}")

    officer = world.stepped_up(store, world.stranger, Role.PRIVACY_OFFICER)
    await erase(store, officer, seclude, subject_id=person, ground=ErasureGround.OBJECTION)
    await checkpoint(cluster)

    assert before == []
    assert control != []
    assert files_with(cluster.folder, f"{canary}-") == []


async def test_an_older_main_database_with_the_live_keys_reveals_nothing(
    cluster: Cluster, own_urls: Urls, canary: str
) -> None:
    name = own_urls.main.partition("@/")[2].partition("?")[0]
    store = open_store(Settings(pool_size=2), own_urls, SettableClock(START))
    tenant = new_id(START)
    await store.keystore.create_tenant(tenant)
    world, person = await plant(store, tenant, canary)
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    seen_before = str((await run(store, admin, ALL)).data)
    await store.main.close()
    copier = await cluster.main.admin()
    await copier.execute(f"CREATE DATABASE {name}_backup TEMPLATE {name} OWNER {OWNER_ROLE}")
    await copier.close()

    officer = world.stepped_up(store, world.stranger, Role.PRIVACY_OFFICER)
    await erase(store, officer, seclude, subject_id=person, ground=ErasureGround.OBJECTION)
    await store.close()
    backup = cluster.main.url(APP_ROLE, f"{name}_backup")
    restored = Urls(backup, own_urls.keys, "", "", own_urls.root_key_file)
    old = open_store(Settings(pool_size=2), restored, SettableClock(START))
    seen_after = await run(old, admin, ALL)
    await old.close()

    assert canary in seen_before
    assert seen_after.errors is None
    assert canary not in str(seen_after.data)
    assert "Rita Maes" in str(seen_after.data)
