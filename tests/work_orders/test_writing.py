"""Writing, changing and assigning work orders on a real database, and what is refused without a trace."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import insert, select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import (
    BadInput,
    Forbidden,
    IsoModError,
    MaskedValueRejected,
    NotFound,
    ProcessingRestricted,
    StaleVersion,
)
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import User
from isomod_graphql.subjects.facts import ERASED, restriction_bits
from isomod_graphql.work_orders.errors import AssigneeRequired, RecordFrozen
from isomod_graphql.work_orders.input import NewWorkOrder, StepInput, WorkOrderChanges
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderAssignee, WorkOrderHistory
from isomod_graphql.work_orders.rules import Transition, Window, WorkOrderPriority, WorkOrderType
from isomod_graphql.work_orders.service import assign_work_order, create_work_order, update_work_order
from permissions.categories import Category
from permissions.principals import Role
from tests.people import add_person
from tests.worlds import World, a_world, rows_of

DUE = datetime(2026, 11, 9, 17, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 5, 8, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC))


WRITTEN = (
    "work_orders",
    "work_order_assignees",
    "work_order_history",
    "counters",
    "outbox",
    "idempotency_keys",
    "audit_entries",
)


async def stored(world: World, order: UUID) -> dict[str, Any]:
    async with world.store.transaction(world.tenant) as tx:
        row = await tx.first(select(WorkOrder.__table__).where(WorkOrder.id == order))
    assert row is not None
    return dict(row._mapping)


async def team(world: World, order: UUID) -> set[UUID]:
    async with world.store.transaction(world.tenant) as tx:
        people = select(WorkOrderAssignee.person_id).where(WorkOrderAssignee.work_order_id == order)
        return {row.person_id for row in await tx.all(people)}


async def everything(eye: asyncpg.Connection, tenant: UUID) -> list[asyncpg.Record]:
    """Each row of the tenant that a write to a work order could touch."""
    return await rows_of(eye, tenant, *WRITTEN)


async def create(world: World, viewer: Viewer, given: NewWorkOrder, key: str | None = None) -> UUID:
    async with world.store.transaction(world.tenant, write=True) as tx:
        return await create_work_order(tx, viewer, given=given, idempotency_key=key)


async def change(
    world: World, viewer: Viewer, order: UUID, changes: WorkOrderChanges, version: int | None = None
) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await update_work_order(tx, viewer, work_order_id=order, changes=changes, expected_version=version)


async def assign(world: World, viewer: Viewer, order: UUID, lead: UUID | None, *others: UUID) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await assign_work_order(tx, viewer, work_order_id=order, assignee_id=lead, assignee_ids=others)


async def test_a_new_order_is_a_draft_with_the_next_number_where_its_asset_stands(
    store: Store, tenant: UUID
) -> None:
    world = await a_world(store, tenant)
    given = NewWorkOrder(
        title="Replace seal",
        asset_id=world.pump,
        description="It drips.",
        priority=WorkOrderPriority.HIGH,
        type=WorkOrderType.INSPECTION,
        requester_id=world.requester,
        assignee_id=world.technician,
        assignee_ids=(world.colleague,),
        due_at=DUE,
    )

    first, second = await world.order(), await create(world, world.as_manager, given)

    row = await stored(world, second)
    assert ((await stored(world, first))["number"], row["number"]) == (1, 2)
    assert (row["status"], row["priority"], row["priority_rank"]) == ("DRAFT", "HIGH", 3)
    assert (row["type"], row["due_at"], row["version"]) == ("INSPECTION", DUE, 1)
    assert (row["asset_id"], row["location_id"], row["site_id"]) == (world.pump, world.hall, world.north)
    assert (row["requester_id"], row["created_by_id"]) == (world.requester, world.manager)
    assert row["assignee_id"] == world.technician
    assert await team(world, second) == {world.technician, world.colleague}


async def test_the_history_opens_with_who_wrote_the_order(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    order = await create(world, world.as_manager, NewWorkOrder(title="Inspect", location_id=world.hall))

    async with store.transaction(tenant) as tx:
        rows = await tx.all(
            select(
                WorkOrderHistory.sequence,
                WorkOrderHistory.actor_id,
                WorkOrderHistory.transition,
                WorkOrderHistory.from_status,
                WorkOrderHistory.to_status,
            ).where(WorkOrderHistory.work_order_id == order)
        )
    assert [tuple(row) for row in rows] == [(1, world.manager, None, None, "DRAFT")]


async def test_the_same_key_writes_one_order(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    given = NewWorkOrder(title="Inspect", location_id=world.hall, due_at=DUE)

    first = await create(world, world.as_manager, given, key="k1")
    again = await create(world, world.as_manager, given, key="k1")
    async with store.transaction(tenant) as tx:
        orders = await tx.all(select(WorkOrder.id, WorkOrder.number))

    assert (again, [tuple(row) for row in orders]) == (first, [(first, 1)])


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        (NewWorkOrder(title="A"), BadInput, "locationId"),
        (NewWorkOrder(title="", location_id=UUID(int=1)), BadInput, "title"),
        (NewWorkOrder(title="A" * 201, location_id=UUID(int=1)), BadInput, "title"),
        (NewWorkOrder(title="•• A", location_id=UUID(int=1)), MaskedValueRejected, "title"),
        (NewWorkOrder(title="A", description="a\ud800"), BadInput, "description"),
        (NewWorkOrder(title="A", description="j•••@•••"), MaskedValueRejected, "description"),
        (NewWorkOrder(title="A", due_at=datetime(2026, 11, 9)), BadInput, "dueAt"),
        (NewWorkOrder(title="A", due_at=datetime(9999, 1, 1, tzinfo=UTC)), BadInput, "dueAt"),
        (NewWorkOrder(title="A", location_id=UUID(int=1)), NotFound, "locationId"),
        (NewWorkOrder(title="A", asset_id=UUID(int=1)), NotFound, "assetId"),
        (NewWorkOrder(title="A", assignee_ids=(UUID(int=1),)), BadInput, "assigneeId"),
    ],
)
async def test_an_order_that_cannot_be_leaves_nothing_behind(
    store: Store,
    tenant: UUID,
    owner_eye: asyncpg.Connection,
    given: NewWorkOrder,
    error: type[IsoModError],
    field: str,
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(error) as refused:
        await create(world, world.as_manager, given, key="k")

    assert refused.value.field == field
    assert await everything(owner_eye, tenant) == before


async def test_what_the_caller_cannot_reach_cannot_be_named(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    stranger = await add_person(store, tenant, site=world.south)
    far = await world.asset("Far pump", world.south)
    before = await everything(owner_eye, tenant)
    refusals = [
        (NewWorkOrder(title="A", location_id=world.south), "locationId"),
        (NewWorkOrder(title="A", asset_id=far), "assetId"),
        (NewWorkOrder(title="A", location_id=world.hall, asset_id=far), "assetId"),
        (NewWorkOrder(title="A", location_id=world.hall, requester_id=stranger), "requesterId"),
        (NewWorkOrder(title="A", location_id=world.hall, assignee_id=stranger), "assigneeId"),
        (
            NewWorkOrder(
                title="A", location_id=world.hall, assignee_id=world.technician, assignee_ids=(stranger,)
            ),
            "assigneeIds",
        ),
    ]

    for given, field in refusals:
        with pytest.raises(NotFound) as refused:
            await create(world, world.as_manager, given, key="k")
        assert refused.value.field == field

    assert await everything(owner_eye, tenant) == before


async def test_the_work_is_on_the_site_of_the_asset(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    with pytest.raises(BadInput) as refused:
        await create(
            world, world.as_admin, NewWorkOrder(title="A", asset_id=world.pump, location_id=world.south)
        )

    assert refused.value.field == "locationId"


async def test_who_only_works_or_asks_writes_no_order(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order(requester=world.requester)
    await world.assign(order, world.technician)
    before = await everything(owner_eye, tenant)

    for viewer in (world.as_technician, world.as_requester):
        with pytest.raises(Forbidden):
            await create(world, viewer, NewWorkOrder(title="A", location_id=world.hall))
        with pytest.raises(Forbidden):
            await change(world, viewer, order, {"title": "Mine"})
        with pytest.raises(Forbidden):
            await assign(world, viewer, order, world.colleague)

    assert await everything(owner_eye, tenant) == before


async def test_a_partner_writes_orders_but_assigns_nobody(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    partner = world.viewer(world.colleague, Role.PARTNER)
    before = await everything(owner_eye, tenant)

    with pytest.raises(Forbidden):
        await create(
            world,
            partner,
            NewWorkOrder(title="A", location_id=world.hall, assignee_id=world.technician),
            key="k",
        )

    assert await everything(owner_eye, tenant) == before
    order = await create(world, partner, NewWorkOrder(title="A", location_id=world.hall))
    assert (await stored(world, order))["created_by_id"] == world.colleague


async def test_a_change_leaves_the_rest_and_never_the_status(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await world.order("Replace seal")

    await change(
        world,
        world.as_manager,
        order,
        {"priority": WorkOrderPriority.URGENT, "due_at": DUE, "asset_id": world.pump},
        version=1,
    )

    row = await stored(world, order)
    assert (row["title"], row["priority"], row["due_at"]) == ("Replace seal", "URGENT", DUE)
    assert (row["asset_id"], row["status"], row["version"]) == (world.pump, "DRAFT", 2)
    assert "status" not in WorkOrderChanges.__annotations__


async def test_a_new_asset_takes_the_order_to_where_it_stands(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order, fan = await world.order(), await world.asset("Fan", world.south)

    await change(world, world.as_admin, order, {"asset_id": fan})
    moved = await stored(world, order)
    await change(world, world.as_admin, order, {"asset_id": None})
    without = await stored(world, order)

    assert (moved["asset_id"], moved["location_id"], moved["site_id"]) == (fan, world.south, world.south)
    assert (without["asset_id"], without["location_id"]) == (None, world.south)


async def test_a_stale_or_foreign_change_changes_nothing(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    other = new_id(clock.now())
    await store.keystore.create_tenant(other)
    theirs = await (await a_world(store, other)).order()
    order, far = await world.order(), await world.order(at=world.south)
    before = await everything(owner_eye, tenant) + await everything(owner_eye, other)

    with pytest.raises(StaleVersion) as stale:
        await change(world, world.as_manager, order, {"title": "B"}, version=2)
    for unreachable in (far, theirs):
        with pytest.raises(NotFound) as refused:
            await change(world, world.as_manager, unreachable, {"title": "Mine"})
        assert refused.value.field == "workOrderId"

    assert stale.value.field == "expectedVersion"
    assert await everything(owner_eye, tenant) + await everything(owner_eye, other) == before


async def test_a_cancelled_order_is_a_record(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    await world.step(order, Transition.CANCEL, given=StepInput(reason="Twice reported"))
    before = await everything(owner_eye, tenant)

    with pytest.raises(RecordFrozen):
        await change(world, world.as_admin, order, {"title": "B"})
    with pytest.raises(RecordFrozen):
        await assign(world, world.as_admin, order, world.technician)

    assert await everything(owner_eye, tenant) == before


async def test_assigning_replaces_the_team_and_keeps_the_lead_in_it(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await world.order()

    await assign(world, world.as_manager, order, world.technician, world.colleague)
    await assign(world, world.as_manager, order, world.colleague, world.manager)
    changed, people = await stored(world, order), await team(world, order)
    await assign(world, world.as_manager, order, None)

    assert (changed["assignee_id"], people) == (world.colleague, {world.colleague, world.manager})
    assert ((await stored(world, order))["assignee_id"], await team(world, order)) == (None, set())


async def test_the_erased_the_restricted_and_the_departed_are_not_assigned(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    erased = await add_person(store, tenant, flags=ERASED)
    restricted = await add_person(store, tenant, flags=restriction_bits([Category.IDENTITY]))
    departed = await add_person(store, tenant)
    async with store.transaction(tenant, write=True) as tx:
        row = {"tenant_id": tenant, "id": departed, "status": "LEFT", "access_since": tx.now}
        await tx.run(insert(User).values(**row, created_at=tx.now, updated_at=tx.now))
    before = await everything(owner_eye, tenant)

    for person, error in ((erased, NotFound), (restricted, ProcessingRestricted), (departed, BadInput)):
        with pytest.raises(error) as refused:
            await assign(world, world.as_manager, order, person)
        assert refused.value.field == "assigneeId"

    assert await everything(owner_eye, tenant) == before


async def test_somebody_restricted_later_does_not_stop_the_rest_of_the_team(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    await assign(world, world.as_manager, order, world.technician)
    bits = restriction_bits([Category.IDENTITY])
    await owner_eye.execute("UPDATE people SET flags = $1 WHERE id = $2", bits, world.technician)

    await assign(world, world.as_manager, order, world.technician, world.colleague)

    assert await team(world, order) == {world.technician, world.colleague}


async def test_a_scheduled_order_keeps_its_lead(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await world.order()
    await world.step(order, Transition.OPEN)
    await world.step(order, Transition.SCHEDULE, given=StepInput(assignee_id=world.technician, window=WINDOW))

    with pytest.raises(AssigneeRequired) as refused:
        await assign(world, world.as_manager, order, None)

    assert (refused.value.code, refused.value.field) == ("ASSIGNEE_REQUIRED", "assigneeId")
    assert await team(world, order) == {world.technician}
