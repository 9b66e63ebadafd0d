"""The header Idempotency-Key: a change that is sent twice is made once, whichever token sends it, and never by halves."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Scope

from isomod_graphql.core.installation import Urls
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.idempotency import key_of
from isomod_graphql.web.refusals import BadRequest
from tests.web.programs import Program, changed, graph, register
from tests.web.serving import Served, serve

MAKE = """
mutation ($input: CreateAssetInput!) { createAsset(input: $input) { asset { id name status } userErrors { code field } } }
"""
COUNT = "{ assets(first: 1) { totalCount } }"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "keyed") as running:
        yield running


@pytest.fixture(scope="module")
def site(product: Served) -> str:
    make = "mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }"
    found: str = changed(product, make, name="North")["location"]["id"]
    return found


@pytest.fixture
def program(product: Served) -> Program:
    return register(product, "ASSETS_WRITE", "LOCATIONS_READ")


def counted(product: Served) -> int:
    found: int = graph(product, COUNT).json()["data"]["assets"]["totalCount"]
    return found


def make(product: Served, token: str, site: str, key: str | None, **given: object) -> dict[str, Any]:
    """The payload of one attempt to make a pump."""
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = graph(product, MAKE, token, headers, input={"name": "Pump", "locationId": site, **given})
    payload: dict[str, Any] = answer.json()["data"]["createAsset"]
    return payload


def test_a_change_that_is_sent_twice_is_made_once_also_with_another_token(
    product: Served, program: Program, site: str
) -> None:
    before = counted(product)

    first = make(product, program.token(), site, '"8e03978e-40d5"')
    second = make(product, program.token(), site, "8e03978e-40d5")

    assert first["userErrors"] == []
    assert second == first
    assert counted(product) == before + 1


def test_the_answer_that_is_given_again_is_the_record_of_now(
    product: Served, program: Program, site: str
) -> None:
    token = program.token()
    made = make(product, token, site, "again")
    update = "mutation ($input: UpdateAssetInput!) { updateAsset(input: $input) { userErrors { code } } }"
    changed(product, update, assetId=made["asset"]["id"], name="Pump 2")

    assert make(product, token, site, "again")["asset"] == made["asset"] | {"name": "Pump 2"}


def test_the_same_key_with_other_input_is_refused_and_another_program_has_keys_of_its_own(
    product: Served, program: Program, site: str
) -> None:
    token, other = program.token(), register(product, "ASSETS_WRITE", "LOCATIONS_READ").token()
    made = make(product, token, site, "k1")
    before = counted(product)

    refused = make(product, token, site, "k1", name="Fan")
    theirs = make(product, other, site, "k1", name="Fan")

    assert refused == {
        "asset": None,
        "userErrors": [{"code": "IDEMPOTENCY_CONFLICT", "field": "idempotencyKey"}],
    }
    assert theirs["asset"]["id"] != made["asset"]["id"]
    assert counted(product) == before + 1


def test_many_at_once_make_one(product: Served, program: Program, site: str) -> None:
    token, before, answers = program.token(), counted(product), []

    threads = [
        threading.Thread(target=lambda: answers.append(make(product, token, site, "at-once")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one["asset"]["id"] for one in answers}) == 1
    assert counted(product) == before + 1


def test_several_changes_in_one_document_are_told_apart_by_their_place(
    product: Served, program: Program, site: str
) -> None:
    token, before = program.token(), counted(product)
    both = """mutation ($input: CreateAssetInput!) {
      one: createAsset(input: $input) { asset { id } userErrors { code } }
      two: createAsset(input: $input) { asset { id } userErrors { code } }
    }"""
    given = {"name": "Pump", "locationId": site}

    answers = [
        graph(product, both, token, {"Idempotency-Key": "pair"}, input=given).json()["data"] for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert answers[0]["one"]["asset"]["id"] != answers[0]["two"]["asset"]["id"]
    assert counted(product) == before + 2


def test_a_refused_change_leaves_its_key_free(product: Served, program: Program, site: str) -> None:
    token = program.token()

    refused = make(product, token, site, "free", name="")
    made = make(product, token, site, "free")

    assert refused["userErrors"] == [{"code": "BAD_USER_INPUT", "field": "name"}]
    assert made["userErrors"] == []


def test_the_key_of_the_input_and_of_the_header_are_one_key(
    product: Served, program: Program, site: str
) -> None:
    token = program.token()
    made = make(product, token, site, None, idempotencyKey="same")

    assert make(product, token, site, "same") == made
    assert make(product, token, site, "same", idempotencyKey="same") == made
    other = make(product, token, site, "other", idempotencyKey="same")
    assert other["userErrors"] == [{"code": "BAD_USER_INPUT", "field": "idempotencyKey"}]


def test_what_cannot_be_repeated_refuses_the_key_and_does_nothing(product: Served) -> None:
    listed = "{ partnerClients { clientId } }"
    before = graph(product, listed).json()["data"]
    text = """mutation { registerClient(input: {
      name: "ERP", scopes: [ASSETS_READ], purpose: SERVICE, expiresAt: "2026-12-20T00:00:00Z"
    }) { clientSecret userErrors { code field } } }"""

    answer = graph(product, text, headers={"Idempotency-Key": "once"}).json()["data"]["registerClient"]

    assert answer == {
        "clientSecret": None,
        "userErrors": [{"code": "BAD_USER_INPUT", "field": "idempotencyKey"}],
    }
    assert graph(product, listed).json()["data"] == before


def test_a_query_pays_no_heed_to_the_header_and_a_mutation_refuses_one_that_is_none(
    product: Served, program: Program, site: str
) -> None:
    token, before = program.token(), counted(product)

    asked = graph(product, COUNT, token, {"Idempotency-Key": ""})
    refused = graph(product, MAKE, token, {"Idempotency-Key": ""}, input={"name": "Pump", "locationId": site})

    assert asked.json()["data"] == {"assets": {"totalCount": before}}
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
    assert counted(product) == before


def facts(*values: str) -> HttpFacts:
    headers = [(b"idempotency-key", value.encode("latin-1")) for value in values]
    scope: Scope = {"type": "http", "path": "/graphql", "headers": headers}
    return HttpFacts(scope, "session")


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("abc", "abc"),
        ('"abc"', "abc"),
        (' "a b" ', "a b"),
        (r'"a\"b\\c"', 'a"b\\c'),
        ("a" * 200, "a" * 200),
        ('"a,b"', "a,b"),
    ],
)
def test_a_key_is_read_with_its_quotation_marks_or_without(sent: str, key: str) -> None:
    assert key_of(facts(sent)) == key


@pytest.mark.parametrize(
    "sent",
    ["", '""', '"', '"a', 'a"b', "a b", "a,b", '"a" "b"', '"a";p=1', "a" * 201, "é", "a\x7f", r'"a\b"'],
)
def test_anything_else_is_refused(sent: str) -> None:
    with pytest.raises(BadRequest):
        key_of(facts(sent))


def test_without_the_header_there_is_no_key_and_two_headers_are_refused() -> None:
    assert key_of(facts()) is None
    with pytest.raises(BadRequest):
        key_of(facts("a", "b"))
