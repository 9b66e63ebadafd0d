"""Ids and cursors have one spelling and one owner, and a tag that is taken is taken wherever it is, over HTTP."""

from collections.abc import Iterator

import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Scope
from tests.web.house import House, keep_house
from tests.web.programs import register

PAGE = "query ($after: Cursor) { workOrders(first: 2, after: $after) { nodes { number } pageInfo { endCursor } } }"
NAMED = "query ($id: ID!) { node(id: $id) { id } }"
MADE = (
    'mutation ($site: ID!, $tag: String!) { createAsset(input: {name: "Pump 9", locationId: $site, tag: $tag}) '
    "{ asset { id } userErrors { code field message } } }"
)


@pytest.fixture(scope="module")
def house(urls: Urls) -> Iterator[House]:
    """Each test changes people of its own."""
    with keep_house(urls, "spelled") as kept:
        yield kept


def spellings(text: str) -> list[str]:
    """Other texts that lenient decoders read as the same bytes."""
    plain = text.replace("-", "+").replace("_", "/")
    return [
        text + "=",
        text + "==",
        text[:5] + "\n" + text[5:],
        " " + text,
        *([plain] if plain != text else []),
    ]


def test_an_id_has_one_spelling(house: House) -> None:
    token = house.token("admin")
    spelled = [one for one in house.ids.values() if {"-", "_"} & set(one)]

    found = {
        other for one in spelled for other in spellings(one) if house.data(token, NAMED, id=other)["node"]
    }

    assert spelled
    assert found == set()
    assert {house.data(token, NAMED, id=one)["node"]["id"] for one in spelled} == set(spelled)


def test_a_cursor_has_one_spelling(house: House) -> None:
    token = house.token("admin")
    cursor = house.data(token, PAGE)["workOrders"]["pageInfo"]["endCursor"]

    codes = [
        house.ask(token, PAGE, after=other).json()["errors"][0]["extensions"]["code"]
        for other in spellings(cursor)
    ]

    assert set(codes) <= {"CURSOR_INVALID", "BAD_USER_INPUT"}
    assert [node["number"] for node in house.data(token, PAGE, after=cursor)["workOrders"]["nodes"]] == [3, 4]


def test_a_cursor_belongs_to_the_program_and_to_none_of_its_tokens(house: House) -> None:
    program, other = (register(house.served, "WORK_ORDERS_READ") for _ in range(2))
    cursor = house.data(program.token(), PAGE)["workOrders"]["pageInfo"]["endCursor"]

    again = house.data(program.token(), PAGE, after=cursor)["workOrders"]["nodes"]
    stolen = house.ask(other.token(), PAGE, after=cursor).json()["errors"][0]["extensions"]["code"]

    assert [node["number"] for node in again] == [3, 4]
    assert stolen == "CURSOR_INVALID"


def test_a_token_of_one_site_pages_on_from_what_it_does_not_reach_and_is_shown_nothing_of_it(
    house: House,
) -> None:
    """The cursor of a wider token of the same person says where to go on; what is reached is decided on every page."""
    wide, gent = house.token("manager"), house.bound("manager", "gent")
    cursor = house.data(wide, PAGE.replace("first: 2", "first: 4"))["workOrders"]["pageInfo"]["endCursor"]

    assert [node["number"] for node in house.data(gent, PAGE, after=cursor)["workOrders"]["nodes"]] == [5]


def test_a_tag_that_is_taken_says_nothing_of_where(house: House) -> None:
    """T-pump stands in reach, T-valve on another site; a tag is unique in the organisation."""
    gent = house.bound("manager", "gent", scopes=frozenset({Scope.ASSETS_WRITE, Scope.LOCATIONS_READ}))

    taken = [house.ask(gent, MADE, site=house.ids["gent"], tag=tag) for tag in ("T-pump", "T-valve")]
    beyond = house.ask(gent, MADE, site=house.ids["liege"], tag="T-valve").json()["data"]["createAsset"]

    assert taken[0].content == taken[1].content
    assert taken[0].json()["data"]["createAsset"] == {
        "asset": None,
        "userErrors": [{"code": "CONFLICT", "field": "tag", "message": "Another asset has this tag."}],
    }
    assert [error["code"] for error in beyond["userErrors"]] == ["NOT_FOUND"]


def test_a_restriction_is_lifted_with_the_scope_that_takes_a_fresh_proof(house: House) -> None:
    """By the person, also where the privacy officer set it; another token has no such word."""
    mine, text = (
        house.ids["mark"],
        (
            'mutation ($id: ID!) { liftRestriction(input: {subjectId: $id, reason: "Settled."}) { userErrors { code } } }'
        ),
    )
    restrict = (
        "mutation ($id: ID!) { restrictProcessing(input: {subjectId: $id, categories: [CONTACT], "
        "ground: OBJECTION_PENDING}) { userErrors { code } } }"
    )
    house.data(house.token("officer"), restrict, id=mine)
    without = house.token("mark", frozenset(Scope) - {Scope.PRIVACY_EXECUTE})

    refused = house.ask(without, text, id=mine).json()
    still = house.data(without, "{ viewer { restricted } }")["viewer"]["restricted"]
    done = house.data(house.token("mark"), text, id=mine)

    assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert still is True
    assert done["liftRestriction"]["userErrors"] == []
    assert house.data(without, "{ viewer { restricted } }")["viewer"]["restricted"] is False


def test_ones_own_address_is_proven_before_it_is_written(house: House) -> None:
    text = (
        "mutation ($id: ID!, $email: EmailAddress) { rectifyPersonalData(input: {subjectId: $id, corrections: {email: $email}}) "
        "{ person { email } userErrors { code field } } }"
    )
    token, mine = house.token("viewer"), house.ids["viewer"]

    refused = [
        house.data(token, text, id=mine, email=email)["rectifyPersonalData"]
        for email in ("new@inside.example", "mark@inside.example")
    ]
    by_officer = house.data(house.token("officer"), text, id=mine, email="known@inside.example")

    assert (
        refused == [{"person": None, "userErrors": [{"code": "EMAIL_PROOF_REQUIRED", "field": "email"}]}] * 2
    )
    assert by_officer["rectifyPersonalData"]["userErrors"] == []
    assert house.data(token, "{ viewer { email } }") == {"viewer": {"email": "known@inside.example"}}
