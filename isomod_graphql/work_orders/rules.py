"""The states of a work order and who may move it when: decides from values alone, never reads or writes anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class WorkOrderStatus(StrEnum):
    """Where a work order stands; CLOSED and CANCELLED are final."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    ON_HOLD = "ON_HOLD"
    COMPLETED = "COMPLETED"
    CLOSED = "CLOSED"
    CANCELLED = "CANCELLED"


class WorkOrderPriority(StrEnum):
    """How much it matters, lowest first."""

    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class WorkOrderType(StrEnum):
    """Why the work exists (EN 13306 vocabulary)."""

    CORRECTIVE = "CORRECTIVE"
    PREVENTIVE = "PREVENTIVE"
    INSPECTION = "INSPECTION"
    CALIBRATION = "CALIBRATION"
    INSTALLATION = "INSTALLATION"


class Outcome(StrEnum):
    """What the completed work achieved."""

    RESOLVED = "RESOLVED"
    PARTIAL = "PARTIAL"
    UNABLE = "UNABLE"


class Transition(StrEnum):
    """The verbs that change a status; each is one mutation and nothing else changes a status."""

    OPEN = "OPEN"
    SCHEDULE = "SCHEDULE"
    UNSCHEDULE = "UNSCHEDULE"
    START = "START"
    HOLD = "HOLD"
    RESUME = "RESUME"
    COMPLETE = "COMPLETE"
    REOPEN = "REOPEN"
    CLOSE = "CLOSE"
    CANCEL = "CANCEL"


class RefusalCode(StrEnum):
    """Stable codes of refused transitions, as clients see them."""

    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    REASON_REQUIRED = "REASON_REQUIRED"
    ASSIGNEE_REQUIRED = "ASSIGNEE_REQUIRED"
    WINDOW_REQUIRED = "WINDOW_REQUIRED"
    OUTCOME_REQUIRED = "OUTCOME_REQUIRED"
    FOUR_EYES_REQUIRED = "FOUR_EYES_REQUIRED"
    NOT_ASSIGNED = "NOT_ASSIGNED"
    TIMERS_OPEN = "TIMERS_OPEN"
    STEPS_UNANSWERED = "STEPS_UNANSWERED"


class Effect(StrEnum):
    """What the service must do in the same transaction as the change of status."""

    SET_WINDOW = "SET_WINDOW"
    CLEAR_WINDOW = "CLEAR_WINDOW"
    SET_STARTED_ONCE = "SET_STARTED_ONCE"
    STOP_TIMERS = "STOP_TIMERS"
    SET_COMPLETED = "SET_COMPLETED"
    SET_FIRST_COMPLETED_ONCE = "SET_FIRST_COMPLETED_ONCE"
    SET_OUTCOME = "SET_OUTCOME"
    CLEAR_OUTCOME = "CLEAR_OUTCOME"
    BREAK_FIRST_TIME_FIX = "BREAK_FIRST_TIME_FIX"
    FREEZE_RECORD = "FREEZE_RECORD"
    RELEASE_RESERVATIONS = "RELEASE_RESERVATIONS"
    RETURN_ISSUED_PARTS = "RETURN_ISSUED_PARTS"


@dataclass(frozen=True, slots=True)
class Window:
    """The planned time of a visit; usable only when it starts before it ends."""

    starts_at: datetime
    ends_at: datetime

    @property
    def usable(self) -> bool:
        """True when both ends know their zone and the start lies before the end."""
        zoned = self.starts_at.utcoffset() is not None and self.ends_at.utcoffset() is not None
        return zoned and self.starts_at.astimezone(UTC) < self.ends_at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class WorkOrderFacts:
    """What the guards need to know of an order; `completed_by` is who completed it last."""

    status: WorkOrderStatus
    has_assignee: bool = False
    window: Window | None = None
    started_at: datetime | None = None
    first_completed_at: datetime | None = None
    completed_by: UUID | None = None
    four_eyes: bool = False
    open_timers: int = 0
    unanswered_steps: int = 0


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who asks: a person (or none, for a client), as someone who manages this order's site, or is assigned to it."""

    person_id: UUID | None
    manages: bool = False
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class TransitionInput:
    """What came with the request; a given assignee or window replaces the one that the order has."""

    reason: str | None = None
    outcome: Outcome | None = None
    gives_assignee: bool = False
    window: Window | None = None


NOTHING_GIVEN = TransitionInput()


@dataclass(frozen=True, slots=True)
class Permitted:
    """The order may move to this status, with these effects."""

    to: WorkOrderStatus
    effects: frozenset[Effect]


@dataclass(frozen=True, slots=True)
class Refused:
    """The order stays where it is; `field` names the input at fault, if one is."""

    code: RefusalCode
    field: str | None
    message: str


Guard = Callable[[WorkOrderFacts, ActorFacts, TransitionInput], Refused | None]


def _needs_reason(_order: WorkOrderFacts, _actor: ActorFacts, given: TransitionInput) -> Refused | None:
    if given.reason is not None and given.reason.strip():
        return None
    return Refused(RefusalCode.REASON_REQUIRED, "reason", "Say why.")


def _needs_assignee(order: WorkOrderFacts, _actor: ActorFacts, given: TransitionInput) -> Refused | None:
    if order.has_assignee or given.gives_assignee:
        return None
    return Refused(RefusalCode.ASSIGNEE_REQUIRED, "assigneeId", "Assign somebody before scheduling.")


def _needs_window(order: WorkOrderFacts, _actor: ActorFacts, given: TransitionInput) -> Refused | None:
    window = given.window or order.window
    if window is not None and window.usable:
        return None
    return Refused(RefusalCode.WINDOW_REQUIRED, "window", "Give a window that starts before it ends.")


def _works_on_it(_order: WorkOrderFacts, actor: ActorFacts, _given: TransitionInput) -> Refused | None:
    if actor.assigned or actor.manages:
        return None
    return Refused(RefusalCode.NOT_ASSIGNED, None, "Only somebody assigned to this work order may do this.")


def _needs_outcome(_order: WorkOrderFacts, _actor: ActorFacts, given: TransitionInput) -> Refused | None:
    if given.outcome is not None:
        return None
    return Refused(RefusalCode.OUTCOME_REQUIRED, "outcome", "Say how the work ended.")


def _no_open_timers(order: WorkOrderFacts, _actor: ActorFacts, _given: TransitionInput) -> Refused | None:
    if order.open_timers == 0:
        return None
    return Refused(RefusalCode.TIMERS_OPEN, None, "Stop every running timer first.")


def _steps_answered(order: WorkOrderFacts, _actor: ActorFacts, _given: TransitionInput) -> Refused | None:
    if order.unanswered_steps == 0:
        return None
    return Refused(RefusalCode.STEPS_UNANSWERED, None, "Answer every required step first.")


def _four_eyes(order: WorkOrderFacts, actor: ActorFacts, _given: TransitionInput) -> Refused | None:
    """A second person must be provable: an unknown completer or a client without a person is refused too."""
    known = order.completed_by is not None and actor.person_id is not None
    if not order.four_eyes or (known and order.completed_by != actor.person_id):
        return None
    return Refused(RefusalCode.FOUR_EYES_REQUIRED, None, "Somebody else than who completed it must close it.")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table; guards are asked in order and the first refusal counts."""

    sources: frozenset[WorkOrderStatus]
    target: WorkOrderStatus
    guards: tuple[Guard, ...] = ()
    effects: frozenset[Effect] = frozenset()


_S = WorkOrderStatus
_E = Effect

TRANSITIONS: Mapping[Transition, Rule] = MappingProxyType(
    {
        Transition.OPEN: Rule(frozenset({_S.DRAFT}), _S.OPEN),
        Transition.SCHEDULE: Rule(
            frozenset({_S.OPEN}), _S.SCHEDULED, (_needs_assignee, _needs_window), frozenset({_E.SET_WINDOW})
        ),
        Transition.UNSCHEDULE: Rule(frozenset({_S.SCHEDULED}), _S.OPEN, (), frozenset({_E.CLEAR_WINDOW})),
        Transition.START: Rule(
            frozenset({_S.OPEN, _S.SCHEDULED}),
            _S.IN_PROGRESS,
            (_works_on_it,),
            frozenset({_E.SET_STARTED_ONCE}),
        ),
        Transition.HOLD: Rule(
            frozenset({_S.IN_PROGRESS}),
            _S.ON_HOLD,
            (_works_on_it, _needs_reason),
            frozenset({_E.STOP_TIMERS}),
        ),
        Transition.RESUME: Rule(frozenset({_S.ON_HOLD}), _S.IN_PROGRESS, (_works_on_it,)),
        Transition.COMPLETE: Rule(
            frozenset({_S.IN_PROGRESS}),
            _S.COMPLETED,
            (_works_on_it, _needs_outcome, _no_open_timers, _steps_answered),
            frozenset({_E.SET_COMPLETED, _E.SET_FIRST_COMPLETED_ONCE, _E.SET_OUTCOME}),
        ),
        Transition.REOPEN: Rule(
            frozenset({_S.COMPLETED}),
            _S.IN_PROGRESS,
            (_needs_reason,),
            frozenset({_E.CLEAR_OUTCOME, _E.BREAK_FIRST_TIME_FIX}),
        ),
        Transition.CLOSE: Rule(
            frozenset({_S.COMPLETED}), _S.CLOSED, (_four_eyes,), frozenset({_E.FREEZE_RECORD})
        ),
        Transition.CANCEL: Rule(
            frozenset({_S.DRAFT, _S.OPEN, _S.SCHEDULED, _S.ON_HOLD}),
            _S.CANCELLED,
            (_needs_reason,),
            frozenset({_E.STOP_TIMERS, _E.RELEASE_RESERVATIONS, _E.RETURN_ISSUED_PARTS}),
        ),
    }
)

TERMINAL: frozenset[WorkOrderStatus] = frozenset({_S.CLOSED, _S.CANCELLED})


def decide_transition(
    order: WorkOrderFacts,
    transition: Transition,
    *,
    actor: ActorFacts,
    given: TransitionInput = NOTHING_GIVEN,
) -> Permitted | Refused:
    """Say whether the order may make this move now; whether the caller holds the action at all was asked before."""
    rule = TRANSITIONS[transition]
    if order.status not in rule.sources:
        message = f"A work order that is {order.status} cannot take the step {transition}."
        return Refused(RefusalCode.ILLEGAL_TRANSITION, None, message)
    for guard in rule.guards:
        refusal = guard(order, actor, given)
        if refusal is not None:
            return refusal
    return Permitted(rule.target, frozenset(effect for effect in rule.effects if _still_due(effect, order)))


def _still_due(effect: Effect, order: WorkOrderFacts) -> bool:
    """The first start and the first completion are written once and kept through reopening."""
    already = (effect is Effect.SET_STARTED_ONCE and order.started_at is not None) or (
        effect is Effect.SET_FIRST_COMPLETED_ONCE and order.first_completed_at is not None
    )
    return not already
