"""Who is asking: roles, scopes, assurance and the frozen Principal; it looks nobody up and decides nothing."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final, Literal
from uuid import UUID

from permissions.caveats import UNRESTRICTED, Caveats
from permissions.purposes import Purpose


class Role(StrEnum):
    """What a tenant grants to people and clients."""

    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    TECHNICIAN = "TECHNICIAN"
    REQUESTER = "REQUESTER"
    VIEWER = "VIEWER"
    QUALITY_MANAGER = "QUALITY_MANAGER"
    AUDITOR = "AUDITOR"
    PRIVACY_OFFICER = "PRIVACY_OFFICER"
    PARTNER = "PARTNER"
    SUPPORT = "SUPPORT"


TIME_BOXED: Final[frozenset[Role]] = frozenset({Role.AUDITOR, Role.SUPPORT})
"""Roles whose grant must end: without an end it grants nothing."""


class Scope(StrEnum):
    """What a bearer token may be used for; a token never exceeds the roles behind it."""

    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    LOCATIONS_READ = "locations:read"
    LOCATIONS_WRITE = "locations:write"
    ASSETS_READ = "assets:read"
    ASSETS_WRITE = "assets:write"
    WORK_ORDERS_READ = "work_orders:read"
    WORK_ORDERS_WRITE = "work_orders:write"
    PII_IDENTITY = "pii:identity"
    PII_CONTACT = "pii:contact"
    PII_TIME = "pii:time"
    PRIVACY_EXECUTE = "privacy:execute"
    ADMIN = "admin"


class Assurance(IntEnum):
    """How sure we are who is asking."""

    NONE = 0
    TOKEN = 1
    SESSION = 2
    STEPPED_UP = 3


Kind = Literal["PERSON", "CLIENT", "SUPPORT", "NOBODY"]


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """One role held on some sites (None: every site) until a moment (None: without end)."""

    role: Role
    sites: frozenset[UUID] | None
    expires_at: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """False from the moment of expiry on, and for a time-boxed role without an end."""
        if self.expires_at is None:
            return self.role not in TIME_BOXED
        return now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Everything a decision may know of the caller; `scopes` None is a sign-in session, which is not narrowed."""

    kind: Kind
    tenant_id: UUID | None = None
    person_id: UUID | None = None
    account_id: UUID | None = None
    client_id: UUID | None = None
    grants: tuple[RoleGrant, ...] = ()
    scopes: frozenset[Scope] | None = None
    purpose: Purpose = Purpose.SERVICE
    assurance: Assurance = Assurance.NONE
    caveats: Caveats = UNRESTRICTED
    credential_id: UUID | None = None
    stepped_up_until: datetime | None = None
    viewed_by: "Principal | None" = None
    """Who really asks, where one member looks at what another is shown; the powers are those that both have."""

    def __post_init__(self) -> None:
        """Raises ValueError for a look through a look, and for one into another organisation."""
        actor = self.viewed_by
        if actor is not None and (actor.viewed_by is not None or actor.tenant_id != self.tenant_id):
            message = "a member of the same organisation looks, and through nobody else"
            raise ValueError(message)

    @property
    def acting(self) -> "Principal":
        """Who answers for what is asked: the one who looks, never the member as whom."""
        return self if self.viewed_by is None else self.viewed_by


NOBODY: Final = Principal(kind="NOBODY", scopes=frozenset())
"""The caller without a credential: holds nothing, and is never the system."""
