"""How far each role's rows reach; it never says what is shown of a row."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from permissions.principals import Role, Scope


class Resource(StrEnum):
    """A kind of row with a row rule of its own."""

    PERSON = "PERSON"
    LOCATION = "LOCATION"
    ASSET = "ASSET"
    WORK_ORDER = "WORK_ORDER"
    AUDIT_ENTRY = "AUDIT_ENTRY"
    TOKEN = "TOKEN"  # noqa: S105 - the name of a resource
    SESSION = "SESSION"
    TEAM = "TEAM"
    ACCESS_RECORD = "ACCESS_RECORD"
    """Who was shown whose data."""
    ACCESS_LOG = "ACCESS_LOG"
    """The same rows as their subject sees them: that one's own data were shown, and never to which employee."""


class Reach(IntEnum):
    """Each includes the ones below it: SITES also admits rows assigned to or requested by the viewer."""

    NONE = 0
    OWN = 1
    ASSIGNED = 2
    SITES = 3
    ALL = 4


_N, _O, _A, _S, _E = Reach.NONE, Reach.OWN, Reach.ASSIGNED, Reach.SITES, Reach.ALL

_TABLE: Final[Mapping[Role, tuple[Reach, ...]]] = {
    # columns: PERSON LOCATION ASSET WORK_ORDER AUDIT_ENTRY TOKEN SESSION TEAM ACCESS_RECORD ACCESS_LOG (E: every row)
    Role.ADMIN: (_E, _E, _E, _E, _E, _E, _O, _E, _N, _N),
    Role.MANAGER: (_S, _S, _S, _S, _N, _O, _O, _E, _N, _N),
    Role.TECHNICIAN: (_E, _S, _S, _A, _N, _O, _O, _E, _N, _N),
    Role.REQUESTER: (_A, _S, _S, _O, _N, _O, _O, _E, _N, _N),
    Role.VIEWER: (_E, _S, _S, _S, _N, _O, _O, _E, _N, _N),
    Role.QUALITY_MANAGER: (_E, _E, _E, _E, _N, _O, _O, _E, _N, _N),
    Role.AUDITOR: (_E, _E, _E, _E, _N, _O, _O, _E, _N, _N),
    Role.PRIVACY_OFFICER: (_E, _N, _N, _N, _E, _O, _O, _E, _E, _N),
    Role.PARTNER: (_S, _S, _S, _S, _N, _O, _O, _N, _N, _N),
    Role.SUPPORT: (_N, _N, _N, _N, _N, _O, _O, _N, _N, _N),
}

REACH: Final[Mapping[Role, Mapping[Resource, Reach]]] = MappingProxyType(
    {role: MappingProxyType(dict(zip(Resource, row, strict=True))) for role, row in _TABLE.items()}
)

GRANT_BOUND: Final = frozenset({Resource.LOCATION, Resource.ASSET, Resource.WORK_ORDER})
"""A grant bound to sites reaches at most SITES on these; people are colleagues across sites."""

CAVEAT_BOUND: Final = GRANT_BOUND | {Resource.PERSON, Resource.AUDIT_ENTRY, Resource.ACCESS_RECORD}
"""A credential bound to sites reaches at most SITES on these, whatever the role."""

SELF_HELD: Final = frozenset({Resource.PERSON, Resource.ACCESS_LOG})
"""Rows about oneself that every person reaches, whatever the roles (GDPR Art. 15)."""

VIEWED_ROWS: Final = frozenset(
    {Resource.PERSON, Resource.LOCATION, Resource.ASSET, Resource.WORK_ORDER, Resource.TEAM}
)
"""Whoever looks at what another member is shown reaches all of these rows."""

_PEOPLE = frozenset({Resource.PERSON, Resource.TEAM})
_WORK = frozenset({Resource.WORK_ORDER, Resource.PERSON})

SCOPE_REACH: Final[Mapping[Scope, frozenset[Resource]]] = MappingProxyType(
    {
        Scope.USERS_READ: _PEOPLE,
        Scope.USERS_WRITE: _PEOPLE,
        Scope.LOCATIONS_READ: frozenset({Resource.LOCATION}),
        Scope.LOCATIONS_WRITE: frozenset({Resource.LOCATION}),
        Scope.ASSETS_READ: frozenset({Resource.ASSET}),
        Scope.ASSETS_WRITE: frozenset({Resource.ASSET}),
        Scope.WORK_ORDERS_READ: _WORK,
        Scope.WORK_ORDERS_WRITE: _WORK,
        Scope.PII_IDENTITY: _PEOPLE,
        Scope.PII_CONTACT: _PEOPLE,
        Scope.PII_TIME: _PEOPLE,
        Scope.PRIVACY_EXECUTE: _PEOPLE | {Resource.ACCESS_RECORD},
        Scope.ADMIN: _PEOPLE | {Resource.AUDIT_ENTRY, Resource.TOKEN, Resource.SESSION},
    }
)
"""The kinds of rows that a token with this scope may touch at all; a work order names the people on it."""
