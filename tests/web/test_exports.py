"""Exports: columns that the caller reads raw and no others, each part on record before it leaves, and an end for who may not go on."""

import asyncio
import csv
import os
from collections.abc import Iterator
from io import StringIO
from urllib.parse import urlsplit

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.exporting import Entry, ask, code_of, export, furnish, headers, shown, trail
from tests.web.serving import Served, add_colleague, serve

ORDERS = 230


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation that has more orders than two pages."""
    with serve(urls, "exported") as running:
        furnish(running, ORDERS)
        yield running


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.text, newline="")))


def test_a_list_leaves_page_after_page_as_csv(product: Served, cluster: Cluster) -> None:
    before = trail(cluster, product)

    answer = export(
        product, {"list": "workOrders", "columns": ["number", "title", "asset.name", "requester.displayName"]}
    )

    day = answer.headers["content-disposition"][-15:-5]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="workOrders-{day}.csv"'
    assert answer.headers["isomod-rows"] == str(ORDERS)
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["ratelimit-policy"] == '"gql";q=600000;w=60'
    assert rows_of(answer) == [
        {
            "number": str(number), "title": f"Seal {number}", "asset.name": '\'=HYPERLINK("x")',
            "requester.displayName": "An Peeters",
        }
        for number in range(1, ORDERS + 1)
    ]  # fmt: skip
    columns = [
        "WorkOrder.asset.name",
        "WorkOrder.number",
        "WorkOrder.requester.displayName",
        "WorkOrder.title",
    ]
    assert trail(cluster, product)[len(before) :] == [
        Entry("BEGUN", None, columns),
        Entry("DONE", f"COMPLETE {ORDERS}", columns),
    ]


def test_json_lines_are_the_nodes_of_the_graph(product: Served) -> None:
    wanted = {
        "list": "workOrders",
        "columns": ["number", "asset.tag"],
        "filter": {"number": 7},
        "format": "JSONL",
    }

    answer = export(product, wanted)

    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"
    assert answer.headers["isomod-rows"] == "1"
    assert answer.text == '{"number":7,"asset":{"tag":"P-1"}}\n'


def test_an_empty_list_is_its_header(product: Served) -> None:
    answer = export(product, {"list": "workOrders", "columns": ["number"], "filter": {"number": 9_999}})

    assert (answer.status_code, answer.headers["isomod-rows"], answer.text) == (200, "0", "number\r\n")


def test_a_masked_column_that_is_named_is_refused_and_nothing_leaves(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    _, token = add_colleague(urls, product, "Vera Maes", Role.VIEWER)
    before, released = trail(cluster, product), shown(cluster, product)

    answers = [
        export(product, {"list": "users", "columns": ["id", name]}, token)
        for name in ("name", "displayName", "email", "lastSeenAt")
    ]
    linked = export(product, {"list": "workOrders", "columns": ["number", "requester.displayName"]}, token)

    assert [code_of(answer) for answer in [*answers, linked]] == [(403, "COLUMN_NOT_READABLE")] * 5
    assert answers[0].json()["errors"][0]["extensions"] == {"code": "COLUMN_NOT_READABLE", "field": "name"}
    assert all("content-disposition" not in answer.headers for answer in [*answers, linked])
    assert shown(cluster, product) == released
    assert trail(cluster, product)[len(before) :] == [
        Entry("DENIED", "FIELD", [name])
        for name in ("name", "displayName", "email", "lastSeenAt", "requester.displayName")
    ]


def test_who_names_no_columns_gets_those_that_are_read_raw(
    product: Served, urls: Urls, cluster: Cluster
) -> None:
    _, token = add_colleague(urls, product, "Veerle Claes", Role.VIEWER)
    released = shown(cluster, product)

    people = export(product, {"list": "users"}, token)
    orders = export(product, {"list": "workOrders"}, token)
    admins = export(product, {"list": "users"})

    assert people.text.splitlines()[0] == "id,pseudonym,status"
    assert "Peeters" not in people.text + orders.text
    assert "requester.id" in orders.text.splitlines()[0].split(",")
    assert "requester.displayName" not in orders.text.splitlines()[0].split(",")
    assert {"displayName", "name", "email", "phone"} <= set(admins.text.splitlines()[0].split(","))
    assert "lastSeenAt" not in admins.text.splitlines()[0].split(",")
    assert shown(cluster, product) == released + 1


def test_a_column_that_some_rows_show_is_refused_for_all(product: Served, urls: Urls) -> None:
    """A technician reads phones of people on the same open order."""
    _, token = add_colleague(urls, product, "Tom Wouters", Role.TECHNICIAN)

    refused = export(product, {"list": "users", "columns": ["name", "phone"]}, token)
    names = export(product, {"list": "users", "columns": ["name"]}, token)

    assert code_of(refused) == (403, "COLUMN_NOT_READABLE")
    assert "An Peeters" in names.text


@pytest.mark.parametrize(
    "body",
    [
        {"list": "nothing"}, {"list": "viewer"}, {"list": "__schema"}, {}, {"list": 7},
        {"list": "workOrders", "columns": []}, {"list": "workOrders", "columns": ["number", "number"]},
        {"list": "workOrders", "columns": ["nothing"]}, {"list": "workOrders", "columns": ["asset"]},
        {"list": "workOrders", "columns": ["number.title"]}, {"list": "workOrders", "columns": ["assignees.name"]},
        {"list": "workOrders", "columns": ["history.at"]}, {"list": "workOrders", "columns": ["__typename"]},
        {"list": "workOrders", "columns": ["number } } #"]}, {"list": "workOrders", "columns": "number"},
        {"list": "workOrders", "columns": ["viewerAccess"]}, {"list": "workOrders", "filter": {"nothing": 1}},
        {"list": "workOrders", "filter": []}, {"list": "workOrders", "format": "XLS"}, {"list": "workOrders", "where": {}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_export_is_refused_with_one_code(product: Served, cluster: Cluster, body: object) -> None:
    before = trail(cluster, product)

    answer = export(product, body)

    assert code_of(answer) == (400, "BAD_USER_INPUT")
    assert trail(cluster, product) == before


def test_a_filter_over_what_is_masked_is_no_filter_of_the_callers(product: Served, urls: Urls) -> None:
    _, token = add_colleague(urls, product, "Vik Nys", Role.VIEWER)

    answer = export(product, {"list": "users", "columns": ["id"], "filter": {"namePrefix": "An"}}, token)

    assert code_of(answer) == (400, "BAD_USER_INPUT")


def test_nobody_another_method_and_another_body_are_refused(product: Served) -> None:
    nobody = httpx2.post(
        f"{product.origin}/export", content=b"{}", headers={"Content-Type": "application/json"}
    )
    wrong = export(product, {"list": "users"}, "iso_live_wrong")
    got = httpx2.get(f"{product.origin}/export", headers=headers(product.token))
    form = export(product, {"list": "users"}, **{"Content-Type": "text/plain"})

    assert (code_of(nobody), code_of(wrong)) == ((401, "UNAUTHENTICATED"),) * 2
    assert (code_of(got), got.headers["allow"]) == ((405, "METHOD_NOT_ALLOWED"), "POST")
    assert code_of(form) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_who_is_erased_or_restricted_is_left_out_of_the_column(product: Served, urls: Urls) -> None:
    _, token = add_colleague(urls, product, "Rik Restricted", Role.TECHNICIAN)
    _, other = add_colleague(urls, product, "Els Erased", Role.TECHNICIAN)
    rik, els = (ask(product, "{ viewer { id } }", one)["viewer"]["id"] for one in (token, other))
    restrict = 'mutation { restrictProcessing(input: {subjectId: "%s", categories: [IDENTITY], ground: ACCURACY_CONTESTED}) { userErrors { code } } }'
    erase = (
        'mutation { erasePersonalData(input: {subjectId: "%s", ground: OBJECTION}) { userErrors { code } } }'
    )
    ask(product, restrict % rik)
    ask(product, erase % els)
    _, admin = add_colleague(urls, product, "Ada Second", Role.ADMIN)

    rows = rows_of(export(product, {"list": "users", "columns": ["id", "name"]}, admin))

    named = {row["id"]: row["name"] for row in rows}
    assert (named[rik], named[els]) == ("", "")
    assert "An Peeters" in named.values()


def _head(product: Served, token: str, body: bytes) -> bytes:
    return (
        f"POST /export HTTP/1.1\r\nHost: {urlsplit(product.origin).netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%work_orders%' AND state = 'active'"


async def test_a_client_that_leaves_stops_the_statement_it_waits_for(
    product: Served, cluster: Cluster
) -> None:
    """The table is locked while the export waits for it; the statement is cancelled though the lock is still held."""
    name = f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    holder, watcher = await cluster.main.admin(name), await cluster.main.admin(name)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE work_orders IN ACCESS EXCLUSIVE MODE")
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(product.origin).port)
            writer.write(_head(product, product.token, b'{"list":"workOrders","columns":["number"]}'))
            async with asyncio.timeout(20):
                while await watcher.fetchval(WAITING) != 1:  # noqa: ASYNC110  the database offers no event
                    await asyncio.sleep(0.02)

            writer.close()

            async with asyncio.timeout(4):
                while await watcher.fetchval(WAITING) != 0:  # noqa: ASYNC110  as above
                    await asyncio.sleep(0.02)
    finally:
        await holder.close()
        await watcher.close()

    answer = await asyncio.to_thread(export, product, {"list": "workOrders", "columns": ["number"]})
    assert len(answer.text.splitlines()) == ORDERS + 1
