"""Counts of work orders in the graph: by what they are grouped and filtered, and what is told of a group."""

from enum import Enum
from typing import Any, Final

import strawberry

from isomod_graphql.analytics import work_orders as counted_by
from isomod_graphql.engine.classified import reveals, tells
from isomod_graphql.engine.entities import listed
from isomod_graphql.engine.sources import SOURCES
from isomod_graphql.engine.statistics import SUPPRESSES, Statistics
from isomod_graphql.work_orders import rules
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import LOCATION, PERSON, WORK_ORDER
from schema.locations import Location
from schema.people import Person
from schema.scalars import CalendarPeriod
from schema.statistics import (
    TOTAL,
    StatisticsMinutes,
    StatisticsRemainder,
    counted,
    exactly,
    measure,
    the_period,
    the_site,
)

strawberry.enum(
    counted_by.WorkOrderStage,
    description="The statuses in three words: COMPLETED is COMPLETED or CLOSED, OPEN is everything before that.",
)
strawberry.enum(
    counted_by.Timeliness,
    description="Against the due date: when the order was completed, or now. An order that is OPEN and LATE is overdue.",
)


@reveals(
    Resource.PERSON,
    {
        Category.OPERATIONAL: (
            "STAGE STATUS PRIORITY TYPE TIMELINESS SITE CREATED_YEAR CREATED_QUARTER CREATED_MONTH COMPLETED_YEAR"
            " COMPLETED_QUARTER COMPLETED_MONTH DUE_YEAR DUE_QUARTER DUE_MONTH"
        ),
        Category.IDENTITY: "ASSIGNEE REQUESTED_BY",
    },
)
@strawberry.enum(
    description="By what work orders are grouped. Periods are those of the organisation's own clock."
)
class WorkOrderDimension(Enum):
    """The finer one of two that say the same counts: with MONTH a YEAR is told as well."""

    STAGE = "STAGE"
    STATUS = "STATUS"
    PRIORITY = "PRIORITY"
    TYPE = "TYPE"
    TIMELINESS = "TIMELINESS"
    SITE = "SITE"
    CREATED_YEAR = "CREATED_YEAR"
    CREATED_QUARTER = "CREATED_QUARTER"
    CREATED_MONTH = "CREATED_MONTH"
    COMPLETED_YEAR = "COMPLETED_YEAR"
    COMPLETED_QUARTER = "COMPLETED_QUARTER"
    COMPLETED_MONTH = "COMPLETED_MONTH"
    DUE_YEAR = "DUE_YEAR"
    DUE_QUARTER = "DUE_QUARTER"
    DUE_MONTH = "DUE_MONTH"
    ASSIGNEE = "ASSIGNEE"
    REQUESTED_BY = "REQUESTED_BY"


@reveals(
    Resource.WORK_ORDER,
    {Category.OPERATIONAL: ("stage status priority type timeliness site_id created_in completed_in due_in")},
)
@strawberry.input(description="One value of each; every one that is given must hold. Nobody is singled out.")
class WorkOrderStatisticsFilter:
    """Which work orders are counted."""

    stage: counted_by.WorkOrderStage | None = None
    status: rules.WorkOrderStatus | None = None
    priority: rules.WorkOrderPriority | None = None
    type: rules.WorkOrderType | None = None
    timeliness: counted_by.Timeliness | None = None
    site_id: strawberry.ID | None = None
    created_in: CalendarPeriod | None = None
    completed_in: CalendarPeriod | None = None
    due_in: CalendarPeriod | None = None


_AT: Final = counted_by
WORK_ORDER_STATISTICS: Final = Statistics(
    lambda: WORK_ORDER,
    _AT.DIMENSIONS,
    groupings={
        "STAGE": (_AT.STATUS, 1),
        "STATUS": (_AT.STATUS, 2),
        "PRIORITY": (_AT.PRIORITY, 1),
        "TYPE": (_AT.TYPE, 1),
        "TIMELINESS": (_AT.TIMELY, 1),
        "SITE": (_AT.SITE, 1),
        "ASSIGNEE": (_AT.ASSIGNEE, 1),
        "REQUESTED_BY": (_AT.REQUESTER, 1),
    }
    | {
        f"{name}_{period}": (at, level)
        for name, at in (("CREATED", _AT.CREATED), ("COMPLETED", _AT.COMPLETED), ("DUE", _AT.DUE))
        for level, period in enumerate(("YEAR", "QUARTER", "MONTH"), 1)
    },
    filters={
        "stage": (_AT.STATUS, exactly(1)),
        "status": (_AT.STATUS, exactly(2)),
        "priority": (_AT.PRIORITY, exactly(1)),
        "type": (_AT.TYPE, exactly(1)),
        "timeliness": (_AT.TIMELY, exactly(1)),
        "site_id": (_AT.SITE, the_site),
        "created_in": (_AT.CREATED, the_period),
        "completed_in": (_AT.COMPLETED, the_period),
        "due_in": (_AT.DUE, the_period),
    },
    links={"site": lambda: LOCATION, "assignee": lambda: PERSON, "requester": lambda: PERSON},
    measures=_AT.MEASURES,
)


@tells(
    {
        Category.OPERATIONAL: (
            "stage status priority type timeliness created_in completed_in due_in count minutes_to_complete"
        ),
        Category.TIME: "minutes_worked",
    }
)
@strawberry.type(description="Work orders that are alike. What they are not told apart by is null.")
class WorkOrderGroup:
    """See engine.statistics.Group."""

    stage: counted_by.WorkOrderStage | None
    status: rules.WorkOrderStatus | None
    priority: rules.WorkOrderPriority | None
    type: rules.WorkOrderType | None
    timeliness: counted_by.Timeliness | None
    created_in: CalendarPeriod | None
    completed_in: CalendarPeriod | None
    due_in: CalendarPeriod | None
    count: int
    minutes_to_complete: StatisticsMinutes | None = strawberry.field(
        description="From creation to completion; null unless every order of the group is completed."
    )
    minutes_worked: StatisticsMinutes | None = measure(
        Category.TIME,
        "From start to completion; null unless every order of the group is. For who reads everybody's working time.",
    )

    @listed(description="Null also where the site is not reached.")
    async def site(self: Any, info: strawberry.Info) -> Location | None:
        """The key, as it is shown."""
        return await WORK_ORDER_STATISTICS.linked(info.context, self, "site")

    @listed(description="Whose orders these are. People who are named to nobody are in the remainder.")
    async def assignee(self: Any, info: strawberry.Info) -> Person | None:
        """The key, as it is shown."""
        return await WORK_ORDER_STATISTICS.linked(info.context, self, "assignee")

    @listed(description="Who asked for these orders. People who are named to nobody are in the remainder.")
    async def requester(self: Any, info: strawberry.Info) -> Person | None:
        """The key, as it is shown."""
        return await WORK_ORDER_STATISTICS.linked(info.context, self, "requester")


@tells({Category.OPERATIONAL: "groups total remainder smallest_group"})
@strawberry.type(description="Counts of the work orders that the viewer reaches.")
class WorkOrderStatistics:
    """See engine.statistics.Breakdown."""

    groups: list[WorkOrderGroup]
    remainder: StatisticsRemainder | None = strawberry.field(
        description="Null where every row is in a group."
    )
    smallest_group: int = strawberry.field(description="Nothing is told of fewer rows.")

    @strawberry.field(metadata={SUPPRESSES: Category.OPERATIONAL}, description=TOTAL)
    @staticmethod
    def total(root: strawberry.Parent[Any], info: strawberry.Info) -> int | None:
        """Told or listed as masked."""
        return counted(root.total, info)


@strawberry.type
class WorkOrderStatisticsQueries:
    """Queries that count work orders."""

    @strawberry.field(
        metadata={SOURCES: WORK_ORDER_STATISTICS},
        description="Counts of work orders, in groups of at least `smallestGroup`. Groups and filters tell rows apart by four things at most.",
    )
    async def work_order_statistics(
        self,
        info: strawberry.Info,
        group_by: list[WorkOrderDimension] | None = None,
        filter: WorkOrderStatisticsFilter | None = None,
    ) -> WorkOrderStatistics:
        """As many groups as there are values; one of everything where nothing is said."""
        told: Any = await WORK_ORDER_STATISTICS.told(info.context, group_by or (), filter)
        return told
