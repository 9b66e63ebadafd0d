"""The work order machine, move by move and as a whole; asks only pure values, starts no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from isomod_graphql.work_orders.rules import (
    TERMINAL,
    TRANSITIONS,
    ActorFacts,
    Effect,
    Outcome,
    Permitted,
    RefusalCode,
    Refused,
    Transition,
    TransitionInput,
    Window,
    WorkOrderFacts,
    WorkOrderStatus,
    decide_transition,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = Window(NOON, NOON + timedelta(hours=2))
ANNE, BEN = UUID(int=1), UUID(int=2)
MANAGER = ActorFacts(ANNE, manages=True)
ASSIGNED = ActorFacts(BEN, assigned=True)
STRANGER = ActorFacts(UUID(int=3))
EVERYTHING = TransitionInput(
    reason="Waiting for a part", outcome=Outcome.RESOLVED, gives_assignee=True, window=WINDOW
)

S = WorkOrderStatus
EDGES = {
    (S.DRAFT, Transition.OPEN): S.OPEN,
    (S.OPEN, Transition.SCHEDULE): S.SCHEDULED,
    (S.SCHEDULED, Transition.UNSCHEDULE): S.OPEN,
    (S.OPEN, Transition.START): S.IN_PROGRESS,
    (S.SCHEDULED, Transition.START): S.IN_PROGRESS,
    (S.IN_PROGRESS, Transition.HOLD): S.ON_HOLD,
    (S.ON_HOLD, Transition.RESUME): S.IN_PROGRESS,
    (S.IN_PROGRESS, Transition.COMPLETE): S.COMPLETED,
    (S.COMPLETED, Transition.REOPEN): S.IN_PROGRESS,
    (S.COMPLETED, Transition.CLOSE): S.CLOSED,
    (S.DRAFT, Transition.CANCEL): S.CANCELLED,
    (S.OPEN, Transition.CANCEL): S.CANCELLED,
    (S.SCHEDULED, Transition.CANCEL): S.CANCELLED,
    (S.ON_HOLD, Transition.CANCEL): S.CANCELLED,
}
"""The drawing of the machine, written a second time by hand: the table must equal it."""


def code_of(decision: Permitted | Refused) -> RefusalCode | None:
    return decision.code if isinstance(decision, Refused) else None


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("transition", Transition)
def test_a_manager_with_every_input_moves_along_exactly_the_drawn_edges(
    status: WorkOrderStatus, transition: Transition
) -> None:
    decision = decide_transition(WorkOrderFacts(status), transition, actor=MANAGER, given=EVERYTHING)

    target = EDGES.get((status, transition))
    if target is None:
        assert code_of(decision) is RefusalCode.ILLEGAL_TRANSITION
    else:
        assert isinstance(decision, Permitted)
        assert decision.to is target


def test_every_status_is_reached_from_a_draft() -> None:
    reached = {S.DRAFT}
    for _ in S:
        reached |= {row.target for row in TRANSITIONS.values() if row.sources & reached}

    assert reached == set(S)


def test_the_terminal_statuses_are_the_ones_without_a_way_out() -> None:
    with_a_way_out = frozenset[WorkOrderStatus]().union(*(row.sources for row in TRANSITIONS.values()))

    assert set(S) - with_a_way_out == TERMINAL == {S.CLOSED, S.CANCELLED}


@pytest.mark.parametrize(
    ("status", "transition"),
    [
        (S.IN_PROGRESS, Transition.HOLD),
        (S.COMPLETED, Transition.REOPEN),
        (S.DRAFT, Transition.CANCEL),
    ],
)
@pytest.mark.parametrize("reason", [None, "", " \t\n"])
def test_a_hold_a_reopening_and_a_cancellation_ask_for_a_reason(
    status: WorkOrderStatus, transition: Transition, reason: str | None
) -> None:
    given = replace(EVERYTHING, reason=reason)

    decision = decide_transition(WorkOrderFacts(status), transition, actor=MANAGER, given=given)

    assert decision == Refused(RefusalCode.REASON_REQUIRED, "reason", "Say why.")


def test_scheduling_asks_for_an_assignee_first() -> None:
    order = WorkOrderFacts(S.OPEN, window=WINDOW)

    decision = decide_transition(order, Transition.SCHEDULE, actor=MANAGER)

    assert code_of(decision) is RefusalCode.ASSIGNEE_REQUIRED


@pytest.mark.parametrize(
    "window",
    [
        None,
        Window(NOON, NOON),
        Window(NOON, NOON - timedelta(seconds=1)),
        Window(NOON.replace(tzinfo=None), NOON.replace(hour=14, tzinfo=None)),
    ],
    ids=["none", "empty", "backwards", "without zone"],
)
def test_scheduling_asks_for_a_window_that_starts_before_it_ends(window: Window | None) -> None:
    order = WorkOrderFacts(S.OPEN, has_assignee=True, window=window)

    decision = decide_transition(order, Transition.SCHEDULE, actor=MANAGER)

    assert code_of(decision) is RefusalCode.WINDOW_REQUIRED


def test_a_given_window_is_judged_instead_of_the_one_that_the_order_has() -> None:
    order = WorkOrderFacts(S.OPEN, has_assignee=True, window=WINDOW)
    backwards = TransitionInput(window=Window(NOON, NOON - timedelta(hours=1)))

    decision = decide_transition(order, Transition.SCHEDULE, actor=MANAGER, given=backwards)

    assert code_of(decision) is RefusalCode.WINDOW_REQUIRED


def test_an_order_that_has_assignee_and_window_is_scheduled_without_input() -> None:
    order = WorkOrderFacts(S.OPEN, has_assignee=True, window=WINDOW)

    decision = decide_transition(order, Transition.SCHEDULE, actor=MANAGER)

    assert decision == Permitted(S.SCHEDULED, frozenset({Effect.SET_WINDOW}))


@pytest.mark.parametrize(
    ("status", "transition"),
    [
        (S.OPEN, Transition.START),
        (S.IN_PROGRESS, Transition.HOLD),
        (S.ON_HOLD, Transition.RESUME),
        (S.IN_PROGRESS, Transition.COMPLETE),
    ],
)
def test_the_work_itself_is_for_the_assigned_and_for_who_manages(
    status: WorkOrderStatus, transition: Transition
) -> None:
    answers = [
        code_of(decide_transition(WorkOrderFacts(status), transition, actor=actor, given=EVERYTHING))
        for actor in (STRANGER, ASSIGNED, MANAGER)
    ]

    assert answers == [RefusalCode.NOT_ASSIGNED, None, None]


def test_completing_asks_for_an_outcome_then_for_timers_then_for_steps() -> None:
    order = WorkOrderFacts(S.IN_PROGRESS, open_timers=1, unanswered_steps=1)
    tried = [
        (order, TransitionInput()),
        (order, EVERYTHING),
        (replace(order, open_timers=0), EVERYTHING),
        (replace(order, open_timers=0, unanswered_steps=0), EVERYTHING),
    ]

    answers = [
        code_of(decide_transition(facts, Transition.COMPLETE, actor=ASSIGNED, given=given))
        for facts, given in tried
    ]

    assert answers == [
        RefusalCode.OUTCOME_REQUIRED,
        RefusalCode.TIMERS_OPEN,
        RefusalCode.STEPS_UNANSWERED,
        None,
    ]


@pytest.mark.parametrize("transition", [Transition.START, Transition.COMPLETE])
def test_the_first_start_and_the_first_completion_are_written_once(transition: Transition) -> None:
    status = S.OPEN if transition is Transition.START else S.IN_PROGRESS
    fresh = WorkOrderFacts(status)
    once = {Effect.SET_STARTED_ONCE, Effect.SET_FIRST_COMPLETED_ONCE}

    first = decide_transition(fresh, transition, actor=MANAGER, given=EVERYTHING)
    again = decide_transition(
        replace(fresh, started_at=NOON, first_completed_at=NOON), transition, actor=MANAGER, given=EVERYTHING
    )

    assert isinstance(first, Permitted)
    assert isinstance(again, Permitted)
    assert len(first.effects & once) == 1
    assert again.effects == first.effects - once


@pytest.mark.parametrize(
    ("completed_by", "closer", "code"),
    [
        (ANNE, BEN, None),
        (ANNE, ANNE, RefusalCode.FOUR_EYES_REQUIRED),
        (None, BEN, RefusalCode.FOUR_EYES_REQUIRED),
        (ANNE, None, RefusalCode.FOUR_EYES_REQUIRED),
    ],
    ids=["another", "the same", "completer unknown", "a client without a person"],
)
def test_four_eyes_let_only_a_provably_other_person_close(
    completed_by: UUID | None, closer: UUID | None, code: RefusalCode | None
) -> None:
    order = WorkOrderFacts(S.COMPLETED, completed_by=completed_by, four_eyes=True)
    actor = ActorFacts(closer, manages=True)

    with_four_eyes = decide_transition(order, Transition.CLOSE, actor=actor)
    without = decide_transition(replace(order, four_eyes=False), Transition.CLOSE, actor=actor)

    assert code_of(with_four_eyes) is code
    assert code_of(without) is None


def test_cancelling_stops_timers_and_gives_parts_back() -> None:
    decision = decide_transition(
        WorkOrderFacts(S.ON_HOLD), Transition.CANCEL, actor=MANAGER, given=EVERYTHING
    )

    effects = frozenset({Effect.STOP_TIMERS, Effect.RELEASE_RESERVATIONS, Effect.RETURN_ISSUED_PARTS})
    assert decision == Permitted(S.CANCELLED, effects)
