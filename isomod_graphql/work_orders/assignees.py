"""The people on a work order: its lead and the others. Refuses who is out of reach, gone or restricted."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, insert, select

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import User
from isomod_graphql.subjects.reach import require_usable
from isomod_graphql.work_orders.models import WorkOrderAssignee
from isomod_graphql.work_orders.relations import PERSON_SCOPE
from permissions.grants import Action

LARGEST_TEAM = 50
ACTIVE = "ACTIVE"
"""The status of a membership that works."""


def team_of(lead_id: UUID | None, others: Sequence[UUID]) -> frozenset[UUID]:
    """Everybody on an order. Raises BadInput for a team without a lead, or too large a one."""
    team = frozenset(others) if lead_id is None else frozenset({lead_id, *others})
    if lead_id is None and team:
        raise BadInput("A team has somebody who leads it.", field="assigneeId")
    if len(team) > LARGEST_TEAM:
        raise BadInput(f"A work order has at most {LARGEST_TEAM} people.", field="assigneeIds")
    return team


async def people_on(tx: Transaction, work_order_id: UUID) -> frozenset[UUID]:
    """Everybody on the order."""
    here = (WorkOrderAssignee.tenant_id == tx.tenant_id, WorkOrderAssignee.work_order_id == work_order_id)
    return frozenset(row.person_id for row in await tx.all(select(WorkOrderAssignee.person_id).where(*here)))


async def put_on(
    tx: Transaction,
    viewer: Viewer,
    work_order_id: UUID,
    *,
    team: frozenset[UUID],
    before: frozenset[UUID],
    lead_id: UUID | None,
) -> None:
    """Makes the team who is on the order; only who is new to it is checked.

    Raises NotFound or ProcessingRestricted (assigneeId, assigneeIds).
    """
    # In one order for everybody, so that two assignments that lock the same people do not wait for each other.
    for person_id in sorted(team - before):
        field = "assigneeId" if person_id == lead_id else "assigneeIds"
        await require_assignable(tx, viewer, person_id, field=field)
    gone = before - team
    if gone:
        here = (WorkOrderAssignee.tenant_id == tx.tenant_id, WorkOrderAssignee.work_order_id == work_order_id)
        await tx.run(delete(WorkOrderAssignee).where(*here, WorkOrderAssignee.person_id.in_(gone)))
    new = [
        {"tenant_id": tx.tenant_id, "work_order_id": work_order_id, "person_id": person_id}
        for person_id in sorted(team - before)
    ]
    if new:
        await tx.run(insert(WorkOrderAssignee).values(new))


async def require_assignable(tx: Transaction, viewer: Viewer, person_id: UUID, *, field: str) -> None:
    """Whoever may not work any more is not assigned; a person without a membership, such as a contractor, may be.

    Raises NotFound, ProcessingRestricted (whoever assigns people may know that somebody cannot be), BadInput.
    """
    await require_usable(
        tx, viewer, person_id, action=Action.WORK_ORDER_ASSIGN, field=field, scope=PERSON_SCOPE, told=True
    )
    status = await tx.value(select(User.status).where(User.tenant_id == tx.tenant_id, User.id == person_id))
    if status not in {None, ACTIVE}:
        raise BadInput("Only an active member can be assigned.", field=field)
