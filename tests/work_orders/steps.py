"""Steps of work orders for tests: taking one as somebody, and what is stored afterwards."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderHistory
from isomod_graphql.work_orders.rules import Outcome, Transition, Window
from isomod_graphql.work_orders.transitions import transition_work_order
from tests.worlds import World

T = Transition
WINDOW = Window(datetime(2026, 11, 5, 8, tzinfo=UTC), datetime(2026, 11, 5, 12, tzinfo=UTC))
DONE = StepInput(outcome=Outcome.RESOLVED, resolution="New seal")


async def stored(world: World, order: UUID) -> dict[str, Any]:
    async with world.store.transaction(world.tenant) as tx:
        row = await tx.first(select(WorkOrder.__table__).where(WorkOrder.id == order))
    assert row is not None
    return dict(row._mapping)


async def history(world: World, order: UUID) -> list[tuple[Any, ...]]:
    async with world.store.transaction(world.tenant) as tx:
        h = WorkOrderHistory
        columns = select(h.sequence, h.at, h.actor_id, h.transition, h.from_status, h.to_status, h.reason)
        return [
            tuple(row) for row in await tx.all(columns.where(h.work_order_id == order).order_by(h.sequence))
        ]


async def take(
    world: World,
    viewer: Viewer,
    order: UUID,
    step: Transition,
    given: StepInput | None = None,
    *,
    version: int | None = None,
    key: str | None = None,
) -> UUID:
    async with world.store.transaction(world.tenant, write=True) as tx:
        return await transition_work_order(
            tx,
            viewer,
            work_order_id=order,
            transition=step,
            given=given or StepInput(),
            expected_version=version,
            idempotency_key=key,
        )


async def started(world: World) -> UUID:
    """An order that the technician works on."""
    order = await world.order(requester=world.requester)
    await world.assign(order, world.technician)
    await world.step(order, T.OPEN)
    await world.step(order, T.START, world.as_technician)
    return order
