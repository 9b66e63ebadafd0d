"""Writing, changing and assigning work orders in the graph. Refuses a status: no input here has one, steps change it."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import tells, writes
from isomod_graphql.engine.field_access import changes
from isomod_graphql.work_orders import rules, service
from isomod_graphql.work_orders.input import NewWorkOrder
from isomod_graphql.work_orders.input import WorkOrderChanges as Changes
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON, WORK_ORDER
from schema.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, USER_ERRORS, Given, must_say, rows, said
from schema.outcomes import UserError, outcome
from schema.work_orders import WorkOrder

TITLE = "One line of at most 200 characters."
ASSET_ID = "The asset that the work is about."
LOCATION_ID = "Where the work is done; without it, where the asset stands."
PRIORITY = "How soon it matters."
TYPE = "Why the work is done."
DUE_AT = "When it has to be done."


@writes(
    Action.WORK_ORDER_CREATE,
    {
        Category.OPERATIONAL: (
            "title asset_id location_id priority type requester_id assignee_id assignee_ids due_at idempotency_key"
        ),
        Category.NOTES: "description",
    },
    on=Resource.WORK_ORDER,
    also={Action.WORK_ORDER_ASSIGN: "assignee_id assignee_ids"},
)
@strawberry.input(description="Work to be planned; it begins as a draft.")
class CreateWorkOrderInput:
    """Without a requester the caller asked for it."""

    title: str = strawberry.field(description=TITLE)
    description: str | None = strawberry.field(default=None, description="Free text.")
    asset_id: strawberry.ID | None = strawberry.field(default=None, description=ASSET_ID)
    location_id: strawberry.ID | None = strawberry.field(default=None, description=LOCATION_ID)
    priority: rules.WorkOrderPriority = strawberry.field(
        default=rules.WorkOrderPriority.NONE, description=PRIORITY
    )
    type: rules.WorkOrderType = strawberry.field(default=rules.WorkOrderType.CORRECTIVE, description=TYPE)
    requester_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who asked for the work; null is the caller."
    )
    assignee_id: strawberry.ID | None = strawberry.field(default=None, description="Who leads the work.")
    assignee_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Who works on it beside the lead; 50 people at most."
    )
    due_at: datetime | None = strawberry.field(default=None, description=DUE_AT)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(WORK_ORDER, asset_id="asset", location_id="location")
@writes(
    Action.WORK_ORDER_UPDATE,
    {
        Category.OPERATIONAL: (
            "work_order_id title asset_id location_id priority type due_at expected_version idempotency_key"
        ),
        Category.NOTES: "description",
    },
    on=Resource.WORK_ORDER,
    row="work_order_id",
)
@strawberry.input(description="What is to be different. An absent field stays as it is; null removes it.")
class UpdateWorkOrderInput:
    """A new asset takes the order to where it stands, unless a location is given too."""

    work_order_id: strawberry.ID = strawberry.field(description="The work order to change.")
    title: str | None = strawberry.field(
        default=strawberry.UNSET, description=TITLE + " It cannot be removed."
    )
    description: str | None = strawberry.field(default=strawberry.UNSET, description="Free text.")
    asset_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=ASSET_ID)
    location_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Where the work is done; cannot be removed."
    )
    priority: rules.WorkOrderPriority | None = strawberry.field(
        default=strawberry.UNSET, description=PRIORITY + " NONE is a priority; null is not."
    )
    type: rules.WorkOrderType | None = strawberry.field(
        default=strawberry.UNSET, description=TYPE + " It cannot be removed."
    )
    due_at: datetime | None = strawberry.field(default=strawberry.UNSET, description=DUE_AT)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@changes(WORK_ORDER, assignee_id="assignee", assignee_ids="assignees")
@writes(
    Action.WORK_ORDER_ASSIGN,
    {Category.OPERATIONAL: "work_order_id assignee_id assignee_ids expected_version idempotency_key"},
    on=Resource.WORK_ORDER,
    row="work_order_id",
)
@strawberry.input(description="Who is on a work order from now on, and nobody else.")
class AssignWorkOrderInput:
    """The whole team each time."""

    work_order_id: strawberry.ID = strawberry.field(description="The work order.")
    assignee_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Who leads the work; null takes everybody off. It has to be said, null included.",
    )
    assignee_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Who works on it beside the lead; 50 people at most."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@tells({Category.OPERATIONAL: "work_order user_errors"})
@strawberry.type(description="The order as it now is and as the caller may see it, or why nothing was done.")
class WorkOrderPayload:
    """Loaded after the change."""

    work_order: WorkOrder | None = strawberry.field(
        default=None, description="Null when nothing was done, or when the caller does not reach it any more."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description=USER_ERRORS)


@strawberry.type
class WorkOrderChanges:
    """Mutations of what an order says. Each is nullable, so that a denial takes nothing from its neighbours."""

    @strawberry.mutation(
        description=(
            "Writes a draft with the next number. To name an assignee needs the right to assign. "
            "Codes: NOT_FOUND, PROCESSING_RESTRICTED, CONTRACT_ENDED."
        )
    )
    async def create_work_order(
        self, info: strawberry.Info, input: Given[CreateWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """At a location or on an asset."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            values = said(input, [one.name for one in fields(NewWorkOrder)])
            values = rows(
                request, values, asset_id=ASSET, location_id=LOCATION,
                requester_id=PERSON, assignee_id=PERSON, assignee_ids=PERSON,
            )  # fmt: skip
            return await service.create_work_order(
                tx, request.viewer, given=NewWorkOrder(**values), idempotency_key=input.idempotency_key
            )

        return payload(await outcome(request, "WORK_ORDER_CREATE", input, WORK_ORDER, work))

    @strawberry.mutation(
        description=(
            "Changes what is said of a work order, never its status. "
            "Codes: NOT_FOUND, STALE_VERSION, RECORD_FROZEN (closed or cancelled), CONTRACT_ENDED."
        )
    )
    async def update_work_order(
        self, info: strawberry.Info, input: Given[UpdateWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Absent stays, null removes."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            told = said(input, Changes.__annotations__, kept=("title", "location_id", "priority", "type"))
            changes: Any = rows(request, told, asset_id=ASSET, location_id=LOCATION)
            return await service.update_work_order(
                tx,
                request.viewer,
                work_order_id=request.row_id(input.work_order_id, WORK_ORDER),
                changes=changes,
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return payload(await outcome(request, "WORK_ORDER_UPDATE", input, WORK_ORDER, work))

    @strawberry.mutation(
        description=(
            "Puts people on a work order and takes the others off. Codes: NOT_FOUND, PROCESSING_RESTRICTED, "
            "ASSIGNEE_REQUIRED (a scheduled order), STALE_VERSION, RECORD_FROZEN, CONTRACT_ENDED."
        )
    )
    async def assign_work_order(
        self, info: strawberry.Info, input: Given[AssignWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """A lead and a team."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            must_say(input, "assignee_id", "Say who leads the work; null takes everybody off.")
            values = said(input, ("work_order_id", "assignee_id", "assignee_ids"))
            return await service.assign_work_order(
                tx,
                request.viewer,
                **rows(request, values, work_order_id=WORK_ORDER, assignee_id=PERSON, assignee_ids=PERSON),
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return payload(await outcome(request, "WORK_ORDER_ASSIGN", input, WORK_ORDER, work))


def payload(done: tuple[Any, list[UserError]]) -> WorkOrderPayload:
    """A view stands in for its graph type."""
    order, errors = done
    return WorkOrderPayload(work_order=order, user_errors=errors)
