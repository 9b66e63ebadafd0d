"""A stream ends when its caller is somebody else, with a stable code, whether or not anything happens; what it held is given back at once."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.conftest import Cluster
from tests.web.listening import COMPLETE, NEXT, READY, gid, listening, order, refused, site
from tests.web.programs import changed, graph, register
from tests.web.serving import PASSWORD, Served, add_colleague, serve

TITLES = "subscription { workOrderChanged { title } }"
SIGN_IN = "mutation ($i: SignInInput!) { signIn(input: $i) { csrfToken } }"
LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'isomod live' AND datname = current_database()"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """Streams look their callers up five times in a second."""
    with serve(urls, "ending", subscription_heartbeat_s=0.2, points_per_minute=5_000) as running:
        yield running


@pytest.fixture
def colleague(product: Served, urls: Urls, request: pytest.FixtureRequest) -> tuple[UUID, str]:
    """A viewer of this test's own."""
    name = f"V{abs(hash(request.node.name)) % 10**12} Smets"
    return add_colleague(urls, product, name, Role.VIEWER)


async def _eye(cluster: Cluster, sql: str, *given: object) -> Any:  # noqa: ANN401  a column's value
    connection: asyncpg.Connection = await cluster.main.admin(
        f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}"
    )
    try:
        return await connection.fetchval(sql, *given)
    finally:
        await connection.close()


def behind(cluster: Cluster, sql: str, *given: object) -> Any:  # noqa: ANN401  a column's value
    """What happens in the database without this process being told."""
    return asyncio.run(_eye(cluster, sql, *given))


def session(product: Served, email: str) -> dict[str, str]:
    """The headers of somebody who signed in with a browser."""
    given = {"email": email, "password": PASSWORD}
    entered = httpx2.post(
        f"{product.origin}/graphql",
        json={"query": SIGN_IN, "variables": {"i": given}},
        headers={"Origin": product.origin},
    )
    cookies = "; ".join(one.split(";")[0] for one in entered.headers.get_list("set-cookie"))
    csrf = entered.json()["data"]["signIn"]["csrfToken"]
    return {
        "Cookie": cookies, "X-CSRF-Token": csrf, "Origin": product.origin,
        "Content-Type": "application/json", "Accept": "text/event-stream",
    }  # fmt: skip


def test_a_revoked_token_ends_its_stream(product: Served) -> None:
    program = register(product, "WORK_ORDERS_READ")
    token = program.token()
    with listening(product, TITLES, token) as stream:
        assert program.post("/oauth/revoke", {"token": token}).status_code == 200

        assert stream.ended() == "UNAUTHENTICATED"
    assert refused(product, TITLES, token) == (401, "UNAUTHENTICATED")


def test_a_session_that_is_signed_out_ends_its_stream(product: Served) -> None:
    headers = session(product, "an@ending.example")
    with listening(product, TITLES, headers=headers) as stream:
        body = {"query": "mutation { signOut { userErrors { code } } }"}
        out = httpx2.post(f"{product.origin}/graphql", json=body, headers={**headers, "Accept": "*/*"})
        assert out.json() == {"data": {"signOut": {"userErrors": []}}}

        assert stream.ended() == "UNAUTHENTICATED"


def test_a_stream_does_not_keep_a_session_from_ending(product: Served, cluster: Cluster) -> None:
    headers = session(product, "an@ending.example")
    with listening(product, TITLES, headers=headers) as stream:
        used = "UPDATE sign_in_sessions SET last_used_at = now() - interval '29 minutes 57 seconds' WHERE revoked_at IS NULL"
        behind(cluster, used)

        assert stream.ended() == "UNAUTHENTICATED"


def test_a_token_that_ends_by_itself_ends_its_stream(
    product: Served, cluster: Cluster, colleague: tuple[UUID, str]
) -> None:
    person, token = colleague
    with listening(product, TITLES, token) as stream:
        behind(
            cluster,
            "UPDATE api_tokens SET expires_at = now() + interval '1 second' WHERE person_id = $1",
            person,
        )

        assert stream.ended() == "UNAUTHENTICATED"


def test_another_role_ends_the_stream_and_the_next_one_has_it(
    product: Served, colleague: tuple[UUID, str]
) -> None:
    _, token = colleague
    role = "mutation ($input: MemberRoleInput!) { assignRole(input: $input) { userErrors { code } } }"
    with listening(product, TITLES, token) as stream:
        assert changed(product, role, personId=gid(product, token), role="MANAGER") == {"userErrors": []}

        assert stream.ended() == "PRINCIPAL_CHANGED"
    with listening(product, TITLES, token) as again:
        order(product, "After", site(product))

        assert again.told() == {"data": {"workOrderChanged": {"title": "After"}}}


def test_a_role_that_ends_at_its_time_ends_the_stream(
    product: Served, cluster: Cluster, colleague: tuple[UUID, str]
) -> None:
    person, token = colleague
    with listening(product, TITLES, token) as stream:
        behind(
            cluster,
            "UPDATE role_grants SET expires_at = now() + interval '1 second' WHERE person_id = $1",
            person,
        )

        assert stream.ended() == "PRINCIPAL_CHANGED"


def test_a_membership_that_ended_ends_the_stream(product: Served, colleague: tuple[UUID, str]) -> None:
    _, token = colleague
    text = "mutation ($input: MemberInput!) { deactivateUser(input: $input) { userErrors { code } } }"
    with listening(product, TITLES, token) as stream:
        assert changed(product, text, personId=gid(product, token)) == {"userErrors": []}

        assert stream.ended() == "UNAUTHENTICATED"


def test_a_restriction_of_the_subscriber_ends_the_stream(
    product: Served, colleague: tuple[UUID, str]
) -> None:
    _, token = colleague
    text = "mutation ($input: RestrictProcessingInput!) { restrictProcessing(input: $input) { userErrors { code } } }"
    with listening(product, TITLES, token) as stream:
        given = {"categories": ["CONTACT"], "ground": "ACCURACY_CONTESTED"}
        assert changed(product, text, subjectId=gid(product, token), **given) == {"userErrors": []}

        assert stream.ended() == "PRINCIPAL_CHANGED"


def test_a_program_that_is_disabled_ends_its_stream(product: Served) -> None:
    program = register(product, "WORK_ORDERS_READ")
    with listening(product, TITLES, program.token()) as stream:
        text = (
            "mutation ($input: DisableClientInput!) { disableClient(input: $input) { userErrors { code } } }"
        )
        assert changed(product, text, clientId=program.client_id) == {"userErrors": []}

        assert stream.ended() == "UNAUTHENTICATED"


def test_a_caller_changed_behind_the_process_is_seen_in_bounded_time(
    product: Served, cluster: Cluster, colleague: tuple[UUID, str]
) -> None:
    """Five seconds of memory, as for requests, and one beat."""
    person, token = colleague
    with listening(product, TITLES, token) as stream:
        behind(cluster, "UPDATE api_tokens SET revoked_at = created_at WHERE person_id = $1", person)
        begin = datetime.now(UTC)

        assert stream.ended() == "UNAUTHENTICATED"
        assert datetime.now(UTC) - begin < timedelta(seconds=6)


def test_a_lost_connection_to_the_database_ends_streams_that_may_have_missed_something(
    product: Served, cluster: Cluster
) -> None:
    with listening(product, TITLES) as stream:
        behind(
            cluster,
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'isomod live' AND datname = current_database()",
        )

        assert stream.ended() == "SUBSCRIPTION_INTERRUPTED"
    with listening(product, TITLES) as again:
        order(product, "Heard again", site(product))

        assert again.told() == {"data": {"workOrderChanged": {"title": "Heard again"}}}


def test_whoever_has_no_points_left_is_told_so(urls: Urls) -> None:
    """The subscription costs 2 and every event 2; the minute holds what the organisation needed, and 5."""
    with serve(urls, "poor", points_per_minute=400) as poor:
        _, token = add_colleague(urls, poor, "Pia Maes", Role.VIEWER)
        place = site(poor)
        with listening(poor, TITLES, token) as stream:
            left = int(str(stream.headers["ratelimit"]).split("r=")[1].split(";")[0])
            spend = f"{{ {' '.join(f'a{n}: workOrders(first: 100) {{ totalCount }}' for n in range(10))} }}"
            while left >= 106:
                left = int(graph(poor, spend, token).headers["ratelimit"].split("r=")[1].split(";")[0])
            while left > 5:
                left = int(
                    graph(poor, "{ viewer { id } }", token).headers["ratelimit"].split("r=")[1].split(";")[0]
                )
            for title in ("First", "Second", "Third", "Fourth"):
                order(poor, title, place)
            told = [stream.told()["data"]["workOrderChanged"]["title"] for _ in range(left // 2)]

            assert stream.ended() == "RATE_LIMITED"
    assert told == ["First", "Second"][: left // 2]


def test_a_server_that_stops_says_so_to_every_stream(urls: Urls) -> None:
    with ExitStack() as streams:
        with serve(urls, "stopping") as running:
            one, other = (streams.enter_context(listening(running, TITLES)) for _ in range(2))

        assert (one.ended(), other.ended()) == ("SERVER_STOPPING", "SERVER_STOPPING")


def test_nothing_listens_when_nobody_is_subscribed(product: Served, cluster: Cluster) -> None:
    def listeners(number: int) -> int:
        found = -1
        for _ in range(100):
            found = behind(cluster, LISTENERS)
            if found == number:
                break
        return int(found)

    before = listeners(0)
    with listening(product, TITLES), listening(product, TITLES):
        during = listeners(1)

    assert (before, during, listeners(0)) == (0, 1, 0)


def test_a_stream_ends_with_one_answer_and_its_end(product: Served, colleague: tuple[UUID, str]) -> None:
    _, token = colleague
    text = "mutation ($input: MemberInput!) { deactivateUser(input: $input) { userErrors { code } } }"
    with listening(product, TITLES, token) as stream:
        changed(product, text, personId=gid(product, token))
        stream.ended()

    error = {"errors": [{"message": "Sign in to continue.", "extensions": {"code": "UNAUTHENTICATED"}}]}
    assert (
        stream.without_beats
        == READY + NEXT + json.dumps(error, separators=(",", ":")).encode() + b"\n\n" + COMPLETE
    )
