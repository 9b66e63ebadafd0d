"""Who may run what through the door: nobody, a browser with a session, a program with a token."""

from hashlib import sha256

import pytest
from graphql import get_introspection_query

from isomod_graphql.web.graphql import DoorRules
from permissions.principals import Assurance
from tests.web.toy import COOKIE, CSRF, Door, code_of

PAGE = {
    "authorization": "",
    "cookie": f"session={COOKIE}",
    "sec_fetch_site": "same-origin",
    "x_csrf_token": CSRF,
}


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize(
    "query",
    [
        "{ hello }",
        "{ nothing }",
        "{ __schema { types { name } } }",
        "{ policy hello }",
        '{ policy __type(name: "Query") { name } }',
        "{ ...f } fragment f on Query { hello }",
        "{ policy } fragment unused on Order { salary }",
        "{ policy ... on Secret { __typename } }",
        "query($a: SecretInput) { policy }",
        "query a { policy } query b { hello }",
        'mutation { rename(name: "a") }',
        "subscription { policy }",
        "{",
        "{ hello(",
        "{ policy { } }",
        get_introspection_query(),
        "{" + "a " * 5_000 + "}",
    ],
)  # fmt: skip
async def test_nobody_gets_one_answer_to_everything_that_is_not_open(door: Door, query: str) -> None:
    reference = await door.post({"query": "{ hello }"}, authorization="")
    response = await door.post({"query": query}, authorization="")

    assert (response.status_code, response.content) == (401, reference.content)
    assert response.headers["www-authenticate"] == "Bearer"
    assert code_of(response) == "UNAUTHENTICATED"
    assert door.executor.requests == []


async def test_nobody_may_sign_in_read_the_policy_and_ask_the_typename(door: Door) -> None:
    sign_in = await door.post({"query": 'mutation { signIn(email: "ada@example.org") }'}, authorization="")
    policy = await door.post({"query": "{ policy __typename }"}, authorization="")

    assert sign_in.json() == {"data": {"signIn": True}}
    assert policy.json() == {"data": {"policy": "public", "__typename": "Query"}}
    assert [principal.kind for principal in door.executor.principals] == ["NOBODY", "NOBODY"]


async def test_a_signed_in_caller_cannot_guess_two_passwords_in_one_request(door: Door) -> None:
    response = await door.post({"query": 'mutation { a: signIn(email: "a") b: signIn(email: "b") }'})

    assert (response.status_code, code_of(response)) == (400, "SIGN_IN_REPEATED")
    assert door.executor.requests == []


@pytest.mark.parametrize("authorization", ["Bearer wrong", "Bearer ", "Basic YTpi", "Bearer"])
async def test_a_wrong_credential_is_not_nobody(door: Door, authorization: str) -> None:
    response = await door.post({"query": "{ policy }"}, authorization=authorization)

    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert door.executor.requests == []


async def test_a_token_is_asked_before_a_cookie(door: Door) -> None:
    response = await door.post(
        {"query": "{ hello }"}, cookie=f"session={COOKIE}", sec_fetch_site="cross-site"
    )

    assert response.json() == {"data": {"hello": "hello you"}}
    assert door.executor.principals[0].assurance is Assurance.TOKEN


async def test_a_page_of_ours_with_its_token_is_served(door: Door) -> None:
    response = await door.post({"query": "{ hello }"}, **PAGE)

    assert response.json() == {"data": {"hello": "hello you"}}
    assert door.executor.principals[0].assurance is Assurance.SESSION


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"sec_fetch_site": "cross-site"}, "CROSS_SITE_REQUEST"),
        ({"sec_fetch_site": "same-site"}, "CROSS_SITE_REQUEST"),
        ({"sec_fetch_site": "cross-site", "origin": "http://localhost"}, "CROSS_SITE_REQUEST"),
        ({"sec_fetch_site": "", "origin": "https://evil.example"}, "CROSS_SITE_REQUEST"),
        ({"sec_fetch_site": "", "origin": "null"}, "CROSS_SITE_REQUEST"),
        ({"x_csrf_token": ""}, "CSRF_TOKEN_INVALID"),
        ({"x_csrf_token": "csrf-of-eve"}, "CSRF_TOKEN_INVALID"),
    ],
)
async def test_another_sites_page_cannot_use_the_session(
    door: Door, headers: dict[str, str], code: str
) -> None:
    response = await door.post({"query": 'mutation { rename(name: "x") }'}, **(PAGE | headers))

    assert (response.status_code, code_of(response)) == (403, code)
    assert door.executor.requests == []


@pytest.mark.parametrize(
    "headers", [{"sec_fetch_site": "", "origin": "http://localhost"}, {"sec_fetch_site": ""}]
)
async def test_a_browser_without_fetch_metadata_and_an_app_are_served(
    door: Door, headers: dict[str, str]
) -> None:
    response = await door.post({"query": "{ hello }"}, **(PAGE | headers))

    assert response.status_code == 200


async def test_a_front_end_on_a_known_other_origin_is_served() -> None:
    door = Door(rules=DoorRules(session_cookie="session", origins=frozenset({"https://app.example.org"})))

    response = await door.post(
        {"query": "{ hello }"},
        **(PAGE | {"sec_fetch_site": "same-site", "origin": "https://app.example.org"}),
    )

    assert response.status_code == 200


async def test_another_site_cannot_sign_its_visitor_in(door: Door) -> None:
    response = await door.post(
        {"query": 'mutation { signIn(email: "eve") }'}, authorization="", sec_fetch_site="cross-site"
    )

    assert (response.status_code, code_of(response)) == (403, "CROSS_SITE_REQUEST")
    assert door.executor.requests == []


async def test_a_session_that_is_over_is_nobody_and_may_sign_in_again(door: Door) -> None:
    stale = PAGE | {"cookie": "session=over", "x_csrf_token": ""}

    hello = await door.post({"query": "{ hello }"}, **stale)
    sign_in = await door.post({"query": 'mutation { signIn(email: "ada@example.org") }'}, **stale)

    assert code_of(hello) == "UNAUTHENTICATED"
    assert sign_in.json() == {"data": {"signIn": True}}


async def test_get_runs_a_query_for_a_token_and_never_a_mutation(door: Door) -> None:
    query = await door.get(query="query($n: String!) { hello(name: $n) }", variables='{"n": "ada"}')
    mutation = await door.get(query='mutation { rename(name: "x") }')

    assert query.json() == {"data": {"hello": "hello ada"}}
    assert (mutation.status_code, code_of(mutation), mutation.headers["allow"]) == (
        405,
        "METHOD_NOT_ALLOWED",
        "POST",
    )
    assert len(door.executor.requests) == 1


async def test_get_with_a_session_or_without_runs_only_what_was_registered() -> None:
    text = "{ policy hello }"
    known = sha256(text.encode()).hexdigest()
    door = Door(documents={known: text})
    session = {"cookie": f"session={COOKIE}"}

    free = await door.client.get("/graphql", params={"query": "{ policy }"}, headers=session)
    nobody = await door.client.get("/graphql", params={"query": "{ policy }"})
    registered = await door.client.get("/graphql", params={"documentId": known}, headers=session)
    anonymous = await door.client.get("/graphql", params={"documentId": known})

    assert (free.status_code, code_of(free)) == (403, "TRUSTED_DOCUMENT_REQUIRED")
    assert (nobody.status_code, code_of(nobody)) == (401, "UNAUTHENTICATED")
    assert registered.json() == {"data": {"policy": "public", "hello": "hello you"}}
    assert anonymous.status_code == 200
    assert [request.trusted for request in door.executor.requests] == [True, True]


async def test_an_unknown_persisted_query_has_apollos_code_and_a_text_does_not_register_itself(
    door: Door,
) -> None:
    text = "{ hello }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}

    first = await door.post({"extensions": extensions}, accept="application/json")
    with_text = await door.post({"query": text, "extensions": extensions})
    again = await door.post({"extensions": extensions})
    wrong = await door.post({"query": "{ policy }", "extensions": extensions})

    assert (first.status_code, code_of(first)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert with_text.json() == {"data": {"hello": "hello you"}}
    assert (again.status_code, code_of(again)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert (wrong.status_code, code_of(wrong)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("body", "audit", "draft", "code"),
    [
        ({"query": "{"}, 400, 400, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, 400, 422, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query a { hello } query b { hello }"}, 400, 422, "OPERATION_AMBIGUOUS"),
        ({"query": "{ hello }", "operationName": "x"}, 400, 422, "OPERATION_NOT_FOUND"),
        ({"query": "query($n: Int!) { orders(first: $n) { id } }"}, 400, 422, "BAD_USER_INPUT"),
        ({"query": "{ orders(first: 60000) { id } }"}, 400, 422, "QUERY_TOO_COMPLEX"),
        ({"query": "{ forbidden }"}, 200, 294, "FORBIDDEN"),
        ({"variables": {}}, 400, 400, "BAD_REQUEST"),
    ],
)
async def test_the_status_follows_the_setting_and_old_clients_get_200_for_the_document(
    body: dict[str, object], audit: int, draft: int, code: str
) -> None:
    today, tomorrow = Door(), Door(rules=DoorRules(http_status="draft"))

    answers = [
        await today.post(body),
        await tomorrow.post(body),
        await tomorrow.post(body, accept="application/json"),
    ]

    assert [answer.status_code for answer in answers] == [audit, draft, 400 if code == "BAD_REQUEST" else 200]
    assert {code_of(answer) for answer in answers} == {code}
    assert ["data" in answer.json() for answer in answers] == [code == "FORBIDDEN"] * 3


async def test_a_document_is_validated_once_and_its_cost_follows_the_variables(door: Door) -> None:
    body = {"query": "query($n: Int!) { orders(first: $n) { id } }"}

    for rows in (10, 90, 10):
        await door.post(body | {"variables": {"n": rows}})

    assert door.endpoint.documents.checks == 1
    assert [request.cost for request in door.executor.requests] == [2, 10, 2]


async def test_the_cache_is_bounded_in_bytes_and_keeps_what_was_used_last() -> None:
    door = Door(rules=DoorRules(cache_bytes=30_000))

    for name in ["a", "b", "c", "a", "d", "e", "a"]:
        await door.post({"query": f"{{ {name}: hello {name}{name}: hello {name}x: policy }}"})

    assert door.endpoint.documents.weight <= 30_000
    assert (len(door.endpoint.documents), door.endpoint.documents.checks) == (3, 5)


async def test_invalid_documents_are_not_kept(door: Door) -> None:
    for _ in range(2):
        await door.post({"query": "{ nothing }"})

    assert (len(door.endpoint.documents), door.endpoint.documents.checks) == (0, 2)


async def test_at_most_ten_errors_are_told_each_with_its_rule_and_place(door: Door) -> None:
    response = await door.post(
        {"query": "{ order {" + " ".join(f"f{number}" for number in range(30)) + "} }"}
    )

    errors = response.json()["errors"]
    assert len(errors) == 10
    assert errors[0] == {
        "message": "A field does not exist on its type.",
        "locations": [{"line": 1, "column": 10}],
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED", "rule": "FieldsOnCorrectType"},
    }
