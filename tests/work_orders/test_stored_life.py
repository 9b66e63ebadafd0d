"""Any sequence of tries by anybody through the real service leaves in the database what the pure rules say, and nothing else."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import Forbidden, IsoModError, NotFound
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.rules import (
    ActorFacts,
    Effect,
    Outcome,
    Permitted,
    Transition,
    TransitionInput,
    Window,
    WorkOrderFacts,
    WorkOrderStatus,
    decide_transition,
)
from isomod_graphql.work_orders.transitions import TRANSITION_ACTIONS
from permissions.grants import Action
from tests.work_orders.steps import WINDOW, history, stored, take
from tests.worlds import World, a_world

T = Transition
PLAYERS = ("admin", "manager", "technician", "colleague", "requester")
PLANNERS = ("admin", "manager")
WORKERS = ("technician", "colleague")
GIVEN = st.builds(
    StepInput,
    reason=st.sampled_from([None, " ", "because"]),
    outcome=st.none() | st.sampled_from(Outcome),
    resolution=st.sampled_from([None, "done"]),
    window=st.sampled_from([None, WINDOW, Window(WINDOW.ends_at, WINDOW.starts_at)]),
)


class StoredLife(RuleBasedStateMachine):
    """One order in the database beside the facts that it should have."""

    store: Store
    clock: SettableClock
    runner: asyncio.Runner

    @initialize(four_eyes=st.booleans())
    def an_order_is_written(self, *, four_eyes: bool) -> None:
        tenant = new_id(self.clock.now())
        self.world: World = self.runner.run(self._open(tenant, four_eyes=four_eyes))
        self.order: UUID = self.runner.run(self.world.order(requester=self.world.requester))
        self.facts = WorkOrderFacts(WorkOrderStatus.DRAFT, four_eyes=four_eyes)
        self.lead: UUID | None = None
        self.past: list[tuple[str | None, str]] = [(None, "DRAFT")]
        self.completed_at: datetime | None = None

    async def _open(self, tenant: UUID, *, four_eyes: bool) -> World:
        await self.store.keystore.create_tenant(tenant)
        return await a_world(self.store, tenant, four_eyes=four_eyes)

    @rule(lead=st.sampled_from(WORKERS))
    def somebody_is_assigned(self, lead: str) -> None:
        if self.facts.status in {WorkOrderStatus.CLOSED, WorkOrderStatus.CANCELLED}:
            return
        self.lead = getattr(self.world, lead)
        self.runner.run(self.world.assign(self.order, self.lead))
        self.facts = replace(self.facts, has_assignee=True)

    @rule(player=st.sampled_from(PLAYERS), step=st.sampled_from(Transition), given=GIVEN)
    def anybody_tries_anything(self, player: str, step: Transition, given: StepInput) -> None:
        self.clock.advance(timedelta(minutes=1))
        expected = self._expected(player, step, given)

        answer = self.runner.run(self._try(player, step, given))

        if isinstance(expected, Permitted):
            assert answer == "TAKEN"
            self._apply(expected, step, given, getattr(self.world, player))
        else:
            assert answer == expected

    async def _try(self, player: str, step: Transition, given: StepInput) -> str:
        """TAKEN, or the code of the refusal."""
        try:
            await take(self.world, getattr(self.world, f"as_{player}"), self.order, step, given)
        except IsoModError as refused:
            return refused.code
        return "TAKEN"

    @rule(data=st.data(), player=st.sampled_from(PLANNERS))
    def a_planner_moves_on(self, data: st.DataObject, player: str) -> None:
        """Carries runs to every status; random tries alone seldom get past the first guards."""
        full = StepInput(reason="because", outcome=Outcome.RESOLVED, resolution="done", window=WINDOW)
        onward = [s for s in Transition if isinstance(self._expected(player, s, full), Permitted)]
        if onward:
            usual = [s for s in onward if s is not T.CANCEL]
            self.anybody_tries_anything(player, data.draw(st.sampled_from(usual or onward)), full)

    def _expected(self, player: str, step: Transition, given: StepInput) -> Permitted | str:
        """The permission of the rules, or the code of their refusal or of an earlier one."""
        works = player in WORKERS and self.lead == getattr(self.world, player)
        if player not in PLANNERS:
            if player not in WORKERS or TRANSITION_ACTIONS[step] is not Action.WORK_ORDER_WORK:
                return Forbidden.code
            if not works:
                return NotFound.code
        actor = ActorFacts(getattr(self.world, player), manages=player in PLANNERS, assigned=works)
        said = TransitionInput(given.reason, given.outcome, window=given.window)
        decision = decide_transition(self.facts, step, actor=actor, given=said)
        return decision if isinstance(decision, Permitted) else decision.code.value

    def _apply(self, permitted: Permitted, step: Transition, given: StepInput, person: UUID) -> None:
        now, effects = self.clock.now(), permitted.effects
        facts = replace(self.facts, status=permitted.to)
        if Effect.SET_WINDOW in effects:
            facts = replace(facts, window=given.window or facts.window)
        if Effect.CLEAR_WINDOW in effects:
            facts = replace(facts, window=None)
        if Effect.SET_STARTED_ONCE in effects:
            facts = replace(facts, started_at=now)
        if Effect.SET_COMPLETED in effects:
            facts, self.completed_at = replace(facts, completed_by=person), now
        if Effect.SET_FIRST_COMPLETED_ONCE in effects:
            facts = replace(facts, first_completed_at=now)
        if Effect.CLEAR_OUTCOME in effects:
            self.completed_at = None
        self.facts = facts
        self.past.append((step, permitted.to))

    @invariant()
    def the_database_says_what_the_rules_say(self) -> None:
        row = self.runner.run(stored(self.world, self.order))
        window = self.facts.window
        assert row["status"] == self.facts.status
        assert (row["assignee_id"], row["completed_by_id"]) == (self.lead, self.facts.completed_by)
        assert (row["window_start"], row["window_end"]) == (
            window and window.starts_at,
            window and window.ends_at,
        )
        assert (row["started_at"], row["first_completed_at"], row["completed_at"]) == (
            self.facts.started_at,
            self.facts.first_completed_at,
            self.completed_at,
        )

    @invariant()
    def the_history_is_what_happened(self) -> None:
        steps = self.runner.run(history(self.world, self.order))
        assert [step[0] for step in steps] == list(range(1, len(self.past) + 1))
        assert [(step[3], step[5]) for step in steps] == self.past


def test_the_stored_order_lives_by_the_rules(urls: Urls) -> None:
    clock = SettableClock(datetime(2026, 11, 2, 9, tzinfo=UTC))
    store = open_store(Settings(pool_size=2), urls, clock)

    with asyncio.Runner() as runner:
        StoredLife.store, StoredLife.clock, StoredLife.runner = store, clock, runner
        try:
            run_state_machine_as_test(
                StoredLife,
                settings=settings(
                    max_examples=12,
                    stateful_step_count=20,
                    deadline=None,
                    derandomize=True,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(store.close())
