"""Who may subscribe and to what: the rules of queries hold, a stream is for who asks for one, and there are only so many."""

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.web.listening import EVENTS, frame_of, gid, listening, order, refused, retitle, site
from tests.web.programs import graph, register
from tests.web.serving import PASSWORD, Served, add_colleague, serve

TITLES = "subscription { workOrderChanged { title } }"
SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { csrfToken } }"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """At most three streams of one caller, and four in all."""
    with serve(urls, "doorstep", subscriptions_per_caller=3, subscriptions=4) as running:
        yield running


def test_nobody_subscribes(product: Served) -> None:
    assert refused(product, TITLES, headers=EVENTS) == (401, "UNAUTHENTICATED")
    assert refused(product, TITLES, "iso_live_" + "0" * 36) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { workOrderChanged { title } assetChanged { name } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: workOrderChanged { title } b: workOrderChanged { title } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { workOrderChanged @skip(if: false) { title } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { workOrderChanged { salary } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { userChanged { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ('subscription { workOrderChanged(filter: {status: ["nothing"]}) { title } }', "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($id: ID!) { workOrderChanged(id: $id) { title } }", "BAD_USER_INPUT"),
        ("subscription { workOrderChanged { title }", "GRAPHQL_PARSE_FAILED"),
        ("subscription { workOrderChanged { history(first: 100) { nodes { workOrder: actor { ... on User { roles { site { children(first: 100) { nodes { children(first: 100) { totalCount } } } } } } } } } } }", "QUERY_TOO_COMPLEX"),
    ],
)  # fmt: skip
def test_a_document_that_would_be_no_query_is_no_subscription(product: Served, query: str, code: str) -> None:
    assert refused(product, query) == (400, code)


def test_a_filter_of_another_class_is_no_filter(product: Served, urls: Urls) -> None:
    """A program that reads assets only has no subscription to work."""
    token = register(product, "ASSETS_READ").token()

    assert refused(product, TITLES, token) == (400, "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("wish", [{"onMasked": "REJECT"}, {"dryRun": True}])
def test_a_wish_about_masks_is_for_queries(product: Served, wish: dict[str, object]) -> None:
    body = {"query": TITLES, "extensions": {"masking": wish}}
    headers = {**EVENTS, "Authorization": f"Bearer {product.token}"}

    answer = httpx2.post(f"{product.origin}/graphql", json=body, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/graphql-response+json, text/event-stream;q=0"]
)
def test_a_stream_is_for_who_asks_for_one(product: Served, accept: str) -> None:
    headers = {**EVENTS, "Authorization": f"Bearer {product.token}", "Accept": accept}

    assert refused(product, TITLES, headers=headers) == (406, "NOT_ACCEPTABLE")


def test_a_client_that_lists_streams_last_gets_one_for_a_subscription(product: Served) -> None:
    urql = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
    headers = {**EVENTS, "Authorization": f"Bearer {product.token}", "Accept": urql}

    with listening(product, TITLES, headers=headers) as stream:
        order(product, "Heard", site(product))
        stream.told()
    answer = graph(product, "{ __typename }", headers={"Accept": urql})

    assert stream.raw.endswith(frame_of({"data": {"workOrderChanged": {"title": "Heard"}}}))
    assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"


def test_nothing_is_subscribed_by_get(product: Served) -> None:
    headers = {"Authorization": f"Bearer {product.token}", "Accept": "text/event-stream"}

    answer = httpx2.get(f"{product.origin}/graphql", params={"query": TITLES}, headers=headers)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_page_needs_the_token_of_its_session_and_another_site_gets_none(product: Served) -> None:
    body = {"query": SIGN_IN, "variables": {"i": {"email": "an@doorstep.example", "password": PASSWORD}}}
    entered = httpx2.post(f"{product.origin}/graphql", json=body, headers={"Origin": product.origin})
    cookies = "; ".join(one.split(";")[0] for one in entered.headers.get_list("set-cookie"))
    own = {**EVENTS, "Cookie": cookies, "Origin": product.origin}
    csrf = {"X-CSRF-Token": entered.json()["data"]["signIn"]["csrfToken"]}

    found = [
        refused(product, TITLES, headers=own),
        refused(product, TITLES, headers={**own, **csrf, "Origin": "https://evil.example"}),
        refused(product, TITLES, headers={**own, **csrf, "Sec-Fetch-Site": "cross-site"}),
    ]
    with listening(product, TITLES, headers={**own, **csrf}) as stream:
        order(product, "In the browser", site(product))
        told = stream.told()

    assert found == [(403, "CSRF_TOKEN_INVALID"), (403, "CROSS_SITE_REQUEST"), (403, "CROSS_SITE_REQUEST")]
    assert told == {"data": {"workOrderChanged": {"title": "In the browser"}}}


def test_a_caller_has_so_many_streams_through_all_tokens_and_the_process_so_many_of_all(
    product: Served, urls: Urls
) -> None:
    _, token = add_colleague(urls, product, "Wim Goos", Role.VIEWER)
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(listening(product, TITLES))
        own = refused(product, TITLES)
        stack.enter_context(listening(product, TITLES, token))
        full = refused(product, TITLES, token)
    with listening(product, TITLES) as again:
        order(product, "Room again", site(product))
        told = again.told()

    assert own == (429, "TOO_MANY_SUBSCRIPTIONS")
    assert full == (503, "SERVICE_UNAVAILABLE")
    assert told == {"data": {"workOrderChanged": {"title": "Room again"}}}


def test_an_event_at_one_server_reaches_a_subscriber_at_another(product: Served, urls: Urls) -> None:
    """Two servers on one pair of databases: who is subscribed at the second hears what is changed at the first."""
    with serve(urls, "neighbour") as other:
        there = Served(other.origin, product.tenant, product.admin, product.token)
        place = site(product)
        with (
            listening(there, TITLES) as far,
            listening(product, TITLES) as near,
            listening(other, TITLES) as stranger,
        ):
            mine = order(product, "From the first", place)
            told = [one.told()["data"]["workOrderChanged"]["title"] for one in (far, near)]
            retitle(there, mine, "From the second")
            told += [one.told()["data"]["workOrderChanged"]["title"] for one in (far, near)]
            order(other, "Own", site(other))
            strangers = stranger.told()

    assert told == [*["From the first"] * 2, *["From the second"] * 2]
    assert strangers == {"data": {"workOrderChanged": {"title": "Own"}}}


def test_who_loses_a_role_at_one_server_loses_the_stream_at_another_at_once(
    product: Served, urls: Urls
) -> None:
    """Long before the next beat: the change of a person is heard as well."""
    _, token = add_colleague(urls, product, "Xenia Goos", Role.VIEWER)
    role = "mutation ($input: MemberRoleInput!) { assignRole(input: $input) { userErrors { code } } }"
    with serve(urls, "elsewhere", subscription_heartbeat_s=30) as other:
        there = Served(other.origin, product.tenant, product.admin, token)
        with listening(there, TITLES) as stream:
            given = {"personId": gid(product, token), "role": "MANAGER"}
            answer = graph(product, role, input=given)

            assert (answer.json()["data"], stream.ended()) == (
                {"assignRole": {"userErrors": []}},
                "PRINCIPAL_CHANGED",
            )
            assert b"\n\n:\n\n" not in stream.raw


def test_behind_pgbouncer_a_direct_address_is_needed_to_listen(urls: Urls) -> None:
    with serve(urls, "behind", statement_cache=0) as deaf:
        without = refused(deaf, TITLES)
    with (
        serve(urls, "beside", statement_cache=0, listen_url=urls.main) as hearing,
        listening(hearing, TITLES) as stream,
    ):
        order(hearing, "Heard", site(hearing))
        told = stream.told()

    assert without == (503, "SERVICE_UNAVAILABLE")
    assert json.dumps(told) == '{"data": {"workOrderChanged": {"title": "Heard"}}}'
