"""Section A of the catalogue, what is counted and searched: nothing is told apart by what is masked, of no fewer than k, and nothing is found by it."""

import asyncio
import json
from itertools import product as every
from typing import Any

import pytest

from isomod_graphql.core.settings import Settings
from permissions.principals import Role
from tests.catalogue.house import House, codes_of
from tests.web.serving import Served, _found, add_colleague

K, ROWS = 5, 13
DOES_NOT_FIT = ["GRAPHQL_VALIDATION_FAILED"]
TOLD = "total remainder { count } groups { count }"


@pytest.fixture(scope="module")
def counted(house: House) -> House:
    """An organisation of its own: twelve orders and assets at Gent, one of each at Luik, none at Bree; the one order is Tibo's and urgent."""
    tenant, admin, token = asyncio.run(_found(Settings(pool_size=2), house.urls, "catalogue-counted"))
    served = Served(house.product.origin, tenant, admin, token)
    people = {
        who: add_colleague(house.urls, served, name, role)
        for who, name, role in (
            ("viewer", "Verona Maes", Role.VIEWER),
            ("technician", "Tibo Claes", Role.TECHNICIAN),
            ("quality", "Quirina Smet", Role.QUALITY_MANAGER),
        )
    }
    here = House(served, house.cluster, house.urls, served, people, house.program)
    ids = here.ids
    for name in ("Gent", "Luik", "Bree"):
        ids[name] = here.made("admin", "createLocation", {"name": name}, "location")
    ids["me"] = here.data("technician", "{ viewer { id } }")["viewer"]["id"]
    for name, at, criticality in [("Fan", "Gent", "LOW"), ("Pump", "Gent", "MEDIUM")] * 6 + [
        ("Rare", "Luik", "CRITICAL")
    ]:
        given = {"name": name, "locationId": ids[at], "criticality": criticality}
        ids[name] = here.made("admin", "createAsset", given, "asset")
    for at, priority in [("Fan", "LOW"), ("Pump", "MEDIUM")] * 6 + [("Rare", "URGENT")]:
        given = {"title": "Seal", "assetId": ids[at], "priority": priority}
        ids["order"] = here.made("admin", "createWorkOrder", given, "workOrder")
    here.made("admin", "assignWorkOrder", {"workOrderId": ids["order"], "assigneeId": ids["me"]}, "workOrder")
    return here


def shown(house: House) -> int:
    """How many records there are of who was shown whom."""
    query = "SELECT count(*) AS n FROM access_records WHERE tenant_id = $1"
    found: int = house.fetch(query, house.product.tenant)[0]["n"]
    return found


BY_PEOPLE = [
    ("WorkOrder.assignee", "workOrderStatistics", "WorkOrderDimension", "ASSIGNEE"),
    ("User.name", "workOrderStatistics", "WorkOrderDimension", "REQUESTED_BY"),
    ("Asset.custodian", "assetStatistics", "AssetDimension", "CUSTODIAN"),
]


@pytest.mark.parametrize(("of", "field", "kind", "by"), BY_PEOPLE)
def test_a03_rows_are_not_grouped_by_people_who_are_masked(
    counted: House, of: str, field: str, kind: str, by: str
) -> None:
    """Not by a literal, not by a variable, not as the second of two; and the schema of the class lacks the word."""
    assert of != ""
    text = f"{{ {field}(groupBy: [%s]) {{ {TOLD} }} }}"
    variable = f"query ($by: [{kind}!]) {{ {field}(groupBy: $by) {{ {TOLD} }} }}"
    known = f'{{ __type(name: "{kind}") {{ enumValues {{ name }} }} }}'
    before = shown(counted)

    answers = [
        counted.ask("viewer", text % by),
        counted.ask("viewer", text % f"STATUS, {by}"),
        counted.ask("viewer", variable, by=[by]),
    ]
    words = counted.data("viewer", known)["__type"]["enumValues"]

    assert [codes_of(one) for one in answers] == [DOES_NOT_FIT, DOES_NOT_FIT, ["BAD_USER_INPUT"]]
    assert [one.json().get("data") for one in answers] == [None] * 3
    assert {"name": by} not in words
    assert {"name": "STATUS"} in words
    assert shown(counted) == before
    assert codes_of(counted.ask("admin", text % by)) == []


MEASURES = [
    ("technician", "{ workOrderStatistics { groups { minutesWorked { sum } } } }"),
    ("technician", "{ workOrderStatistics(groupBy: [ASSIGNEE]) { groups { minutesWorked { average } } } }"),
    ("viewer", "{ workOrderStatistics { groups { minutesWorked { sum average } } } }"),
    ("quality", "{ workOrderStatistics { groups { x: minutesWorked { average } } } }"),
    ("admin", "{ workOrderStatistics { groups { minutesToComplete { min } } } }"),
    ("admin", "{ workOrderStatistics { groups { minutesToComplete { max } } } }"),
    ("admin", "{ assetStatistics { groups { minutesWorked { sum } } } }"),
    ("admin", "{ workOrderStatistics(groupBy: [ASSIGNEE]) { groups { max { lastSeenAt } } } }"),
    ("admin", "{ users(first: 5) { max { lastSeenAt } } }"),
]


@pytest.mark.parametrize(("who", "text"), MEASURES)
def test_a04_no_sum_least_or_most_is_told_of_what_is_masked(counted: House, who: str, text: str) -> None:
    before = shown(counted)

    answer = counted.ask(who, text)

    assert codes_of(answer) == DOES_NOT_FIT
    assert "data" not in answer.json()
    assert shown(counted) == before


ALONE = [
    ("WorkOrder.site", "workOrderStatistics", 'siteId: "%(Luik)s"', 'siteId: "%(Bree)s"'),
    ("WorkOrder.priority", "workOrderStatistics", "priority: URGENT", "priority: HIGH"),
    ("Asset.site", "assetStatistics", 'siteId: "%(Luik)s"', 'siteId: "%(Bree)s"'),
    ("Asset.criticality", "assetStatistics", "criticality: CRITICAL", "criticality: HIGH"),
    (
        "User.workOrders",
        "workOrderStatistics",
        'siteId: "%(Luik)s", priority: URGENT',
        'siteId: "%(Bree)s"',
    ),
]


@pytest.mark.parametrize(("of", "field", "one", "none"), ALONE)
def test_a05_of_a_group_of_one_as_much_is_told_as_of_none(
    counted: House, of: str, field: str, one: str, none: str
) -> None:
    """The one row belongs to a person, of whom a list of groups would tell."""
    by = "groupBy: [ASSIGNEE], " if of.startswith("User") else ""
    text = f"{{ it: {field}({by}filter: {{%s}}) {{ {TOLD} }} }}"

    answers = [counted.ask("admin", text % criteria % counted.ids) for criteria in (one, none)]

    assert answers[0].content == answers[1].content
    assert answers[0].json()["data"] == {"it": {"total": None, "remainder": None, "groups": []}}


GROUPS = {
    "WorkOrder": ("workOrderStatistics", ("STATUS", "PRIORITY", "SITE", "CREATED_YEAR")),
    "Asset": ("assetStatistics", ("STATUS", "CRITICALITY", "SITE")),
    "User": ("workOrderStatistics", ("ASSIGNEE", "REQUESTED_BY")),
}


@pytest.mark.parametrize("of", GROUPS)
def test_a05_no_group_of_fewer_than_k_is_told(counted: House, of: str) -> None:
    """By every one of its words, and by every two of them."""
    field, words = GROUPS[of]

    found = [
        counted.data("admin", f"{{ it: {field}(groupBy: [{', '.join(dict.fromkeys(pair))}]) {{ {TOLD} }} }}")["it"]
        for pair in every(words, words)
    ]  # fmt: skip

    counts = [group["count"] for one in found for group in one["groups"]]
    assert [one["total"] for one in found] == [ROWS] * len(found)
    assert min(counts) >= K
    assert [one["remainder"] for one in found if one["remainder"] and one["remainder"]["count"] < K] == []
    assert all(sum(group["count"] for group in one["groups"]) + rest(one) == ROWS for one in found)


def rest(answer: Any) -> int:  # noqa: ANN401  JSON
    """How many rows are in no group."""
    return 0 if answer["remainder"] is None else int(answer["remainder"]["count"])


SLICES = {
    "WorkOrder": ("workOrderStatistics", [
        "stage: OPEN", "status: DRAFT", "status: OPEN", "priority: LOW", "priority: MEDIUM", "priority: URGENT", 'siteId: "%(Gent)s"',
        'siteId: "%(Luik)s"', "timeliness: NO_DUE_DATE", 'siteId: "%(Gent)s", priority: LOW', "status: DRAFT, priority: LOW",
    ]),
    "Asset": ("assetStatistics", [
        "status: OPERATIONAL", "criticality: LOW", "criticality: MEDIUM", "criticality: CRITICAL", 'siteId: "%(Gent)s"', 'siteId: "%(Luik)s"',
        'siteId: "%(Gent)s", criticality: LOW',
    ]),
    "User": ("workOrderStatistics", ['siteId: "%(Gent)s"', "priority: LOW", "priority: MEDIUM", 'siteId: "%(Gent)s", stage: OPEN']),
}  # fmt: skip


@pytest.mark.parametrize("of", SLICES)
def test_a06_no_difference_of_two_answers_is_of_fewer_than_k(counted: House, of: str) -> None:
    """The twelve at Gent are not told beside the thirteen: the rest would be the one. Six of them are; by whose they are, none."""
    field, slices = SLICES[of]
    by = "groupBy: [ASSIGNEE], " if of == "User" else ""
    text = f"{{ it: {field}({by}filter: {{%s}}) {{ {TOLD} }} }}"

    answers = [counted.data("admin", text % criteria % counted.ids)["it"] for criteria in slices]

    told = {ROWS} | {one["total"] for one in answers} | {
        group["count"] for one in answers for group in one["groups"]
    }  # fmt: skip
    told.discard(None)
    assert told == ({ROWS} if of == "User" else {6, ROWS})
    assert min((abs(one - other) for one, other in every(told, told) if one != other), default=K) >= K
    assert [one["remainder"] for one in answers if one["remainder"] not in (None, {"count": None})] == []


SEARCHED = {
    "User": ("users", "Timon", ("timon@colleague.example", "32470112233", "catalogue")),
    "Asset": (
        "assets",
        "SN-7",
        ("Loud", "Vera", "Zebedeus", "Quickenborne", "zebedeus@quickenborne.example"),
    ),
    "WorkOrder": ("workOrders", "Seal", ("leaks", "Vera", "Zebedeus", "Timon", "Pump")),
    "Location": ("locations", "Hall", ("Pump", "Zebedeus", "Europe")),
}
SEARCH = "query ($s: SearchText) { %s(first: 5, filter: {search: $s}) { totalCount } }"


@pytest.mark.parametrize("of", SEARCHED)
def test_a07_a_search_looks_into_what_is_read_raw_and_nothing_else(house: House, of: str) -> None:
    """Notes and people are not found even by who reads them."""
    field, right, wrong = SEARCHED[of]

    def found(word: str) -> int:
        count: int = house.data("admin", SEARCH % field, s=word)[field]["totalCount"]
        return count

    assert found(right) == found(right[:-1].lower()) == 1
    assert {word: found(word) for word in wrong} == dict.fromkeys(wrong, 0)


@pytest.mark.parametrize("who", ["viewer", "program"])
def test_a07_who_is_shown_names_masked_searches_for_none(house: House, who: str) -> None:
    """Right or wrong, a letter more each time: the same bytes."""
    literal = "{ users(first: 5, filter: {search: %s}) { totalCount } }"
    before = shown(house)

    answers = [
        house.ask(who, literal % json.dumps(guess)) for guess in ("T", "Ti", "Timon", "Z", "Zi", "Zimon")
    ]
    by_variable = house.ask(who, SEARCH % "users", s="Timon")

    assert {one.content for one in answers} == {answers[0].content}
    assert codes_of(answers[0]) == codes_of(by_variable) == DOES_NOT_FIT
    assert shown(house) == before


@pytest.mark.parametrize("of", ["Asset", "WorkOrder", "Location"])
def test_a07_every_caller_finds_the_same_rows_among_those_within_reach(house: House, of: str) -> None:
    """No caller finds by a word what another one, who reads more, does not find by it."""
    field, right, wrong = SEARCHED[of]

    counts = {
        word: house.data("viewer", SEARCH % field, s=word)[field]["totalCount"] for word in (right, *wrong)
    }

    assert counts == {right: 1} | dict.fromkeys(wrong, 0)
