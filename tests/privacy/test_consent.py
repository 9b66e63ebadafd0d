"""Consent: given and withdrawn by the person alone, in one step each; what it opens, what is kept of it, and what a refusal leaves behind."""

from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.privacy.consent_texts import LOCALES, TEXTS, VERSION
from permissions.principals import Principal, Role, RoleGrant, Scope
from permissions.purposes import CONSENT, Purpose
from schema.consent_changes import ConsentPurpose
from schema.entities import PERSON
from tests.engine.asking import Below, Caller
from tests.engine.graph import World, execution_of, make_world, run

STATES = "consents { purpose given decidedAt noticeVersion currentVersion }"
GIVE = f"mutation ($input: GiveConsentInput!) {{ giveConsent(input: $input) {{ {STATES} userErrors {{ code field }} }} }}"
WITHDRAW = f"mutation ($input: WithdrawConsentInput!) {{ withdrawConsent(input: $input) {{ {STATES} userErrors {{ code field }} }} }}"
READ = "query ($id: ID!) { user(id: $id) { name phone email } }"
NOW = "2026-11-02T09:00:00Z"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A technician with a phone."""
    return await make_world(store, tenant)


def partner(world: World, purpose: Purpose) -> Principal:
    """A program that may read contacts for this purpose."""
    scopes = frozenset({Scope.USERS_READ, Scope.PII_IDENTITY, Scope.PII_CONTACT})
    grants = (RoleGrant(Role.PARTNER, None),)
    return Principal(
        kind="CLIENT",
        tenant_id=world.tenant,
        client_id=world.tenant,
        grants=grants,
        scopes=scopes,
        purpose=purpose,
    )


async def read(store: Store, world: World, who: Principal, person: UUID) -> tuple[Any, Any]:
    """The person and the masks, as both executors say it."""
    given = {"id": (await store.keystore.tenant(world.tenant)).ids.seal(PERSON.code, person)}
    compiled, reference = [
        await Below(execution_of(store, compiles=way))(Caller("somebody", who), READ, given)
        for way in (True, False)
    ]
    assert compiled.errors == reference.errors == []
    assert (compiled.data, compiled.extensions) == (reference.data, reference.extensions)
    masks = compiled.extensions.get("masking", {"fields": []})["fields"]
    return compiled.data["user"], {one["coordinate"]: (one["mask"], one["reason"]) for one in masks}


async def agree(store: Store, who: Viewer, **given: str) -> Any:  # noqa: ANN401  JSON
    done = await run(store, who, GIVE, input={"purpose": "NOTIFY", "noticeVersion": VERSION, **given})
    assert done.errors is None
    return (done.data or {})["giveConsent"]


async def ledger(eye: asyncpg.Connection, world: World) -> list[tuple[Any, ...]]:
    rows = await eye.fetch("SELECT * FROM consents WHERE tenant_id = $1 ORDER BY sequence", world.tenant)
    names = ("person_id", "purpose", "given", "notice_version", "notice_hash", "locale", "mechanism")
    return [tuple(row[name] for name in names) for row in rows]


async def test_a_program_for_notices_reads_the_phone_of_those_who_agree_and_while_they_do(
    store: Store, world: World
) -> None:
    program, me = partner(world, Purpose.NOTIFY), world.viewer(store, world.technician, Role.TECHNICIAN)
    open_to_all = {"name": "Tom Claes", "phone": "+32470000001", "email": "tom@acme.example"}
    hidden = {"name": "Tom Claes", "phone": None, "email": None}
    masks = {"User.phone": ("NULL", "PRIVACY"), "User.email": ("NULL", "PRIVACY")}

    before = await read(store, world, program, world.technician)
    await agree(store, me)
    during = await read(store, world, program, world.technician)
    other = await read(store, world, program, world.requester)
    await run(store, me, WITHDRAW, input={"purpose": "NOTIFY"})
    after = await read(store, world, program, world.technician)
    service = await read(store, world, partner(world, Purpose.SERVICE), world.technician)

    assert before == after == (hidden, masks)
    assert during == (open_to_all, {})
    assert other[0] == {"name": "Rita Maes", "phone": None, "email": None}
    assert service == (open_to_all, {})


async def test_every_decision_stands_in_the_ledger_and_a_second_time_adds_nothing(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    me = world.viewer(store, world.technician, Role.TECHNICIAN)

    given = await agree(store, me, locale="nl")
    await agree(store, me)
    taken = await run(store, me, WITHDRAW, input={"purpose": "NOTIFY"})
    await run(store, me, WITHDRAW, input={"purpose": "NOTIFY"})

    none = {"given": False, "decidedAt": None, "noticeVersion": None, "currentVersion": VERSION}
    decided = {"decidedAt": NOW, "noticeVersion": VERSION, "currentVersion": VERSION, "purpose": "NOTIFY"}
    assert given == {
        "consents": [
            {"purpose": "SERVICE", **none},
            {**decided, "given": True},
            {"purpose": "ANALYTICS", **none},
        ],
        "userErrors": [],
    }
    assert (taken.data or {})["withdrawConsent"]["consents"][1] == {**decided, "given": False}
    texts = [sha256(TEXTS[Purpose.NOTIFY][locale].encode()).digest() for locale in ("nl", "en")]
    assert await ledger(owner_eye, world) == [
        (world.technician, "NOTIFY", True, VERSION, texts[0], "nl", "SESSION"),
        (world.technician, "NOTIFY", False, VERSION, texts[1], "en", "SESSION"),
    ]
    rights = await owner_eye.fetch(
        "SELECT privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'isomod_app' AND table_name = 'consents' ORDER BY 1"
    )
    assert [row["privilege_type"] for row in rights] == ["INSERT", "SELECT"]


async def test_who_agrees_has_read_the_present_text(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    me = world.viewer(store, world.technician, Role.TECHNICIAN)

    refused = await agree(store, me, noticeVersion="2020-01")

    assert refused == {"consents": [], "userErrors": [{"code": "NOTICE_OUTDATED", "field": "noticeVersion"}]}
    assert await ledger(owner_eye, world) == []


async def test_a_program_agrees_to_nothing_and_the_attempt_is_on_record(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    program = replace(partner(world, Purpose.NOTIFY), scopes=frozenset(Scope))

    done = await run(store, program, GIVE, input={"purpose": "NOTIFY", "noticeVersion": VERSION})

    assert [getattr(one.original_error, "code", None) for one in done.errors or ()] == ["FORBIDDEN"]
    assert await ledger(owner_eye, world) == []
    kept = await owner_eye.fetch(
        "SELECT action, outcome FROM audit_entries WHERE tenant_id = $1", world.tenant
    )
    assert [(row["action"], row["outcome"]) for row in kept] == [("CONSENT_DECIDE", "DENIED")]


async def test_giving_takes_no_less_than_withdrawing_and_neither_asks_for_a_fresh_proof(
    store: Store, world: World
) -> None:
    plain = world.viewer(store, world.technician)

    given = await agree(store, plain)
    taken = await run(store, plain, WITHDRAW, input={"purpose": "NOTIFY"})

    assert [given["userErrors"], (taken.data or {})["withdrawConsent"]["userErrors"]] == [[], []]


def test_every_purpose_that_rests_on_consent_has_a_text_in_every_language_and_a_place_in_the_graph() -> None:
    assert {purpose: tuple(texts) for purpose, texts in TEXTS.items()} == dict.fromkeys(CONSENT, LOCALES)
    assert [one.value for one in ConsentPurpose] == [purpose.value for purpose in CONSENT]
