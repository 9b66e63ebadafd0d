"""Work orders as the graph shows them: fields, history, filters, sorts and lists."""

from asyncio import gather
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import strawberry
from sqlalchemy import DateTime, func, literal, select

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.entities import graph_type, link, listed, personal
from isomod_graphql.engine.pages import Sort
from isomod_graphql.work_orders import rules
from isomod_graphql.work_orders.models import WorkOrder as Row
from isomod_graphql.work_orders.models import WorkOrderAssignee, WorkOrderHistory
from permissions.categories import Category
from permissions.reach import Resource
from schema.assets import Asset
from schema.entities import ASSET, HISTORY, LOCATION, PERSON, WORK_ORDER
from schema.lists import DateTimeRange, Where, listed_page
from schema.locations import Location
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize

WorkOrderStatus = strawberry.enum(rules.WorkOrderStatus, description="Where the work stands.")
WorkOrderPriority = strawberry.enum(rules.WorkOrderPriority, description="How soon it matters.")
WorkOrderType = strawberry.enum(rules.WorkOrderType, description="Why the work is done (EN 13306).")
Outcome = strawberry.enum(rules.Outcome, name="WorkOrderOutcome", description="How the work ended.")
Transition = strawberry.enum(rules.Transition, name="WorkOrderTransition", description="A change of status.")

NEVER: Final = literal(datetime(9999, 12, 31, tzinfo=UTC), DateTime(timezone=True))
"""Orders without a due date come last."""


@reveals(Resource.WORK_ORDER)
@strawberry.enum(description="How work orders are sorted.")
class WorkOrderOrder(Enum):
    """Ties are broken by id."""

    NUMBER_ASC = "NUMBER_ASC"
    NUMBER_DESC = "NUMBER_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    DUE_AT_ASC = "DUE_AT_ASC"
    PRIORITY_DESC = "PRIORITY_DESC"


_COLUMNS = Row.__table__.c
SORTS: Final = {
    "NUMBER_ASC": Sort(_COLUMNS.number),
    "NUMBER_DESC": Sort(_COLUMNS.number, descending=True),
    "CREATED_AT_ASC": Sort(_COLUMNS.created_at),
    "CREATED_AT_DESC": Sort(_COLUMNS.created_at, descending=True),
    "DUE_AT_ASC": Sort(func.coalesce(_COLUMNS.due_at, NEVER)),
    "PRIORITY_DESC": Sort(_COLUMNS.priority_rank, descending=True),
}


@reveals(Resource.WORK_ORDER)
@strawberry.input(description="Every field that is given must hold.")
class WorkOrderFilter:
    """Which work orders."""

    number: int | None = None
    status: list[rules.WorkOrderStatus] | None = None
    priority: list[rules.WorkOrderPriority] | None = None
    type: list[rules.WorkOrderType] | None = None
    asset_id: strawberry.ID | None = None
    location_id: strawberry.ID | None = None
    site_id: strawberry.ID | None = None
    assignee_id: strawberry.ID | None = None
    requester_id: strawberry.ID | None = None
    created_at: DateTimeRange | None = None
    due_at: DateTimeRange | None = None


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
        where = Where(info.context, {"work_order": self.row_id})
        where.predicates.append(WorkOrderHistory.work_order_id == self.row_id)
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


async def work_orders_of(
    info: strawberry.Info,
    coordinate: str,
    first: int,
    after: str | None,
    given: WorkOrderFilter | None,
    order_by: WorkOrderOrder,
    *,
    asset: Any = None,  # noqa: ANN401  a view
) -> Any:  # noqa: ANN401  a page
    """A page of work orders."""
    where = Where(info.context, {"asset": asset.row_id} if asset is not None else None)
    if asset is not None:
        where.predicates.append(Row.asset_id == asset.row_id)
    if given is not None:
        where.equal("number", Row.number, given.number)
        where.one_of("status", Row.status, given.status)
        where.one_of("priority", Row.priority, given.priority)
        where.one_of("type", Row.type, given.type)
        where.reference("assetId", Row.asset_id, given.asset_id, ASSET)
        where.reference("locationId", Row.location_id, given.location_id, LOCATION)
        where.reference("siteId", Row.site_id, given.site_id, LOCATION)
        where.reference("assigneeId", Row.assignee_id, given.assignee_id, PERSON)
        where.reference("requesterId", Row.requester_id, given.requester_id, PERSON)
        where.between("createdAt", Row.created_at, given.created_at)
        where.between("dueAt", Row.due_at, given.due_at)
    return await listed_page(
        info.context, WORK_ORDER, coordinate, where, first=first, after=after, order=order_by, sorts=SORTS
    )
