"""A filter that names somebody or something answers about what its caller is shown, over HTTP: never about who only shows as null, or what is not there."""

from collections.abc import Iterator

import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls
from permissions.principals import Scope
from schema.entities import ASSET, LOCATION, PERSON
from tests.web.house import House, keep_house
from tests.web.programs import graph, register
from tests.web.serving import serve

ORDERS_BY = "query ($id: ID) { workOrders(first: 9, filter: {%s: $id}) { totalCount nodes { number } } }"
ASSETS_BY = "query ($id: ID) { assets(first: 9, filter: {%s: $id}) { totalCount nodes { name } } }"
NESTED_BY = "query ($id: ID, $of: ID!) { asset(id: $of) { workOrders(first: 9, filter: {%s: $id}) { totalCount nodes { number } } } }"
SHOWN = "{ workOrders(first: 9) { nodes { number requester { id } assignee { id } } } }"


@pytest.fixture(scope="module")
def house(urls: Urls) -> Iterator[House]:
    """Nothing in it is changed."""
    with keep_house(urls, "named") as kept:
        yield kept


@pytest.fixture(scope="module")
def stranger(urls: Urls) -> Iterator[str]:
    """The id of somebody of another organisation."""
    with serve(urls, "named-elsewhere") as other:
        yield graph(other, "{ viewer { id } }").json()["data"]["viewer"]["id"]


def unknown(house: House, code: int) -> str:
    """A well-formed id of the organisation under which there is nothing."""

    async def sealed(tx: object) -> str:
        return str(tx.keys.ids.seal(code, new_id(SystemClock().now())))  # type: ignore[attr-defined]  # a transaction

    return str(house.within(sealed))


def test_a_token_of_one_site_does_not_count_the_orders_of_somebody_it_sees_as_null(house: House) -> None:
    gent = house.bound("admin", "gent")

    shown = house.data(gent, SHOWN)["workOrders"]["nodes"]
    found = {
        (field, person): house.data(gent, ORDERS_BY % field, id=house.ids[person])["workOrders"]["totalCount"]
        for field in ("requesterId", "assigneeId")
        for person in ("mark", "technician", "southerner", "requester", "caller")
    }

    assert {node["number"]: (node["requester"], node["assignee"]) for node in shown} == {
        1: (None, {"id": house.ids["technician"]}),
        2: (None, {"id": house.ids["mark"]}),
        3: ({"id": house.ids["caller"]}, None),
        5: ({"id": house.ids["mark"]}, {"id": house.ids["technician"]}),
    }
    assert {key: count for key, count in found.items() if count} == {
        ("assigneeId", "mark"): 1,
        ("assigneeId", "technician"): 2,
        ("requesterId", "caller"): 1,
        ("requesterId", "mark"): 1,
    }


@pytest.mark.parametrize(
    ("person", "scopes"),
    [("admin", frozenset(Scope)), ("manager", frozenset(Scope)), ("requester", frozenset(Scope)),
     ("technician", frozenset({Scope.WORK_ORDERS_READ})), ("viewer", frozenset({Scope.WORK_ORDERS_READ}))],
)  # fmt: skip
@pytest.mark.parametrize("site", [None, "gent", "liege"])
@pytest.mark.parametrize(("field", "link"), [("requesterId", "requester"), ("assigneeId", "assignee")])
def test_a_filter_finds_exactly_the_rows_whose_link_shows_the_person(
    house: House, person: str, scopes: frozenset[Scope], site: str | None, field: str, link: str
) -> None:
    token = house.token(person, scopes) if site is None else house.bound(person, site, scopes=scopes)
    rows = house.data(token, SHOWN)["workOrders"]["nodes"]
    people = [
        name for name in (*house.rows,) if name in {"mark", "southerner", "requester", "caller", "technician"}
    ]

    found = {
        name: [
            node["number"]
            for node in house.data(token, ORDERS_BY % field, id=house.ids[name])["workOrders"]["nodes"]
        ]
        for name in people
    }

    assert found == {
        name: [row["number"] for row in rows if row[link] == {"id": house.ids[name]}] for name in people
    }


@pytest.mark.parametrize(
    ("query", "field", "of", "code"),
    [
        (ORDERS_BY, "requesterId", "southerner", PERSON.code),
        (ORDERS_BY, "assigneeId", "southerner", PERSON.code),
        (ORDERS_BY, "assetId", "valve", ASSET.code),
        (ORDERS_BY, "siteId", "liege", LOCATION.code),
        (ORDERS_BY, "locationId", "liege", LOCATION.code),
        (ASSETS_BY, "custodianId", "southerner", PERSON.code),
        (ASSETS_BY, "siteId", "liege", LOCATION.code),
        (ASSETS_BY, "parentId", "valve", ASSET.code),
        (NESTED_BY, "requesterId", "southerner", PERSON.code),
        (NESTED_BY, "assigneeId", "southerner", PERSON.code),
    ],
)  # fmt: skip
def test_what_is_out_of_reach_unknown_foreign_or_garbled_is_answered_alike(
    house: House, stranger: str, query: str, field: str, of: str, code: int
) -> None:
    gent = house.bound("admin", "gent")
    named = [house.ids[of], unknown(house, code), stranger, house.ids["order 1"], "nothing", ""]

    answers = [house.ask(gent, query % field, id=one, of=house.ids["pump"]) for one in named]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert b'"totalCount":0' in answers[0].content


def test_people_are_not_found_by_a_site_out_of_reach(house: House) -> None:
    """A place out of reach is no word to ask by, even of people who are reached."""
    text = "query ($id: ID) { users(first: 9, filter: {siteId: $id}) { totalCount } }"
    manager = house.bound("manager", "gent")

    counts = [
        house.data(manager, text, id=house.ids[site])["users"]["totalCount"] for site in ("gent", "liege")
    ]

    assert counts == [2, 0]


@pytest.mark.parametrize(
    ("scopes", "list_", "hidden", "kept"),
    [
        (["ASSETS_READ"], "AssetFilter", {"custodianId", "locationId", "siteId"}, {"parentId", "tag"}),
        (["WORK_ORDERS_READ"], "WorkOrderFilter", {"assetId", "locationId", "siteId"}, {"requesterId", "assigneeId"}),
        (["LOCATIONS_READ"], "LocationFilter", set(), {"parentId", "siteId"}),
        (["USERS_READ"], "UserFilter", {"siteId"}, {"status"}),
    ],
)  # fmt: skip
def test_a_class_has_no_filter_by_a_kind_of_row_that_it_never_reaches(
    house: House, scopes: list[str], list_: str, hidden: set[str], kept: set[str]
) -> None:
    token = register(house.served, *scopes).token()
    told = f'{{ __type(name: "{list_}") {{ inputFields {{ name }} }} }}'
    names = {one["name"] for one in house.data(token, told)["__type"]["inputFields"]}

    assert (names & hidden, kept - names) == (set(), set())


def test_a_filter_that_its_class_lacks_is_a_word_that_nobody_knows(house: House) -> None:
    program = register(house.served, "ASSETS_READ").token()
    text = "query ($f: AssetFilter) {{ {} }}"

    hidden = house.ask(program, ASSETS_BY % "custodianId", id=house.ids["mark"])
    nonsense = house.ask(program, ASSETS_BY % "custodiamId", id=house.ids["mark"])
    brought = [
        house.ask(
            program, text.format("assets(first: 1, filter: $f) { totalCount }"), f={name: house.ids["mark"]}
        )
        for name in ("custodianId", "custodiamId")
    ]

    assert hidden.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert hidden.content == nonsense.content.replace(b"custodiamId", b"custodianId")
    assert brought[0].json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert brought[0].content == brought[1].content.replace(b"custodiamId", b"custodianId")
