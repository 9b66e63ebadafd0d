"""A refused change tells nothing: not whether an id is somebody's, whether a value equals the stored one, whether a version or a key fits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import Assurance, Principal, Role
from schema.entities import PERSON
from tests.engine.arguments import statements
from tests.engine.graph import add_member, run
from tests.people import add_person
from tests.schema.changing import (
    change,
    creations,
    denied,
    document,
    everything,
    gid,
    inputs_on,
    job,
    machine,
    person,
    place,
    refusal,
)
from tests.worlds import World, a_world

PEOPLE = ("people", "users", "role_grants", "api_tokens", "restrictions", "erasure_certificates")


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


@pytest.fixture
async def theirs(store: Store) -> World:
    """Another organisation."""
    other = new_id(store.clock.now())
    await store.keystore.create_tenant(other)
    return await a_world(store, other)


async def asked(world: World, viewer: Viewer | Principal, verb: str, given: Mapping[str, object]) -> Any:  # noqa: ANN401  an answer
    """The answer without its payload, and how many statements it took."""
    text = document(verb, "").replace(
        f"{verb[0].upper()}{verb[1:]}Input", INPUT_OF.get(verb, f"{verb[0].upper()}{verb[1:]}Input")
    )
    with statements(world.store) as seen:
        result = await run(world.store, viewer, text, input=dict(given))
    errors = [(error.message, error.path) for error in result.errors or []]
    return result.data, errors, len(seen.texts)


INPUT_OF = {
    "rectifyPersonalData": "RectifyPersonalDataInput",
    "deactivateUser": "MemberInput",
    "reactivateUser": "MemberInput",
    "inviteUserAgain": "MemberInput",
    "handOverAdministration": "MemberInput",
    "assignRole": "MemberRoleInput",
    "removeRole": "MemberRoleInput",
    "createToken": "CreateTokenInput",
}


async def references(world: World) -> dict[str, list[tuple[str, dict[str, object]]]]:
    """By kind of row: every verb with an input whose field names one, and that field in the place of the id."""
    order = await world.order()
    await add_member(world.store, world.tenant, world.technician)
    known, hall, pump = (
        await job(world, order),
        await place(world, world.hall),
        await machine(world, world.pump),
    )
    lead = await person(world, world.technician)
    ends = (world.store.clock.now() + timedelta(days=1)).isoformat()
    found: dict[str, list[tuple[str, dict[str, object]]]] = {
        "Location": [],
        "Asset": [],
        "WorkOrder": [],
        "Person": [],
    }
    for verb, (field, given) in (await inputs_on(world, order)).items():
        kind = next(kind for kind in found if verb.endswith(kind))
        found[kind].append((field, {"verb": verb, **given}))
    made = await creations(world)
    found["Location"] += [
        ("locationId", {"verb": "createAsset", **made["createAsset"]}),
        ("parentId", {"verb": "createLocation", **made["createLocation"]}),
        ("locationId", {"verb": "createWorkOrder", **made["createWorkOrder"]}),
        ("locationId", {"verb": "moveAsset", "assetId": pump, "parentId": None}),
        ("parentId", {"verb": "moveLocation", "locationId": hall}),
        ("locationId", {"verb": "updateWorkOrder", "workOrderId": known}),
        (
            "siteId",
            {"verb": "inviteUser", "email": "new@acme.example", "name": "New", "roles": [{"role": "VIEWER"}]},
        ),
        ("siteId", {"verb": "assignRole", "personId": lead, "role": "VIEWER"}),
        ("siteIds", {"verb": "createToken", "label": "a", "scopes": ["USERS_READ"], "expiresAt": ends}),
    ]
    found["Asset"] += [
        ("parentId", {"verb": "createAsset", **made["createAsset"]}),
        ("assetId", {"verb": "createWorkOrder", **made["createWorkOrder"]}),
        ("parentId", {"verb": "moveAsset", "assetId": pump, "locationId": hall}),
        ("assetId", {"verb": "updateWorkOrder", "workOrderId": known}),
    ]
    found["Person"] = people(made, pump, known, lead)
    return found


def people(
    made: Mapping[str, Mapping[str, object]], pump: str, known: str, lead: str
) -> list[tuple[str, dict[str, object]]]:
    """Every verb whose input names a person."""
    return [
        ("custodianId", {"verb": "createAsset", **made["createAsset"]}),
        ("custodianId", {"verb": "updateAsset", "assetId": pump}),
        ("requesterId", {"verb": "createWorkOrder", **made["createWorkOrder"]}),
        ("assigneeId", {"verb": "createWorkOrder", **made["createWorkOrder"]}),
        ("assigneeId", {"verb": "assignWorkOrder", "workOrderId": known, "assigneeIds": [lead]}),
        ("assigneeIds", {"verb": "assignWorkOrder", "workOrderId": known, "assigneeId": lead}),
        ("assigneeId", {"verb": "scheduleWorkOrder", "workOrderId": known, "window": WINDOW}),
        ("subjectId", {"verb": "rectifyPersonalData", "corrections": {"name": "Other"}}),
        (
            "subjectId",
            {"verb": "restrictProcessing", "categories": ["CONTACT"], "ground": "OBJECTION_PENDING"},
        ),
        ("subjectId", {"verb": "liftRestriction", "reason": "Over"}),
        ("subjectId", {"verb": "erasePersonalData", "ground": "OBJECTION"}),
        ("personId", {"verb": "deactivateUser"}),
        ("personId", {"verb": "reactivateUser"}),
        ("personId", {"verb": "inviteUserAgain"}),
        ("personId", {"verb": "handOverAdministration"}),
        ("personId", {"verb": "assignRole", "role": "VIEWER"}),
        ("personId", {"verb": "removeRole", "role": "VIEWER"}),
    ]


WINDOW = {"startsAt": "2026-11-05T08:00:00Z", "endsAt": "2026-11-05T12:00:00Z"}
ENTITY_CODES = {"Person": 1, "Location": 2, "Asset": 3, "WorkOrder": 4}


def everybody(world: World) -> Viewer:
    """An administrator who is the privacy officer as well, freshly proven."""
    plain = world.viewer(world.admin, Role.ADMIN, Role.PRIVACY_OFFICER).principal
    until = world.store.clock.now() + timedelta(minutes=10)
    proven = replace(plain, assurance=Assurance.STEPPED_UP, stepped_up_until=until)
    return Viewer.at(proven, world.store.clock.now())


@pytest.mark.parametrize("kind", ENTITY_CODES)
async def test_unknown_foreign_garbled_and_mistaken_ids_are_answered_alike_with_the_same_statements(
    world: World, theirs: World, owner_eye: asyncpg.Connection, kind: str
) -> None:
    ids, other = (await world.store.keystore.tenant(world.tenant)).ids, await theirs.order()
    rows = {"Person": theirs.technician, "Location": theirs.hall, "Asset": theirs.pump, "WorkOrder": other}
    mistaken = world.pump if kind == "Person" else world.technician
    foreign = (await theirs.store.keystore.tenant(theirs.tenant)).ids.seal(ENTITY_CODES[kind], rows[kind])
    wrong = {
        "unknown": ids.seal(ENTITY_CODES[kind], new_id(world.store.clock.now())),
        "foreign": foreign,
        "mistaken": ids.seal(3 if kind == "Person" else 1, mistaken),
        "garbled": "garbage",
        "empty": "",
    }
    cases = (await references(world))[kind]
    before = await everything(owner_eye, world), await rows_of_people(owner_eye, world)

    answers = {}
    for field, given in cases:
        verb = str(given["verb"])
        rest = {name: value for name, value in given.items() if name not in {"verb", field}}
        for how, text in wrong.items():
            value: object = [text] if field.endswith("Ids") else text
            answers[verb, field, how] = await asked(world, everybody(world), verb, {**rest, field: value})

    apart = {
        (verb, field): {how: answers[verb, field, how] for how in wrong}
        for verb, field, _ in answers
        if len({repr(answers[verb, field, how]) for how in wrong}) > 1
    }
    assert apart == {}
    for (verb, field, _), (data, errors, _) in answers.items():
        assert errors == []
        assert [(one["code"], one["field"]) for one in data[verb]["userErrors"]] == [("NOT_FOUND", field)]
    assert (await everything(owner_eye, world), await rows_of_people(owner_eye, world)) == before
    assert len(await denied(owner_eye, world)) == len(answers)


async def rows_of_people(eye: asyncpg.Connection, world: World) -> list[asyncpg.Record]:
    """Every row about people, memberships and tokens."""
    parts = " UNION ALL ".join(f"SELECT t::text FROM {name} t WHERE tenant_id = $1" for name in PEOPLE)
    found: list[asyncpg.Record] = await eye.fetch(f"{parts} ORDER BY 1", world.tenant)
    return found


async def test_who_may_not_act_learns_nothing_from_versions_keys_and_values(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    """The manager plans the north; the valve stands in the south."""
    valve = await machine(world, await world.asset("Valve", world.south))
    order = await job(world, await world.order(at=world.south))
    tries: dict[str, list[dict[str, object]]] = {
        "updateAsset": [
            {"assetId": valve, "name": name, "expectedVersion": version, "idempotencyKey": key}
            for name in ("Valve", "Other")
            for version in (1, 7, None)
            for key in ("k", None)
        ],
        "updateWorkOrder": [
            {"workOrderId": order, "title": title, "expectedVersion": version}
            for title in ("Replace seal", "Other")
            for version in (1, 7)
        ],
        "openWorkOrder": [{"workOrderId": order, "expectedVersion": version} for version in (1, 7)],
    }
    before = await everything(owner_eye, world)

    found = {
        verb: {repr(await asked(world, world.as_manager, verb, one)) for one in given}
        for verb, given in tries.items()
    }

    assert {verb: len(answers) for verb, answers in found.items()} == dict.fromkeys(tries, 1)
    assert all("NOT_FOUND" in answer for answers in found.values() for answer in answers)
    assert await everything(owner_eye, world) == before
    assert len(await denied(owner_eye, world)) == sum(len(given) for given in tries.values())


async def test_a_key_that_was_used_says_nothing_to_who_does_not_reach_the_row_any_more(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    given = {"assetId": await machine(world, world.pump), "name": "Pump 2", "idempotencyKey": "k"}
    await change(world, world.as_manager, "updateAsset", "asset { name }", **given)
    moved = world.viewer(world.manager, Role.MANAGER, sites=frozenset({world.south}))
    before = await everything(owner_eye, world)

    again = await refusal(world, moved, "updateAsset", given)
    other = await refusal(world, moved, "updateAsset", {**given, "name": "Pump 3"})

    assert (again, other) == (("NOT_FOUND", "assetId"), ("NOT_FOUND", "assetId"))
    assert await everything(owner_eye, world) == before


async def test_naming_what_is_stored_and_out_of_reach_is_refused_like_anything_else(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    """Else whoever guesses the custodian, the colleague or the asset is told by the answer."""
    southerner, stranger = [await add_person(world.store, world.tenant, site=world.south) for _ in range(2)]
    valve = await world.asset("Valve", world.south)
    order = await world.order()
    await world.assign(order, world.technician, southerner)
    await change(
        world, world.as_admin, "updateAsset", "asset { name }",
        assetId=await machine(world, world.pump), custodianId=await person(world, southerner),
    )  # fmt: skip
    await owner_eye.execute("UPDATE work_orders SET asset_id = $1 WHERE id = $2", valve, order)
    known, pump = await job(world, order), await machine(world, world.pump)
    lead = await person(world, world.technician)
    before = await everything(owner_eye, world)

    found = [
        await refusal(world, world.as_manager, verb, given)
        for one, asset in ((southerner, valve), (stranger, await world.asset("Spare", world.south)))
        for verb, given in (
            ("updateAsset", {"assetId": pump, "custodianId": await person(world, one)}),
            ("assignWorkOrder", {"workOrderId": known, "assigneeId": lead, "assigneeIds": [await person(world, one)]}),
            ("updateWorkOrder", {"workOrderId": known, "assetId": await machine(world, asset)}),
        )
    ]  # fmt: skip

    assert (
        found[:3]
        == found[3:]
        == [
            ("NOT_FOUND", "custodianId"),
            ("NOT_FOUND", "assigneeIds"),
            ("NOT_FOUND", "assetId"),
        ]
    )
    assert len(await everything(owner_eye, world)) == len(before) + 2  # the spare and its event


async def test_an_empty_site_is_not_every_site(world: World, owner_eye: asyncpg.Connection) -> None:
    somebody = await person(world, world.technician)
    before = await rows_of_people(owner_eye, world)

    data, _, _ = await asked(
        world, everybody(world), "assignRole", {"personId": somebody, "role": "MANAGER", "siteId": ""}
    )

    assert data["assignRole"]["userErrors"][0]["code"] == "NOT_FOUND"
    assert await rows_of_people(owner_eye, world) == before


async def test_the_id_of_something_else_is_no_token(world: World) -> None:
    """A token's id is sealed under a type byte of its own."""
    text = "mutation ($input: RevokeTokenInput!) { revokeToken(input: $input) { userErrors { code field } } }"

    answers = [
        await run(world.store, everybody(world), text, input={"tokenId": token})
        for token in (await gid(world, PERSON, world.technician), "garbage")
    ]

    assert [one.data for one in answers] == [
        {"revokeToken": {"userErrors": [{"code": "NOT_FOUND", "field": "tokenId"}]}}
    ] * 2
