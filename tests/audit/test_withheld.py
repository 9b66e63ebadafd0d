"""Over HTTP: who saw whom is on record with the answer; what cannot be recorded is not answered, and what needs no record is."""

import asyncio
from hashlib import sha256
from uuid import UUID

import asyncpg
import httpx2

from isomod_graphql.core.installation import Urls
from permissions.principals import Role
from tests.audit.accesses import CONTACT, IDENTITY
from tests.web.serving import add_colleague, serve

OTHERS = "{ users(first: 10) { nodes { name email } } }"
MYSELF = "{ viewer { name email phone } }"
PLACES = "{ locations(first: 10) { nodes { name } } }"

Recorded = tuple[UUID, str, str, int, set[UUID]]


def ask(origin: str, token: str, query: str) -> httpx2.Response:
    """One query with a bearer token."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/graphql-response+json"}
    with httpx2.Client(trust_env=False) as client:
        return client.post(f"{origin}/graphql", json={"query": query}, headers=headers)


def as_owner(urls: Urls, tenant: UUID, statement: str, *given: object) -> list[asyncpg.Record]:
    """What a statement of the owner answers, inside the tenant."""

    async def run() -> list[asyncpg.Record]:
        owner = await asyncpg.connect(urls.main_owner.replace("+asyncpg", ""))
        async with owner.transaction():
            await owner.execute(f"SET LOCAL app.tenant_id = '{tenant}'")
            rows: list[asyncpg.Record] = await owner.fetch(statement, *given)
        await owner.close()
        return rows

    return asyncio.run(run())


def recorded(urls: Urls, tenant: UUID, query: str) -> list[Recorded]:
    """The records of a document: viewer, kind, purpose, mask, subjects."""
    rows = as_owner(
        urls,
        tenant,
        "SELECT viewer_id, viewer_kind, purpose, categories, subjects FROM access_records WHERE operation = $1",
        sha256(query.encode()).digest(),
    )
    return [
        (
            UUID(bytes=viewer.bytes),
            kind,
            purpose,
            mask,
            {UUID(bytes=subjects[n : n + 16]) for n in range(0, len(subjects), 16)},
        )
        for viewer, kind, purpose, mask, subjects in rows
    ]


def test_what_was_shown_of_others_is_on_record_and_ones_own_is_not(own_urls: Urls) -> None:
    with serve(own_urls, "on-record") as served:
        manager, full = add_colleague(own_urls, served, "Bo Janssens", Role.MANAGER)
        guest, masked = add_colleague(own_urls, served, "Cas Janssens", Role.VIEWER)

        raw = ask(served.origin, full, OTHERS)
        initials = ask(served.origin, masked, f"{OTHERS} #")
        for query in (MYSELF, PLACES):
            assert ask(served.origin, full, query).status_code == 200

    assert "An Peeters" in raw.text
    assert "An Peeters" not in initials.text
    assert recorded(own_urls, served.tenant, OTHERS) == [
        (manager, "PERSON", "SERVICE", IDENTITY | CONTACT, {served.admin, guest})
    ]
    assert recorded(own_urls, served.tenant, f"{OTHERS} #") == [
        (guest, "PERSON", "SERVICE", IDENTITY, {served.admin, manager})
    ]
    assert recorded(own_urls, served.tenant, MYSELF) == []
    assert recorded(own_urls, served.tenant, PLACES) == []


def test_an_answer_that_cannot_be_recorded_is_withheld_as_a_whole(own_urls: Urls) -> None:
    with serve(own_urls, "withheld") as served:
        _, token = add_colleague(own_urls, served, "Bo Janssens", Role.MANAGER)
        as_owner(own_urls, served.tenant, "REVOKE INSERT ON access_records FROM isomod_app")

        others, myself = ask(served.origin, token, OTHERS), ask(served.origin, token, MYSELF)
        as_owner(own_urls, served.tenant, "GRANT INSERT ON access_records TO isomod_app")
        again = ask(served.origin, token, OTHERS)

    assert others.status_code == 503
    assert [error["extensions"]["code"] for error in others.json()["errors"]] == ["ACCESS_RECORD_UNAVAILABLE"]
    assert "data" not in others.json()
    assert (myself.status_code, again.status_code) == (200, 200)
    assert len(recorded(own_urls, served.tenant, OTHERS)) == 1
