"""Searching lists: by beginnings of words of what the caller reads raw; a wildcard is no letter, and a name that is masked is no field of the filter."""

from collections.abc import Iterator

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.web.exporting import ASSET, ORDER, PLACE, ask, code_of, headers
from tests.web.serving import Served, add_colleague, serve

ORDERS = (
    "query($s: SearchText) { workOrders(first: 50, filter: {search: $s}) { totalCount nodes { title } } }"
)
ASSETS = "query($s: SearchText) { assets(first: 50, filter: {search: $s}) { nodes { name } } }"
PLACES = "query($s: SearchText) { locations(first: 50, filter: {search: $s}) { nodes { name } } }"
PEOPLE = "query($s: SearchText) { users(first: 50, filter: {search: $s}) { totalCount nodes { id } } }"
RENAME = "mutation($i: UpdateWorkOrderInput!) { updateWorkOrder(input: $i) { workOrder { id } userErrors { code } } }"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """Two places, two assets, three orders."""
    with serve(urls, "searched") as running:
        place = ask(running, PLACE, i={"name": "Hal Élan Noord", "timeZone": "UTC"})["createLocation"][
            "location"
        ]["id"]
        ask(running, PLACE, i={"name": "Hal Zuid", "timeZone": "UTC"})
        pump = {
            "name": "Pump",
            "tag": "K-7",
            "serialNumber": "SN 12/3",
            "manufacturer": "Grundfos",
            "locationId": place,
        }
        ask(running, ASSET, i=pump)
        ask(running, ASSET, i={"name": "Fan", "locationId": place})
        for title in ("Replace the Café seal", "Inspect seal", "Grease 100% of it_all"):
            ask(running, ORDER, i={"title": title, "locationId": place})
        yield running


def titles(product: Served, search: str) -> list[str]:
    found = ask(product, ORDERS, s=search)["workOrders"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["title"] for node in found["nodes"]]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("seal", ["Replace the Café seal", "Inspect seal"]),
        ("SE rep", ["Replace the Café seal"]),
        ("cafe", ["Replace the Café seal"]),
        ("CAFÉ", ["Replace the Café seal"]),
        ("eal", []),
        ("2", ["Inspect seal"]),
        ("100%", ["Grease 100% of it_all"]),
        ("it all", ["Grease 100% of it_all"]),
        ("%", []),
        ("_", []),
        ("se%l", []),
        ("' OR 1=1 --", []),
    ],
)
def test_an_order_is_found_by_its_number_and_the_beginnings_of_words(
    product: Served, search: str, found: list[str]
) -> None:
    assert titles(product, search) == found


def test_nothing_but_spaces_finds_everything(product: Served) -> None:
    assert len(titles(product, "  ")) == 3


def test_what_is_renamed_is_found_by_its_new_words_only(product: Served) -> None:
    place = ask(product, PLACES, s="zuid")["locations"]["nodes"]
    assert place == [{"name": "Hal Zuid"}]
    nodes = "{ workOrders(first: 1, filter: {number: 3}) { nodes { id } } }"
    order = ask(product, nodes)["workOrders"]["nodes"][0]["id"]

    ask(product, RENAME, i={"workOrderId": order, "title": "Oil everything"})

    assert (titles(product, "grease"), titles(product, "oil")) == ([], ["Oil everything"])
    ask(product, RENAME, i={"workOrderId": order, "title": "Grease 100% of it_all"})


@pytest.mark.parametrize(
    ("search", "found"), [("k-7", ["Pump"]), ("sn 12", ["Pump"]), ("grund", ["Pump"]), ("f", ["Fan"])]
)
def test_an_asset_is_found_by_what_stands_on_it(product: Served, search: str, found: list[str]) -> None:
    assert [node["name"] for node in ask(product, ASSETS, s=search)["assets"]["nodes"]] == found


def test_a_place_is_found_without_its_accents(product: Served) -> None:
    assert ask(product, PLACES, s="elan hal")["locations"]["nodes"] == [{"name": "Hal Élan Noord"}]


def test_people_are_found_by_who_reads_every_name(product: Served, urls: Urls) -> None:
    _, viewer = add_colleague(urls, product, "Vera Maes", Role.VIEWER)
    _, reader = add_colleague(urls, product, "Tine Claes", Role.TECHNICIAN)

    by_surname = ask(product, PEOPLE, reader, s="pee")["users"]
    refused = httpx2.post(
        f"{product.origin}/graphql",
        headers=headers(viewer),
        json={"query": PEOPLE, "variables": {"s": "pee"}},
    )

    assert by_surname["totalCount"] == 1
    assert code_of(refused)[1] == "GRAPHQL_VALIDATION_FAILED"


def test_who_is_restricted_or_erased_is_not_found(product: Served, urls: Urls) -> None:
    tokens = [
        add_colleague(urls, product, f"{name} Zzuniek", Role.TECHNICIAN)[1] for name in ("Rik", "Els", "Jan")
    ]
    rik, els, jan = (ask(product, "{ viewer { id } }", token)["viewer"]["id"] for token in tokens)
    restrict = 'mutation { restrictProcessing(input: {subjectId: "%s", categories: [IDENTITY], ground: ACCURACY_CONTESTED}) { userErrors { code } } }'
    erase = (
        'mutation { erasePersonalData(input: {subjectId: "%s", ground: OBJECTION}) { userErrors { code } } }'
    )
    before = ask(product, PEOPLE, s="zzun")["users"]["totalCount"]

    ask(product, restrict % rik)
    ask(product, erase % els)

    assert before == 3
    assert ask(product, PEOPLE, s="zzun")["users"] == {"totalCount": 1, "nodes": [{"id": jan}]}


@pytest.mark.parametrize("search", ["a" * 101, "a b c d e f", "Pe••", "a\u0000"])
def test_a_search_that_is_too_long_is_refused(product: Served, search: str) -> None:
    answer = httpx2.post(
        f"{product.origin}/graphql",
        headers=headers(product.token),
        json={"query": ORDERS, "variables": {"s": search}},
    )

    assert code_of(answer)[1] in {"BAD_USER_INPUT", "MASKED_VALUE_REJECTED"}
