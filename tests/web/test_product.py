"""Hostile and broken requests against the whole product: a stable code, nothing changed, nothing revealed."""

import asyncio
import gc
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls
from isomod_graphql.web.arrival import Patience
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.serving import Served, add_colleague, serve

JSON = {"Content-Type": "application/json"}
CHAIN = "{ ...f0 } " + " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(40))
LISTED = '{"query":"query($f: WorkOrderFilter){ workOrders(first: 1, filter: $f) { totalCount } }","variables":{"f":'
RENAME = 'mutation { rectifyPersonalData(input: {subjectId: "%s", corrections: {name: "%s"}}) { person { name } userErrors { code } } }'


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "probed") as running:
        yield running


def post(product: Served, body: bytes, token: str | None = None) -> httpx2.Response:
    """One request with the administrator's token, or another, or none (the empty text)."""
    secret = product.token if token is None else token
    headers = JSON | ({"Authorization": f"Bearer {secret}"} if secret else {})
    return httpx2.post(f"{product.origin}/graphql", content=body, headers=headers, timeout=20)


def ask(product: Served, query: str, **variables: object) -> Any:  # noqa: ANN401  a JSON object
    """The answer to a document."""
    return post(product, json.dumps({"query": query, "variables": variables}).encode()).json()


def code_of(response: httpx2.Response) -> str:
    """The code of the first error."""
    return str(response.json()["errors"][0]["extensions"]["code"])


async def _digest(cluster: Cluster, tables: list[str] | None = None) -> dict[str, str]:
    connection = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    names = tables or [
        row[0]
        for row in await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        if not row[0].startswith(("audit_entries", "api_tokens", "users", "schedule", "spent_points"))
    ]
    digests = {}
    for name in names:
        digests[name] = await connection.fetchval(
            f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {name} t"
        )
    await connection.close()
    return digests


def stored(cluster: Cluster) -> dict[str, str]:
    """A digest of every table that a request could change; the trail, last-used times and points are left out."""
    return asyncio.run(_digest(cluster))


PROBES = {
    "exponential fragments": (json.dumps({"query": CHAIN + " fragment f40 on Query { __typename }"}).encode(), "QUERY_TOO_LARGE"),
    "nested brackets": (json.dumps({"query": "{a" * 2_000 + "}" * 2_000}).encode(), "QUERY_TOO_DEEP"),
    "100,000 nested brackets": (json.dumps({"query": "{" * 100_000}).encode(), "QUERY_TOO_LARGE"),
    "nested lists in variables": (LISTED.encode() + b"[" * 100_000 + b"]" * 100_000 + b"}}", "BAD_USER_INPUT"),
    "a 5,000-digit integer": (LISTED.encode() + b'{"number":' + b"9" * 5_000 + b"}}}", "BAD_USER_INPUT"),
    "NaN": (LISTED.encode() + b'{"number":NaN}}}', "BAD_REQUEST"),
    "NUL in a variable": (LISTED.replace("WorkOrderFilter", "AssetFilter").replace("workOrders", "assets").encode() + b'{"tag":"\\u0000"}}}', "BAD_USER_INPUT"),
    "NUL in the document": (json.dumps({"query": '{ assets(first: 1, filter: {tag: "\\u0000"}) { totalCount } }'}).encode(), "BAD_USER_INPUT"),
    "a lone surrogate": (LISTED.replace("WorkOrderFilter", "AssetFilter").replace("workOrders", "assets").encode() + b'{"tag":"\\ud800"}}}', "BAD_USER_INPUT"),
    "an empty selection": (b'{"query":"{ workOrders(first: 1) { } }"}', "GRAPHQL_PARSE_FAILED"),
    "two operations": (b'{"query":"query A { __typename } query B { __typename }"}', "OPERATION_AMBIGUOUS"),
    "a batch": (b'[{"query":"{ __typename }"}]', "BATCHING_NOT_SUPPORTED"),
    "30,000 unknown input fields": (
        LISTED.encode() + json.dumps({f"k{i}": 1 for i in range(30_000)}).encode() + b"}}",
        "BAD_USER_INPUT",
    ),
    "a list of 100,000 values": (LISTED.encode() + b'{"status":[' + b'"OPEN",' * 100_000 + b'"OPEN"]}}}', "BAD_USER_INPUT"),
    "a forged cursor": (b'{"query":"{ workOrders(first: 1, after: \\"AAAAAAAAAAAAAAAAAAAAAAAA\\") { totalCount } }"}', "CURSOR_INVALID"),
    "too many rows": (b'{"query":"{ workOrders(first: 101) { totalCount } }"}', "GRAPHQL_VALIDATION_FAILED"),
    "null where a directive needs a value": (b'{"query":"query ($a: Boolean = true) { viewer { id @skip(if: $a) } }","variables":{"a":null}}', "BAD_USER_INPUT"),
    "null where the answer to a change needs a value": (
        b'{"query":"mutation ($a: Boolean = true) { createLocation(input: {name: \\"Quay\\"}) { location { name @skip(if: $a) } } }","variables":{"a":null}}',
        "BAD_USER_INPUT",
    ),
    "null where the size of a page is needed": (
        b'{"query":"query ($n: PageSize = 5) { workOrders(first: $n) { totalCount } }","variables":{"n":null}}',
        "BAD_USER_INPUT",
    ),
    "a field 900 times": (json.dumps({"query": "{ viewer { " + "id " * 900 + "} }"}).encode(), "QUERY_TOO_LARGE"),
    "an unknown field": (b'{"query":"{ workOrdrs(first: 1) { totalCount } }"}', "GRAPHQL_VALIDATION_FAILED"),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_hostile_request_gets_a_stable_code_and_changes_nothing(
    product: Served, cluster: Cluster, name: str
) -> None:
    body, code = PROBES[name]
    before = stored(cluster)

    response = post(product, body)

    assert code_of(response) == code
    assert response.json().get("data") is None
    assert stored(cluster) == before


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { id } }",
        "{ __schema { types { name } } }",
        "{ nonsense }",
        "{",
        "mutation { signOut { userErrors { code } } }",
    ],
)
def test_nobody_gets_one_answer_to_everything(product: Served, query: str) -> None:
    response = post(product, json.dumps({"query": query}).encode(), token="")

    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert len(response.json()["errors"]) == 1


def test_ids_that_name_nothing_are_null_and_spare_their_neighbours(product: Served, urls: Urls) -> None:
    mine = ask(product, "{ viewer { id } }")["data"]["viewer"]["id"]
    foreign = mine[:2] + ("A" if mine[2] != "A" else "B") + mine[3:]

    answer = ask(
        product,
        "query($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { id } workOrder(id: $id) { id } }",
        ids=[mine, "x", foreign, str(new_id(SystemClock().now()))],
        id=foreign,
    )

    assert answer["data"] == {"nodes": [{"id": mine}, None, None, None], "node": None, "workOrder": None}


def test_a_masked_value_and_an_unknown_person_are_refused_as_data(product: Served, cluster: Cluster) -> None:
    mine = ask(product, "{ viewer { id } }")["data"]["viewer"]["id"]
    before = stored(cluster)

    masked = ask(product, RENAME % (mine, "A•• P••"))
    unknown = ask(product, RENAME % ("bm90aGluZw", "Somebody"))

    assert masked["data"]["rectifyPersonalData"]["userErrors"] == [{"code": "MASKED_VALUE_REJECTED"}]
    assert unknown["data"]["rectifyPersonalData"]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert stored(cluster) == before


def test_a_session_needs_its_csrf_token_and_a_browser_can_sign_in_and_out(product: Served) -> None:
    with httpx2.Client(base_url=product.origin, headers=JSON) as browser:
        body = {
            "query": "mutation($i: SignInInput!) { signIn(input: $i) { csrfToken userErrors { code } } }",
            "variables": {"i": {"email": "an@probed.example", "password": "correct horse battery staple 7"}},
        }
        entered = browser.post("/graphql", json=body, headers={"Origin": product.origin})
        csrf = entered.json()["data"]["signIn"]["csrfToken"]
        cookies = {
            one.split("=")[0]: one.split("=", 1)[1].split(";")[0]
            for one in entered.headers.get_list("set-cookie")
        }
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        query = {"query": "{ viewer { displayName } }"}
        without = browser.post("/graphql", json=query, headers={"Cookie": header, "Origin": product.origin})
        with_it = browser.post(
            "/graphql", json=query, headers={"Cookie": header, "Origin": product.origin, "X-CSRF-Token": csrf}
        )

    assert set(cookies) == {"__Host-isomod", "__Host-isomod-device"}
    assert all(
        "Secure" in one and "HttpOnly" in one and "SameSite=Lax" in one
        for one in entered.headers.get_list("set-cookie")
    )
    assert (without.status_code, code_of(without)) == (403, "CSRF_TOKEN_INVALID")
    assert with_it.json()["data"] == {"viewer": {"displayName": "An Peeters"}}


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(product: Served) -> None:
    query = "mutation($i: SignInInput!) { signIn(input: $i) { csrfToken organisations { slug } userErrors { code field message } } }"
    answers = [
        post(
            product,
            json.dumps(
                {"query": query, "variables": {"i": {"email": email, "password": "wrong password 123"}}}
            ).encode(),
            token="",
        )
        for email in ("an@probed.example", "nobody@probed.example")
    ]

    assert answers[0].content == answers[1].content
    assert answers[0].json()["data"]["signIn"]["userErrors"][0]["code"] == "INVALID_CREDENTIALS"
    assert "set-cookie" not in answers[0].headers


def test_an_erased_persons_token_is_dead_and_the_work_keeps_a_pseudonym(product: Served, urls: Urls) -> None:
    _, token = add_colleague(urls, product, "Bea Smets", Role.TECHNICIAN)
    mine = post(product, b'{"query":"{ viewer { id name phone } }"}', token=token).json()["data"]["viewer"]
    erase = 'mutation { erasePersonalData(input: {subjectId: "%s", ground: OBJECTION}) { certificate { state } userErrors { code } } }'

    done = ask(product, erase % mine["id"])["data"]["erasePersonalData"]
    after = post(product, b'{"query":"{ viewer { id } }"}', token=token)
    seen = ask(product, "query($id: ID!) { user(id: $id) { displayName name phone } }", id=mine["id"])[
        "data"
    ]["user"]

    assert (mine["name"], mine["phone"]) == ("Bea Smets", "+32470112233")
    assert done == {"certificate": {"state": "UNREADABLE"}, "userErrors": []}
    assert (after.status_code, code_of(after)) == (401, "UNAUTHENTICATED")
    assert seen == {"displayName": seen["displayName"], "name": None, "phone": None}
    assert seen["displayName"].startswith("Technician #")


def test_the_last_administrator_cannot_be_erased(product: Served, cluster: Cluster) -> None:
    mine = ask(product, "{ viewer { id } }")["data"]["viewer"]["id"]
    before = stored(cluster)

    refused = ask(
        product,
        "mutation($i: ErasePersonalDataInput!) { erasePersonalData(input: $i) { certificate { state } userErrors { code } } }",
        i={"subjectId": mine, "ground": "OBJECTION"},
    )

    assert refused["data"]["erasePersonalData"] == {
        "certificate": None,
        "userErrors": [{"code": "SOLE_ADMIN"}],
    }
    assert stored(cluster) == before


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What goes round is kept for as long as the test lasts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_an_answered_request_leaves_nothing_for_the_garbage_collector(product: Served) -> None:
    """Collecting thirty objects per request stopped the process for 10 to 20 ms, several times a second."""
    for query in ("{ viewer { id } }", "{ workOrders(first: 1) { totalCount } }", "{ nonsense }") * 5:
        ask(product, query)
    until = time.monotonic() + 5
    while (kept := sum(isinstance(one, Patience) for one in gc.get_objects())) and time.monotonic() < until:
        time.sleep(0.05)
    assert kept == 0
