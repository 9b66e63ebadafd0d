"""What callers are known by: accounts, memberships, roles, sessions, tokens, clients. No secret is stored, only what proves one."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held, sealed
from permissions.categories import Category, Keep
from permissions.grants import PERSON_ROLES
from permissions.purposes import Purpose

ACCOUNT_STATES = ("ACTIVE", "DISABLED")
MEMBER_STATES = ("INVITED", "ACTIVE", "DEACTIVATED", "LEFT")
TOKEN_KINDS = ("INVITATION", "VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL")


class Account(TenantRow, Base):
    """A way to sign in; in the platform tenant. `epoch` goes up when every session must end."""

    __tablename__ = "accounts"
    status: Mapped[str] = held(Category.OPERATIONAL, Text)
    password_hash: Mapped[str | None] = held(Category.CREDENTIAL, Text, keep=Keep.ACCOUNT, subject="id")
    email_index: Mapped[bytes | None] = held(Category.CONTACT, LargeBinary, keep=Keep.ACCOUNT, subject="id")
    email_verified_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    epoch: Mapped[int] = held(Category.OPERATIONAL, Integer, default=1, server_default="1")
    email: Mapped[str | None] = sealed(Category.CONTACT, keep=Keep.ACCOUNT, subject="id", number=1)
    __table_args__ = (
        CheckConstraint(f"status IN {ACCOUNT_STATES}", name="status"),
        Index("uq_accounts_email_index", "tenant_id", "email_index", unique=True),
    )


class User(TenantRow, Base):
    """The membership of a person; `id` is the person's. Credentials from before `access_since` are dead."""

    __tablename__ = "users"
    account_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    status: Mapped[str] = held(Category.OPERATIONAL, Text)
    access_since: Mapped[datetime] = held(Category.OPERATIONAL)
    last_seen_at: Mapped[datetime | None] = held(Category.DEVICE, keep=Keep.SECURITY, subject="id")
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", name="uq_users_account"),
        CheckConstraint(f"status IN {MEMBER_STATES}", name="status"),
        CheckConstraint("status <> 'ACTIVE' OR account_id IS NOT NULL", name="active"),
        Index("ix_users_account", "account_id"),
    )


class GrantRow(TenantRow, Base):
    """A role of a member on one site (None: every site) until a moment (None: without end)."""

    __tablename__ = "role_grants"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    role: Mapped[str] = held(Category.OPERATIONAL, Text)
    site_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    expires_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        UniqueConstraint(
            "tenant_id",
            "person_id",
            "role",
            "site_id",
            name="uq_role_grants",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(f"role IN {tuple(sorted(role.value for role in PERSON_ROLES))}", name="role"),
        Index("ix_role_grants_role", "tenant_id", "role"),
    )


class Team(TenantRow, Base):
    """People who work together. `name_key` is core.text.fold of the name."""

    __tablename__ = "teams"
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    name_key: Mapped[str] = held(Category.OPERATIONAL, Text(collation="C"))
    __table_args__ = (Index("uq_teams_name", "tenant_id", "name_key", unique=True),)


class TeamMember(Base):
    """Somebody is in a team; which teams those are tells who somebody is."""

    __tablename__ = "team_members"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    team_id: Mapped[UUID] = held(Category.IDENTITY, keep=Keep.ACCOUNT, subject="person_id", primary_key=True)
    person_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    __table_args__ = (Index("ix_team_members_person", "tenant_id", "person_id", "team_id"),)


class SignInSession(TenantRow, Base):
    """A signed-in browser or app, in the platform tenant, and the membership it works in since `entered_at`."""

    __tablename__ = "sign_in_sessions"
    account_id: Mapped[UUID] = held(Category.OPERATIONAL)
    secret_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary)
    epoch: Mapped[int] = held(Category.OPERATIONAL, Integer)
    member_tenant_id: Mapped[UUID] = held(Category.OPERATIONAL)
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    entered_at: Mapped[datetime] = held(Category.OPERATIONAL)
    last_used_at: Mapped[datetime] = held(Category.DEVICE, keep=Keep.SECURITY, subject="account_id")
    expires_at: Mapped[datetime] = held(Category.OPERATIONAL)
    stepped_up_until: Mapped[datetime | None] = held(Category.OPERATIONAL)
    revoked_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    address: Mapped[str | None] = sealed(Category.DEVICE, keep=Keep.SECURITY, subject="account_id", number=1)
    user_agent: Mapped[str | None] = sealed(
        Category.DEVICE, keep=Keep.SECURITY, subject="account_id", number=2
    )
    __table_args__ = (
        Index("uq_sign_in_sessions_secret", "tenant_id", "secret_hash", unique=True),
        Index("ix_sign_in_sessions_account", "tenant_id", "account_id"),
        Index("ix_sign_in_sessions_person", "tenant_id", "person_id"),
    )


class AccountToken(TenantRow, Base):
    """A one-use token of a letter, in the platform tenant; without a secret until the letter is written."""

    __tablename__ = "account_tokens"
    kind: Mapped[str] = held(Category.OPERATIONAL, Text)
    account_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    member_tenant_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    person_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    secret_hash: Mapped[bytes | None] = held(Category.CREDENTIAL, LargeBinary)
    expires_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    used_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    new_email: Mapped[str | None] = sealed(
        Category.CONTACT, keep=Keep.ACCOUNT, subject="account_id", number=1
    )
    __table_args__ = (
        CheckConstraint(f"kind IN {TOKEN_KINDS}", name="kind"),
        Index("uq_account_tokens_secret", "tenant_id", "secret_hash", unique=True),
        Index("ix_account_tokens_account", "tenant_id", "account_id"),
        Index("ix_account_tokens_person", "tenant_id", "person_id"),
    )


class Throttle(Base):
    """Failed sign-ins by address and device, in the platform tenant, whether or not the address has an account."""

    __tablename__ = "sign_in_throttles"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    lookup_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary, primary_key=True)
    device_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary, primary_key=True)
    failures: Mapped[int] = held(Category.OPERATIONAL, Integer)
    failed_at: Mapped[datetime] = held(Category.OPERATIONAL)
    allowed_at: Mapped[datetime] = held(Category.OPERATIONAL)


class PartnerClient(TenantRow, Base):
    """A registered program of a partner: what it may, for which purpose, until when. `caveats` as in ApiToken; never changed.

    Its secrets stand in partners.models.
    """

    __tablename__ = "partner_clients"
    public_key: Mapped[str] = held(Category.OPERATIONAL, Text)
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    scopes: Mapped[list[str]] = held(Category.OPERATIONAL, ARRAY(Text))
    caveats: Mapped[dict[str, Any]] = held(Category.OPERATIONAL, JSONB)
    purpose: Mapped[str] = held(Category.OPERATIONAL, Text)
    expires_at: Mapped[datetime] = held(Category.OPERATIONAL)
    disabled_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        CheckConstraint(f"purpose IN {tuple(purpose.value for purpose in Purpose)}", name="purpose"),
    )


class ApiToken(TenantRow, Base):
    """A bearer token of a person or a client. `caveats` is the JSON of permissions.caveats.Caveats."""

    __tablename__ = "api_tokens"
    person_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    client_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    secret_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary)
    label: Mapped[str] = held(Category.OPERATIONAL, Text)
    scopes: Mapped[list[str]] = held(Category.OPERATIONAL, ARRAY(Text))
    caveats: Mapped[dict[str, Any]] = held(Category.OPERATIONAL, JSONB)
    expires_at: Mapped[datetime] = held(Category.OPERATIONAL)
    last_used_at: Mapped[datetime | None] = held(Category.DEVICE, keep=Keep.SECURITY, subject="person_id")
    revoked_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (client_id IS NULL)", name="holder"),
        Index("ix_api_tokens_person", "tenant_id", "person_id", "id"),
        Index("ix_api_tokens_client", "tenant_id", "client_id", "id"),
    )
