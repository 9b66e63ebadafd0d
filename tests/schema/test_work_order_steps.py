"""The mutations of a work order's status: the whole life with what each step answers, and the steps that are not taken."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.rules import Outcome, Transition
from tests.schema.changing import change, denial, denied, everything, job, person, refusal
from tests.worlds import World, a_world

START, END = "2026-11-05T08:00:00Z", "2026-11-05T12:00:00Z"
WINDOW = {"startsAt": START, "endsAt": "2026-11-05T13:00:00+01:00"}
NOW = "2026-11-02T09:00:00Z"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def test_every_step_answers_the_new_state(world: World, clock: SettableClock) -> None:
    known, lead = await job(world, await world.order()), await person(world, world.technician)
    boss, fitter = world.as_manager, world.as_technician
    state: dict[str, Any] = {
        "number": 1, "title": "Replace seal", "description": None, "status": "DRAFT", "priority": "NONE",
        "type": "CORRECTIVE", "outcome": None, "resolution": None, "dueAt": None, "windowStart": None, "windowEnd": None,
        "startedAt": None, "completedAt": None, "firstCompletedAt": None, "version": 1, "asset": None,
        "location": {"name": "Hall 1"}, "assignee": None, "assignees": [], "completedBy": None,
        "requester": {"id": await person(world, world.admin)},
    }  # fmt: skip
    planned = {"windowStart": START, "windowEnd": END, "assignee": {"id": lead}, "assignees": [{"id": lead}]}
    done = {"completedAt": NOW, "firstCompletedAt": NOW, "completedBy": {"id": lead}}
    steps: list[tuple[Any, str, dict[str, Any], dict[str, Any]]] = [
        (boss, "open", {}, {"status": "OPEN"}),
        (boss, "schedule", {"window": WINDOW, "assigneeId": lead}, {"status": "SCHEDULED", **planned}),
        (boss, "unschedule", {}, {"status": "OPEN", "windowStart": None, "windowEnd": None}),
        (fitter, "start", {}, {"status": "IN_PROGRESS", "startedAt": NOW}),
        (fitter, "hold", {"reason": "No parts"}, {"status": "ON_HOLD"}),
        (fitter, "resume", {}, {"status": "IN_PROGRESS"}),
        (
            fitter,
            "complete",
            {"outcome": "PARTIAL", "resolution": "Sealed."},
            {"status": "COMPLETED", "outcome": "PARTIAL", "resolution": "Sealed.", **done},
        ),
        (
            boss,
            "reopen",
            {"reason": "Drips"},
            {"status": "IN_PROGRESS", "outcome": None, "completedAt": None},
        ),
        (
            fitter,
            "complete",
            {"outcome": "RESOLVED"},
            {"status": "COMPLETED", "outcome": "RESOLVED", "resolution": None, "completedAt": NOW},
        ),
        (boss, "close", {}, {"status": "CLOSED"}),
    ]

    for version, (viewer, step, given, changed) in enumerate(steps, start=2):
        payload = await change(
            world, viewer, f"{step}WorkOrder", workOrderId=known, expectedVersion=version - 1, **given
        )
        state |= {"version": version, **changed}
        assert payload == {"workOrder": state, "userErrors": []}, step


@pytest.mark.parametrize("steps", [(), (Transition.OPEN,)])
async def test_what_has_not_begun_can_be_cancelled(world: World, steps: tuple[Transition, ...]) -> None:
    order = await world.order()
    for step in steps:
        await world.step(order, step)
    shown = "workOrder { status history(first: 9) { nodes { transition fromStatus toStatus reason } } }"

    payload = await change(
        world, world.as_manager, "cancelWorkOrder", shown, workOrderId=await job(world, order), reason="Twice"
    )

    assert payload["userErrors"] == []
    assert payload["workOrder"]["status"] == "CANCELLED"
    assert payload["workOrder"]["history"]["nodes"][-1] == {
        "transition": "CANCEL",
        "fromStatus": "OPEN" if steps else "DRAFT",
        "toStatus": "CANCELLED",
        "reason": "Twice",
    }


async def test_a_draft_takes_no_step_but_two(world: World, owner_eye: asyncpg.Connection) -> None:
    known, before = await job(world, await world.order()), await everything(owner_eye, world)
    needs: dict[str, dict[str, Any]] = {
        "schedule": {"window": WINDOW},
        "unschedule": {},
        "start": {},
        "hold": {"reason": "Wait"},
        "resume": {},
        "complete": {"outcome": "RESOLVED"},
        "reopen": {"reason": "Again"},
        "close": {},
    }

    found = {
        step: await refusal(world, world.as_admin, f"{step}WorkOrder", {"workOrderId": known, **given})
        for step, given in needs.items()
    }

    assert found == dict.fromkeys(needs, ("ILLEGAL_TRANSITION", None))
    assert await everything(owner_eye, world) == before


async def test_what_a_step_needs_is_refused_by_name(world: World, owner_eye: asyncpg.Connection) -> None:
    order = await world.order()
    await world.step(order, Transition.OPEN)
    known, lead = await job(world, order), await person(world, world.technician)
    before = await everything(owner_eye, world)
    backwards = {"startsAt": END, "endsAt": START}

    assert [
        await refusal(world, world.as_admin, verb, {"workOrderId": known, **given})
        for verb, given in (
            ("scheduleWorkOrder", {"window": WINDOW}),
            ("scheduleWorkOrder", {"window": backwards, "assigneeId": lead}),
            ("scheduleWorkOrder", {"window": WINDOW, "assigneeId": known}),
            ("cancelWorkOrder", {"reason": " "}),
        )
    ] == [
        ("ASSIGNEE_REQUIRED", "assigneeId"),
        ("WINDOW_REQUIRED", "window"),
        ("NOT_FOUND", "assigneeId"),
        ("REASON_REQUIRED", "reason"),
    ]
    assert await everything(owner_eye, world) == before


async def test_who_completed_an_order_does_not_close_it_where_four_eyes_are_asked_for(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant, four_eyes=True)
    order = await world.order()
    await world.step(order, Transition.OPEN)
    await world.step(order, Transition.START)
    await world.step(order, Transition.COMPLETE, given=StepInput(outcome=Outcome.RESOLVED))
    known, before = await job(world, order), await everything(owner_eye, world)

    assert await refusal(world, world.as_admin, "closeWorkOrder", {"workOrderId": known}) == (
        "FOUR_EYES_REQUIRED",
        None,
    )
    assert await everything(owner_eye, world) == before


async def test_a_technician_works_on_assigned_orders_only(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    unrelated, requested = await world.order(), await world.order(requester=world.technician)
    for order in (unrelated, requested):
        await world.step(order, Transition.OPEN)
    before = await everything(owner_eye, world)

    assert [
        await refusal(world, world.as_technician, "startWorkOrder", {"workOrderId": await job(world, order)})
        for order in (unrelated, requested)
    ] == [("NOT_FOUND", "workOrderId"), ("NOT_ASSIGNED", None)]
    assert await everything(owner_eye, world) == before
    assert sorted(await denied(owner_eye, world)) == [
        ("WORK_ORDER_START", reason, world.technician) for reason in ("NOT_ASSIGNED", "NOT_FOUND")
    ]


async def test_a_technician_closes_nothing_and_the_attempt_is_on_record(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    order = await world.order()
    await world.assign(order, world.technician)
    known, before = await job(world, order), await everything(owner_eye, world)

    codes = [
        await denial(world, world.as_technician, verb, {"workOrderId": known, **given})
        for verb, given in (
            ("openWorkOrder", {}),
            ("scheduleWorkOrder", {"window": WINDOW}),
            ("unscheduleWorkOrder", {}),
            ("reopenWorkOrder", {"reason": "Again"}),
            ("closeWorkOrder", {}),
            ("cancelWorkOrder", {"reason": "Enough"}),
        )
    ]

    assert codes == ["FORBIDDEN"] * 6
    assert await everything(owner_eye, world) == before
    assert [(action, reason) for action, reason, _ in await denied(owner_eye, world)] == [
        ("WORK_ORDER_CANCEL", "ROLE"),
        ("WORK_ORDER_CLOSE", "ROLE"),
        ("WORK_ORDER_OPEN", "ROLE"),
        ("WORK_ORDER_REOPEN", "ROLE"),
        ("WORK_ORDER_SCHEDULE", "ROLE"),
        ("WORK_ORDER_UNSCHEDULE", "ROLE"),
    ]
