"""Exports over real HTTP, the rows they are made of, and what the trail holds of them."""

import asyncio
import json
import os
from typing import Any, NamedTuple

import httpx2

from tests.conftest import Cluster
from tests.web.serving import Served

PLACE = (
    "mutation($i: CreateLocationInput!) { createLocation(input: $i) { location { id } userErrors { code } } }"
)
ASSET = "mutation($i: CreateAssetInput!) { createAsset(input: $i) { asset { id } userErrors { code } } }"
ORDER = "mutation($i: CreateWorkOrderInput!) { createWorkOrder(input: $i) { workOrder { id } userErrors { code } } }"


class Entry(NamedTuple):
    """One entry of the trail about exports."""

    outcome: str
    reason: str | None
    fields: list[str]


def headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def ask(product: Served, query: str, token: str | None = None, **variables: object) -> Any:  # noqa: ANN401  a JSON object
    """The data of an answer without errors."""
    sent = headers(product.token if token is None else token)
    answer = httpx2.post(
        f"{product.origin}/graphql", json={"query": query, "variables": variables}, headers=sent, timeout=20
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def export(product: Served, body: object, token: str | None = None, **more: str) -> httpx2.Response:
    """A whole export, of the administrator unless a token is given."""
    sent = headers(product.token if token is None else token) | more
    return httpx2.post(f"{product.origin}/export", content=json.dumps(body), headers=sent, timeout=60)


def code_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


def furnish(product: Served, orders: int) -> str:
    """A site, a pump with a name that is a formula, and orders on it; the id of the site."""
    place = ask(product, PLACE, i={"name": "Gent", "timeZone": "UTC"})["createLocation"]["location"]["id"]
    pump = ask(product, ASSET, i={"name": '=HYPERLINK("x")', "locationId": place, "tag": "P-1"})
    asset = pump["createAsset"]["asset"]["id"]
    for number in range(1, orders + 1):
        ask(product, ORDER, i={"title": f"Seal {number}", "assetId": asset})
    return str(place)


async def _fetched(cluster: Cluster, query: str, *given: object) -> list[Any]:
    connection = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    try:
        return list(await connection.fetch(query, *given))
    finally:
        await connection.close()


def fetched(cluster: Cluster, query: str, *given: object) -> list[Any]:
    """Rows of the main database, seen without any rule."""
    return asyncio.run(_fetched(cluster, query, *given))


def trail(cluster: Cluster, product: Served) -> list[Entry]:
    """What is on record about exports, oldest first."""
    rows = fetched(
        cluster,
        "SELECT outcome, reason, fields FROM audit_entries WHERE tenant_id = $1 AND action = 'EXPORT' ORDER BY at, id",
        product.tenant,
    )
    return [Entry(row[0], row[1], list(row[2])) for row in rows]


def shown(cluster: Cluster, product: Served) -> int:
    """How many access records there are."""
    rows = fetched(cluster, "SELECT count(*) FROM access_records WHERE tenant_id = $1", product.tenant)
    return int(rows[0][0])
