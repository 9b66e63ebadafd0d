"""An event is heard by every process that listens when its change has committed, as ids, and never otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest
from asyncpg.pgproto import pgproto
from sqlalchemy import make_url

from isomod_graphql.core.events import CHANNEL, News, OutboxRow, tell
from isomod_graphql.core.hearing import Ear
from isomod_graphql.core.installation import Urls
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import Database

ORDER = UUID(int=7)


@asynccontextmanager
async def listening(store: Store, urls: Urls) -> AsyncIterator["asyncio.Queue[News]"]:
    """What is heard, from when nothing can be missed."""
    heard: asyncio.Queue[News] = asyncio.Queue()
    ready = asyncio.Event()
    task = asyncio.create_task(Ear(make_url(urls.main), store.main).listen(heard.put_nowait, ready.set))
    await asyncio.wait_for(ready.wait(), 10)
    yield heard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_was_told_is_heard_once_in_the_order_of_the_commits(
    store: Store, tenant: UUID, urls: Urls
) -> None:
    async with listening(store, urls) as heard:
        async with store.transaction(tenant, write=True) as slow:
            await tell(slow, "work_order.created", work_order_id=ORDER)
            async with store.transaction(tenant, write=True) as quick:
                await tell(quick, "work_order.opened", work_order_id=ORDER)
            first = await asyncio.wait_for(heard.get(), 5)
            assert heard.empty()
        second = await asyncio.wait_for(heard.get(), 5)

    assert first == News(tenant, "work_order.opened", {"work_order_id": ORDER})
    assert second == News(tenant, "work_order.created", {"work_order_id": ORDER})


async def test_what_was_rolled_back_is_not_heard(store: Store, tenant: UUID, urls: Urls) -> None:
    async def fail() -> None:
        async with store.transaction(tenant, write=True) as tx:
            await tell(tx, "asset.created", asset_id=ORDER)
            raise RuntimeError

    async with listening(store, urls) as heard:
        with pytest.raises(RuntimeError):
            await fail()
        async with store.transaction(tenant, write=True) as tx:
            await tell(tx, "asset.moved", asset_id=ORDER)

        assert (await asyncio.wait_for(heard.get(), 5)).kind == "asset.moved"
        assert heard.empty()


async def test_an_event_goes_over_the_channel_as_ids_and_its_kind(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    await owner_eye.add_listener(CHANNEL, lambda *heard: said.put_nowait(heard[3]))
    async with store.transaction(tenant, write=True) as tx:
        # As the driver gives ids.
        event = await tell(tx, "work_order.created", work_order_id=pgproto.UUID(ORDER.bytes))
    text = await asyncio.wait_for(said.get(), 5)
    stored = await owner_eye.fetchval(f"SELECT kind FROM {OutboxRow.__tablename__} WHERE id = $1", event)
    await owner_eye.reset()

    assert text == f'{{"tenant":"{tenant}","kind":"work_order.created","ids":{{"work_order_id":"{ORDER}"}}}}'
    assert (stored, News.read(text)) == (
        "work_order.created",
        News(tenant, "work_order.created", {"work_order_id": ORDER}),
    )


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '{"tenant":"x","kind":"a","ids":{}}', '{"tenant":null}', '{"ids":[]}'],
)
def test_whatever_else_is_said_is_not_heard(text: str) -> None:
    assert News.read(text) is None


async def test_a_lost_connection_ends_the_listening(
    store: Store, urls: Urls, owner_eye: asyncpg.Connection
) -> None:
    ready = asyncio.Event()
    task = asyncio.create_task(Ear(make_url(urls.main), store.main).listen(lambda _news: None, ready.set))
    await asyncio.wait_for(ready.wait(), 10)

    await owner_eye.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'isomod live' AND datname = current_database()"
    )

    await asyncio.wait_for(task, 5)


async def test_nobody_says_that_he_hears_before_he_heard_himself(urls: Urls, own_urls: Urls) -> None:
    """Listening at one database and speaking at another is being deaf, as behind PgBouncer in transaction mode."""
    elsewhere, ready = Database(own_urls.main, pool_size=1), asyncio.Event()

    with pytest.raises(TimeoutError):
        await Ear(make_url(urls.main), elsewhere, proof_s=0.2).listen(lambda _news: None, ready.set)
    await elsewhere.close()

    assert not ready.is_set()
