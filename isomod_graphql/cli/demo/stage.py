"""What the demo plays once its servers run: tables, people, API, worker. It refuses any setting that leads elsewhere."""

import asyncio
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette

from isomod_graphql.cli.demo.credentials import BENCH, HANDOUTS, hand_out, handed_out, issue
from isomod_graphql.cli.demo.seeding import PASSWORD, seed_bench, seed_companies
from isomod_graphql.cli.logs import configure_logs
from isomod_graphql.cli.running import open_platform, serve_app, stop_signals, work_until
from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Installation, Urls, open_store, urls_of
from isomod_graphql.core.migrate import migrate
from isomod_graphql.core.settings import Environment, Settings
from isomod_graphql.core.store import Store
from isomod_graphql.web.app import create_app

T = TypeVar("T")

UNMETERED = 10**9
"""Points per minute for the read benchmark, whose peers count none."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What was asked for."""

    listener: socket.socket
    folder: Path
    size: str
    browser: bool

    def settings(self, url: str) -> Settings:
        """Nothing of the environment decides where the demo's data is."""
        settings = Settings(
            environment=Environment.DEVELOPMENT,
            region="local",
            public_url=url,
            data_dir=self.folder,
            database_url=None,
            owner_database_url=None,
            keystore_url=None,
            keystore_owner_url=None,
            root_key_file=None,
            smtp_url=None,
            mail_folder=self.folder / "mail",
        )
        if self.size == "bench" and "points_per_minute" not in settings.model_fields_set:
            return settings.model_copy(update={"points_per_minute": UNMETERED})
        return settings


async def run(stage: Stage) -> None:
    """Runs until a signal says stop."""
    configure_logs(os.environ.get("ISOMOD_LOG_LEVEL", "WARNING"))
    async with stop_signals() as stop:
        await _play(stage, stop)


async def _play(stage: Stage, stop: asyncio.Event) -> None:
    url = f"http://127.0.0.1:{stage.listener.getsockname()[1]}"
    settings = stage.settings(url)
    urls = await urls_of(settings)
    await migrate(urls.main_owner, urls.keys_owner)
    tenants = await _seeded(settings, urls, stage, stop)
    if tenants is None:
        return
    store = open_store(settings, urls, SystemClock())
    try:
        path = hand_out(stage.folder, url, tenants)
        installation = Installation(settings, store, store.clock)
        await _perform(stage, create_app(installation), stop, installation, url, path)
    finally:
        await store.close()


async def _seeded(
    settings: Settings, urls: Urls, stage: Stage, stop: asyncio.Event
) -> list[dict[str, Any]] | None:
    """The organisations, filled where they are new. A whole organisation is one transaction: no limit of time cuts it."""
    endless = settings.model_copy(update={"statement_timeout_ms": 0, "idle_in_transaction_timeout_ms": 0})
    store = open_store(endless, urls, SystemClock())
    try:
        await open_platform(store)
        return await _unless(stop, _tenants(store, stage))
    finally:
        await store.close()


async def _perform(
    stage: Stage,
    app: Starlette,
    stop: asyncio.Event,
    installation: Installation,
    url: str,
    path: Path,
) -> None:
    def ready() -> None:
        print(f"ready {url}", flush=True)
        print(f"{path} has the people and their tokens; everybody's password is {PASSWORD}", file=sys.stderr)
        if stage.browser and _has_display():
            threading.Thread(target=webbrowser.open, args=(f"{url}/graphiql",), daemon=True).start()

    working = asyncio.create_task(work_until(stop, installation))
    try:
        await serve_app(app, stage.listener, stop, ready)
    finally:
        stop.set()
        await working


async def _tenants(store: Store, stage: Stage) -> list[dict[str, Any]]:
    """What demo.json says of each organisation; credentials that were handed out before stay good."""
    known = handed_out(stage.folder)
    seeded = list(zip(await seed_companies(store), HANDOUTS, strict=True))
    if stage.size == "bench" or BENCH.name in known:
        seeded.append((await seed_bench(store), BENCH))
    return [
        known.get(handout.name) or await issue(store, tenant_id, handout) for tenant_id, handout in seeded
    ]


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work comes to; None when the stop came first, and the work is undone by then."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return None


def _has_display() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
