"""Lists of work orders: how they are filtered and sorted."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Final

import strawberry
from sqlalchemy import ColumnElement, DateTime, func, literal_column

from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.listing import Between, Criterion, Equal, Listing, OneOf, Reference, Sort
from isomod_graphql.engine.searching import Words
from isomod_graphql.work_orders import rules
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderHistory
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import ASSET, HISTORY, LOCATION, PERSON, WORK_ORDER
from schema.lists import SEARCHES, DateTimeRange
from schema.scalars import SearchText

WorkOrderStatus = strawberry.enum(rules.WorkOrderStatus, description="Where the work stands.")
WorkOrderPriority = strawberry.enum(rules.WorkOrderPriority, description="How soon it matters.")
WorkOrderType = strawberry.enum(rules.WorkOrderType, description="Why the work is done (EN 13306).")
Outcome = strawberry.enum(rules.Outcome, name="WorkOrderOutcome", description="How the work ended.")
Transition = strawberry.enum(rules.Transition, name="WorkOrderTransition", description="A change of status.")

NEVER: Final[ColumnElement[datetime]] = literal_column(
    "'9999-12-31 00:00:00+00'::timestamptz", DateTime(timezone=True)
)
"""Orders without a due date come last."""


@reveals(
    Resource.WORK_ORDER,
    {
        Category.OPERATIONAL: (
            "NUMBER_ASC NUMBER_DESC CREATED_AT_ASC CREATED_AT_DESC DUE_AT_ASC PRIORITY_DESC"
        )
    },
)
@strawberry.enum(description="How work orders are sorted.")
class WorkOrderOrder(Enum):
    """Ties are broken by id."""

    NUMBER_ASC = "NUMBER_ASC"
    NUMBER_DESC = "NUMBER_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    DUE_AT_ASC = "DUE_AT_ASC"
    PRIORITY_DESC = "PRIORITY_DESC"


@reveals(
    Resource.WORK_ORDER,
    {
        Category.OPERATIONAL: (
            "number search status priority type asset_id location_id site_id assignee_id requester_id created_at due_at"
        )
    },
)
@strawberry.input(description="Every field that is given must hold.")
class WorkOrderFilter:
    """Which work orders."""

    number: int | None = None
    search: SearchText | None = strawberry.field(default=None, description=f"{SEARCHES} number and title.")
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


_ROW: Final = WorkOrder.__table__.c
_SORTS: Final = {
    "NUMBER_ASC": Sort(_ROW.number, unique=True),
    "NUMBER_DESC": Sort(_ROW.number, descending=True, unique=True),
    "CREATED_AT_ASC": Sort(_ROW.created_at),
    "CREATED_AT_DESC": Sort(_ROW.created_at, descending=True),
    "DUE_AT_ASC": Sort(func.coalesce(_ROW.due_at, NEVER)),
    "PRIORITY_DESC": Sort(_ROW.priority_rank, descending=True),
}
_CRITERIA: Final[Mapping[str, Criterion]] = {
    "number": Equal(_ROW.number),
    "search": Words(WorkOrder),
    "status": OneOf(_ROW.status),
    "priority": OneOf(_ROW.priority),
    "type": OneOf(_ROW.type),
    "asset_id": Reference(_ROW.asset_id, lambda: ASSET),
    "location_id": Reference(_ROW.location_id, lambda: LOCATION),
    "site_id": Reference(_ROW.site_id, lambda: LOCATION),
    "assignee_id": Reference(_ROW.assignee_id, lambda: PERSON),
    "requester_id": Reference(_ROW.requester_id, lambda: PERSON),
    "created_at": Between(_ROW.created_at),
    "due_at": Between(_ROW.due_at),
}
_CHANGE: Final = WorkOrderHistory.__table__.c

WORK_ORDERS: Final = Listing("Query.workOrders", lambda: WORK_ORDER, _SORTS, _CRITERIA)
ASSET_WORK_ORDERS: Final = Listing(
    "Asset.workOrders", lambda: WORK_ORDER, _SORTS, _CRITERIA, under=_ROW.asset_id
)
CHANGES: Final = Listing(
    "WorkOrder.history",
    lambda: HISTORY,
    {"OLDEST_FIRST": Sort(_CHANGE.sequence, unique=True)},
    {},
    under=_CHANGE.work_order_id,
)
