"""Lists of work orders: how they are filtered and sorted."""

from datetime import datetime
from enum import Enum
from typing import Any, Final

import strawberry
from sqlalchemy import ColumnElement, DateTime, func, literal_column

from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.pages import Sort
from isomod_graphql.work_orders import rules
from isomod_graphql.work_orders.models import WorkOrder as Row
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON, WORK_ORDER
from schema.lists import DateTimeRange, Where, listed_page

WorkOrderStatus = strawberry.enum(rules.WorkOrderStatus, description="Where the work stands.")
WorkOrderPriority = strawberry.enum(rules.WorkOrderPriority, description="How soon it matters.")
WorkOrderType = strawberry.enum(rules.WorkOrderType, description="Why the work is done (EN 13306).")
Outcome = strawberry.enum(rules.Outcome, name="WorkOrderOutcome", description="How the work ended.")
Transition = strawberry.enum(rules.Transition, name="WorkOrderTransition", description="A change of status.")

NEVER: Final[ColumnElement[datetime]] = literal_column(
    "'9999-12-31 00:00:00+00'::timestamptz", DateTime(timezone=True)
)
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
    where = Where(info.context)
    where.under(Row.__table__.c.asset_id, asset)
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
