"""A worker process for the proofs: it counts each event in the database or in a file, as told, and can be killed at any time."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.events import Consumer, Event, Outside, Within
from isomod_graphql.core.installation import Installation, Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.jobs.consumers import Consumers
from isomod_graphql.jobs.schedule import Schedule
from isomod_graphql.jobs.worker import run_worker
from tests.jobs.deliveries import count_in_database


def consumer_of(kind: str, how: str, folder: Path) -> Consumer:
    """`count`: in the database. `hang`: counts, says so in a file, and never commits. `hang_outside`: the same outside."""

    async def hang(tx: Transaction, event: Event) -> None:
        await count_in_database(tx, event)
        (folder / f"entered-{os.getpid()}").touch()
        await asyncio.Event().wait()

    async def hang_outside(_store: Store, _event: Event) -> None:
        (folder / f"entered-{os.getpid()}").touch()
        await asyncio.Event().wait()

    if how == "hang_outside":
        return Outside(kind, "count", hang_outside)
    return Within(kind, "count", hang if how == "hang" else count_in_database)


async def main(given: dict[str, str]) -> None:
    """Runs a worker until SIGTERM."""
    folder = Path(given["folder"])
    urls = Urls(given["main"], given["keys"], "", "", Path(given["root"]))
    settings, clock = (
        Settings(pool_size=4),
        SettableClock(datetime.fromisoformat(given["now"]).astimezone(UTC)),
    )
    store = open_store(settings, urls, clock)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumers = Consumers([consumer_of(given["kind"], given["how"], folder)])
    (folder / f"started-{os.getpid()}").touch()
    await run_worker(Installation(settings, store, clock), consumers, Schedule([]), stop)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
