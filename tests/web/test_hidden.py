"""What a caller can never use is answered as what does not exist, byte by byte, and put on record where it was a change."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from graphql import build_schema, get_introspection_query

from isomod_graphql.core.installation import Urls
from isomod_graphql.engine.class_schemas import ClassSchema
from isomod_graphql.web.documents import CheckedDocument, DocumentCache, DocumentFaulty
from permissions.principals import Role
from schema.limits import BOUNDS
from tests.conftest import Cluster
from tests.web.serving import Served, add_colleague, serve

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "hiding") as running:
        yield running


@pytest.fixture(scope="module")
def technician(product: Served, urls: Urls) -> tuple[UUID, str]:
    """A technician and a token with every scope."""
    return add_colleague(urls, product, "Tom Claes", Role.TECHNICIAN)


@pytest.fixture(scope="module")
def viewer(product: Served, urls: Urls) -> tuple[UUID, str]:
    """Somebody who looks on, and a token with every scope."""
    return add_colleague(urls, product, "Vera Maes", Role.VIEWER)


def post(product: Served, token: str, query: str, **variables: object) -> httpx2.Response:
    """One request."""
    headers = JSON | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps({"query": query, "variables": variables}).encode()
    return httpx2.post(f"{product.origin}/graphql", content=body, headers=headers, timeout=20)


async def _denied(cluster: Cluster, actor: UUID) -> list[tuple[str, str]]:
    connection = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    rows = await connection.fetch(
        "SELECT action, reason FROM audit_entries WHERE actor_id = $1 AND outcome = 'DENIED' ORDER BY at, id",
        actor,
    )
    await connection.close()
    return [(row["action"], row["reason"]) for row in rows]


def denied(cluster: Cluster, actor: UUID, number: int) -> list[tuple[str, str]]:
    """The refusals of this person; they are written after the answer has left."""
    found: list[tuple[str, str]] = []
    for _ in range(100):
        found = asyncio.run(_denied(cluster, actor))
        if len(found) >= number:
            break
        time.sleep(0.05)
    return found


PAIRS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "a mutation": (
        'mutation { %s(input: {name: "Fan", locationId: "x"}) { userErrors { code } } }',
        "createAsset", "createThing", {},
    ),
    "the input of a variable": ("query ($i: %s!) { viewer { id } }", "CreateAssetInput", "CreateThingInput", {"i": {}}),
    "a fragment on a type": ("{ viewer { ... on %s { id } } }", "AssetPayload", "ThingPayload", {}),
    "a filter": ('{ users(first: 1, filter: {%s: "a"}) { totalCount } }', "namePrefix", "thingStart", {}),
    "a filter in a variable": (
        "query ($f: UserFilter) { users(first: 1, filter: $f) { totalCount } }", "namePrefix", "thingStart",
        {"f": {"%s": "a"}},
    ),
    "a sort": ("{ users(first: 1, orderBy: %s) { totalCount } }", "NAME_ASC", "THING_UP", {}),
    "a sort in a variable": (
        "query ($o: UserOrder!) { users(first: 1, orderBy: $o) { totalCount } }", "NAME_ASC", "THING_UP", {"o": "%s"},
    ),
    "a sort as a default": (
        "query ($o: UserOrder! = %s) { users(first: 1, orderBy: $o) { totalCount } }", "NAME_ASC", "THING_UP", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_hidden_is_answered_as_what_does_not_exist(
    product: Served, viewer: tuple[UUID, str], name: str
) -> None:
    text, hidden, unknown, variables = PAIRS[name]

    answers = [
        post(
            product,
            viewer[1],
            text.replace("%s", word),
            **json.loads(json.dumps(variables).replace("%s", word)),
        )
        for word in (hidden, unknown)
    ]

    assert len(hidden) == len(unknown)
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].content == answers[1].content
    assert answers[0].json()["errors"][0]["extensions"]["code"] in {
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
    }
    assert "did you mean" not in answers[0].text.lower()


def test_who_may_use_it_has_it(product: Served) -> None:
    answers = [
        post(product, product.token, "{ users(first: 1, orderBy: NAME_ASC) { totalCount } }").json(),
        post(product, product.token, '{ users(first: 1, filter: {namePrefix: "a"}) { totalCount } }').json(),
    ]

    assert [list(one) for one in answers] == [["data"], ["data"]]


def test_introspection_shows_what_the_caller_can_use(
    product: Served, viewer: tuple[UUID, str], technician: tuple[UUID, str]
) -> None:
    told = {
        who: post(product, token, get_introspection_query()).json()["data"]["__schema"]
        for who, token in (("viewer", viewer[1]), ("technician", technician[1]), ("admin", product.token))
    }
    mutations = {
        who: {
            field["name"] for kind in one["types"] if kind["name"] == "Mutation" for field in kind["fields"]
        }
        for who, one in told.items()
    }
    asked = post(product, viewer[1], '{ __type(name: "CreateAssetInput") { name } }').json()

    assert "startWorkOrder" not in mutations["viewer"]
    assert mutations["technician"] - mutations["viewer"] == {
        "completeWorkOrder",
        "holdWorkOrder",
        "resumeWorkOrder",
        "signWorkOrder",
        "startWorkOrder",
    }
    assert "createAsset" in mutations["admin"]
    assert "CreateAssetInput" not in json.dumps(told["technician"])
    assert asked["data"] == {"__type": None}


def test_a_change_that_is_hidden_is_on_record_and_a_word_that_nobody_has_is_not(
    product: Served, cluster: Cluster, technician: tuple[UUID, str]
) -> None:
    person, token = technician
    text = 'mutation { %s(input: {name: "Fan", locationId: "x"}) { userErrors { code } } }'
    before = len(asyncio.run(_denied(cluster, person)))

    for word in ("createThing", "createAsset"):
        post(product, token, text % word)
    found = denied(cluster, person, before + 1)[before:]

    assert found == [("ASSET_CREATE", "ROLE")]


def test_a_field_that_is_hidden_is_on_record_also_when_a_variable_brought_it(
    product: Served, cluster: Cluster, urls: Urls
) -> None:
    person, token = add_colleague(urls, product, "Rita Smet", Role.REQUESTER)
    query = "mutation ($i: CreateWorkOrderInput!) { createWorkOrder(input: $i) { userErrors { code } } }"

    answer = post(product, token, query, i={"title": "a", "locationId": "x"})
    found = denied(cluster, person, 1)

    assert answer.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert found == [("WORK_ORDER_CREATE", "ROLE")]


def test_nobody_may_ask_the_typename_and_gets_one_answer_to_everything_else(product: Served) -> None:
    one = post(product, "", "{ __typename }")
    others = {
        post(product, "", query).content
        for query in (
            get_introspection_query(),
            '{ __type(name: "Query") { name } }',
            "{ viewer { id } }",
            "{ viewr { id } }",
            "mutation { signin }",
            "mutation { createAsset }",
            'mutation { signIn(input: {emial: "a"}) { userErrors { code } } }',
            'mutation { signIn(input: {email: "a@b.example", password: "x"}) { userErors { code } } }',
        )
    }

    assert one.json() == {"data": {"__typename": "Query"}}
    assert len(others) == 1
    assert json.loads(others.pop())["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


WIDE = ClassSchema(1, build_schema("type Query { a: String b: String }"))
NARROW = ClassSchema(2, build_schema("type Query { a: String }"))


def cache() -> DocumentCache:
    """Of the wide schema."""
    return DocumentCache(WIDE.schema, most=1 << 20, bounds=BOUNDS, single_use=())


def test_a_document_is_validated_once_per_class() -> None:
    documents = cache()

    first = documents.check(documents.find("{ a }"), WIDE)
    again = documents.check(documents.find("{ a }"), WIDE)
    other = documents.check(documents.find("{ a }"), NARROW)
    last = documents.check(documents.find("{ a }"), NARROW)

    assert isinstance(first, CheckedDocument)
    assert first is again is other is last
    assert (documents.checks, len(documents)) == (2, 1)


def test_what_fits_one_class_does_not_fit_another() -> None:
    documents = cache()
    documents.check(documents.find("{ b }"), WIDE)

    with pytest.raises(DocumentFaulty) as hidden:
        documents.check(documents.find("{ b }"), NARROW)
    with pytest.raises(DocumentFaulty) as unknown:
        documents.check(documents.find("{ c }"), NARROW)

    assert hidden.value.faults == unknown.value.faults
    assert documents.check(documents.find("{ b }"), WIDE).fits == {1}
