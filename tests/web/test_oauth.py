"""OAuth over real HTTP: exact statuses, codes and headers of the RFCs, and a client library that is not ours."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import httpx2
import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from isomod_graphql.core.installation import Urls
from isomod_graphql.identity.token_format import is_well_formed
from tests.partners.house import trail
from tests.web.programs import FORM, Program, changed, graph, register
from tests.web.serving import Served, serve

GRANT = {"grant_type": "client_credentials"}
COUNT = "{ workOrders(first: 1) { totalCount } }"


@pytest.fixture(scope="module")
def product(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "oauth") as running:
        yield running


@pytest.fixture
def program(product: Served) -> Program:
    """A program that reads work and assets, and names of people if it says so."""
    return register(product, "WORK_ORDERS_READ", "ASSETS_READ", "USERS_READ", "PII_IDENTITY")


def error_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


def test_a_program_gets_a_token_and_the_answer_is_kept_by_nobody(product: Served, program: Program) -> None:
    answer = program.post("/oauth/token", GRANT)

    told = answer.json()
    assert answer.status_code == 200
    assert told == {
        "access_token": told["access_token"], "token_type": "Bearer", "expires_in": 3600,
        "scope": "assets:read users:read work_orders:read",
    }  # fmt: skip
    assert is_well_formed(told["access_token"])
    assert (answer.headers["content-type"], answer.headers["cache-control"], answer.headers["pragma"]) == (
        "application/json",
        "no-store",
        "no-cache",
    )
    assert answer.headers["ratelimit-policy"] == '"gql";q=600000;w=60'
    assert answer.headers["ratelimit"].startswith('"gql";r=599900;t=')
    assert graph(product, COUNT, told["access_token"]).json()["data"] == {"workOrders": {"totalCount": 0}}


def test_the_credentials_may_stand_in_the_form(program: Program) -> None:
    form = GRANT | {"client_id": program.client_id, "client_secret": program.client_secret}

    answer = program.post("/oauth/token", form, {})

    assert (answer.status_code, answer.json()["token_type"]) == (200, "Bearer")


def test_basic_credentials_are_decoded_as_a_form(program: Program) -> None:
    escaped = Program(
        program.origin,
        quote(program.client_id),
        "%".join(["", *map("{:02X}".format, program.client_secret.encode())]),
    )

    assert escaped.post("/oauth/token", GRANT).status_code == 200


def test_a_client_library_gets_a_token_asks_looks_into_it_and_revokes_it(
    product: Served, program: Program
) -> None:
    found = httpx2.get(f"{product.origin}/.well-known/oauth-authorization-server").json()
    for way in ("client_secret_basic", "client_secret_post"):
        with OAuth2Session(
            program.client_id, program.client_secret, scope="work_orders:read", token_endpoint_auth_method=way
        ) as session:
            session.trust_env = False
            token = session.fetch_token(found["token_endpoint"], grant_type="client_credentials")
            asked = session.post(f"{product.origin}/graphql", json={"query": COUNT})
            looked = session.introspect_token(found["introspection_endpoint"], token=token["access_token"])
            revoked = session.revoke_token(found["revocation_endpoint"], token=token["access_token"])
            after = session.post(f"{product.origin}/graphql", json={"query": COUNT})

        assert (token["token_type"], token["scope"], token["expires_in"]) == (
            "Bearer",
            "work_orders:read",
            3600,
        )
        assert asked.json()["data"] == {"workOrders": {"totalCount": 0}}
        assert (looked.json()["active"], looked.json()["scope"]) == (True, "work_orders:read")
        assert (revoked.status_code, revoked.content) == (200, b"")
        assert (after.status_code, after.json()["errors"][0]["extensions"]["code"]) == (
            401,
            "UNAUTHENTICATED",
        )


def test_the_metadata_is_what_a_library_accepts(product: Served) -> None:
    answer = httpx2.get(f"{product.origin}/.well-known/oauth-authorization-server")

    found = AuthorizationServerMetadata(answer.json())
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.json() == {
        "issuer": product.origin,
        "token_endpoint": f"{product.origin}/oauth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "revocation_endpoint": f"{product.origin}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_endpoint": f"{product.origin}/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["none"],
        "scopes_supported": [
            "assets:read", "assets:write", "locations:read", "locations:write", "pii:contact", "pii:identity", "pii:time",
            "users:read", "users:write", "work_orders:read", "work_orders:write",
        ],
        "authorization_details_types_supported": ["isomod"],
    }  # fmt: skip
    found.validate_response_types_supported()
    found.validate_grant_types_supported()
    found.validate_token_endpoint_auth_methods_supported()
    found.validate_scopes_supported()
    found.validate_authorization_endpoint()


BOTH = {"client_id": "x", "client_secret": "y"}
MALFORMED: dict[str, tuple[bytes, dict[str, str]]] = {
    "no grant type": (b"scope=work_orders%3Aread", {}),
    "a grant type without a value": (b"grant_type=", {}),
    "a repeated parameter": (b"grant_type=client_credentials&grant_type=client_credentials", {}),
    "a repeated parameter without a value": (b"grant_type=client_credentials&scope=&scope=", {}),
    "a parameter that is no text": (b"grant_type=client_credentials&scope=%FF", {}),
    "a body that is no form": ("grant_type=é".encode(), {}),
    "JSON": (json.dumps(GRANT).encode(), {"Content-Type": "application/json"}),
    "another charset": (b"grant_type=client_credentials", {"Content-Type": f"{FORM}; charset=utf-16"}),
    "a compressed body": (b"grant_type=client_credentials", {"Content-Encoding": "gzip"}),
    "two ways to prove a secret": (b"grant_type=client_credentials&client_secret=x", {}),
    "another client in the form": (b"grant_type=client_credentials&client_id=other", {}),
    "too many parameters": (b"&".join(b"a%d=1" % at for at in range(31)), {}),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_request_is_refused_as_such(program: Program, what: str) -> None:
    body, headers = MALFORMED[what]

    answer = program.post("/oauth/token", body, program.basic | headers)

    assert error_of(answer) == (400, "invalid_request")
    assert answer.headers["cache-control"] == "no-store"


def test_parameters_in_the_address_are_refused(program: Program) -> None:
    assert error_of(program.post("/oauth/token?grant_type=client_credentials", GRANT)) == (
        400,
        "invalid_request",
    )


def test_a_large_form_and_another_method_are_refused(product: Served, program: Program) -> None:
    large = program.post("/oauth/token", b"a=" + b"x" * 20_000)
    got = httpx2.get(f"{product.origin}/oauth/token", headers=program.basic)

    assert error_of(large) == (413, "invalid_request")
    assert (error_of(got), got.headers["allow"]) == ((405, "invalid_request"), "POST")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, "unsupported_grant_type"),
        (GRANT | {"scope": "assets:write"}, "invalid_scope"),
        (GRANT | {"scope": "admin"}, "invalid_scope"),
        (GRANT | {"scope": "nonsense"}, "invalid_scope"),
        (GRANT | {"authorization_details": "nonsense"}, "invalid_authorization_details"),
        (
            GRANT | {"authorization_details": '[{"type":"isomod","sites":["x"]}]'},
            "invalid_authorization_details",
        ),
    ],
)
def test_what_a_program_may_not_have_is_refused_with_its_code_and_costs_as_much(
    program: Program, form: dict[str, str], code: str
) -> None:
    answer = program.post("/oauth/token", form)

    assert error_of(answer) == (400, code)
    assert answer.headers["ratelimit"].startswith('"gql";r=599900;t=')


async def test_what_is_refused_to_a_program_is_on_record(
    product: Served, program: Program, owner_eye: asyncpg.Connection
) -> None:
    before = await trail(owner_eye, product.tenant, "CLIENT_TOKEN_ISSUE")

    for form in (
        {"grant_type": "password"},
        GRANT | {"scope": "admin"},
        GRANT | {"authorization_details": "[]"},
        {},
    ):
        program.post("/oauth/token", form)

    after = await trail(owner_eye, product.tenant, "CLIENT_TOKEN_ISSUE")
    new = [(outcome, reason, kind) for outcome, reason, kind, _ in sorted(set(after) - set(before), key=str)]
    assert new == [
        ("DENIED", "INVALID_AUTHORIZATION_DETAILS", "CLIENT"),
        ("DENIED", "INVALID_REQUEST", "CLIENT"),
        ("DENIED", "INVALID_SCOPE", "CLIENT"),
        ("DENIED", "UNSUPPORTED_GRANT_TYPE", "CLIENT"),
    ]


def ways_to_prove_nothing(program: Program) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Headers and form; at most one of a kind, so that no delay begins."""
    yield {}, GRANT
    yield {}, GRANT | {"client_id": program.client_id}
    yield {"Authorization": "Basic nonsense!"}, GRANT
    yield {"Authorization": "Basic " + "eDp="}, GRANT
    yield {"Authorization": f"Bearer {program.client_secret}"}, GRANT
    yield {}, GRANT | {"client_id": program.client_id, "client_secret": "x"}
    yield {}, GRANT | {"client_id": "nobody", "client_secret": program.client_secret}


def test_whoever_proves_nothing_is_told_one_thing(program: Program) -> None:
    answers = [
        program.post("/oauth/token", form, headers) for headers, form in ways_to_prove_nothing(program)
    ]

    assert {(one.status_code, one.content, one.headers["www-authenticate"]) for one in answers} == {
        (
            401,
            b'{"error":"invalid_client","error_description":"The client could not be authenticated."}',
            'Basic realm="isomod", charset="UTF-8"',
        )
    }


def test_after_many_failures_a_program_waits(program: Program) -> None:
    wrong = Program(program.origin, program.client_id, program.client_secret[:-1] + "!")

    answers = [wrong.post("/oauth/token", GRANT) for _ in range(7)]

    assert [one.status_code for one in answers] == [401] * 6 + [429]
    assert (error_of(answers[6]), answers[6].headers["retry-after"]) == (
        (429, "temporarily_unavailable"),
        "1",
    )


def test_a_token_is_told_to_its_own_program_alone(product: Served, program: Program) -> None:
    token = program.token(scope="work_orders:read")
    other = register(product)

    mine = program.post("/oauth/introspect", {"token": token, "token_type_hint": "access_token"}).json()
    theirs = other.post("/oauth/introspect", {"token": token}).json()
    left = other.post("/oauth/revoke", {"token": token})
    nobodys = program.post("/oauth/introspect", {"token": token}, {})
    missing = program.post("/oauth/introspect", {})

    assert mine == {
        "active": True, "scope": "work_orders:read", "client_id": program.client_id, "sub": program.client_id,
        "token_type": "Bearer", "iat": mine["exp"] - 3600, "exp": mine["exp"], "iss": product.origin,
    }  # fmt: skip
    assert theirs == {"active": False}
    assert (left.status_code, left.content) == (200, b"")
    assert (error_of(nobodys), error_of(missing)) == ((401, "invalid_client"), (400, "invalid_request"))
    assert graph(product, COUNT, token).json()["data"] == {"workOrders": {"totalCount": 0}}


def test_a_revoked_token_loses_access_at_once_though_it_was_just_used(
    product: Served, program: Program
) -> None:
    token = program.token()
    before = graph(product, COUNT, token)

    first = program.post("/oauth/revoke", {"token": token})
    after = graph(product, COUNT, token)
    again = program.post("/oauth/revoke", {"token": token})
    unknown = program.post("/oauth/revoke", {"token": "nonsense", "token_type_hint": "nonsense"})

    assert (before.status_code, after.status_code) == (200, 401)
    assert [(one.status_code, one.content) for one in (first, again, unknown)] == [(200, b"")] * 3
    assert program.post("/oauth/introspect", {"token": token}).json() == {"active": False}


def test_a_disabled_program_loses_access_at_once(product: Served, program: Program) -> None:
    token = program.token()
    before = graph(product, COUNT, token)
    disable = "mutation ($input: DisableClientInput!) { disableClient(input: $input) { userErrors { code } client { disabledAt } } }"

    done = changed(product, disable, clientId=program.client_id)

    assert (before.status_code, graph(product, COUNT, token).status_code) == (200, 401)
    assert (done["userErrors"], done["client"]["disabledAt"] is None) == ([], False)
    assert error_of(program.post("/oauth/token", GRANT)) == (401, "invalid_client")


def site(product: Served, name: str) -> tuple[str, str]:
    """A new site with one order on it: the id of the site, the title of the order."""
    make = "mutation ($input: CreateLocationInput!) { createLocation(input: $input) { location { id } } }"
    made: str = changed(product, make, name=name)["location"]["id"]
    order = (
        "mutation ($input: CreateWorkOrderInput!) { createWorkOrder(input: $input) { workOrder { title } } }"
    )
    changed(product, order, title=f"Order at {name}", locationId=made)
    return made, f"Order at {name}"


def test_a_token_narrowed_to_a_site_sees_that_site_and_a_program_of_a_site_no_other(product: Served) -> None:
    (north, of_north), (south, of_south) = site(product, "North"), site(product, "South")
    whole, local = (
        register(product, "WORK_ORDERS_READ", "LOCATIONS_READ"),
        register(product, "WORK_ORDERS_READ", "LOCATIONS_READ", siteIds=[north]),
    )
    titles = "{ workOrders(first: 9, filter: {siteId: %s}) { nodes { title } } }"

    def seen(token: str) -> set[str]:
        asked = [graph(product, titles % json.dumps(one), token).json() for one in (north, south)]
        return {node["title"] for one in asked for node in one["data"]["workOrders"]["nodes"]}

    def details(*sites: str) -> str:
        return json.dumps([{"type": "isomod", "sites": list(sites)}])

    answer = whole.post("/oauth/token", GRANT | {"authorization_details": details(south)}).json()

    assert answer["authorization_details"] == [{"type": "isomod", "sites": [south]}]
    assert seen(answer["access_token"]) == {of_south}
    assert seen(whole.token()) == {of_north, of_south}
    assert seen(local.token()) == {of_north}
    wider = local.post("/oauth/token", GRANT | {"authorization_details": details(north, south)})
    assert error_of(wider) == (400, "invalid_authorization_details")


def test_names_are_shown_to_a_token_that_names_the_scope_and_pseudonyms_to_the_other(
    product: Served, program: Program
) -> None:
    people = "{ users(first: 5) { nodes { name displayName email } } }"

    def shown(token: str) -> Any:  # noqa: ANN401  JSON
        return graph(product, people, token).json()["data"]["users"]["nodes"]

    signs = graph(product, "{ users(first: 5) { nodes { pseudonym } } }", program.token()).json()
    (known_by,) = [node["pseudonym"] for node in signs["data"]["users"]["nodes"]]

    assert shown(program.token()) == [
        {"name": f"Person {known_by}•", "displayName": "Colleague #1", "email": None}
    ]
    assert (len(known_by), known_by.isalnum()) == (16, True)
    named = program.token(scope="users:read pii:identity")
    assert shown(named) == [{"name": "An Peeters", "displayName": "An Peeters", "email": None}]
    masked = program.token(
        scope="users:read pii:identity", authorization_details='[{"type":"isomod","categories":[]}]'
    )
    assert shown(masked) == [{"name": None, "displayName": "Colleague #1", "email": None}]


def test_a_program_for_statistics_sees_nobody_whatever_its_scopes(product: Served) -> None:
    program = register(product, "USERS_READ", "PII_IDENTITY", "PII_CONTACT", purpose="ANALYTICS")
    people = "{ users(first: 5) { nodes { name email } } }"

    answer = graph(product, people, program.token(scope="users:read pii:identity pii:contact")).json()

    assert answer["data"]["users"]["nodes"] == [{"name": None, "email": None}]
    assert {one["reason"] for one in answer["extensions"]["masking"]["fields"]} == {"PURPOSE"}


def test_a_persons_token_is_narrowed_to_categories_too(product: Served) -> None:
    make = """mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret userErrors { code } } }"""
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    given = {"label": "script", "scopes": ["USERS_READ", "PII_IDENTITY", "PII_CONTACT"], "expiresAt": ends}

    token = changed(product, make, **given, categories=["IDENTITY"])["secret"]

    answer = graph(product, "{ users(first: 5) { nodes { name email } } }", token).json()["data"]["users"][
        "nodes"
    ]
    assert answer == [{"name": "An Peeters", "email": None}]


async def test_a_program_and_its_tokens_make_no_token_and_no_program(
    product: Served, owner_eye: asyncpg.Connection
) -> None:
    token = register(product, "WORK_ORDERS_WRITE", "USERS_WRITE", "ASSETS_WRITE", "LOCATIONS_WRITE").token()
    attempts = [
        'mutation { createToken(input: {label: "x", scopes: [WORK_ORDERS_READ], expiresAt: "2026-12-01T00:00:00Z"}) { secret } }',
        'mutation { registerClient(input: {name: "x", scopes: [ASSETS_READ], purpose: SERVICE, expiresAt: "2026-12-01T00:00:00Z"}) { clientSecret } }',
        "{ partnerClients { clientId } }",
    ]

    answers = [graph(product, one, token).json() for one in attempts]

    assert [one["errors"][0]["extensions"]["code"] for one in answers] == ["GRAPHQL_VALIDATION_FAILED"] * 3
    assert [one.get("data") for one in answers] == [None] * 3
    assert await refused_to_programs(owner_eye, product.tenant, most=2) == [
        ("CLIENT_MANAGE", "ROLE"),
        ("TOKEN_CREATE", "ROLE"),
    ]


async def refused_to_programs(eye: asyncpg.Connection, tenant: UUID, *, most: int) -> list[tuple[str, str]]:
    """What was hidden from a program and tried; it is written down after the answer."""
    until = time.monotonic() + 10
    while True:
        found = [
            (action, reason)
            for action in ("CLIENT_MANAGE", "TOKEN_CREATE")
            for _, reason, kind, _ in await trail(eye, tenant, action)
            if kind == "CLIENT"
        ]
        if len(found) >= most or time.monotonic() > until:
            return found
        await asyncio.sleep(0.05)


def test_a_program_comes_from_its_networks_only_and_behind_no_proxy_is_no_header_believed(
    product: Served,
) -> None:
    local = register(product, networks=["127.0.0.0/8"])
    elsewhere = register(product, networks=["192.0.2.0/24"])
    forwarded = elsewhere.basic | {"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=192.0.2.7"}

    assert local.post("/oauth/token", GRANT).status_code == 200
    assert error_of(elsewhere.post("/oauth/token", GRANT, forwarded)) == (401, "invalid_client")


def test_behind_a_trusted_proxy_the_forwarded_address_counts(urls: Urls) -> None:
    with serve(urls, "oauth-proxied", trusted_proxies="127.0.0.0/8") as product:
        program = register(product, networks=["192.0.2.0/24"])

        def answer(address: str) -> httpx2.Response:
            return program.post("/oauth/token", GRANT, program.basic | {"X-Forwarded-For": address})

        inside, outside, forged = (
            answer("192.0.2.7"),
            answer("198.51.100.1"),
            answer("192.0.2.7, 198.51.100.1"),
        )
        token = inside.json()["access_token"]
        used = graph(product, COUNT, token, {"X-Forwarded-For": "192.0.2.9"})
        stolen = graph(product, COUNT, token, {"X-Forwarded-For": "198.51.100.1"})

    assert (inside.status_code, error_of(outside), error_of(forged)) == (
        200,
        (401, "invalid_client"),
        (401, "invalid_client"),
    )
    assert (used.status_code, stolen.status_code) == (200, 401)


def test_a_program_has_one_purse_for_tokens_and_questions(urls: Urls) -> None:
    with serve(urls, "oauth-metered", points_per_minute=250) as product:
        program = register(product)
        answers = [program.post("/oauth/token", GRANT) for _ in range(3)]
        token = answers[0].json()["access_token"]
        nobody = Program(product.origin, "nobody", "nothing")
        failures = [nobody.post("/oauth/token", GRANT) for _ in range(4)]
        asked = [graph(product, COUNT, token).headers["ratelimit"].split(";t=")[0] for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert [one.headers["ratelimit"].split(";t=")[0] for one in answers] == [
        '"gql";r=150',
        '"gql";r=50',
        '"gql";r=50',
    ]
    assert error_of(answers[2]) == (429, "temporarily_unavailable")
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    assert [one.status_code for one in failures] == [401, 401, 401, 429]
    assert asked == ['"gql";r=48', '"gql";r=46']
