"""The product as it is put together: every duty runs on real databases, and every event that somebody consumes is told by somebody."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.jobs.wiring import product_consumers, product_duties, product_schedule
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import FolderMail
from tests.architecture.sources import ROOT
from tests.conftest import START

POST = Post(
    FolderMail(Path("unused"), "IsoMod <a@isomod.example>", SettableClock(START)), "https://isomod.example"
)
DUTIES = product_duties(product_consumers(POST))


@pytest.mark.parametrize("name", list(DUTIES))
async def test_every_duty_runs_and_may_run_again(store: Store, clock: SettableClock, name: str) -> None:
    clock.advance(timedelta(days=2))

    await DUTIES[name](store, clock.now())
    await DUTIES[name](store, clock.now())


def test_every_duty_has_its_time() -> None:
    assert {entry.name for entry in product_schedule(DUTIES).entries} == set(DUTIES)


def test_every_event_that_is_consumed_is_told() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "isomod_graphql").rglob("*.py")]
    told = {
        kind
        for source in sources
        if "tell(" in source
        for kind in re.findall(r'"([a-z_]+\.[a-z_]+)"', source)
    }

    assert set(product_consumers(POST).kinds) - told == set()
