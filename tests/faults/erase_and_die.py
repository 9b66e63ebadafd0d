"""A process that erases a person and kills itself after a given step, as a power cut would. Started by test_erasure_killed."""

import asyncio
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.shredding import destroy_keys, write_intent
from isomod_graphql.identity.memberships import seclude
from isomod_graphql.privacy.erasure import DESTROYED, _certify, _seclude

STEPS = ("intent", "seclusion", "destruction", "certificate")


async def main(given: dict[str, str]) -> None:
    """Runs the steps of an erasure up to and including `given["last"]`, then dies without any clean-up."""
    urls = Urls(given["main"], given["keys"], given["main"], given["keys"], Path(given["root"]))
    store = open_store(Settings(pool_size=2), urls, SettableClock(datetime.fromisoformat(given["now"])))
    tenant, subject = UUID(given["tenant"]), UUID(given["subject"])
    now = store.clock.now()
    intent = await write_intent(
        store.keystore,
        now,
        tenant_id=tenant,
        subject_id=subject,
        ground="OBJECTION",
        actor_id=UUID(given["actor"]),
    )
    _die_after("intent", given)
    async with store.transaction(tenant, write=True) as tx:
        await _seclude(tx, intent, seclude)
    _die_after("seclusion", given)
    results = await destroy_keys(store.keystore, now, intent, DESTROYED)
    _die_after("destruction", given)
    async with store.transaction(tenant, write=True) as tx:
        await _certify(tx, intent, results)
    _die_after("certificate", given)


def _die_after(step: str, given: dict[str, str]) -> None:
    if given["last"] == step:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
