"""What may be said of a work order and of a step: checked values, ready to be stored. Refuses times without a zone or out of this age."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.text import line, note
from isomod_graphql.work_orders.rules import Outcome, Window, WorkOrderPriority, WorkOrderType

EARLIEST_YEAR, LATEST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWorkOrder:
    """Work to be planned; without a location it is done where the asset stands, without a requester the writer asked for it."""

    title: str
    location_id: UUID | None = None
    asset_id: UUID | None = None
    description: str | None = None
    priority: WorkOrderPriority = WorkOrderPriority.NONE
    type: WorkOrderType = WorkOrderType.CORRECTIVE
    requester_id: UUID | None = None
    assignee_id: UUID | None = None
    assignee_ids: tuple[UUID, ...] = ()
    due_at: datetime | None = None


class WorkOrderChanges(TypedDict, total=False):
    """What is to be different; what is not named stays. A status is not among it."""

    title: str
    description: str | None
    priority: WorkOrderPriority
    type: WorkOrderType
    asset_id: UUID | None
    location_id: UUID
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInput:
    """What comes with a transition; the rules say which transition needs what."""

    reason: str | None = None
    outcome: Outcome | None = None
    resolution: str | None = None
    assignee_id: UUID | None = None
    window: Window | None = None


NOTHING = StepInput()


def checked_columns(said: WorkOrderChanges) -> dict[str, Any]:
    """The columns to be written, apart from the place. Raises BadInput, MaskedValueRejected."""
    columns: dict[str, Any] = {}
    if "title" in said:
        columns["title"] = line(said["title"], field="title")
    if "description" in said:
        columns["description"] = note(said["description"], field="description")
    if "priority" in said:
        columns["priority"] = said["priority"].value
    if "type" in said:
        columns["type"] = said["type"].value
    if "due_at" in said:
        columns["due_at"] = _moment(said["due_at"], field="dueAt")
    return columns


def said_of(given: NewWorkOrder) -> WorkOrderChanges:
    """What is said of a new order, apart from its place and its people."""
    return WorkOrderChanges(
        title=given.title,
        description=given.description,
        priority=given.priority,
        type=given.type,
        due_at=given.due_at,
    )


def checked_step(given: StepInput) -> StepInput:
    """The same with its texts and times checked. Raises BadInput, MaskedValueRejected."""
    window = given.window
    if window is not None:
        _moment(window.starts_at, field="window")
        _moment(window.ends_at, field="window")
    return StepInput(
        reason=note(given.reason, field="reason"),
        outcome=given.outcome,
        resolution=note(given.resolution, field="resolution"),
        assignee_id=given.assignee_id,
        window=window,
    )


def _moment(value: datetime | None, *, field: str) -> datetime | None:
    if value is None:
        return None
    if value.utcoffset() is None:
        raise BadInput("A time says its zone.", field=field)
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise BadInput(f"A time lies in the years {EARLIEST_YEAR} to {LATEST_YEAR}.", field=field)
    return value
