"""What holds for every mutation of places, equipment and work: versions, keys, ids, masks and denials."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from permissions.principals import NOBODY, Role
from tests.schema.changing import (
    change,
    creations,
    denial,
    denied,
    everything,
    inputs_on,
    job,
    person,
    place,
    refusal,
)
from tests.worlds import World, a_world


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def test_another_version_than_the_stored_one_is_refused(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    inputs = await inputs_on(world, await world.order())
    before = await everything(owner_eye, world)

    found = {
        verb: await refusal(world, world.as_admin, verb, {**given, "expectedVersion": 7})
        for verb, (_, given) in inputs.items()
    }

    assert found == dict.fromkeys(inputs, ("STALE_VERSION", "expectedVersion"))
    assert await everything(owner_eye, world) == before


async def test_a_garbled_id_another_kinds_id_and_another_tenants_id_name_nothing(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    other_tenant = new_id(store.clock.now())
    await store.keystore.create_tenant(other_tenant)
    theirs = await a_world(store, other_tenant)
    inputs, foreign = (
        await inputs_on(world, await world.order()),
        await inputs_on(theirs, await theirs.order()),
    )
    before, before_there = await everything(owner_eye, world), await everything(owner_eye, theirs)
    somebody = await person(world, world.technician)

    for wrong in ("garbage", "", "é", somebody, None):
        found = {
            verb: await refusal(
                world,
                world.as_admin,
                verb,
                {**given, field: foreign[verb][1][field] if wrong is None else wrong},
            )
            for verb, (field, given) in inputs.items()
        }
        assert found == {verb: ("NOT_FOUND", field) for verb, (field, _) in inputs.items()}

    assert await everything(owner_eye, world) == before
    assert await everything(owner_eye, theirs) == before_there


async def test_whoever_may_only_read_is_denied_and_the_attempt_is_on_record(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    inputs, made = await inputs_on(world, await world.order()), await creations(world)
    viewer, before = world.viewer(world.requester, Role.VIEWER), await everything(owner_eye, world)

    found = {verb: await denial(world, viewer, verb, given) for verb, (_, given) in inputs.items()}
    found |= {verb: await denial(world, viewer, verb, given) for verb, given in made.items()}

    assert found == dict.fromkeys([*inputs, *made], "FORBIDDEN")
    assert await everything(owner_eye, world) == before
    assert await denied(owner_eye, world) == [
        (action, "ROLE", world.requester)
        for action in (
            "ASSET_CREATE", "ASSET_MOVE", "ASSET_UPDATE", "LOCATION_CREATE", "LOCATION_MOVE", "LOCATION_UPDATE",
            "WORK_ORDER_ASSIGN", "WORK_ORDER_CANCEL", "WORK_ORDER_CLOSE", "WORK_ORDER_COMPLETE", "WORK_ORDER_CREATE",
            "WORK_ORDER_HOLD", "WORK_ORDER_OPEN", "WORK_ORDER_REOPEN", "WORK_ORDER_RESUME", "WORK_ORDER_SCHEDULE",
            "WORK_ORDER_SIGN", "WORK_ORDER_START", "WORK_ORDER_UNSCHEDULE", "WORK_ORDER_UPDATE",
        )
    ]  # fmt: skip


async def test_whoever_is_not_allowed_is_denied_whether_the_id_names_something_or_not(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    inputs, viewer = await inputs_on(world, await world.order()), world.viewer(world.requester, Role.VIEWER)

    found = {
        verb: await denial(world, viewer, verb, {**given, field: "garbage"})
        for verb, (field, given) in inputs.items()
    }

    assert found == dict.fromkeys(inputs, "FORBIDDEN")
    assert len(await denied(owner_eye, world)) == len(inputs)


async def test_nobody_changes_anything(world: World, owner_eye: asyncpg.Connection) -> None:
    inputs, made = await inputs_on(world, await world.order()), await creations(world)
    before = await everything(owner_eye, world)

    found = {verb: await denial(world, NOBODY, verb, given) for verb, (_, given) in inputs.items()}
    found |= {verb: await denial(world, NOBODY, verb, given) for verb, given in made.items()}

    assert found == dict.fromkeys([*inputs, *made], "UNAUTHENTICATED")
    assert await everything(owner_eye, world) == before


TEXTS: Mapping[str, tuple[str, ...]] = {
    "createLocation": ("name", "address", "timeZone", "idempotencyKey"),
    "createAsset": ("name", "tag", "serialNumber", "manufacturer", "model", "description", "idempotencyKey"),
    "createWorkOrder": ("title", "description", "idempotencyKey"),
    "updateLocation": ("name", "address", "timeZone"),
    "updateAsset": ("name", "tag", "serialNumber", "manufacturer", "model", "description"),
    "updateWorkOrder": ("title", "description"),
    "holdWorkOrder": ("reason",),
    "completeWorkOrder": ("resolution",),
    "reopenWorkOrder": ("reason",),
    "cancelWorkOrder": ("reason",),
}
"""Every text that a caller writes freely."""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("T•• C••", "MASKED_VALUE_REJECTED"),
        ("a\0b", "BAD_USER_INPUT"),
        ("a\ud800b", "BAD_USER_INPUT"),
    ],
)
async def test_a_mask_and_what_cannot_be_stored_are_not_written(
    world: World, owner_eye: asyncpg.Connection, text: str, code: str
) -> None:
    inputs = {verb: given for verb, (_, given) in (await inputs_on(world, await world.order())).items()}
    sound = {**inputs, **await creations(world)}
    before = await everything(owner_eye, world)

    found = {
        (verb, field): await refusal(world, world.as_admin, verb, {**sound[verb], field: text})
        for verb, fields in TEXTS.items()
        for field in fields
    }

    assert found == {(verb, field): (code, field) for verb, fields in TEXTS.items() for field in fields}
    assert await everything(owner_eye, world) == before


async def test_the_same_key_with_the_same_input_has_one_effect(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    for verb, given in (await creations(world)).items():
        shown = f"{verb[6].lower()}{verb[7:]} {{ id version }}"

        first = await change(world, world.as_admin, verb, shown, **given, idempotencyKey="k")
        after = await everything(owner_eye, world)
        again = await change(world, world.as_admin, verb, shown, **given, idempotencyKey="k")

        assert first["userErrors"] == []
        assert again == first
        assert await everything(owner_eye, world) == after


async def test_a_step_that_is_sent_again_is_answered_with_the_state_of_now(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    known = await job(world, await world.order())
    shown, sent = (
        "workOrder { status version }",
        {"workOrderId": known, "expectedVersion": 1, "idempotencyKey": "k"},
    )
    await change(world, world.as_admin, "openWorkOrder", shown, **sent)
    await change(world, world.as_admin, "startWorkOrder", shown, workOrderId=known)
    before = await everything(owner_eye, world)

    again = await change(world, world.as_admin, "openWorkOrder", shown, **sent)

    assert again == {"workOrder": {"status": "IN_PROGRESS", "version": 3}, "userErrors": []}
    assert await everything(owner_eye, world) == before


async def test_the_same_key_with_other_input_is_refused(world: World, owner_eye: asyncpg.Connection) -> None:
    order = await world.order()
    changed = {verb: given for verb, (_, given) in (await inputs_on(world, order)).items()}
    doable = {
        **await creations(world),
        **{
            verb: changed[verb]
            for verb in ("updateLocation", "updateAsset", "updateWorkOrder", "openWorkOrder")
        },
    }
    other: dict[str, dict[str, object]] = {verb: {"expectedVersion": 1} for verb in doable}
    other |= {
        "createLocation": {"name": "Other room"},
        "createAsset": {"criticality": "LOW"},
        "createWorkOrder": {"dueAt": "2026-11-05T08:00:00Z"},
        "updateLocation": {"address": None},
    }

    for verb, given in doable.items():
        await change(world, world.as_admin, verb, "userErrors { code }", **given, idempotencyKey=verb)
    before = await everything(owner_eye, world)
    found = {
        verb: await refusal(world, world.as_admin, verb, {**given, **other[verb], "idempotencyKey": verb})
        for verb, given in doable.items()
    }

    assert found == dict.fromkeys(doable, ("IDEMPOTENCY_CONFLICT", "idempotencyKey"))
    assert await everything(owner_eye, world) == before


async def test_a_key_belongs_to_its_caller(world: World) -> None:
    given = {"title": "Inspect", "locationId": await place(world, world.hall), "idempotencyKey": "k"}

    numbers = [
        (await change(world, viewer, "createWorkOrder", "workOrder { number }", **given))["workOrder"][
            "number"
        ]
        for viewer in (world.as_admin, world.as_manager)
    ]

    assert numbers == [1, 2]


async def test_nothing_changes_after_the_contract_has_ended(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    inputs, made = await inputs_on(world, await world.order()), await creations(world)
    await owner_eye.execute("UPDATE tenants SET contract_end = '2026-11-01' WHERE id = $1", tenant)
    before = await everything(owner_eye, world)

    found = {verb: await refusal(world, world.as_admin, verb, given) for verb, (_, given) in inputs.items()}
    found |= {verb: await refusal(world, world.as_admin, verb, given) for verb, given in made.items()}

    assert found == dict.fromkeys([*inputs, *made], ("CONTRACT_ENDED", None))
    assert await everything(owner_eye, world) == before
