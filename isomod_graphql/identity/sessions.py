"""Sign-in sessions in the platform tenant: opened, listed, renewed, ended. Refuses to store the secret; a hash of it is all that is kept."""

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.errors import NotFound, Unauthenticated
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Transaction, pack_columns
from isomod_graphql.identity.accounts import KnownAccount
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.devices import Device
from isomod_graphql.identity.errors import SessionRequired
from isomod_graphql.identity.models import SignInSession
from permissions.principals import Assurance, Principal

SECRET_BYTES = 32
LONGEST_SECRET = 64
STEP_UP_FOR = timedelta(minutes=10)
_LONGEST_AGENT = 400


@dataclass(frozen=True, slots=True)
class SessionSecret:
    """What the browser gets: the secret for its cookie, the token that a page of ours sends along with every change."""

    session_id: UUID
    secret: str = field(repr=False)
    csrf_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """An organisation in which an account may work, and who it is there."""

    tenant_id: UUID
    person_id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A live session as its owner sees it."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    address: str | None = field(repr=False)
    user_agent: str | None = field(repr=False)
    current: bool


def csrf_token(secret: str) -> str:
    """Derived one-way from the random secret, so it changes with it and nothing of it is stored."""
    return hmac.digest(secret.encode("utf-8", "surrogatepass"), b"isomod csrf token", sha256).hex()


def is_live(row: Row[Any], settings: Settings, now: datetime) -> bool:
    """Neither revoked nor over: 30 minutes idle, 12 hours in any case (settings)."""
    idle = timedelta(minutes=settings.session_idle_minutes)
    return row.revoked_at is None and now < row.expires_at and now < row.last_used_at + idle


async def memberships_of(tx: Transaction, account_id: UUID) -> list[Membership]:
    """Where the account is an active member, the last used first; asked in the platform tenant."""
    called = func.directory_memberships(account_id).table_valued("tenant_id", "person_id", "slug", "name")
    rows = await tx.all(select(called))
    return [
        Membership(UUID(str(row.tenant_id)), UUID(str(row.person_id)), row.slug, row.name) for row in rows
    ]


async def open_session(
    tx: Transaction, settings: Settings, account: KnownAccount, member: Membership, device: Device
) -> SessionSecret:
    """A new session of 256 random bits."""
    session_id, secret = tx.new_id(), secrets.token_urlsafe(SECRET_BYTES)
    seen = {"address": device.address, "user_agent": (device.user_agent or "")[:_LONGEST_AGENT] or None}
    row = {
        "tenant_id": tx.tenant_id, "id": session_id, "account_id": account.id, "secret_hash": token_hash(secret),
        "epoch": account.epoch, "member_tenant_id": member.tenant_id, "person_id": member.person_id, "entered_at": tx.now,
        "last_used_at": tx.now, "expires_at": tx.now + timedelta(hours=settings.session_absolute_hours),
        "created_at": tx.now, "updated_at": tx.now,
        **await tx.seal(SignInSession, session_id, seen, {"account_id": account.id}),
    }  # fmt: skip
    await tx.run(insert(SignInSession).values(row))
    return SessionSecret(session_id, secret, csrf_token(secret))


async def renew(tx: Transaction, session_id: UUID, **changes: Any) -> SessionSecret:  # noqa: ANN401  column values
    """A new secret for a session that is not revoked, with these columns changed; the old secret is dead at once.

    Raises Unauthenticated.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    changed = {
        "secret_hash": token_hash(secret), "version": SignInSession.version + 1, "updated_at": tx.now, **changes,
    }  # fmt: skip
    here = (SignInSession.id == session_id, SignInSession.revoked_at.is_(None))
    if not await tx.run(update(SignInSession).where(_mine(tx), *here).values(changed)):
        raise Unauthenticated
    return SessionSecret(session_id, secret, csrf_token(secret))


def require_session(principal: Principal) -> tuple[UUID, UUID]:
    """The account and session of a signed-in person. Raises Unauthenticated, or SessionRequired for a bearer token."""
    if principal.account_id is None or principal.credential_id is None:
        raise Unauthenticated
    if principal.assurance < Assurance.SESSION or principal.scopes is not None:
        raise SessionRequired
    return principal.account_id, principal.credential_id


async def sign_out(desk: Desk, principal: Principal) -> None:
    """Ends the present session. Raises Unauthenticated, SessionRequired."""
    account_id, session_id = require_session(principal)
    await _end(desk, account_id, "SIGN_OUT", SignInSession.id == session_id)


async def kill_session(desk: Desk, principal: Principal, session_id: UUID) -> None:
    """Ends one of one's own sessions. Raises NotFound for any other."""
    account_id, _ = require_session(principal)
    if not await _end(desk, account_id, "SESSION_KILL", SignInSession.id == session_id):
        raise NotFound(field="sessionId")


async def kill_all(desk: Desk, principal: Principal, *, but_current: bool = True) -> int:
    """Ends all of one's own sessions, and says how many."""
    account_id, session_id = require_session(principal)
    spared = SignInSession.id != session_id if but_current else SignInSession.id.is_not(None)
    return await _end(desk, account_id, "SESSION_KILL", spared)


async def list_sessions(desk: Desk, principal: Principal) -> list[SessionInfo]:
    """One's own live sessions, the last used first."""
    account_id, session_id = require_session(principal)
    table, sealed = SignInSession.__table__, ("address", "user_agent")
    plain = ("id", "account_id", "epoch", "created_at", "last_used_at", "expires_at", "revoked_at")
    columns = [table.c[name] for name in (*plain, *pack_columns(SignInSession, sealed))]
    wanted = select(*columns).where(table.c.tenant_id == PLATFORM_TENANT, table.c.account_id == account_id)
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        rows = await tx.all(wanted.order_by(table.c.last_used_at.desc(), table.c.id))
        live = [row for row in rows if is_live(row, desk.settings, tx.now)]
        epoch = max((row.epoch for row in live if row.id == session_id), default=0)
        live = [row for row in live if row.epoch == epoch]
        opened = await tx.open_rows(SignInSession, [row._mapping for row in live], sealed)  # noqa: SLF001  public
    return [
        SessionInfo(row.id, row.created_at, row.last_used_at, seen["address"], seen["user_agent"], row.id == session_id)
        for row, seen in zip(live, opened, strict=True)
    ]  # fmt: skip


async def _end(desk: Desk, account_id: UUID, action: str, which: Any) -> int:  # noqa: ANN401  a SQL condition
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        here = (_mine(tx), SignInSession.account_id == account_id, SignInSession.revoked_at.is_(None), which)
        ended = await tx.run(update(SignInSession).where(*here).values(revoked_at=tx.now, updated_at=tx.now))
        if ended:
            await record(tx, as_account(account_id), action, entity=("Account", account_id))
    return ended


def _mine(tx: Transaction) -> Any:  # noqa: ANN401  a SQL condition
    return SignInSession.tenant_id == tx.tenant_id
