"""One stored work order in the hands of a service: found under its lock, written with a new version, with its history. Refuses to show it out of reach."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, insert, select, update

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.work_orders.errors import RecordFrozen
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderHistory
from isomod_graphql.work_orders.reach import WORK_ORDER_SCOPE, assigned
from isomod_graphql.work_orders.rules import TERMINAL, Transition, WorkOrderStatus
from permissions.grants import Action

WORK_ORDERS: Table = WorkOrder.__table__  # type: ignore[assignment]  # a mapped class always has a Table here


async def locked_order(tx: Transaction, viewer: Viewer, work_order_id: UUID, action: Action) -> Row[Any]:
    """The order as it is now, locked until the transaction ends, with two booleans about the viewer: `manages`, `works`.

    Who may plan the order manages it; who is on it works on it. Raises NotFound (workOrderId).
    """
    here = (WorkOrder.tenant_id == tx.tenant_id, WorkOrder.id == work_order_id)
    me = viewer.person_id
    wanted = select(
        WORK_ORDERS,
        WORK_ORDER_SCOPE.reachable(viewer, Action.WORK_ORDER_SCHEDULE).label("manages"),
        (WorkOrder.id.is_(None) if me is None else assigned(me)).label("works"),
    ).where(*here, WORK_ORDER_SCOPE.reachable(viewer, action))
    row = await tx.first(wanted.with_for_update(of=WorkOrder))
    if row is None:
        raise NotFound(field="workOrderId")
    return row


def require_thawed(status: str) -> None:
    """Raises RecordFrozen for a closed or cancelled order."""
    if WorkOrderStatus(status) in TERMINAL:
        raise RecordFrozen


async def write_order(tx: Transaction, work_order_id: UUID, columns: dict[str, Any]) -> None:
    """Writes the columns and counts the version."""
    here = (WorkOrder.tenant_id == tx.tenant_id, WorkOrder.id == work_order_id)
    put = columns | {"version": WorkOrder.version + 1, "updated_at": tx.now}
    await tx.run(update(WorkOrder).where(*here).values(put))


async def add_history(
    tx: Transaction,
    viewer: Viewer,
    work_order_id: UUID,
    *,
    to: WorkOrderStatus,
    transition: Transition | None = None,
    came_from: WorkOrderStatus | None = None,
    reason: str | None = None,
) -> None:
    """Adds one row to the order's history; the caller holds the order's lock, so the sequence has no holes."""
    here = (WorkOrderHistory.tenant_id == tx.tenant_id, WorkOrderHistory.work_order_id == work_order_id)
    last = await tx.value(select(func.coalesce(func.max(WorkOrderHistory.sequence), 0)).where(*here))
    row = {
        "tenant_id": tx.tenant_id, "id": tx.new_id(), "work_order_id": work_order_id, "sequence": last + 1,
        "at": tx.now, "actor_id": viewer.person_id, "transition": transition, "from_status": came_from, "to_status": to,
        "reason": reason, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(WorkOrderHistory).values(row))
