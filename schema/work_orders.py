"""Work orders as the graph shows them: fields, people and history."""

from datetime import datetime
from typing import Any, Final

import strawberry

from isomod_graphql.engine.entities import graph_type, link, listed, personal, shows
from isomod_graphql.engine.listing import LISTING
from isomod_graphql.engine.sources import SOURCES, Children, Through
from isomod_graphql.work_orders import models, rules
from isomod_graphql.work_orders.models import WorkOrderAssignee
from permissions import masks
from permissions.categories import Category
from schema.assets import Asset
from schema.entities import ASSET, HISTORY, LOCATION, PERSON, SIGNATURE, WORK_ORDER
from schema.lists import listed_page
from schema.locations import Location
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize
from schema.work_order_lists import CHANGES

ASSIGNEES: Final = Through(
    lambda: PERSON,
    WorkOrderAssignee.__table__,
    WorkOrderAssignee.__table__.c.work_order_id,
    WorkOrderAssignee.__table__.c.person_id,
)

SIGNATURES: Final = Children(lambda: SIGNATURE, models.WorkOrderSignature.__table__.c.work_order_id)

SignatureMeaning = strawberry.enum(
    models.SignatureMeaning,
    description="PERFORMED: the work was done. REVIEWED and APPROVED: by somebody else.",
)


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


@graph_type(
    SIGNATURE,
    default=Category.OPERATIONAL,
    description="A name under a completion of a work order; never altered, and kept as evidence.",
)
class WorkOrderSignature(Node):
    """The name as it was; the person may have another by now, or be erased."""

    meaning: models.SignatureMeaning
    signed_at: datetime
    completion_at: datetime = shows(
        Category.OPERATIONAL,
        column=models.WorkOrderSignature.__table__.c.completed_at,
        description="`completedAt` of the completion that was signed; the order may have been reopened since.",
    )
    signer_name: str | None = personal(Category.IDENTITY, mask=masks.INITIALS)
    signer_title: str | None = personal(Category.IDENTITY, description="The job title when it was signed.")
    signer: Person | None = link(lambda: PERSON, by="signer_id")


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
        metadata={SOURCES: ASSIGNEES},
        description="Everybody who works on the order, the lead included, as far as the viewer reaches them.",
    )
    async def assignees(self: Any, info: strawberry.Info) -> list[Person]:
        """In the order of their ids."""
        return await ASSIGNEES.views(info.context, self)

    @listed(
        metadata={SOURCES: SIGNATURES}, description="Who signed which completion of the order, oldest first."
    )
    async def signatures(self: Any, info: strawberry.Info) -> list[WorkOrderSignature]:
        """At most three meanings per person and completion."""
        return await SIGNATURES.views(info.context, self)

    @listed(metadata={LISTING: CHANGES}, description="Every change of status, oldest first.")
    async def history(
        self: Any, info: strawberry.Info, first: PageSize, after: Cursor | None = None
    ) -> Connection[WorkOrderChange]:
        """Survives reopening."""
        return await listed_page(info, CHANGES, first, after, under=self)
