"""A client that hangs up stops its statement in the database, and whoever comes next is served."""

import asyncio
import json
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from tests.conftest import Cluster
from tests.web.serving import Served, serve

BODY = json.dumps({"query": "{ workOrders(first: 1) { edges { node { id title } } } }"}).encode()
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "left") as running:
        yield running


async def _until(connection: asyncpg.Connection, waiting: int) -> None:
    async with asyncio.timeout(3):  # less than the longest statement of the settings
        while await connection.fetchval(WAITING) != waiting:  # noqa: ASYNC110  the database offers no event
            await asyncio.sleep(0.02)


def _head(product: Served) -> bytes:
    address = urlsplit(product.origin).netloc
    return (
        f"POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {product.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
    ).encode()


async def _leave_while_it_waits(product: Served, cluster: Cluster) -> None:
    name = f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    holder, watcher = await cluster.main.admin(name), await cluster.main.admin(name)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE")
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(product.origin).port)
            writer.write(_head(product) + BODY)
            await _until(watcher, 1)

            writer.close()

            await _until(watcher, 0)
    finally:
        await holder.close()
        await watcher.close()


def test_a_statement_whose_client_left_is_cancelled_while_the_table_is_still_locked(
    product: Served, cluster: Cluster
) -> None:
    headers = {"Authorization": f"Bearer {product.token}", "Content-Type": "application/json"}
    for _ in range(3):
        asyncio.run(_leave_while_it_waits(product, cluster))

    answer = httpx2.post(f"{product.origin}/graphql", content=BODY, headers=headers, timeout=20)

    assert answer.json()["data"] == {"workOrders": {"edges": []}}
