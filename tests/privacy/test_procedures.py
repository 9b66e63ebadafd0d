"""Rectify, restrict, lift and erase through the graph: what changes, who sees what afterwards, and what a refusal leaves behind."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import Role
from tests.engine.graph import World, make_world, run

PERSON = "query($id: ID!) { user(id: $id) { displayName name email phone restricted } }"
RECTIFY = """mutation($input: RectifyPersonalDataInput!) {
  rectifyPersonalData(input: $input) { person { name phone version } userErrors { code field } } }"""
RESTRICT = """mutation($input: RestrictProcessingInput!) {
  restrictProcessing(input: $input) { person { name phone } userErrors { code field } } }"""
LIFT = """mutation($input: LiftRestrictionInput!) {
  liftRestriction(input: $input) { person { name phone } userErrors { code field } } }"""
ERASE = """mutation($input: ErasePersonalDataInput!) {
  erasePersonalData(input: $input) {
    certificate { state destroyed { keep keys } kept { keep why } places { table rows emptied } }
    person { displayName name email phone } userErrors { code field } } }"""


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant."""
    return await make_world(store, tenant)


async def gid(store: Store, world: World, person: UUID) -> str:
    """The global id of a person."""
    return (await store.keystore.tenant(world.tenant)).ids.seal(1, person)


async def seen(store: Store, world: World, viewer: Viewer, person: UUID) -> Any:  # noqa: ANN401  a JSON object
    """The person as the viewer reads it."""
    result = await run(store, viewer, PERSON, id=await gid(store, world, person))
    assert result.errors is None
    assert result.data is not None
    return result.data["user"]


def officer(store: Store, world: World) -> Viewer:
    """The privacy officer, freshly proven."""
    return world.stepped_up(store, world.stranger, Role.PRIVACY_OFFICER)


async def audit_of(owner_eye: asyncpg.Connection, world: World) -> list[tuple[str, str, str | None]]:
    """Action, outcome and reason of every entry of the tenant."""
    rows = await owner_eye.fetch(
        "SELECT action, outcome, reason FROM audit_entries WHERE tenant_id = $1 ORDER BY at, id", world.tenant
    )
    return [(row["action"], row["outcome"], row["reason"]) for row in rows]


async def test_a_correction_is_seen_by_others_and_found_by_its_new_address(
    store: Store, world: World
) -> None:
    admin = world.stepped_up(store, world.stranger, Role.ADMIN)
    given = {
        "subjectId": await gid(store, world, world.technician),
        "corrections": {"email": "new@acme.example", "phone": None},
    }

    result = await run(store, admin, RECTIFY, input=given)
    found = await run(
        store, admin, '{ users(first: 5, filter: {email: "NEW@acme.example"}) { nodes { name } } }'
    )

    assert result.data == {
        "rectifyPersonalData": {
            "person": {"name": "Tom Claes", "phone": None, "version": 2},
            "userErrors": [],
        }
    }
    assert found.data == {"users": {"nodes": [{"name": "Tom Claes"}]}}


async def test_a_masked_value_sent_back_changes_nothing(store: Store, world: World) -> None:
    admin = world.stepped_up(store, world.stranger, Role.ADMIN)
    given = {"subjectId": await gid(store, world, world.technician), "corrections": {"name": "T•• C••"}}

    result = await run(store, admin, RECTIFY, input=given)

    assert result.data == {
        "rectifyPersonalData": {
            "person": None,
            "userErrors": [{"code": "MASKED_VALUE_REJECTED", "field": "name"}],
        }
    }
    assert (await seen(store, world, admin, world.technician))["name"] == "Tom Claes"


async def test_ones_own_address_is_changed_by_proving_the_new_one_and_by_nothing_else(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    """Whoever corrects others writes an address, and is told that somebody has it; nobody else learns it, and removal proves itself."""
    admin = world.stepped_up(store, world.stranger, Role.ADMIN)
    me = world.viewer(store, world.technician, Role.VIEWER)
    taken = "rita@acme.example"
    subject, other = await gid(store, world, world.technician), await gid(store, world, world.requester)
    await run(store, admin, RECTIFY, input={"subjectId": other, "corrections": {"email": taken}})

    answers = [
        await run(store, who, RECTIFY, input={"subjectId": subject, "corrections": {"email": address}})
        for who, address in ((me, "nobody@acme.example"), (me, taken.upper()), (admin, taken), (me, None))
    ]

    told = [(one.data or {})["rectifyPersonalData"]["userErrors"] for one in answers]
    mine = {"code": "EMAIL_PROOF_REQUIRED", "field": "email"}
    assert told == [[mine], [mine], [{"code": "CONFLICT", "field": "email"}], []]
    assert (await seen(store, world, me, world.technician))["email"] is None
    assert await owner_eye.fetchval("SELECT version FROM people WHERE id = $1", world.technician) == 2


@pytest.mark.parametrize("document", [RESTRICT, LIFT])
async def test_a_subject_lifts_as_he_or_she_restricts_with_a_fresh_proof(
    store: Store, world: World, owner_eye: asyncpg.Connection, document: str
) -> None:
    """Also what the privacy officer set: each ground of Article 18(1) protects the subject. A credential alone does not do it."""
    subject = await gid(store, world, world.technician)
    given = {"subjectId": subject, "categories": ["CONTACT"], "ground": "OBJECTION_PENDING"}
    await run(store, officer(store, world), RESTRICT, input=given)
    said = given if document == RESTRICT else {"subjectId": subject, "reason": "It is settled."}

    plain = await run(store, world.viewer(store, world.technician, Role.TECHNICIAN), document, input=said)
    fresh = await run(store, world.stepped_up(store, world.technician, Role.TECHNICIAN), document, input=said)

    assert plain.errors is not None
    assert [getattr(error.original_error, "code", None) for error in plain.errors] == ["STEP_UP_REQUIRED"]
    assert ("PERSON_RESTRICT", "DENIED", "STEP_UP_REQUIRED") in await audit_of(owner_eye, world)
    assert fresh.errors is None
    restricted = await owner_eye.fetchval("SELECT flags FROM people WHERE id = $1", world.technician)
    assert bool(restricted) is (document == RESTRICT)


async def test_a_session_without_a_fresh_proof_may_not_restrict(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    viewer = world.viewer(store, world.stranger, Role.PRIVACY_OFFICER)
    given = {
        "subjectId": await gid(store, world, world.technician),
        "categories": ["CONTACT"],
        "ground": "OBJECTION_PENDING",
    }

    result = await run(store, viewer, RESTRICT, input=given)

    assert result.errors is not None
    assert [getattr(error.original_error, "code", None) for error in result.errors] == ["STEP_UP_REQUIRED"]
    assert await audit_of(owner_eye, world) == [("PERSON_RESTRICT", "DENIED", "STEP_UP_REQUIRED")]
    assert (await seen(store, world, world.viewer(store, world.stranger, Role.ADMIN), world.technician))[
        "phone"
    ] == "+32470000001"


async def test_a_stranger_may_not_restrict_somebody_else(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    viewer = world.stepped_up(store, world.requester, Role.REQUESTER)
    given = {
        "subjectId": await gid(store, world, world.technician),
        "categories": ["CONTACT"],
        "ground": "OBJECTION_PENDING",
    }

    result = await run(store, viewer, RESTRICT, input=given)

    assert result.errors is not None
    assert await audit_of(owner_eye, world) == [("PERSON_RESTRICT", "DENIED", "ROLE")]


async def test_restricted_data_is_null_for_others_and_full_for_the_two_whom_it_concerns(
    store: Store, world: World
) -> None:
    given = {
        "subjectId": await gid(store, world, world.technician),
        "categories": ["IDENTITY", "CONTACT"],
        "ground": "ACCURACY_CONTESTED",
    }
    await run(store, officer(store, world), RESTRICT, input=given)

    admin = await seen(store, world, world.viewer(store, world.stranger, Role.ADMIN), world.technician)
    subject = await seen(
        store, world, world.viewer(store, world.technician, Role.TECHNICIAN), world.technician
    )
    privacy = await seen(store, world, officer(store, world), world.technician)

    assert admin == {
        "displayName": admin["displayName"],
        "name": None,
        "email": None,
        "phone": None,
        "restricted": None,
    }
    assert admin["displayName"].startswith("Technician #") or admin["displayName"].startswith("Colleague #")
    assert (subject["name"], subject["phone"], subject["restricted"]) == ("Tom Claes", "+32470000001", True)
    assert privacy["restricted"] is True


async def test_a_correction_of_restricted_data_is_refused_for_the_administrator(
    store: Store, world: World
) -> None:
    given = {
        "subjectId": await gid(store, world, world.technician),
        "categories": ["CONTACT"],
        "ground": "OBJECTION_PENDING",
    }
    await run(store, officer(store, world), RESTRICT, input=given)
    correction = {"subjectId": given["subjectId"], "corrections": {"phone": "+32479999999"}}

    admin = await run(store, world.stepped_up(store, world.stranger, Role.ADMIN), RECTIFY, input=correction)
    own = await run(store, world.viewer(store, world.technician, Role.TECHNICIAN), RECTIFY, input=correction)

    assert admin.data == {
        "rectifyPersonalData": {
            "person": None,
            "userErrors": [{"code": "PROCESSING_RESTRICTED", "field": None}],
        }
    }
    assert own.data is not None
    assert own.data["rectifyPersonalData"]["person"]["phone"] == "+32479999999"


async def test_lifting_shows_the_data_again(store: Store, world: World) -> None:
    subject = await gid(store, world, world.technician)
    await run(
        store, officer(store, world), RESTRICT,
        input={"subjectId": subject, "categories": ["CONTACT"], "ground": "OBJECTION_PENDING"},
    )  # fmt: skip

    await run(
        store,
        officer(store, world),
        LIFT,
        input={"subjectId": subject, "reason": "The objection was withdrawn."},
    )

    admin = await seen(store, world, world.viewer(store, world.stranger, Role.ADMIN), world.technician)
    assert admin["phone"] == "+32470000001"


async def test_an_erased_person_leaves_a_pseudonym_and_a_certificate(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    given = {"subjectId": await gid(store, world, world.technician), "ground": "CONSENT_WITHDRAWN"}

    result = await run(store, officer(store, world), ERASE, input=given)
    order = await run(
        store, world.viewer(store, world.stranger, Role.ADMIN),
        "{ workOrders(first: 1) { nodes { number assignee { displayName name phone } } } }",
    )  # fmt: skip

    assert result.errors is None
    assert result.data is not None
    done = result.data["erasePersonalData"]
    name = done["person"]["displayName"]
    assert done["certificate"]["state"] == "UNREADABLE"
    assert done["certificate"]["destroyed"] == [
        {"keep": "ACCOUNT", "keys": 1},
        {"keep": "OPERATIONAL", "keys": 0},
        {"keep": "POSITION", "keys": 0},
        {"keep": "SECURITY", "keys": 0},
        {"keep": "SUPPORT", "keys": 0},
    ]
    assert [kept["keep"] for kept in done["certificate"]["kept"]] == ["AUDIT", "EVIDENCE"]
    assert done["person"] == {"displayName": name, "name": None, "email": None, "phone": None}
    assert order.data == {
        "workOrders": {
            "nodes": [{"number": 1, "assignee": {"displayName": name, "name": None, "phone": None}}]
        }
    }
    row = await owner_eye.fetchrow(
        "SELECT sealed_account, email_index FROM people WHERE id = $1", world.technician
    )
    assert tuple(row) == (None, None)
    assert ("PERSON_ERASE", "DONE", "CONSENT_WITHDRAWN") in await audit_of(owner_eye, world)


async def test_the_same_idempotency_key_gives_the_same_certificate(store: Store, world: World) -> None:
    given = {
        "subjectId": await gid(store, world, world.technician),
        "ground": "CONSENT_WITHDRAWN",
        "idempotencyKey": "once",
    }

    first = await run(store, officer(store, world), ERASE, input=given)
    again = await run(store, officer(store, world), ERASE, input=given)
    without = await run(store, officer(store, world), ERASE, input=given | {"idempotencyKey": None})

    assert first.data == again.data
    assert without.data is not None
    assert without.data["erasePersonalData"]["userErrors"] == [{"code": "SUBJECT_ERASED", "field": None}]


async def test_a_person_of_another_tenant_cannot_be_erased(store: Store, world: World) -> None:
    other = store.keystore
    tenant = world.tenant
    foreign = await make_world(store, await _another(store))
    given = {
        "subjectId": (await other.tenant(foreign.tenant)).ids.seal(1, foreign.technician),
        "ground": "OBJECTION",
    }

    result = await run(store, officer(store, world), ERASE, input=given)

    assert result.data is not None
    assert result.data["erasePersonalData"]["userErrors"] == [{"code": "NOT_FOUND", "field": "subjectId"}]
    assert tenant != foreign.tenant


async def _another(store: Store) -> UUID:
    tenant = new_id(store.clock.now())
    await store.keystore.create_tenant(tenant)
    return tenant
