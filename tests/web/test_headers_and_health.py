"""Every answer carries the security headers, only known hosts are served, and health says what but not why."""

import asyncio

import httpx2
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from isomod_graphql.web.headers import host_of
from isomod_graphql.web.health import Readiness, health_routes
from tests.web.toy import Door


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/nowhere"])
async def test_every_answer_has_the_security_headers(door: Door, path: str) -> None:
    response = await door.client.get(path)

    assert response.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in response.headers["cache-control"]


async def test_a_graphql_answer_is_private_and_varies_by_who_asks(door: Door) -> None:
    response = await door.post({"query": "{ hello }"})

    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["vary"] == "Accept, Authorization, Cookie"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 404),
        ("LOCALHOST:8000", 404),
        ("api.example.org", 404),
        ("example.org", 421),
        ("example.org.evil.test", 421),
        ("evil.test", 421),
        ("[::1]:80", 421),
        ("", 421),
    ],
)
async def test_only_known_hosts_are_served(door: Door, host: str, status: int) -> None:
    response = await door.client.get("/nowhere", headers={"host": host})

    assert response.status_code == status


async def test_liveness_answers_under_every_host(door: Door) -> None:
    response = await door.client.get("/healthz", headers={"host": "10.0.0.7"})

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def well() -> None:
    """A part that answers."""


async def broken() -> None:
    raise ConnectionError("postgresql://ada:hunter2@db")


async def hanging() -> None:
    await asyncio.sleep(60)


async def test_readiness_names_the_parts_that_fail_and_never_says_why() -> None:
    readiness = Readiness({"database": well, "keystore": broken, "storage": hanging}, timeout_s=0.05)
    app = Starlette(routes=health_routes(readiness))

    with capture_logs() as logs:
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://localhost"
        ) as client:
            response = await client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"status": "unready", "failing": ["keystore", "storage"]}
    assert "hunter2" not in str(logs)


async def test_a_draining_process_is_not_ready() -> None:
    readiness = Readiness({"database": well})
    assert await readiness.failing() == []

    readiness.drain()

    assert await readiness.failing() == ["draining"]


def test_the_host_of_a_public_address() -> None:
    assert host_of("https://API.isomod.be:8443/graphql") == "api.isomod.be"
