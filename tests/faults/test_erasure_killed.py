"""An erasure killed after any of its steps is carried through at the next start: one certificate, nothing readable, nothing lost."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.installation import Urls
from isomod_graphql.core.shredding import open_intents
from isomod_graphql.core.store import Store
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.privacy.erasure import resume
from permissions.principals import Role
from tests.engine.graph import World, make_world, run
from tests.faults.erase_and_die import STEPS

ROOT = Path(__file__).resolve().parents[2]


def erase_and_die(urls: Urls, world: World, last: str, now: str) -> int:
    """Runs the child; its return code is the signal that ended it."""
    given = {
        "main": urls.main, "keys": urls.keys, "root": str(urls.root_key_file), "now": now, "tenant": str(world.tenant),
        "subject": str(world.technician), "actor": str(world.stranger), "last": last,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.faults.erase_and_die", json.dumps(given)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


@pytest.mark.parametrize("last", STEPS)
async def test_an_erasure_killed_after_a_step_is_carried_through(
    store: Store, tenant: UUID, urls: Urls, owner_eye: asyncpg.Connection, last: str
) -> None:
    world = await make_world(store, tenant)
    code = erase_and_die(urls, world, last, store.clock.now().isoformat())

    before = await owner_eye.fetch("SELECT state FROM erasure_certificates WHERE tenant_id = $1", tenant)
    resumed = await resume(store, seclude)
    again = await resume(store, seclude)
    after = await owner_eye.fetch(
        "SELECT state, unreadable_at FROM erasure_certificates WHERE tenant_id = $1", tenant
    )
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    seen = await run(store, admin, "{ users(first: 5) { nodes { name email phone } } }")

    assert code == -signal.SIGKILL
    assert [row["state"] for row in before] == {"intent": [], "certificate": ["UNREADABLE"]}.get(
        last, ["PENDING"]
    )
    assert (len(resumed), again, await open_intents(store.keystore)) == (1, [], [])
    assert [(row["state"], row["unreadable_at"] is not None) for row in after] == [("UNREADABLE", True)]
    assert seen.data is not None
    assert {"name": None, "email": None, "phone": None} in seen.data["users"]["nodes"]
    assert [node["name"] for node in seen.data["users"]["nodes"] if node["name"]] == [
        "Rita Maes",
        "Sam Wouters",
    ]


async def test_a_secluded_person_is_hidden_before_the_keys_are_destroyed(
    store: Store, tenant: UUID, urls: Urls
) -> None:
    world = await make_world(store, tenant)
    erase_and_die(urls, world, "seclusion", store.clock.now().isoformat())

    seen = await run(
        store, world.viewer(store, world.stranger, Role.ADMIN), "{ users(first: 5) { nodes { name } } }"
    )
    await resume(store, seclude)

    assert seen.data is not None
    assert sorted(node["name"] or "" for node in seen.data["users"]["nodes"]) == [
        "",
        "Rita Maes",
        "Sam Wouters",
    ]
