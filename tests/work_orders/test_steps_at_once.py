"""Two callers at one work order at once, and one caller twice: one effect, whatever the order of arrival."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from isomod_graphql.core.errors import (
    IdempotencyConflict,
    IsoModError,
    StaleVersion,
)
from isomod_graphql.core.store import Store
from isomod_graphql.locations.service import move_location
from isomod_graphql.work_orders.errors import (
    IllegalTransition,
)
from isomod_graphql.work_orders.input import NewWorkOrder, StepInput
from isomod_graphql.work_orders.models import WorkOrder
from isomod_graphql.work_orders.rules import Outcome
from isomod_graphql.work_orders.service import create_work_order, update_work_order
from isomod_graphql.work_orders.transitions import transition_work_order
from tests.work_orders.steps import DONE, T, history, started, stored, take
from tests.worlds import a_world


@pytest.mark.parametrize(("version", "loser"), [(None, IllegalTransition), (4, StaleVersion)])
async def test_of_two_steps_at_once_one_is_taken(
    store: Store, tenant: UUID, version: int | None, loser: type[IsoModError]
) -> None:
    world = await a_world(store, tenant)
    order = await started(world)

    results = await asyncio.gather(
        take(world, world.as_technician, order, T.COMPLETE, DONE, version=version),
        take(world, world.as_manager, order, T.COMPLETE, DONE, version=version),
        return_exceptions=True,
    )

    assert [type(result) for result in results if result != order] == [loser]
    assert [step[3] for step in await history(world, order)] == [None, "OPEN", "START", "COMPLETE"]


async def test_the_later_of_two_transactions_waits_and_sees_the_first(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await started(world)

    async with store.transaction(tenant, write=True) as first:
        await transition_work_order(
            first,
            world.as_technician,
            work_order_id=order,
            transition=T.HOLD,
            given=StepInput(reason="Parts"),
        )
        later = asyncio.create_task(take(world, world.as_manager, order, T.HOLD, StepInput(reason="Lunch")))
        await asyncio.sleep(0.2)
        waited = not later.done()

    with pytest.raises(IllegalTransition):
        await later
    assert waited
    assert [step[6] for step in await history(world, order)] == [None, None, None, "Parts"]


async def test_a_repeated_key_takes_the_step_once(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await started(world)

    first = await take(world, world.as_technician, order, T.COMPLETE, DONE, key="k1")
    again = await take(world, world.as_technician, order, T.COMPLETE, DONE, key="k1")

    assert (first, again) == (order, order)
    assert len(await history(world, order)) == 4
    with pytest.raises(IdempotencyConflict):
        await take(
            world,
            world.as_technician,
            order,
            T.COMPLETE,
            StepInput(outcome=Outcome.UNABLE),
            key="k1",
        )


async def test_a_key_used_twice_at_once_takes_the_step_once(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await started(world)

    results = await asyncio.gather(
        *(take(world, world.as_technician, order, T.COMPLETE, DONE, key="k1") for _ in range(3))
    )

    assert results == [order] * 3
    assert (await stored(world, order))["version"] == 5


async def test_planning_goes_on_while_a_hall_moves_to_another_site(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    orders = [await world.order() for _ in range(3)]

    async def move(target: UUID) -> None:
        async with store.transaction(tenant, write=True) as tx:
            await move_location(tx, world.as_admin, location_id=world.hall, parent_id=target)

    async def plan(order: UUID) -> None:
        async with store.transaction(tenant, write=True) as tx:
            await create_work_order(tx, world.as_admin, given=NewWorkOrder(title="A", asset_id=world.pump))
            await update_work_order(tx, world.as_admin, work_order_id=order, changes={"asset_id": world.pump})

    for target in (world.south, world.north, world.south):
        await asyncio.gather(*(plan(order) for order in orders), move(target), plan(orders[0]))

    async with store.transaction(tenant) as tx:
        sites = {row.site_id for row in await tx.all(select(WorkOrder.site_id))}
    assert sites == {world.south}
