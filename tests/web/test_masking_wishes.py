"""`extensions.masking` of a request through the door: refused when it is not understood, rejected with a status, run dry without a record."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.serving import Served, add_colleague, serve

PEOPLE = "{ users(first: 5) { nodes { email } } }"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "wishing") as running:
        yield running


@pytest.fixture(scope="module")
def viewer(product: Served, urls: Urls) -> str:
    """The token of somebody who reads no address but the own."""
    return add_colleague(urls, product, "Vic Masked", Role.VIEWER)[1]


def post(
    product: Served, token: str, masking: object, query: str = PEOPLE, **headers: str
) -> httpx2.Response:
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", **headers}
    body = orjson.dumps({"query": query, "extensions": {"masking": masking}})
    return httpx2.post(f"{product.origin}/graphql", content=body, headers=sent, timeout=20)


def records(cluster: Cluster, product: Served) -> int:
    """How often it was written down that somebody was shown somebody's data."""

    async def count() -> int:
        connection = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
        query = "SELECT count(*) FROM access_records WHERE tenant_id = $1"
        found: int = await connection.fetchval(query, product.tenant)
        await connection.close()
        return found

    return asyncio.run(count())


def test_a_masked_answer_is_rejected_with_a_status_and_without_a_record(
    product: Served, viewer: str, cluster: Cluster
) -> None:
    before = records(cluster, product)

    rejected = post(product, viewer, {"onMasked": "REJECT"})
    whole = post(product, product.token, {"onMasked": "REJECT"})

    (error,) = rejected.json()["errors"]
    assert (rejected.status_code, list(rejected.json())) == (403, ["errors"])
    assert error["extensions"] == {"code": "MASKED_ANSWER_REJECTED"}
    assert (whole.status_code, list(whole.json())) == (200, ["data"])
    assert {node["email"] for node in whole.json()["data"]["users"]["nodes"]} == {
        "an@wishing.example",
        "vic@colleague.example",
    }
    assert records(cluster, product) == before + 1


def test_a_dry_run_answers_the_masks_without_a_record(product: Served, viewer: str, cluster: Cluster) -> None:
    before = records(cluster, product)

    dry = post(product, viewer, {"dryRun": True, "onMasked": "REJECT"})
    plain = post(product, viewer, {"onMasked": "NULL"})

    told: Any = dry.json()
    assert (dry.status_code, told["data"]) == (200, None)
    assert told["extensions"]["masking"] == plain.json()["extensions"]["masking"] | {"dryRun": True}
    assert [entry["coordinate"] for entry in told["extensions"]["masking"]["fields"]] == ["User.email"]
    assert b"an@" not in dry.content
    assert records(cluster, product) == before


@pytest.mark.parametrize(
    ("masking", "field"),
    [
        ({"onMasked": "DROP"}, "extensions.masking.onMasked"),
        ({"dryRun": "yes"}, "extensions.masking.dryRun"),
        ({"dry": True}, "extensions.masking"),
    ],
)
@pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)]
)
def test_a_wish_that_is_not_understood_is_named(
    product: Served, viewer: str, masking: object, field: str, accept: str, status: int
) -> None:
    refused = post(product, viewer, masking, accept=accept)

    (error,) = refused.json()["errors"]
    assert (refused.status_code, list(refused.json())) == (status, ["errors"])
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}


def test_a_change_is_not_rejected_after_it_was_made(product: Served) -> None:
    refused = post(
        product,
        product.token,
        {"onMasked": "REJECT"},
        'mutation { createLocation(input: {name: "Never"}) { location { id } } }',
    )
    found = post(product, product.token, None, "{ locations(first: 5) { totalCount } }")

    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert found.json() == {"data": {"locations": {"totalCount": 0}}}


def test_the_explanation_of_a_dry_run_stands_beside_it(product: Served) -> None:
    told = post(product, product.token, {"dryRun": True}, **{"Isomod-Explain": "plan"}).json()

    assert told["data"] is None
    assert told["extensions"]["masking"]["dryRun"] is True
    assert told["extensions"]["explain"]["answered"] == "COMPILED"
