"""The mutations of what a work order says and of who is on it: what each answers, and what is refused without a trace."""

from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.store import Store
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.rules import Transition
from tests.people import add_person
from tests.schema.changing import (
    change,
    denial,
    denied,
    everything,
    job,
    machine,
    person,
    place,
    refusal,
    team,
)
from tests.worlds import World, a_world

SCHEDULED = "2026-11-05T08:00:00Z"
NOTHING_YET = {
    "outcome": None,
    "resolution": None,
    "windowStart": None,
    "windowEnd": None,
    "startedAt": None,
    "completedAt": None,
    "firstCompletedAt": None,
    "completedBy": None,
}


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def test_a_draft_has_the_next_number_and_everything_that_is_said(world: World) -> None:
    await world.order()
    lead, other = await person(world, world.technician), await person(world, world.colleague)
    requester = await person(world, world.requester)

    payload = await change(
        world,
        world.as_manager,
        "createWorkOrder",
        title=" Replace seal ",
        description="It drips.",
        assetId=await machine(world, world.pump),
        priority="HIGH",
        type="INSPECTION",
        requesterId=requester,
        assigneeId=lead,
        assigneeIds=[other],
        dueAt="2026-11-09T18:00:00+01:00",
    )

    assert payload == {
        "workOrder": {
            "number": 2,
            "title": "Replace seal",
            "description": "It drips.",
            "status": "DRAFT",
            "priority": "HIGH",
            "type": "INSPECTION",
            "dueAt": "2026-11-09T17:00:00Z",
            "version": 1,
            "asset": {"name": "Pump 1"},
            "location": {"name": "Hall 1"},
            "assignee": {"id": lead},
            "assignees": await team(world, world.technician, world.colleague),
            "requester": {"id": requester},
            **NOTHING_YET,
        },
        "userErrors": [],
    }


async def test_a_draft_needs_a_title_and_a_place_only(world: World) -> None:
    payload = await change(
        world,
        world.as_manager,
        "createWorkOrder",
        title="Inspect",
        locationId=await place(world, world.north),
    )

    assert payload == {
        "workOrder": {
            "number": 1,
            "title": "Inspect",
            "description": None,
            "status": "DRAFT",
            "priority": "NONE",
            "type": "CORRECTIVE",
            "dueAt": None,
            "version": 1,
            "asset": None,
            "location": {"name": "North"},
            "assignee": None,
            "assignees": [],
            "requester": {"id": await person(world, world.manager)},
            **NOTHING_YET,
        },
        "userErrors": [],
    }


async def test_an_update_leaves_what_is_absent_and_removes_what_is_null(world: World) -> None:
    made = await change(
        world, world.as_manager, "createWorkOrder", "workOrder { id }",
        title="Inspect", description="Weekly.", assetId=await machine(world, world.pump), dueAt=SCHEDULED,
    )  # fmt: skip

    payload = await change(
        world, world.as_manager, "updateWorkOrder",
        workOrderId=made["workOrder"]["id"], title="Inspect seal", description=None, assetId=None, priority="LOW",
        expectedVersion=1,
    )  # fmt: skip

    assert payload == {
        "workOrder": {
            "number": 1,
            "title": "Inspect seal",
            "description": None,
            "status": "DRAFT",
            "priority": "LOW",
            "type": "CORRECTIVE",
            "dueAt": SCHEDULED,
            "version": 2,
            "asset": None,
            "location": {"name": "Hall 1"},
            "assignee": None,
            "assignees": [],
            "requester": {"id": await person(world, world.manager)},
            **NOTHING_YET,
        },
        "userErrors": [],
    }


@pytest.mark.parametrize("field", ["title", "locationId", "priority", "type"])
async def test_what_an_order_cannot_be_without_is_not_removed(
    world: World, owner_eye: asyncpg.Connection, field: str
) -> None:
    order = await job(world, await world.order())
    before = await everything(owner_eye, world)

    found = await refusal(world, world.as_manager, "updateWorkOrder", {"workOrderId": order, field: None})

    assert found == ("BAD_USER_INPUT", field)
    assert await everything(owner_eye, world) == before


async def test_a_cancelled_order_is_not_changed(world: World, owner_eye: asyncpg.Connection) -> None:
    order = await world.order()
    await world.step(order, Transition.CANCEL, given=StepInput(reason="Not needed"))
    known, before = await job(world, order), await everything(owner_eye, world)

    assert [
        await refusal(world, world.as_admin, "updateWorkOrder", {"workOrderId": known, "title": "Other"}),
        await refusal(world, world.as_admin, "assignWorkOrder", {"workOrderId": known, "assigneeId": None}),
    ] == [("RECORD_FROZEN", None)] * 2
    assert await everything(owner_eye, world) == before


async def test_a_team_is_put_on_an_order_and_replaced(world: World) -> None:
    order = await job(world, await world.order())
    lead, other = await person(world, world.technician), await person(world, world.colleague)
    both = await team(world, world.technician, world.colleague)
    shown = "workOrder { version assignee { id } assignees { id } }"

    first = await change(
        world,
        world.as_admin,
        "assignWorkOrder",
        shown,
        workOrderId=order,
        assigneeId=lead,
        assigneeIds=[other],
    )
    second = await change(
        world, world.as_admin, "assignWorkOrder", shown, workOrderId=order, assigneeId=other
    )
    third = await change(world, world.as_admin, "assignWorkOrder", shown, workOrderId=order, assigneeId=None)

    assert [first, second, third] == [
        {
            "workOrder": {"version": 2, "assignee": {"id": lead}, "assignees": both},
            "userErrors": [],
        },
        {
            "workOrder": {"version": 3, "assignee": {"id": other}, "assignees": [{"id": other}]},
            "userErrors": [],
        },
        {"workOrder": {"version": 4, "assignee": None, "assignees": []}, "userErrors": []},
    ]


async def test_nobody_is_taken_off_by_leaving_the_lead_out(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    order = await world.order()
    await world.assign(order, world.technician)
    before = await everything(owner_eye, world)

    found = await refusal(world, world.as_admin, "assignWorkOrder", {"workOrderId": await job(world, order)})

    assert found == ("BAD_USER_INPUT", "assigneeId")
    assert await everything(owner_eye, world) == before


async def test_an_unknown_member_of_the_team_is_named_by_its_field(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    order, lead = await job(world, await world.order()), await person(world, world.technician)
    hall, before = await place(world, world.hall), await everything(owner_eye, world)
    given = {"workOrderId": order, "assigneeId": lead, "assigneeIds": [lead, hall]}

    assert await refusal(world, world.as_admin, "assignWorkOrder", given) == ("NOT_FOUND", "assigneeIds")
    assert await everything(owner_eye, world) == before


async def test_a_technician_plans_nothing(world: World, owner_eye: asyncpg.Connection) -> None:
    order = await world.order()
    await world.assign(order, world.technician)
    known, me = await job(world, order), await person(world, world.technician)
    hall, before = await place(world, world.hall), await everything(owner_eye, world)

    codes = [
        await denial(world, world.as_technician, "createWorkOrder", {"title": "Mine", "locationId": hall}),
        await denial(world, world.as_technician, "updateWorkOrder", {"workOrderId": known, "title": "Mine"}),
        await denial(world, world.as_technician, "assignWorkOrder", {"workOrderId": known, "assigneeId": me}),
    ]

    assert codes == ["FORBIDDEN"] * 3
    assert await everything(owner_eye, world) == before
    assert await denied(owner_eye, world) == [
        ("WORK_ORDER_ASSIGN", "ROLE", world.technician),
        ("WORK_ORDER_CREATE", "ROLE", world.technician),
        ("WORK_ORDER_UPDATE", "ROLE", world.technician),
    ]


async def test_a_technician_reads_the_requesters_phone_in_a_payload_while_the_order_is_open(
    world: World,
) -> None:
    rita = await add_person(
        world.store, world.tenant, kind="REQUESTER", name="Rita Maes", phone="+32470000002"
    )
    order = await world.order(requester=rita)
    await world.assign(order, world.technician)
    await world.step(order, Transition.OPEN)
    known, shown = await job(world, order), "workOrder { status requester { name phone } }"

    started = await change(world, world.as_technician, "startWorkOrder", shown, workOrderId=known)
    done = await change(
        world, world.as_technician, "completeWorkOrder", shown, workOrderId=known, outcome="RESOLVED"
    )

    assert [started["workOrder"], done["workOrder"]] == [
        {"status": "IN_PROGRESS", "requester": {"name": "Rita Maes", "phone": "+32470000002"}},
        {"status": "COMPLETED", "requester": {"name": "Rita Maes", "phone": None}},
    ]
