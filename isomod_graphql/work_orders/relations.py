"""How work ties people to each other: who is on my orders, whose orders I am on, and who is in a team with me. Refuses correlated questions: one set per tie and statement."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, union
from sqlalchemy.orm import aliased

from isomod_graphql.engine.reach import THIS_TENANT
from isomod_graphql.identity.models import TeamMember
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.reach import PEOPLE_OF_SITES
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderAssignee
from isomod_graphql.work_orders.rules import TERMINAL, WorkOrderStatus
from permissions.disclosure import Relation

OPEN_STATUSES = tuple(
    status.value
    for status in WorkOrderStatus
    if status not in TERMINAL | {WorkOrderStatus.DRAFT, WorkOrderStatus.COMPLETED}
)
"""An order in one of these is being planned or done: its people need to reach each other."""


def _assignees_of_mine(person: UUID) -> Select[Any]:
    """Who is on the orders that the person requested."""
    on = and_(
        WorkOrderAssignee.tenant_id == WorkOrder.tenant_id, WorkOrderAssignee.work_order_id == WorkOrder.id
    )
    people = select(WorkOrderAssignee.person_id).join(WorkOrder, on)
    return people.where(WorkOrder.tenant_id == THIS_TENANT, WorkOrder.requester_id == person)


def _requesters_of_assigned(person: UUID) -> Select[Any]:
    """Who requested the orders that the person is on."""
    on = and_(
        WorkOrderAssignee.tenant_id == WorkOrder.tenant_id, WorkOrderAssignee.work_order_id == WorkOrder.id
    )
    mine = (WorkOrderAssignee.tenant_id == THIS_TENANT, WorkOrderAssignee.person_id == person)
    people = select(WorkOrder.requester_id.label("person_id")).join(WorkOrderAssignee, on)
    return people.where(*mine, WorkOrder.requester_id.is_not(None))


def _colleagues_on_assigned(person: UUID) -> Select[Any]:
    """Who is on the orders that the person is on, the person included."""
    mine, theirs = aliased(WorkOrderAssignee), aliased(WorkOrderAssignee)
    people = select(theirs.person_id).join(
        mine, and_(mine.tenant_id == theirs.tenant_id, mine.work_order_id == theirs.work_order_id)
    )
    on = and_(theirs.tenant_id == WorkOrder.tenant_id, theirs.work_order_id == WorkOrder.id)
    return people.join(WorkOrder, on).where(mine.tenant_id == THIS_TENANT, mine.person_id == person)


def on_an_order_with(person: UUID) -> ColumnElement[bool]:
    """Is on an order that the person requested, or requested or is on one that the person is on."""
    people = union(
        _assignees_of_mine(person), _requesters_of_assigned(person), _colleagues_on_assigned(person)
    )
    return Person.id.in_(people)


def _is_person(person: UUID) -> ColumnElement[bool]:
    return Person.id == person


def _assigned_to_mine(person: UUID) -> ColumnElement[bool]:
    return Person.id.in_(_assignees_of_mine(person))


def _assigned_to_mine_open(person: UUID) -> ColumnElement[bool]:
    return Person.id.in_(_assignees_of_mine(person).where(WorkOrder.status.in_(OPEN_STATUSES)))


def _same_open_order(person: UUID) -> ColumnElement[bool]:
    is_open = WorkOrder.status.in_(OPEN_STATUSES)
    people = union(
        _requesters_of_assigned(person).where(is_open), _colleagues_on_assigned(person).where(is_open)
    )
    return Person.id.in_(people)


def _same_team(person: UUID) -> ColumnElement[bool]:
    mine, theirs = aliased(TeamMember), aliased(TeamMember)
    on = and_(mine.tenant_id == theirs.tenant_id, mine.team_id == theirs.team_id)
    people = select(theirs.person_id).join(mine, on)
    return Person.id.in_(people.where(mine.tenant_id == THIS_TENANT, mine.person_id == person))


PERSON_SCOPE = replace(
    PEOPLE_OF_SITES,
    assigned=on_an_order_with,
    relations=MappingProxyType(
        {
            Relation.SELF: _is_person,
            Relation.ASSIGNED_TO_MINE: _assigned_to_mine,
            Relation.ASSIGNED_TO_MINE_OPEN: _assigned_to_mine_open,
            Relation.SAME_OPEN_ORDER: _same_open_order,
            Relation.SAME_TEAM: _same_team,
        }
    ),
)
"""People as the platform's users reach them: through sites and through work."""
