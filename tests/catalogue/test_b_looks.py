"""Section B of the catalogue, looks as another member: every road is capped by what both may see, changes and streams are none, and the record bears both."""

import csv
import json
import time
from io import StringIO
from uuid import UUID

import httpx2
import pytest

from tests.catalogue.house import House, codes_of
from tests.web.listening import EVENTS, refused
from tests.web.serving import PASSWORD
from tests.web.test_view_as import SIGN_IN, Browser

LISTS = {"User": "users", "WorkOrder": "workOrders", "Asset": "assets"}


@pytest.fixture(scope="module")
def looks(house: House) -> tuple[Browser, str]:
    """The administrator's session and the ticket of a look as the viewer."""
    browser = Browser(house.product.origin)
    entered = browser.post(SIGN_IN, {"i": {"email": "an@catalogue.example", "password": PASSWORD}})
    assert entered.json()["data"]["signIn"]["userErrors"] == []
    return browser, browser.start(house.ids["viewer"])["ticket"]


def headers_of(browser: Browser, ticket: str) -> dict[str, str]:
    """Of a page that looks."""
    return {
        **EVENTS, "Origin": browser.origin, "Cookie": f"__Host-isomod={browser.cookie}", "X-CSRF-Token": browser.csrf,
        "Isomod-View-As": ticket,
    }  # fmt: skip


def taken(browser: Browser, ticket: str, body: dict[str, object]) -> httpx2.Response:
    """An export of a look."""
    return httpx2.post(f"{browser.origin}/export", json=body, headers=headers_of(browser, ticket), timeout=20)


def trail(house: House, action: str, size: int) -> list[tuple[str, str | None, UUID | None]]:
    """Outcome, reason and member of what the administrator did as the viewer, when there is so much; the latest."""
    until = time.monotonic() + 10
    while True:
        rows = house.fetch(
            "SELECT outcome, reason, entity_id FROM audit_entries WHERE tenant_id = $1 AND actor_id = $2 AND action = $3"
            " AND entity_id = $4 ORDER BY at, id",
            house.product.tenant, house.product.admin, action, house.people["viewer"][0],
        )  # fmt: skip
        if len(rows) >= size or time.monotonic() > until:
            return [(row["outcome"], row["reason"], row["entity_id"]) for row in rows]
        time.sleep(0.05)


@pytest.mark.parametrize("of", LISTS)
def test_b35_an_export_of_a_look_has_no_more_than_the_member_has(
    house: House, looks: tuple[Browser, str], of: str
) -> None:
    browser, ticket = looks
    before = len(trail(house, "EXPORT", 0))
    column = {"User": "email"}.get(of, "description")
    body: dict[str, object] = {"list": LISTS[of]}
    own = httpx2.post(
        f"{browser.origin}/export", json=body, timeout=20,
        headers={"Authorization": f"Bearer {house.token('viewer')}"},
    )  # fmt: skip

    shown = taken(browser, ticket, body)
    named = taken(browser, ticket, body | {"columns": ["id", column]})

    wanted, found = (set(next(csv.reader(StringIO(one.text)))) for one in (own, shown))
    assert shown.headers["isomod-view-as"].startswith("until=")
    assert found <= wanted
    assert len(shown.text.splitlines()) <= len(own.text.splitlines())
    assert (named.status_code, codes_of(named)) == (403, ["COLUMN_NOT_READABLE"])
    assert named.headers["isomod-view-as"] == shown.headers["isomod-view-as"]
    rows = len(shown.text.splitlines()) - 1
    viewer = house.people["viewer"][0]
    assert trail(house, "EXPORT", before + 3)[before:] == [
        ("BEGUN", None, viewer), ("DONE", f"COMPLETE {rows}", viewer), ("DENIED", "FIELD", viewer),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("of", "field"),
    [
        ("WorkOrder", "workOrderChanged { title }"),
        ("Asset", "assetChanged { name }"),
        ("Location", "locationChanged { name }"),
    ],
)
def test_b35_a_look_subscribes_to_nothing_and_the_try_is_on_record(
    house: House, looks: tuple[Browser, str], of: str, field: str
) -> None:
    """Also through a bearer token beside the ticket."""
    browser, ticket = looks
    before = len(trail(house, "VIEW_AS", 0))
    bearer = {**EVENTS, "Authorization": f"Bearer {house.product.token}", "Isomod-View-As": ticket}
    assert of != ""

    found = refused(house.product, f"subscription {{ {field} }}", headers=headers_of(browser, ticket))
    beside = refused(house.product, f"subscription {{ {field} }}", headers=bearer)

    assert (found, beside) == ((403, "VIEW_AS_READ_ONLY"), (403, "VIEW_AS_ENDED"))
    viewer = house.people["viewer"][0]
    assert trail(house, "VIEW_AS", before + 1)[before:] == [("DENIED", "VIEW_AS", viewer)]


def test_b35_a_look_changes_nothing(house: House, looks: tuple[Browser, str]) -> None:
    browser, ticket = looks
    before, known = house.stored(), len(trail(house, "ASSET_UPDATE", 0))
    text = "mutation { updateAsset(input: {assetId: %s, name: %s}) { userErrors { code } } }"

    answer = browser.post(text % (json.dumps(house.ids["fan"]), '"Mine"'), ticket=ticket)

    assert (answer.status_code, codes_of(answer)) == (403, ["VIEW_AS_READ_ONLY"])
    assert house.stored() == before
    viewer = house.people["viewer"][0]
    assert trail(house, "ASSET_UPDATE", known + 1)[known:] == [("DENIED", "VIEW_AS", viewer)]


def test_b35_statistics_and_search_of_a_look_are_those_of_the_member(
    house: House, looks: tuple[Browser, str]
) -> None:
    browser, ticket = looks
    tries = [
        "{ workOrderStatistics(groupBy: [ASSIGNEE]) { groups { count } } }",
        "{ assetStatistics(groupBy: [CUSTODIAN]) { groups { count } } }",
        '{ users(first: 1, filter: {search: "Timon"}) { totalCount } }',
    ]

    looked = [browser.post(text, ticket=ticket) for text in tries]

    assert [codes_of(one) for one in looked] == [["GRAPHQL_VALIDATION_FAILED"]] * 3
    assert [codes_of(house.ask("admin", text)) for text in tries] == [[]] * 3
