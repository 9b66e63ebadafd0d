"""Work orders as the graph shows them: fields, history, filters, sorts and lists."""

from asyncio import gather
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import strawberry
from sqlalchemy import select

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import graph_type, link, listed, personal
from isomod_graphql.engine.pages import Sort
from isomod_graphql.work_orders import rules
from isomod_graphql.work_orders.models import WorkOrderAssignee, WorkOrderHistory
from permissions.categories import Category
from schema.assets import Asset
from schema.entities import ASSET, HISTORY, LOCATION, PERSON, WORK_ORDER
from schema.lists import Where, listed_page
from schema.locations import Location
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize


@graph_type(
    HISTORY, default=Category.OPERATIONAL, description="A change of status of a work order; never altered."
)
class WorkOrderChange(Node):
    """One row of the history."""

    sequence: int
    at: datetime
    transition: rules.Transition | None
    from_status: rules.WorkOrderStatus | None
    to_status: rules.WorkOrderStatus
    actor: Person | None = link(lambda: PERSON, by="actor_id")
    reason: str | None = personal(Category.NOTES)


@graph_type(WORK_ORDER, default=Category.OPERATIONAL, description="A piece of maintenance work.")
class WorkOrder(Node):
    """See the state machine in the documentation of the mutations."""

    number: int
    title: str
    description: str | None = personal(Category.NOTES)
    status: rules.WorkOrderStatus
    priority: rules.WorkOrderPriority
    type: rules.WorkOrderType
    outcome: rules.Outcome | None
    resolution: str | None = personal(Category.NOTES)
    created_at: datetime
    due_at: datetime | None
    window_start: datetime | None
    window_end: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    first_completed_at: datetime | None
    version: int
    asset: Asset | None = link(lambda: ASSET, by="asset_id")
    location: Location | None = link(lambda: LOCATION, by="location_id")
    assignee: Person | None = link(lambda: PERSON, by="assignee_id")
    requester: Person | None = link(lambda: PERSON, by="requester_id")
    completed_by: Person | None = link(lambda: PERSON, by="completed_by_id")

    @listed(
        description="Everybody who works on the order, the lead included, as far as the viewer reaches them."
    )
    async def assignees(self: Any, info: strawberry.Info) -> list[Person]:
        """In the order of their ids."""
        people = await info.context.grouped("assignees", self.row_id, _assignees)
        return [
            one
            for one in await gather(*(info.context.load(PERSON, person) for person in people))
            if one is not None
        ]

    @listed(description="Every change of status, oldest first.")
    async def history(
        self: Any, info: strawberry.Info, first: PageSize, after: Cursor | None = None
    ) -> Connection[WorkOrderChange]:
        """Survives reopening."""
        where = Where(info.context)
        where.under(WorkOrderHistory.__table__.c.work_order_id, self)
        return await listed_page(
            info.context,
            HISTORY,
            "WorkOrder.history",
            where,
            first=first,
            after=after,
            order=_Oldest.FIRST,
            sorts=_HISTORY,
        )


async def _assignees(tx: Transaction, orders: list[UUID]) -> dict[UUID, list[Any]]:
    """Who works on each of these orders."""
    here = (WorkOrderAssignee.tenant_id == tx.tenant_id, WorkOrderAssignee.work_order_id.in_(orders))
    wanted = select(WorkOrderAssignee.work_order_id, WorkOrderAssignee.person_id).where(*here)
    found: dict[UUID, list[Any]] = {}
    for row in await tx.all(wanted.order_by(WorkOrderAssignee.person_id)):
        found.setdefault(row.work_order_id, []).append(row.person_id)
    return found


class _Oldest(Enum):
    FIRST = "FIRST"


_HISTORY: Final = {"FIRST": Sort(WorkOrderHistory.__table__.c.sequence)}
