"""The kinds of rows that the graph shows, with the type byte of their global ids. A byte is never reused."""

from dataclasses import replace
from types import MappingProxyType
from typing import Final
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, and_

from isomod_graphql.assets.reach import ASSET_SCOPE
from isomod_graphql.audit.models import AccessDay
from isomod_graphql.engine.entities import Entity, Join
from isomod_graphql.engine.reach import ChildScope
from isomod_graphql.identity.models import GrantRow, PartnerClient
from isomod_graphql.identity.models import User as Membership
from isomod_graphql.identity.teams import TEAM_SCOPE
from isomod_graphql.locations.reach import LOCATION_SCOPE
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.reach import PEOPLE_OF_SITES
from isomod_graphql.work_orders.reach import HISTORY_SCOPE, SIGNATURE_SCOPE, WORK_ORDER_SCOPE
from isomod_graphql.work_orders.relations import PERSON_SCOPE
from permissions.disclosure import Relation
from permissions.grants import Action
from permissions.purposes import Purpose
from permissions.reach import Resource

strawberry.enum(
    Purpose,
    name="Purpose",
    description="Why data is read; a program's is fixed at its registration and limits which personal data it may see.",
)

_MEMBERSHIP: Final = Membership.__table__
PERSON: Final = Entity(
    "person",
    1,
    PERSON_SCOPE,
    Person,
    joins=(Join(_MEMBERSHIP, and_(Membership.tenant_id == Person.tenant_id, Membership.id == Person.id)),),
    subject="id",
    type_of=lambda row: "User" if row["is_member"] else "Contact",
    type_columns=(_MEMBERSHIP.c.id.is_not(None).label("is_member"),),
    changing=PEOPLE_OF_SITES,
    sought=Action.USER_READ,
)
LOCATION: Final = Entity("location", 2, LOCATION_SCOPE, Person)
ASSET: Final = Entity("asset", 3, ASSET_SCOPE, Person)
WORK_ORDER: Final = Entity("work_order", 4, WORK_ORDER_SCOPE, Person)


def _granted_to(person: UUID) -> ColumnElement[bool]:
    return GrantRow.person_id == person


ROLE_SCOPE: Final = ChildScope(
    Resource.PERSON,
    GrantRow,
    own=_granted_to,
    relations=MappingProxyType({Relation.OWN: _granted_to}),
    parent=PERSON_SCOPE,
    key=GrantRow.person_id,
)
ROLE: Final = Entity("role_assignment", 6, ROLE_SCOPE, Person, sought=Action.USER_READ)
HISTORY: Final = Entity("work_order_change", 5, HISTORY_SCOPE, Person)
SIGNATURE: Final = Entity("work_order_signature", 20, SIGNATURE_SCOPE, Person)

TEAM: Final = Entity("team", 21, TEAM_SCOPE, Person, sought=Action.USER_READ)


def _shown_of(person: UUID) -> ColumnElement[bool]:
    return AccessDay.subject_id == person


_PROGRAM: Final = Join(
    PartnerClient.__table__,
    and_(PartnerClient.tenant_id == AccessDay.tenant_id, PartnerClient.id == AccessDay.viewer_id),
)
_ACCESS_SCOPE: Final = ChildScope(
    Resource.ACCESS_RECORD, AccessDay, parent=PERSON_SCOPE, key=AccessDay.subject_id
)
ACCESS_RECORD: Final = Entity("access_record", 24, _ACCESS_SCOPE, Person, joins=(_PROGRAM,))
ACCESS_LOG: Final = Entity(
    "access_log_entry",
    25,
    replace(
        _ACCESS_SCOPE,
        resource=Resource.ACCESS_LOG,
        own=_shown_of,
        relations=MappingProxyType({Relation.OWN: _shown_of}),
    ),
    Person,
    joins=(_PROGRAM,),
)
"""The same rows, to the person that they are about."""

ENTITIES: Final = (
    *(PERSON, LOCATION, ASSET, WORK_ORDER, HISTORY, ROLE, SIGNATURE, TEAM),
    *(ACCESS_RECORD, ACCESS_LOG),
)
