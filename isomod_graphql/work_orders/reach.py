"""Which work orders a viewer reaches: of the sites of a grant, requested or written by the viewer, or assigned to the viewer."""

from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from isomod_graphql.engine.reach import THIS_TENANT, ChildScope, RowScope
from isomod_graphql.work_orders.models import (
    WorkOrder,
    WorkOrderAssignee,
    WorkOrderHistory,
    WorkOrderSignature,
)
from permissions.disclosure import Relation
from permissions.reach import Resource


def own(person: UUID) -> ColumnElement[bool]:
    """Requested or written by the person."""
    return or_(WorkOrder.requester_id == person, WorkOrder.created_by_id == person)


def assigned(person: UUID) -> ColumnElement[bool]:
    """The person leads the order or works on it."""
    mine = (WorkOrderAssignee.tenant_id == THIS_TENANT, WorkOrderAssignee.person_id == person)
    return WorkOrder.id.in_(select(WorkOrderAssignee.work_order_id).where(*mine))


WORK_ORDER_SCOPE = RowScope(
    Resource.WORK_ORDER,
    WorkOrder,
    site=WorkOrder.site_id,
    own=own,
    assigned=assigned,
    relations=MappingProxyType({Relation.OWN: own}),
)


def _wrote(person: UUID) -> ColumnElement[bool]:
    return WorkOrderHistory.actor_id == person


HISTORY_SCOPE = ChildScope(
    Resource.WORK_ORDER,
    WorkOrderHistory,
    relations=MappingProxyType({Relation.OWN: _wrote}),
    parent=WORK_ORDER_SCOPE,
    key=WorkOrderHistory.work_order_id,
)
"""The history is reached with its order."""


def _signed(person: UUID) -> ColumnElement[bool]:
    return WorkOrderSignature.signer_id == person


SIGNATURE_SCOPE = ChildScope(
    Resource.WORK_ORDER,
    WorkOrderSignature,
    relations=MappingProxyType({Relation.OWN: _signed}),
    parent=WORK_ORDER_SCOPE,
    key=WorkOrderSignature.work_order_id,
)
"""A signature is reached with its order."""
