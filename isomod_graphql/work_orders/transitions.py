"""The only way to another status: asks the rules under the order's lock, then does what they say. Refuses everything that they refuse."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from isomod_graphql.audit.service import record
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.work_orders.assignees import Team, people_on, put_on, reached_team
from isomod_graphql.work_orders.errors import refusal_of
from isomod_graphql.work_orders.input import NOTHING, StepInput, checked_step
from isomod_graphql.work_orders.order import add_history, locked_order, write_order
from isomod_graphql.work_orders.rules import (
    ActorFacts,
    Effect,
    Refused,
    Transition,
    TransitionInput,
    Window,
    WorkOrderFacts,
    WorkOrderStatus,
    decide_transition,
)
from permissions.grants import Action

TRANSITION_ACTIONS: Final[Mapping[Transition, Action]] = MappingProxyType(
    {
        Transition.OPEN: Action.WORK_ORDER_OPEN,
        Transition.SCHEDULE: Action.WORK_ORDER_SCHEDULE,
        Transition.UNSCHEDULE: Action.WORK_ORDER_SCHEDULE,
        Transition.START: Action.WORK_ORDER_WORK,
        Transition.HOLD: Action.WORK_ORDER_WORK,
        Transition.RESUME: Action.WORK_ORDER_WORK,
        Transition.COMPLETE: Action.WORK_ORDER_WORK,
        Transition.REOPEN: Action.WORK_ORDER_REOPEN,
        Transition.CLOSE: Action.WORK_ORDER_CLOSE,
        Transition.CANCEL: Action.WORK_ORDER_CANCEL,
    }
)
"""What the caller must hold for each step."""

EVENTS: Final[Mapping[Transition, str]] = MappingProxyType(
    {
        Transition.OPEN: "work_order.opened",
        Transition.SCHEDULE: "work_order.scheduled",
        Transition.UNSCHEDULE: "work_order.unscheduled",
        Transition.START: "work_order.started",
        Transition.HOLD: "work_order.held",
        Transition.RESUME: "work_order.resumed",
        Transition.COMPLETE: "work_order.completed",
        Transition.REOPEN: "work_order.reopened",
        Transition.CLOSE: "work_order.closed",
        Transition.CANCEL: "work_order.cancelled",
    }
)
"""What is told after each step."""


async def transition_work_order(
    tx: Transaction,
    viewer: Viewer,
    *,
    work_order_id: UUID,
    transition: Transition,
    given: StepInput = NOTHING,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Takes one step of the table and adds it to the history. Of two who try at once, one succeeds.

    Raises NotFound (workOrderId, assigneeId), StaleVersion, TransitionRefused, ProcessingRestricted (assigneeId), BadInput,
    MaskedValueRejected, ContractEnded.
    """
    viewer.require(TRANSITION_ACTIONS[transition])
    if given.assignee_id is not None:
        viewer.require(Action.WORK_ORDER_ASSIGN)
    terms = await require_contract(tx)
    said = checked_step(given)
    stored = await locked_order(tx, viewer, work_order_id, TRANSITION_ACTIONS[transition])
    lead = said.assignee_id
    team = await reached_team(tx, viewer, () if lead is None else (lead,), lead_id=lead)
    operation = f"WORK_ORDER_{transition}"
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation=operation, key=idempotency_key,
        given=asdict(given) | {"work_order_id": work_order_id, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    require_version(stored.version, expected_version)
    await _take(tx, viewer, stored, transition, said, team, four_eyes=terms.four_eyes)
    await remember(
        tx, principal_id=viewer.actor_id, operation=operation, key=idempotency_key, result_id=work_order_id
    )
    return work_order_id


async def _take(
    tx: Transaction,
    viewer: Viewer,
    stored: Row[Any],
    transition: Transition,
    said: StepInput,
    lead: Team,
    *,
    four_eyes: bool,
) -> None:
    decision = decide_transition(
        facts_of(stored, four_eyes=four_eyes),
        transition,
        actor=ActorFacts(viewer.person_id, manages=bool(stored.manages), assigned=bool(stored.works)),
        given=TransitionInput(said.reason, said.outcome, said.assignee_id is not None, said.window),
    )
    if isinstance(decision, Refused):
        raise refusal_of(decision)
    columns = _written_by(decision.effects, said, viewer.person_id, tx.now) | {"status": decision.to}
    if said.assignee_id is not None and said.assignee_id != stored.assignee_id:
        # Everybody else stays.
        before = await people_on(tx, stored.id) & lead.keys()
        await put_on(tx, stored.id, team=lead, before=before, lead_id=said.assignee_id)
        columns["assignee_id"] = said.assignee_id
    await write_order(tx, stored.id, columns)
    await add_history(
        tx, viewer, stored.id, to=decision.to, transition=transition, came_from=WorkOrderStatus(stored.status),
        reason=said.reason or said.resolution,
    )  # fmt: skip
    await record(
        tx, viewer.principal, f"WORK_ORDER_{transition}", entity=("WorkOrder", stored.id), fields=columns
    )
    await tell(tx, EVENTS[transition], work_order_id=stored.id)


def facts_of(stored: Row[Any], *, four_eyes: bool) -> WorkOrderFacts:
    """What the rules need to know of a stored order."""
    planned = stored.window_start is not None
    return WorkOrderFacts(
        status=WorkOrderStatus(stored.status),
        has_assignee=stored.assignee_id is not None,
        window=Window(stored.window_start, stored.window_end) if planned else None,
        started_at=stored.started_at,
        first_completed_at=stored.first_completed_at,
        completed_by=stored.completed_by_id,
        four_eyes=four_eyes,
    )


def _written_by(
    effects: Collection[Effect], said: StepInput, by: UUID | None, now: datetime
) -> dict[str, Any]:
    """The columns that these effects write; effects on records of other rooms are theirs, which listen to the event.

    After CLEAR_OUTCOME the completer and the resolution stay until the next completion; the history keeps them for good.
    """
    window = said.window
    written: Mapping[Effect, dict[str, Any]] = {
        Effect.SET_WINDOW: {"window_start": window.starts_at, "window_end": window.ends_at} if window else {},
        Effect.CLEAR_WINDOW: {"window_start": None, "window_end": None},
        Effect.SET_STARTED_ONCE: {"started_at": now},
        Effect.SET_COMPLETED: {"completed_at": now, "completed_by_id": by, "resolution": said.resolution},
        Effect.SET_FIRST_COMPLETED_ONCE: {"first_completed_at": now},
        Effect.SET_OUTCOME: {"outcome": said.outcome},
        Effect.CLEAR_OUTCOME: {"outcome": None, "completed_at": None},
    }
    return {name: value for effect in effects for name, value in written.get(effect, {}).items()}
