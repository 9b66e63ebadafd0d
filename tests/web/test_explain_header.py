"""The header Isomod-Explain: an explanation beside the answer for those who hold the action, and not a byte for anybody else."""

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.web.serving import Served, add_colleague, serve

PEOPLE = "{ users(first: 5, orderBy: PSEUDONYM_ASC) { nodes { name email lastSeenAt } } }"
OTHERS = sorted(set(Role) - {Role.ADMIN, Role.PRIVACY_OFFICER, Role.PARTNER, Role.SUPPORT})


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "explaining") as running:
        yield running


def post(product: Served, token: str | None, query: str, **headers: str) -> httpx2.Response:
    sent = {"Content-Type": "application/json", **headers}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    return httpx2.post(
        f"{product.origin}/graphql", content=orjson.dumps({"query": query}), headers=sent, timeout=20
    )


def told(response: httpx2.Response) -> Any:  # noqa: ANN401  JSON
    return response.json()["extensions"]["explain"]


def test_whoever_may_see_it_gets_the_plan_beside_the_same_answer(product: Served) -> None:
    plain = post(product, product.token, PEOPLE)
    explained = post(product, product.token, PEOPLE, **{"Isomod-Explain": "plan"})

    explanation = told(explained)
    assert explained.json()["data"] == plain.json()["data"]
    assert explained.json()["extensions"].get("masking") == plain.json().get("extensions", {}).get("masking")
    assert (explanation["answered"], explanation["points"], explanation["microseconds"]) == (
        "COMPILED",
        2,
        None,
    )
    assert [level["path"] for level in explanation["levels"]] == [["users", "nodes", "*"]]
    assert b"An Peeters" in explained.content
    assert "An Peeters" not in explained.text.partition('"explain"')[2]


def test_run_adds_where_the_time_went(product: Served) -> None:
    explanation = told(post(product, product.token, PEOPLE, **{"Isomod-Explain": "run"}))

    (level,) = explanation["levels"]
    assert set(level["microseconds"]) == {"sql", "rows", "projection"}
    assert 0 < level["microseconds"]["sql"] <= explanation["microseconds"]


def test_the_privacy_officer_sees_it_and_a_mutation_says_why_it_is_not_compiled(
    product: Served, urls: Urls
) -> None:
    _, officer = add_colleague(urls, product, "Ona Privé", Role.PRIVACY_OFFICER)

    explanation = told(
        post(
            product,
            officer,
            'mutation { revokeToken(input: {tokenId: "x"}) { userErrors { code } } }',
            **{"Isomod-Explain": "plan"},
        )
    )

    assert (explanation["answered"], explanation["reason"]) == ("REFERENCE", "NOT_A_QUERY")


@pytest.mark.parametrize("role", OTHERS)
def test_for_any_other_role_the_header_changes_nothing(product: Served, urls: Urls, role: Role) -> None:
    _, token = add_colleague(urls, product, f"{role.value.title().replace('_', '')} Other", role)

    plain = post(product, token, PEOPLE)

    for asked in ("plan", "run", "nonsense"):
        other = post(product, token, PEOPLE, **{"Isomod-Explain": asked})
        assert (other.status_code, other.content) == (plain.status_code, plain.content)
        assert set(other.headers) == set(plain.headers)


def test_for_nobody_and_for_another_word_the_header_changes_nothing(product: Served) -> None:
    for token, asked in ((None, "plan"), ("iso_live_nonsense", "run"), (product.token, "everything")):
        plain, other = (
            post(product, token, PEOPLE),
            post(product, token, PEOPLE, **{"Isomod-Explain": asked}),
        )

        assert (other.status_code, other.content) == (plain.status_code, plain.content)
