"""How the demo's work orders came to be what they are: courses of steps that the rules permit. Pure; refuses a step that they refuse."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from isomod_graphql.core.clock import LEGAL_ZONE
from isomod_graphql.work_orders.rules import (
    ActorFacts,
    Effect,
    Outcome,
    Refused,
    Transition,
    TransitionInput,
    Window,
    WorkOrderFacts,
    WorkOrderStatus,
    decide_transition,
)

S, T = WorkOrderStatus, Transition
DAY: Final = timedelta(days=1)
SHIFT_STARTS, SHIFT_HOURS = 6, 14
"""Two shifts: nothing happens at night."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a history; the first has no transition."""

    at: datetime
    actor_id: UUID
    transition: Transition | None
    came_from: WorkOrderStatus | None
    to: WorkOrderStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What people said in the course of this order."""

    hold: str
    cancellation: str
    reopening: str
    resolution: str
    outcome: Outcome = Outcome.RESOLVED


@dataclass(frozen=True, slots=True)
class Cast:
    """Who was involved: who planned it and who works on it; nobody while it waits to be assigned."""

    planner_id: UUID
    lead_id: UUID | None


@dataclass(slots=True)
class Course:
    """An order on its way: what is stored of it, and its history."""

    facts: WorkOrderFacts
    changes: list[Change] = field(default_factory=list)
    completed_at: datetime | None = None
    outcome: Outcome | None = None
    resolution: str | None = None

    def take(
        self,
        transition: Transition,
        at: datetime,
        actor_id: UUID,
        given: TransitionInput,
        resolution: str | None = None,
    ) -> None:
        """Takes a step as the service does. Raises RuntimeError when the rules refuse it."""
        actor = ActorFacts(actor_id, manages=True, assigned=True)
        decided = decide_transition(self.facts, transition, actor=actor, given=given)
        if isinstance(decided, Refused):
            raise RuntimeError(decided.code)  # noqa: TRY004  the type is what the rules answer with
        came_from = self.facts.status
        self.facts = replace(self.facts, status=decided.to)
        self._apply(decided.effects, at, actor_id, given, resolution)
        self.changes.append(
            Change(at, actor_id, transition, came_from, decided.to, given.reason or resolution)
        )

    def _apply(
        self,
        effects: frozenset[Effect],
        at: datetime,
        actor_id: UUID,
        given: TransitionInput,
        resolution: str | None,
    ) -> None:
        if Effect.SET_WINDOW in effects:
            self.facts = replace(self.facts, window=given.window)
        if Effect.CLEAR_WINDOW in effects:
            self.facts = replace(self.facts, window=None)
        if Effect.SET_STARTED_ONCE in effects:
            self.facts = replace(self.facts, started_at=at)
        if Effect.SET_COMPLETED in effects:
            self.completed_at, self.resolution = at, resolution
            self.facts = replace(self.facts, completed_by=actor_id)
        if Effect.SET_FIRST_COMPLETED_ONCE in effects:
            self.facts = replace(self.facts, first_completed_at=at)
        if Effect.SET_OUTCOME in effects:
            self.outcome = given.outcome
        if Effect.CLEAR_OUTCOME in effects:
            self.completed_at = self.outcome = None


WORKED: Final = (T.OPEN, T.SCHEDULE, T.START)
PATHS: Final[dict[WorkOrderStatus, tuple[tuple[Transition, ...], ...]]] = {
    S.DRAFT: ((),),
    S.OPEN: ((T.OPEN,), (T.OPEN,), (T.OPEN, T.SCHEDULE, T.UNSCHEDULE)),
    S.SCHEDULED: ((T.OPEN, T.SCHEDULE),),
    S.IN_PROGRESS: (WORKED, (T.OPEN, T.START), (*WORKED, T.HOLD, T.RESUME), (*WORKED, T.COMPLETE, T.REOPEN)),
    S.ON_HOLD: ((*WORKED, T.HOLD), (T.OPEN, T.START, T.HOLD)),
    S.COMPLETED: ((*WORKED, T.COMPLETE), (*WORKED, T.HOLD, T.RESUME, T.COMPLETE)),
    S.CLOSED: (
        (*WORKED, T.COMPLETE, T.CLOSE),
        (*WORKED, T.COMPLETE, T.CLOSE),
        (T.OPEN, T.START, T.COMPLETE, T.CLOSE),
        (*WORKED, T.HOLD, T.RESUME, T.COMPLETE, T.CLOSE),
        (*WORKED, T.COMPLETE, T.REOPEN, T.COMPLETE, T.CLOSE),
    ),
    S.CANCELLED: (
        (T.CANCEL,),
        (T.OPEN, T.CANCEL),
        (T.OPEN, T.SCHEDULE, T.CANCEL),
        (*WORKED, T.HOLD, T.CANCEL),
    ),
}
"""The ways that lead to a status, the usual ones more than once."""

SHARES: Final = {
    S.DRAFT: 12, S.OPEN: 36, S.SCHEDULED: 30, S.IN_PROGRESS: 24, S.ON_HOLD: 15, S.COMPLETED: 33, S.CLOSED: 132, S.CANCELLED: 18,
}  # fmt: skip
"""How many of 300 orders stand where."""

AGES: Final = {
    S.DRAFT: (0, 4), S.OPEN: (0, 18), S.SCHEDULED: (1, 14), S.IN_PROGRESS: (1, 12), S.ON_HOLD: (4, 35),
    S.COMPLETED: (3, 16), S.CLOSED: (12, 190), S.CANCELLED: (10, 160),
}  # fmt: skip
"""How many days ago an order in this state was written, at least and at most."""

LIFETIMES: Final = {S.CLOSED: (2, 11), S.CANCELLED: (1, 9)}
"""How many days a finished order was alive."""


def statuses(total: int, dice: random.Random) -> list[WorkOrderStatus]:
    """Where each of `total` orders stands, in the shares above; the rest is closed."""
    whole = sum(SHARES.values())
    found = [status for status, share in SHARES.items() for _ in range(share * total // whole)]
    found += [S.CLOSED] * (total - len(found))
    dice.shuffle(found)
    return found


def written_at(status: WorkOrderStatus, now: datetime, dice: random.Random) -> datetime:
    """When an order that stands here now was written."""
    least, most = AGES[status]
    return in_shift(now - DAY * dice.uniform(least, most) - timedelta(hours=1))


def ends_at(status: WorkOrderStatus, at: datetime, now: datetime, dice: random.Random) -> datetime:
    """When the last step towards this status was taken at the latest; always in the past."""
    end = now - timedelta(minutes=5)
    return min(end, at + DAY * dice.uniform(*LIFETIMES[status])) if status in LIFETIMES else end


def tell(
    path: Sequence[Transition], at: datetime, end: datetime, cast: Cast, words: Words, dice: random.Random
) -> Course:
    """A course from its writing along this path, between `at` and `end`."""
    moments = _moments(at, end, len(path), dice)
    course = Course(WorkOrderFacts(S.DRAFT, has_assignee=cast.lead_id is not None))
    course.changes.append(Change(at, cast.planner_id, None, None, S.DRAFT))
    for position, (transition, moment) in enumerate(zip(path, moments, strict=True)):
        later = moments[position + 1 :]
        given = _given(transition, moment, later, path[position + 1 :], end, words, dice)
        works = transition in {T.START, T.HOLD, T.RESUME, T.COMPLETE}
        actor = (cast.lead_id or cast.planner_id) if works else cast.planner_id
        course.take(transition, moment, actor, given, words.resolution if transition is T.COMPLETE else None)
    return course


def _given(
    transition: Transition,
    at: datetime,
    later: Sequence[datetime],
    path: Sequence[Transition],
    end: datetime,
    words: Words,
    dice: random.Random,
) -> TransitionInput:
    if transition is T.SCHEDULE:
        start = later[0] if path and path[0] is T.START else max(at, end - DAY) + DAY * dice.uniform(0.2, 8)
        start = in_shift(start).replace(minute=0, second=0, microsecond=0)
        return TransitionInput(window=Window(start, start + timedelta(hours=dice.choice((1, 2, 2, 4)))))
    if transition is T.COMPLETE:
        return TransitionInput(outcome=words.outcome)
    reasons = {T.HOLD: words.hold, T.CANCEL: words.cancellation, T.REOPEN: words.reopening}
    return TransitionInput(reason=reasons.get(transition))


def _moments(at: datetime, end: datetime, count: int, dice: random.Random) -> list[datetime]:
    """`count` moments after `at`, in order and at least a minute apart, the last one before the end."""
    found = [in_shift(at + (end - at) * dice.random()) for _ in range(count)]
    moments: list[datetime] = []
    latest = max(end, at + timedelta(minutes=2 * count))
    for position, moment in enumerate(sorted(found)):
        earliest = (moments[-1] if moments else at) + timedelta(minutes=1)
        moments.append(min(max(moment, earliest), latest - timedelta(minutes=count - position)))
    return moments


def in_shift(moment: datetime) -> datetime:
    """The moment of the same day that lies as far into the shifts as this one into the day; order is kept."""
    local = moment.astimezone(LEGAL_ZONE)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    share = (local - midnight) / DAY
    inside = midnight + timedelta(hours=SHIFT_STARTS + SHIFT_HOURS * share)
    return min(inside.replace(microsecond=0), local).astimezone(moment.tzinfo)
