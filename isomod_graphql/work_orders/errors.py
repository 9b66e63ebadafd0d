"""Why a work order stays as it is: one small class per code of the rules. They refuse to quote what was sent."""

from collections.abc import Mapping
from types import MappingProxyType

from isomod_graphql.core.errors import Refusal
from isomod_graphql.work_orders.rules import RefusalCode, Refused


class TransitionRefused(Refusal):
    """A guard of the table of transitions said no."""

    code = RefusalCode.ILLEGAL_TRANSITION.value
    message = "The work order cannot take this step."


class IllegalTransition(TransitionRefused):
    """The order's present status does not lead there."""

    code = RefusalCode.ILLEGAL_TRANSITION.value


class ReasonRequired(TransitionRefused):
    """Holding, reopening and cancelling need a reason."""

    code = RefusalCode.REASON_REQUIRED.value


class AssigneeRequired(TransitionRefused):
    """A scheduled order has somebody who leads it."""

    code = RefusalCode.ASSIGNEE_REQUIRED.value


class WindowRequired(TransitionRefused):
    """A scheduled order has a window that starts before it ends."""

    code = RefusalCode.WINDOW_REQUIRED.value


class OutcomeRequired(TransitionRefused):
    """Completed work had an outcome."""

    code = RefusalCode.OUTCOME_REQUIRED.value


class FourEyesRequired(TransitionRefused):
    """Who completed an order does not close it."""

    code = RefusalCode.FOUR_EYES_REQUIRED.value


class NotAssigned(TransitionRefused):
    """Only somebody who is on the order, or plans it, works on it."""

    code = RefusalCode.NOT_ASSIGNED.value


class TimersOpen(TransitionRefused):
    """A timer still runs."""

    code = RefusalCode.TIMERS_OPEN.value


class StepsUnanswered(TransitionRefused):
    """A required step has no answer."""

    code = RefusalCode.STEPS_UNANSWERED.value


class NotCompleted(Refusal):
    """A signature stands under a completion."""

    code = "NOT_COMPLETED"
    message = "Only completed work is signed."


class RecordFrozen(Refusal):
    """A closed or cancelled order is a record (ISO 9001 clause 7.5.3): it is followed up, not changed."""

    code = "RECORD_FROZEN"
    message = "A closed or cancelled work order cannot be changed."


_CLASSES: Mapping[RefusalCode, type[TransitionRefused]] = MappingProxyType(
    {
        RefusalCode.ILLEGAL_TRANSITION: IllegalTransition,
        RefusalCode.REASON_REQUIRED: ReasonRequired,
        RefusalCode.ASSIGNEE_REQUIRED: AssigneeRequired,
        RefusalCode.WINDOW_REQUIRED: WindowRequired,
        RefusalCode.OUTCOME_REQUIRED: OutcomeRequired,
        RefusalCode.FOUR_EYES_REQUIRED: FourEyesRequired,
        RefusalCode.NOT_ASSIGNED: NotAssigned,
        RefusalCode.TIMERS_OPEN: TimersOpen,
        RefusalCode.STEPS_UNANSWERED: StepsUnanswered,
    }
)


def refusal_of(refused: Refused) -> TransitionRefused:
    """The error that tells a refusal of the rules."""
    return _CLASSES[refused.code](refused.message, field=refused.field)
