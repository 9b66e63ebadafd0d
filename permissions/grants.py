"""Which role and which scope may do what; it never says on which rows, nor what is shown of them."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from permissions.principals import Role, Scope


class Action(StrEnum):
    """One verb per decision; a state change of a work order is an action of its own."""

    VIEWER_READ = "VIEWER_READ"
    POLICY_READ = "POLICY_READ"
    SIGN_IN = "SIGN_IN"
    """Every way to get in: with a password, by an invitation, after a forgotten password, by the token of a letter."""
    SESSION_MANAGE = "SESSION_MANAGE"
    TOKEN_CREATE = "TOKEN_CREATE"  # noqa: S105 - the name of an action
    TOKEN_REVOKE = "TOKEN_REVOKE"  # noqa: S105 - the name of an action
    USER_READ = "USER_READ"
    USER_INVITE = "USER_INVITE"
    USER_UPDATE = "USER_UPDATE"
    USER_DEACTIVATE = "USER_DEACTIVATE"
    ROLE_ASSIGN = "ROLE_ASSIGN"
    TEAM_MANAGE = "TEAM_MANAGE"
    """Make teams, and say who is in them: a grant of sight, like a role."""
    LOCATION_READ = "LOCATION_READ"
    LOCATION_CREATE = "LOCATION_CREATE"
    LOCATION_UPDATE = "LOCATION_UPDATE"
    ASSET_READ = "ASSET_READ"
    ASSET_CREATE = "ASSET_CREATE"
    ASSET_UPDATE = "ASSET_UPDATE"
    WORK_ORDER_READ = "WORK_ORDER_READ"
    WORK_ORDER_CREATE = "WORK_ORDER_CREATE"
    WORK_ORDER_UPDATE = "WORK_ORDER_UPDATE"
    WORK_ORDER_OPEN = "WORK_ORDER_OPEN"
    WORK_ORDER_SCHEDULE = "WORK_ORDER_SCHEDULE"
    """Schedule and unschedule."""
    WORK_ORDER_ASSIGN = "WORK_ORDER_ASSIGN"
    WORK_ORDER_WORK = "WORK_ORDER_WORK"
    """Start, hold, resume, complete."""
    WORK_ORDER_REOPEN = "WORK_ORDER_REOPEN"
    WORK_ORDER_CLOSE = "WORK_ORDER_CLOSE"
    WORK_ORDER_CANCEL = "WORK_ORDER_CANCEL"
    WORK_ORDER_SIGN = "WORK_ORDER_SIGN"
    """Put one's name under completed work; the signature stays."""
    PERSON_RECTIFY = "PERSON_RECTIFY"
    """GDPR Art. 16."""
    PERSON_RESTRICT = "PERSON_RESTRICT"
    """GDPR Art. 18, and lifting it."""
    PERSON_ERASE = "PERSON_ERASE"
    """GDPR Art. 17."""
    CONSENT_DECIDE = "CONSENT_DECIDE"
    """GDPR Art. 7: give one's own consent, and withdraw it; nobody does it for somebody else."""
    AUDIT_READ = "AUDIT_READ"
    EXPLAIN_PLAN = "EXPLAIN_PLAN"
    """See how an answer came about: SQL, decisions with their reasons, times."""
    ACCESS_EXPLAIN = "ACCESS_EXPLAIN"
    """Read the policy as a table, and ask why somebody else is shown so much of a field; every such question is on record."""
    TENANT_MANAGE = "TENANT_MANAGE"
    CLIENT_READ = "CLIENT_READ"
    """See which programs of partners are registered, for what, and when their secrets were used."""
    CLIENT_MANAGE = "CLIENT_MANAGE"
    """Register a program, rotate or end its secrets, disable it."""
    VIEW_AS = "VIEW_AS"
    """Look at what another member is shown; read only, and never more than the one who looks may see."""


A = Action

PUBLIC_ACTIONS: Final = frozenset({A.POLICY_READ, A.SIGN_IN})
"""Open to everybody, with or without a credential."""

MEMBER_ACTIONS: Final = PUBLIC_ACTIONS | {A.VIEWER_READ, A.SESSION_MANAGE, A.CONSENT_DECIDE}
"""Every signed-in person, whatever the roles; sessions and consents are his or her own."""

SESSION_ACTIONS: Final = frozenset({A.SESSION_MANAGE, A.VIEW_AS})
"""Done in a sign-in session alone: no scope carries them, and no token that a program holds ends or moves a session."""

SELF_ACTIONS: Final = frozenset({A.PERSON_RECTIFY, A.PERSON_RESTRICT, A.PERSON_ERASE})
"""What a data subject may ask for about him- or herself."""

_OWN_TOKENS = frozenset({A.TOKEN_CREATE, A.TOKEN_REVOKE})
_READS = frozenset({A.USER_READ, A.LOCATION_READ, A.ASSET_READ, A.WORK_ORDER_READ})
_LOCATIONS = frozenset({A.LOCATION_READ, A.LOCATION_CREATE, A.LOCATION_UPDATE})
_ASSETS = frozenset({A.ASSET_READ, A.ASSET_CREATE, A.ASSET_UPDATE})
_WORK_ORDERS = frozenset(action for action in Action if action.value.startswith("WORK_ORDER_"))
_MEMBER = MEMBER_ACTIONS | _OWN_TOKENS

GRANTS: Final[Mapping[Role, frozenset[Action]]] = MappingProxyType(
    {
        Role.ADMIN: frozenset(Action) - {A.PERSON_RESTRICT, A.PERSON_ERASE},
        Role.MANAGER: _MEMBER | {A.USER_READ, A.TEAM_MANAGE} | _LOCATIONS | _ASSETS | _WORK_ORDERS,
        Role.TECHNICIAN: _MEMBER | _READS | {A.WORK_ORDER_WORK, A.WORK_ORDER_SIGN},
        Role.REQUESTER: _MEMBER | _READS,
        Role.VIEWER: _MEMBER | _READS,
        Role.QUALITY_MANAGER: _MEMBER | _READS | {A.WORK_ORDER_SIGN},
        Role.AUDITOR: _MEMBER | _READS,
        Role.PRIVACY_OFFICER: _MEMBER
        | {A.USER_READ, A.AUDIT_READ, A.EXPLAIN_PLAN, A.ACCESS_EXPLAIN}
        | SELF_ACTIONS,
        Role.PARTNER: PUBLIC_ACTIONS
        | {A.VIEWER_READ}
        | _READS
        | _ASSETS
        | {A.WORK_ORDER_CREATE, A.WORK_ORDER_UPDATE},
        Role.SUPPORT: PUBLIC_ACTIONS | {A.VIEWER_READ, A.USER_READ},
    }
)

_ANY_SCOPE = PUBLIC_ACTIONS | {A.VIEWER_READ}
_USER_CHANGES = frozenset({A.USER_INVITE, A.USER_UPDATE, A.USER_DEACTIVATE, A.TEAM_MANAGE})

SCOPE_ACTIONS: Final[Mapping[Scope, frozenset[Action]]] = MappingProxyType(
    {
        Scope.USERS_READ: _ANY_SCOPE | {A.USER_READ},
        Scope.USERS_WRITE: _ANY_SCOPE | {A.USER_READ} | _USER_CHANGES,
        Scope.LOCATIONS_READ: _ANY_SCOPE | {A.LOCATION_READ},
        Scope.LOCATIONS_WRITE: _ANY_SCOPE | _LOCATIONS,
        Scope.ASSETS_READ: _ANY_SCOPE | {A.ASSET_READ},
        Scope.ASSETS_WRITE: _ANY_SCOPE | _ASSETS,
        Scope.WORK_ORDERS_READ: _ANY_SCOPE | {A.WORK_ORDER_READ},
        Scope.WORK_ORDERS_WRITE: _ANY_SCOPE | _WORK_ORDERS,
        Scope.PII_IDENTITY: _ANY_SCOPE,
        Scope.PII_CONTACT: _ANY_SCOPE,
        Scope.PII_TIME: _ANY_SCOPE,
        Scope.PRIVACY_EXECUTE: _ANY_SCOPE | SELF_ACTIONS | {A.CONSENT_DECIDE},
        Scope.ADMIN: MEMBER_ACTIONS - SESSION_ACTIONS
        | {A.USER_READ, A.ROLE_ASSIGN, A.AUDIT_READ, A.EXPLAIN_PLAN, A.ACCESS_EXPLAIN, A.TENANT_MANAGE}
        | {A.CLIENT_READ, A.CLIENT_MANAGE}
        | _USER_CHANGES
        | _OWN_TOKENS,
    }
)
"""A write scope reads too: a write that cannot read back its result is of no use."""

STEP_UP: Final = SELF_ACTIONS | {A.TOKEN_CREATE, A.CLIENT_MANAGE, A.VIEW_AS}
"""Need a fresh proof of who is asking: a session re-authenticates, a bearer token carries `privacy:execute`."""

VIEWED_ACTIONS: Final = PUBLIC_ACTIONS | _READS | {A.VIEWER_READ, A.CLIENT_READ}
"""What is left of both while one member looks at what another is shown: nothing of an account, and no change."""

STEP_UP_FREE_FOR_SELF: Final = frozenset({A.PERSON_RECTIFY})
"""Correcting one's own data is undone by correcting it again; restriction and erasure are not."""

PERSON_ROLES: Final = frozenset(Role) - {Role.PARTNER, Role.SUPPORT}
"""Held by people of the tenant: a client gets PARTNER at its registration, the vendor gets SUPPORT per case."""

ASSIGNABLE: Final[Mapping[Role, frozenset[Role]]] = MappingProxyType(
    {role: PERSON_ROLES if role is Role.ADMIN else frozenset() for role in Role}
)
"""The roles that a holder may grant to somebody else."""

GUARDED_ROLE: Final = Role.ADMIN
"""In every organisation somebody active holds it on every site and without an end; the founder is the first."""

CLIENT_ROLE: Final = Role.PARTNER
"""What a registered client holds, on the sites of its registration."""

CLIENT_SCOPES: Final = frozenset(Scope) - {Scope.ADMIN, Scope.PRIVACY_EXECUTE}
"""What a client may be registered for; the others are for people."""

NAMED_SCOPES: Final = frozenset({Scope.PII_IDENTITY, Scope.PII_CONTACT, Scope.PII_TIME})
"""In a client's token only when the request for it names them: nobody holds personal data by default."""

PERSON_KIND: Final[Mapping[Role, str]] = MappingProxyType(
    {
        role: role.value if role in {Role.TECHNICIAN, Role.REQUESTER} else "COLLEAGUE"
        for role in Role
        if role in PERSON_ROLES
    }
)
"""The word of a person's pseudonym by the first role: "Technician #7"."""
