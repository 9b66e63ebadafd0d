"""The work order machine under any sequence of tries; asks only pure values, starts no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from isomod_graphql.work_orders.rules import (
    TERMINAL,
    TRANSITIONS,
    ActorFacts,
    Effect,
    Outcome,
    Permitted,
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
S = WorkOrderStatus


class WorkOrderLife(RuleBasedStateMachine):
    """Any number of people try any moves with any input; the order obeys its table whatever they try."""

    def __init__(self) -> None:
        super().__init__()
        self.order = WorkOrderFacts(S.DRAFT)
        self.history: tuple[WorkOrderStatus, ...] = (S.DRAFT,)
        self.seen: tuple[WorkOrderStatus, ...] = self.history
        self.first_completed_at: datetime | None = None
        self.minutes = 0

    @initialize(four_eyes=st.booleans())
    def the_organisation_decides_on_four_eyes(self, *, four_eyes: bool) -> None:
        self.order = replace(self.order, four_eyes=four_eyes)

    @rule(assigned=st.booleans(), timers=st.integers(0, 1), steps=st.integers(0, 1))
    def surroundings_change(self, assigned: bool, timers: int, steps: int) -> None:
        self.order = replace(self.order, has_assignee=assigned, open_timers=timers, unanswered_steps=steps)

    @rule(
        transition=st.sampled_from(Transition),
        person=st.sampled_from([ANNE, BEN, None]),
        manages=st.booleans(),
        assigned=st.booleans(),
        given=st.builds(
            TransitionInput,
            reason=st.sampled_from([None, " ", "because"]),
            outcome=st.none() | st.sampled_from(Outcome),
            gives_assignee=st.booleans(),
            window=st.sampled_from([None, WINDOW, Window(NOON, NOON)]),
        ),
    )
    def anybody_tries_anything(
        self,
        transition: Transition,
        person: UUID | None,
        manages: bool,
        assigned: bool,
        given: TransitionInput,
    ) -> None:
        self.somebody_tries(transition, person, manages=manages, assigned=assigned, given=given)

    def somebody_tries(
        self,
        transition: Transition,
        person: UUID | None,
        *,
        manages: bool,
        assigned: bool,
        given: TransitionInput,
    ) -> None:
        actor = ActorFacts(person, manages=manages, assigned=assigned)
        before = self.order
        decision = decide_transition(before, transition, actor=actor, given=given)
        self.minutes += 1
        if isinstance(decision, Refused):
            assert decision.message
            return
        assert before.status in TRANSITIONS[transition].sources
        assert decision.to is TRANSITIONS[transition].target
        assert before.status not in TERMINAL
        if transition is Transition.CLOSE and before.four_eyes:
            assert person not in {None, before.completed_by}
        self.apply(decision, person)

    @rule(data=st.data(), person=st.sampled_from([ANNE, BEN]))
    def a_manager_moves_on_with_every_input(self, data: st.DataObject, person: UUID) -> None:
        """Random tries alone seldom get past the first guards; this one carries runs to every status."""
        onward = [move for move, row in TRANSITIONS.items() if self.order.status in row.sources]
        working = [move for move in onward if move is not Transition.CANCEL]
        transition = data.draw(st.sampled_from(working or list(Transition)))
        given = TransitionInput("because", Outcome.RESOLVED, gives_assignee=True, window=WINDOW)
        self.order = replace(self.order, open_timers=0, unanswered_steps=0)
        self.somebody_tries(transition, person, manages=True, assigned=False, given=given)

    def apply(self, decision: Permitted, person: UUID | None) -> None:
        now = NOON + timedelta(minutes=self.minutes)
        order = replace(self.order, status=decision.to)
        if Effect.SET_STARTED_ONCE in decision.effects:
            assert order.started_at is None
            order = replace(order, started_at=now)
        if Effect.SET_COMPLETED in decision.effects:
            order = replace(order, completed_by=person)
        if Effect.SET_FIRST_COMPLETED_ONCE in decision.effects:
            assert self.first_completed_at is None
            self.first_completed_at = now
            order = replace(order, first_completed_at=now)
        if Effect.STOP_TIMERS in decision.effects:
            order = replace(order, open_timers=0)
        self.order = order
        self.history = (*self.history, decision.to)

    @invariant()
    def the_history_only_grows_and_ends_where_the_order_is(self) -> None:
        assert self.history[: len(self.seen)] == self.seen
        assert self.history[-1] is self.order.status
        self.seen = self.history

    @invariant()
    def the_first_completion_never_changes(self) -> None:
        assert self.order.first_completed_at == self.first_completed_at
        assert (self.first_completed_at is not None) == (S.COMPLETED in self.history)

    @invariant()
    def a_terminal_status_is_the_last_one(self) -> None:
        assert not TERMINAL & set(self.history[:-1])


TestWorkOrderLife = WorkOrderLife.TestCase
TestWorkOrderLife.settings = settings(max_examples=200)
