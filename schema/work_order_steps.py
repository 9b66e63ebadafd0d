"""The steps of a work order in the graph: one mutation per transition of its table, and no other way to another status."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import strawberry

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.classified import writes
from isomod_graphql.work_orders import rules
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.models import SignatureMeaning
from isomod_graphql.work_orders.rules import Transition
from isomod_graphql.work_orders.signatures import sign_work_order
from isomod_graphql.work_orders.transitions import TRANSITION_ACTIONS, transition_work_order
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import PERSON, WORK_ORDER
from schema.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, Given, rows
from schema.outcomes import outcome
from schema.work_order_changes import WorkOrderPayload, payload

T = TypeVar("T", bound=type)
CODES = " Codes: ILLEGAL_TRANSITION, NOT_FOUND, STALE_VERSION, CONTRACT_ENDED"


def _step_writes(transition: Transition, *, operational: str = "", notes: str = "") -> Callable[[T], T]:
    """What the input of a step writes, beside what every step takes."""
    fields = {Category.OPERATIONAL: f"work_order_id expected_version idempotency_key {operational}"}
    also = {Action.WORK_ORDER_ASSIGN: "assignee_id"} if "assignee_id" in operational else {}
    return writes(
        TRANSITION_ACTIONS[transition],
        fields | {Category.NOTES: notes},
        on=Resource.WORK_ORDER,
        row="work_order_id",
        also=also,
    )


@strawberry.input
class Step:
    """What every step takes; each has an input type of its own."""

    work_order_id: strawberry.ID = strawberry.field(description="The work order.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED_VERSION)
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


@writes(Action.WORK_ORDER_SCHEDULE, {Category.OPERATIONAL: "starts_at ends_at"}, on=Resource.WORK_ORDER)
@strawberry.input(description="From when to when a visit is planned.")
class TimeWindowInput:
    """Starts before it ends."""

    starts_at: datetime = strawberry.field(description="The beginning.")
    ends_at: datetime = strawberry.field(description="The end, later than the beginning.")


@_step_writes(Transition.OPEN)
@strawberry.input(description="Which draft is ready.")
class OpenWorkOrderInput(Step):
    """DRAFT to OPEN."""


@_step_writes(Transition.SCHEDULE, operational="window assignee_id")
@strawberry.input(description="Which order is planned, for whom and when.")
class ScheduleWorkOrderInput(Step):
    """OPEN to SCHEDULED."""

    window: TimeWindowInput = strawberry.field(description="When the work is planned.")
    assignee_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who leads the work from now on; null keeps who leads it."
    )


@_step_writes(Transition.UNSCHEDULE)
@strawberry.input(description="Which order is not planned any more.")
class UnscheduleWorkOrderInput(Step):
    """SCHEDULED to OPEN."""


@_step_writes(Transition.START)
@strawberry.input(description="On which order the work begins.")
class StartWorkOrderInput(Step):
    """OPEN or SCHEDULED to IN_PROGRESS."""


@_step_writes(Transition.HOLD, notes="reason")
@strawberry.input(description="Which order has to wait.")
class HoldWorkOrderInput(Step):
    """IN_PROGRESS to ON_HOLD."""

    reason: str = strawberry.field(description="Why it has to wait; kept in the history.")


@_step_writes(Transition.RESUME)
@strawberry.input(description="On which order the work goes on.")
class ResumeWorkOrderInput(Step):
    """ON_HOLD to IN_PROGRESS."""


@_step_writes(Transition.COMPLETE, operational="outcome", notes="resolution")
@strawberry.input(description="Which order is done, and how it ended.")
class CompleteWorkOrderInput(Step):
    """IN_PROGRESS to COMPLETED."""

    outcome: rules.Outcome = strawberry.field(description="How the work ended.")
    resolution: str | None = strawberry.field(default=None, description="What was done; free text.")


@_step_writes(Transition.REOPEN, notes="reason")
@strawberry.input(description="Which order was not done after all.")
class ReopenWorkOrderInput(Step):
    """COMPLETED to IN_PROGRESS."""

    reason: str = strawberry.field(description="What is still to be done; kept in the history.")


@_step_writes(Transition.CLOSE)
@strawberry.input(description="Which order becomes a record.")
class CloseWorkOrderInput(Step):
    """COMPLETED to CLOSED."""


@_step_writes(Transition.CANCEL, notes="reason")
@strawberry.input(description="Which order will not be done.")
class CancelWorkOrderInput(Step):
    """DRAFT, OPEN, SCHEDULED or ON_HOLD to CANCELLED."""

    reason: str = strawberry.field(description="Why it will not be done; kept in the history.")


@writes(
    Action.WORK_ORDER_SIGN,
    {Category.OPERATIONAL: "work_order_id expected_version idempotency_key meaning"},
    on=Resource.WORK_ORDER,
    row="work_order_id",
)
@strawberry.input(description="Which order is signed, and what the signature says.")
class SignWorkOrderInput(Step):
    """COMPLETED or CLOSED; the status stays."""

    meaning: SignatureMeaning = strawberry.field(description="What is said by signing.")


@strawberry.type
class WorkOrderSteps:
    """Mutations of an order's status. Each is nullable, so that a denial takes nothing from its neighbours."""

    @strawberry.mutation(description="DRAFT to OPEN: the order can be planned and started." + CODES + ".")
    async def open_work_order(
        self, info: strawberry.Info, input: Given[OpenWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site."""
        return await _step(info, Transition.OPEN, input)

    @strawberry.mutation(
        description="OPEN to SCHEDULED: a lead and a window."
        + CODES
        + ", ASSIGNEE_REQUIRED, WINDOW_REQUIRED, "
        "PROCESSING_RESTRICTED."
    )
    async def schedule_work_order(
        self, info: strawberry.Info, input: Given[ScheduleWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site."""
        window = rules.Window(input.window.starts_at, input.window.ends_at)
        return await _step(info, Transition.SCHEDULE, input, window=window, assignee_id=input.assignee_id)

    @strawberry.mutation(description="SCHEDULED to OPEN: the window is gone, the people stay." + CODES + ".")
    async def unschedule_work_order(
        self, info: strawberry.Info, input: Given[UnscheduleWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site."""
        return await _step(info, Transition.UNSCHEDULE, input)

    @strawberry.mutation(
        description="OPEN or SCHEDULED to IN_PROGRESS: the first start is kept." + CODES + ", NOT_ASSIGNED."
    )
    async def start_work_order(
        self, info: strawberry.Info, input: Given[StartWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who is on the order, or plans the site."""
        return await _step(info, Transition.START, input)

    @strawberry.mutation(
        description="IN_PROGRESS to ON_HOLD: the service level's clock stands still."
        + CODES
        + ", NOT_ASSIGNED, REASON_REQUIRED."
    )
    async def hold_work_order(
        self, info: strawberry.Info, input: Given[HoldWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who is on the order, or plans the site."""
        return await _step(info, Transition.HOLD, input, reason=input.reason)

    @strawberry.mutation(description="ON_HOLD to IN_PROGRESS." + CODES + ", NOT_ASSIGNED.")
    async def resume_work_order(
        self, info: strawberry.Info, input: Given[ResumeWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who is on the order, or plans the site."""
        return await _step(info, Transition.RESUME, input)

    @strawberry.mutation(
        description="IN_PROGRESS to COMPLETED: the first completion is kept."
        + CODES
        + ", NOT_ASSIGNED, TIMERS_OPEN, STEPS_UNANSWERED."
    )
    async def complete_work_order(
        self, info: strawberry.Info, input: Given[CompleteWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who is on the order, or plans the site."""
        return await _step(
            info, Transition.COMPLETE, input, outcome=input.outcome, resolution=input.resolution
        )

    @strawberry.mutation(
        description="COMPLETED to IN_PROGRESS: the outcome is taken back." + CODES + ", REASON_REQUIRED."
    )
    async def reopen_work_order(
        self, info: strawberry.Info, input: Given[ReopenWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site."""
        return await _step(info, Transition.REOPEN, input, reason=input.reason)

    @strawberry.mutation(
        description="COMPLETED to CLOSED, for good: the order is a record (ISO 9001 clause 7.5.3)."
        + CODES
        + ", FOUR_EYES_REQUIRED."
    )
    async def close_work_order(
        self, info: strawberry.Info, input: Given[CloseWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site and, with four eyes, did not complete the order."""
        return await _step(info, Transition.CLOSE, input)

    @strawberry.mutation(
        description="DRAFT, OPEN, SCHEDULED or ON_HOLD to CANCELLED, for good." + CODES + ", REASON_REQUIRED."
    )
    async def cancel_work_order(
        self, info: strawberry.Info, input: Given[CancelWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Who plans the site."""
        return await _step(info, Transition.CANCEL, input, reason=input.reason)

    @strawberry.mutation(
        description=(
            "Puts the caller's name under completed or closed work; status and version stay. PERFORMED is said by who did "
            "the work, REVIEWED and APPROVED by somebody else. Codes: NOT_FOUND, STALE_VERSION, NOT_COMPLETED, NOT_ASSIGNED, "
            "FOUR_EYES_REQUIRED, CONFLICT (signed already), PROCESSING_RESTRICTED, CONTRACT_ENDED."
        )
    )
    async def sign_work_order(
        self, info: strawberry.Info, input: Given[SignWorkOrderInput]
    ) -> WorkOrderPayload | None:
        """Kept for the record of the work, whatever becomes of the person."""
        request = info.context

        async def work(tx: Transaction) -> UUID:
            request.viewer.require(Action.WORK_ORDER_SIGN)
            return await sign_work_order(
                tx,
                request.viewer,
                work_order_id=request.row_id(input.work_order_id, WORK_ORDER),
                meaning=input.meaning,
                expected_version=input.expected_version,
                idempotency_key=input.idempotency_key,
            )

        return payload(await outcome(request, "WORK_ORDER_SIGN", input, WORK_ORDER, work))


async def _step(
    info: strawberry.Info,
    transition: Transition,
    input: Step,
    **given: Any,  # noqa: ANN401  the fields of a StepInput
) -> WorkOrderPayload:
    request = info.context

    async def work(tx: Transaction) -> UUID:
        request.viewer.require(TRANSITION_ACTIONS[transition])
        return await transition_work_order(
            tx,
            request.viewer,
            work_order_id=request.row_id(input.work_order_id, WORK_ORDER),
            transition=transition,
            given=StepInput(**rows(request, given, assignee_id=PERSON)),
            expected_version=input.expected_version,
            idempotency_key=input.idempotency_key,
        )

    return payload(await outcome(request, f"WORK_ORDER_{transition}", input, WORK_ORDER, work))
