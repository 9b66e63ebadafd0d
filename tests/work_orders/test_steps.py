"""Transitions on a real database: what each step writes, who may take it, what two at once do, and what a refusal leaves."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import (
    Forbidden,
    IsoModError,
    MaskedValueRejected,
    NotFound,
    StaleVersion,
)
from isomod_graphql.core.events import OutboxRow
from isomod_graphql.core.store import Store
from isomod_graphql.work_orders.errors import (
    AssigneeRequired,
    FourEyesRequired,
    IllegalTransition,
    NotAssigned,
    OutcomeRequired,
    ReasonRequired,
    WindowRequired,
)
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.models import WorkOrderHistory
from isomod_graphql.work_orders.rules import Outcome, Transition, Window
from isomod_graphql.work_orders.transitions import EVENTS, TRANSITION_ACTIONS
from tests.work_orders.steps import DONE, WINDOW, T, history, started, stored, take
from tests.worlds import a_world, rows_of

WRITTEN = (
    "work_orders",
    "work_order_assignees",
    "work_order_history",
    "outbox",
    "idempotency_keys",
    "audit_entries",
)


async def everything(eye: asyncpg.Connection, tenant: UUID) -> list[asyncpg.Record]:
    return await rows_of(eye, tenant, *WRITTEN)


async def test_a_planned_order_is_done_and_closed(store: Store, tenant: UUID, clock: SettableClock) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    begin = clock.now()

    await take(world, world.as_manager, order, T.OPEN)
    await take(
        world, world.as_manager, order, T.SCHEDULE, StepInput(assignee_id=world.technician, window=WINDOW)
    )
    planned = await stored(world, order)
    clock.advance(timedelta(hours=1))
    await take(world, world.as_technician, order, T.START)
    clock.advance(timedelta(hours=1))
    await take(world, world.as_technician, order, T.COMPLETE, DONE)
    await take(world, world.as_manager, order, T.CLOSE)

    row = await stored(world, order)
    assert (planned["status"], planned["assignee_id"]) == ("SCHEDULED", world.technician)
    assert (planned["window_start"], planned["window_end"]) == (WINDOW.starts_at, WINDOW.ends_at)
    assert (row["status"], row["outcome"], row["resolution"]) == ("CLOSED", "RESOLVED", "New seal")
    assert (row["started_at"], row["completed_at"]) == (
        begin + timedelta(hours=1),
        begin + timedelta(hours=2),
    )
    assert (row["completed_by_id"], row["version"]) == (world.technician, 6)


async def test_unscheduling_forgets_the_window_and_keeps_the_people(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    await world.assign(order, world.technician)
    await world.step(order, T.OPEN)
    await world.step(order, T.SCHEDULE, given=StepInput(window=WINDOW))

    await take(world, world.as_manager, order, T.UNSCHEDULE)

    row = await stored(world, order)
    assert (row["status"], row["window_start"], row["window_end"]) == ("OPEN", None, None)
    assert row["assignee_id"] == world.technician


async def test_the_history_survives_reopening(store: Store, tenant: UUID, clock: SettableClock) -> None:
    world = await a_world(store, tenant)
    order = await started(world)
    first = clock.now()
    await take(world, world.as_technician, order, T.COMPLETE, DONE)
    before = await history(world, order)
    clock.advance(timedelta(days=1))

    await take(world, world.as_manager, order, T.REOPEN, StepInput(reason="It drips again"))
    reopened = await stored(world, order)
    clock.advance(timedelta(days=1))
    await take(
        world,
        world.as_manager,
        order,
        T.COMPLETE,
        StepInput(outcome=Outcome.PARTIAL, resolution="Temporary plug"),
    )

    row, after = await stored(world, order), await history(world, order)
    assert (reopened["status"], reopened["outcome"], reopened["completed_at"]) == ("IN_PROGRESS", None, None)
    assert (reopened["first_completed_at"], reopened["resolution"]) == (first, "New seal")
    assert (row["outcome"], row["resolution"], row["completed_by_id"]) == (
        "PARTIAL",
        "Temporary plug",
        world.manager,
    )
    assert (row["first_completed_at"], row["completed_at"]) == (first, first + timedelta(days=2))
    assert after[: len(before)] == before
    assert [(step[0], step[2], step[3], step[6]) for step in after] == [
        (1, world.admin, None, None),
        (2, world.admin, "OPEN", None),
        (3, world.technician, "START", None),
        (4, world.technician, "COMPLETE", "New seal"),
        (5, world.manager, "REOPEN", "It drips again"),
        (6, world.manager, "COMPLETE", "Temporary plug"),
    ]


async def test_nobody_rewrites_the_history(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await started(world)
    before = await history(world, order)

    for statement in (update(WorkOrderHistory).values(reason="x"), delete(WorkOrderHistory)):
        with pytest.raises(DBAPIError, match="permission denied"):
            async with store.transaction(tenant, write=True) as tx:
                await tx.run(statement)

    assert await history(world, order) == before


async def test_each_step_is_told_once(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    order = await started(world)

    async with store.transaction(tenant) as tx:
        told = await tx.all(select(OutboxRow.kind, OutboxRow.ids).order_by(OutboxRow.kind))
    assert [row.kind for row in told if row.kind.startswith("work_order.")] == [
        "work_order.assigned",
        "work_order.created",
        "work_order.opened",
        "work_order.started",
    ]
    assert {row.ids["work_order_id"] for row in told if row.kind.startswith("work_order.")} == {str(order)}


def test_every_step_has_an_action_and_an_event() -> None:
    assert set(TRANSITION_ACTIONS) == set(EVENTS) == set(Transition)


@pytest.mark.parametrize(
    ("step", "given", "error", "field"),
    [
        (T.OPEN, StepInput(), IllegalTransition, None),
        (T.HOLD, StepInput(), ReasonRequired, "reason"),
        (T.HOLD, StepInput(reason=" \n"), ReasonRequired, "reason"),
        (T.HOLD, StepInput(reason="see J•• P••"), MaskedValueRejected, "reason"),
        (T.COMPLETE, StepInput(resolution="Done"), OutcomeRequired, "outcome"),
        (T.CANCEL, StepInput(reason="No"), IllegalTransition, None),
        (T.CLOSE, StepInput(), IllegalTransition, None),
    ],
)
async def test_a_refused_step_leaves_nothing_behind(
    store: Store,
    tenant: UUID,
    owner_eye: asyncpg.Connection,
    step: Transition,
    given: StepInput,
    error: type[IsoModError],
    field: str | None,
) -> None:
    world = await a_world(store, tenant)
    order = await started(world)
    before = await everything(owner_eye, tenant)

    with pytest.raises(error) as refused:
        await take(world, world.as_manager, order, step, given, key="k")

    assert refused.value.field == field
    assert await everything(owner_eye, tenant) == before


async def test_scheduling_needs_somebody_and_a_window(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    await world.step(order, T.OPEN)
    backwards = StepInput(assignee_id=world.technician, window=Window(WINDOW.ends_at, WINDOW.starts_at))
    nobody = StepInput(assignee_id=world.pump, window=WINDOW)
    before = await everything(owner_eye, tenant)

    with pytest.raises(AssigneeRequired):
        await take(world, world.as_manager, order, T.SCHEDULE, StepInput(window=WINDOW))
    with pytest.raises(WindowRequired):
        await take(world, world.as_manager, order, T.SCHEDULE, backwards)
    with pytest.raises(NotFound) as unknown:
        await take(world, world.as_manager, order, T.SCHEDULE, nobody)

    assert unknown.value.field == "assigneeId"
    assert await everything(owner_eye, tenant) == before


async def test_who_is_not_on_the_order_does_not_work_on_it(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order(requester=world.colleague)
    await world.assign(order, world.technician)
    await world.step(order, T.OPEN)
    unrelated = await world.order()
    await world.step(unrelated, T.OPEN)
    before = await everything(owner_eye, tenant)

    with pytest.raises(NotAssigned):
        await take(world, world.as_colleague, order, T.START)
    with pytest.raises(NotFound):
        await take(world, world.as_colleague, unrelated, T.START)
    with pytest.raises(Forbidden):
        await take(world, world.as_requester, order, T.START)
    with pytest.raises(Forbidden):
        await take(world, world.as_technician, order, T.CANCEL, StepInput(reason="No"))

    assert await everything(owner_eye, tenant) == before


async def test_a_manager_of_another_site_takes_no_step(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order(at=world.south)
    before = await everything(owner_eye, tenant)

    with pytest.raises(NotFound) as refused:
        await take(world, world.as_manager, order, T.OPEN)

    assert refused.value.field == "workOrderId"
    assert await everything(owner_eye, tenant) == before


async def test_with_four_eyes_who_completed_does_not_close(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant, four_eyes=True)
    order = await started(world)
    await take(world, world.as_manager, order, T.COMPLETE, DONE)
    before = await everything(owner_eye, tenant)

    with pytest.raises(FourEyesRequired):
        await take(world, world.as_manager, order, T.CLOSE)

    assert await everything(owner_eye, tenant) == before
    await take(world, world.as_admin, order, T.CLOSE)
    assert (await stored(world, order))["status"] == "CLOSED"


async def test_a_step_from_a_stale_version_is_not_taken(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await started(world)
    before = await everything(owner_eye, tenant)

    with pytest.raises(StaleVersion):
        await take(world, world.as_technician, order, T.COMPLETE, DONE, version=1)

    assert await everything(owner_eye, tenant) == before
