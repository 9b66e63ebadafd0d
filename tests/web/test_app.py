"""The application as it is served: who may ask what, from where, and what the console learns."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date

import httpx2
import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from isomod_graphql.core.installation import Installation
from isomod_graphql.core.settings import Environment, Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.founding import found_tenant
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.sessions import csrf_token
from isomod_graphql.identity.sign_in import sign_in
from isomod_graphql.web.app import create_app, served_hosts
from isomod_graphql.web.executor import SESSION_COOKIE

PASSWORD = "quartz-lantern-ferry-81"


@pytest.fixture
def app(store: Store) -> Starlette:
    return create_app(Installation(Settings(), store, store.clock))


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", trust_env=False
    ) as client:
        yield client


async def test_nobody_may_ask_for_the_type_name_and_for_nothing_else(client: httpx2.AsyncClient) -> None:
    allowed = await client.post("/graphql", json={"query": "{ __typename }"})
    refused = await client.post("/graphql", json={"query": "{ viewer { id } }"})

    assert allowed.json() == {"data": {"__typename": "Query"}}
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


async def test_an_invented_token_is_refused_and_a_dead_session_is_nobody(client: httpx2.AsyncClient) -> None:
    question = {"query": "{ __typename }"}

    token = await client.post("/graphql", json=question, headers={"Authorization": "Bearer iso_live_x"})
    session = await client.post("/graphql", json=question, headers={"Cookie": f"{SESSION_COOKIE}=x"})

    assert token.status_code == 401
    assert session.json() == {"data": {"__typename": "Query"}}


async def test_the_console_learns_the_token_of_its_own_session_only(
    client: httpx2.AsyncClient, store: Store
) -> None:
    secret = await _signed_in(store)
    cookie = {"Cookie": f"{SESSION_COOKIE}={secret}"}

    mine = await client.get("/console/session", headers=cookie)
    nobodys = await client.get("/console/session")
    foreign = await client.get("/console/session", headers=cookie | {"Sec-Fetch-Site": "cross-site"})

    assert mine.json() == {"csrfToken": csrf_token(secret)}
    assert mine.headers["cache-control"] == "no-store"
    assert nobodys.json() == {"csrfToken": None}
    assert (foreign.status_code, foreign.json()) == (403, {"csrfToken": None})


async def test_it_is_ready_when_both_databases_answer_and_no_longer_once_it_drains(
    app: Starlette, client: httpx2.AsyncClient
) -> None:
    before = await client.get("/readyz")
    app.state.parts.readiness.drain()
    after = await client.get("/readyz")

    assert (before.status_code, before.json()) == (200, {"status": "ready"})
    assert (after.status_code, after.json()) == (503, {"status": "unready", "failing": ["draining"]})


async def test_the_life_of_the_application_begins_and_ends(app: Starlette) -> None:
    async with app.router.lifespan_context(app):
        await asyncio.sleep(0)

    assert await app.state.parts.readiness.failing() == ["draining"]


async def test_another_host_is_not_served(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"Host": "evil.example"})

    assert answer.status_code == 421


def test_production_serves_its_public_address_alone() -> None:
    production = Settings(environment=Environment.PRODUCTION, public_url="https://isomod.example")

    assert served_hosts(production) == {"isomod.example"}
    assert served_hosts(Settings()) == {"127.0.0.1", "localhost", "[::1]"}


async def _signed_in(store: Store) -> str:
    slug = f"app-{store.clock.now():%H%M%S%f}"
    email = f"founder@{slug}.example"
    founded = await found_tenant(
        store,
        slug=slug,
        name="Acme",
        founder_email=email,
        founder_name="Ada",
        contract_start=date(2026, 1, 1),
    )
    desk = Desk(store, Settings(), Argon2Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    await join(desk, founded.tenant_id, founded.person_id, password=PASSWORD)
    return (await sign_in(desk, email=email, password=PASSWORD)).session.secret
