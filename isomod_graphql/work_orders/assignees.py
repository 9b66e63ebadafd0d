"""The people on a work order: its lead and the others. Refuses who is out of reach, gone or restricted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, any_, delete, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import User
from isomod_graphql.subjects.facts import is_erased
from isomod_graphql.subjects.models import Person
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


@dataclass(frozen=True, slots=True)
class Reached:
    """Somebody who is named: the facts of the person and the status of the membership, None without one."""

    flags: int
    status: str | None


Team = Mapping[UUID, Reached]


async def reached_team(
    tx: Transaction, viewer: Viewer, people: Collection[UUID], *, lead_id: UUID | None
) -> Team:
    """Everybody who is named, whether new to the order or not, locked until the transaction ends; one statement for all.

    Raises NotFound (assigneeId, assigneeIds) for the unreachable and the erased.
    """
    if not people:
        return {}
    wanted = (
        select(Person.id, Person.flags, User.status)
        .outerjoin(User, (User.tenant_id == Person.tenant_id) & (User.id == Person.id))
        .where(
            Person.tenant_id == tx.tenant_id,
            Person.id == any_(literal(sorted(people), ARRAY(Uuid()))),
            PERSON_SCOPE.reachable(viewer, Action.WORK_ORDER_ASSIGN),
        )
        # In one order for everybody, so that two assignments that lock the same people do not wait for each other.
        .order_by(Person.id)
    )
    rows = await tx.all(wanted.with_for_update(read=True, of=Person))
    found = {row.id: Reached(row.flags, row.status) for row in rows if not is_erased(row.flags)}
    if lead_id is not None and lead_id not in found:
        raise NotFound(field="assigneeId")
    if len(found) < len(people):
        raise NotFound(field="assigneeIds")
    return found


async def put_on(
    tx: Transaction, work_order_id: UUID, *, team: Team, before: frozenset[UUID], lead_id: UUID | None
) -> None:
    """Makes the team who is on the order; only who is new to it must be able to work.

    Raises ProcessingRestricted or BadInput (assigneeId, assigneeIds).
    """
    new = sorted(team.keys() - before)
    for person_id in new:
        _require_assignable(team[person_id], field="assigneeId" if person_id == lead_id else "assigneeIds")
    gone = before - team.keys()
    if gone:
        here = (WorkOrderAssignee.tenant_id == tx.tenant_id, WorkOrderAssignee.work_order_id == work_order_id)
        await tx.run(delete(WorkOrderAssignee).where(*here, WorkOrderAssignee.person_id.in_(gone)))
    if new:
        rows = [
            {"tenant_id": tx.tenant_id, "work_order_id": work_order_id, "person_id": person_id}
            for person_id in new
        ]
        await tx.run(insert(WorkOrderAssignee).values(rows))


def _require_assignable(person: Reached, *, field: str) -> None:
    """Whoever may not work any more is not assigned; a person without a membership, such as a contractor, may be."""
    # Whoever assigns people may know that somebody cannot be.
    require_usable(person.flags, field=field, told=True)
    if person.status not in {None, ACTIVE}:
        raise BadInput("Only an active member can be assigned.", field=field)
