"""Signing in with address and password, and moving between organisations. Every failure is one answer at one cost, so nobody learns who exists."""

from dataclasses import dataclass, field
from uuid import UUID

from isomod_graphql.audit.service import DENIED, record
from isomod_graphql.core.directory import tenant_of_slug
from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.accounts import (
    KnownAccount,
    account_with_address,
    address_hash,
    store_rehash,
)
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.devices import Device, device_hash, new_device_token
from isomod_graphql.identity.errors import SignInFailed
from isomod_graphql.identity.principals import note_seen, resolve_session
from isomod_graphql.identity.sessions import (
    Membership,
    SessionSecret,
    memberships_of,
    open_session,
    renew,
    require_session,
)
from isomod_graphql.identity.throttle import Bucket, charge, refund
from permissions.principals import NOBODY, Principal


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: its secrets, who it is, and where else the account may work."""

    session: SessionSecret
    principal: Principal
    memberships: tuple[Membership, ...]
    device_token: str = field(repr=False)
    """For a long-lived cookie: failures of strangers do not delay the next sign-in from here."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    account: KnownAccount | None
    bucket: Bucket
    open_now: bool


async def sign_in(
    desk: Desk, *, email: str, password: str, organisation: str | None = None, device: Device | None = None
) -> SignedIn:
    """A session in the organisation with this slug, or in the one used last. Raises SignInFailed and nothing else.

    One verification of a password and the same statements for every failure, known address or not.
    """
    device = device or Device()
    attempt = await _attempt(desk, email, device)
    tried = attempt.account.password_hash if attempt.account is not None and attempt.open_now else None
    right = await desk.passwords.matches(tried, password)
    if not right or attempt.account is None:
        await _record_failure(desk, attempt)
        raise SignInFailed
    stronger = (
        await desk.passwords.hash(password)
        if tried is not None and desk.passwords.is_outdated(tried)
        else None
    )
    signed_in = await _enter(desk, attempt, attempt.account, organisation, device, stronger)
    if signed_in is None:
        await _record_failure(desk, attempt)
        raise SignInFailed
    return signed_in


async def _attempt(desk: Desk, email: str, device: Device) -> _Attempt:
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        lookup_hash = await address_hash(tx, email)
        bucket = Bucket(lookup_hash, device_hash(tx.keys.index, lookup_hash, device.token))
        account = await account_with_address(tx, lookup_hash)
        return _Attempt(account, bucket, await charge(tx, bucket))


async def _record_failure(desk: Desk, attempt: _Attempt) -> None:
    """An attempt during the delay is not recorded: the trail is no place that a stranger may fill."""
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        if attempt.open_now:
            account = attempt.account
            await record(
                tx, NOBODY if account is None else as_account(account.id), "SIGN_IN",
                entity=None if account is None else ("Account", account.id), outcome=DENIED, reason=SignInFailed.code,
            )  # fmt: skip


async def _enter(
    desk: Desk,
    attempt: _Attempt,
    account: KnownAccount,
    organisation: str | None,
    device: Device,
    stronger: str | None,
) -> SignedIn | None:
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        members = await memberships_of(tx, account.id)
        wanted = None if organisation is None else await tenant_of_slug(tx, organisation)
        chosen = [at for at in members if organisation is None or at.tenant_id == wanted]
        if not chosen:
            return None
        if stronger is not None:
            await store_rehash(tx, account, stronger)
        await refund(tx, attempt.bucket)
        session = await open_session(tx, desk.settings, account, chosen[0], device)
        await record(tx, as_account(account.id), "SIGN_IN", entity=("Account", account.id))
        known = device.token if attempt.bucket.device_hash else None
        token = known or new_device_token(tx.keys.index, account.lookup_hash)
    principal = await resolve_session(desk, session.secret)
    if principal is None:
        return None
    await note_seen(desk, chosen[0].tenant_id, chosen[0].person_id)
    return SignedIn(session, principal, tuple(members), token)


async def memberships(desk: Desk, principal: Principal) -> list[Membership]:
    """Where the signed-in account may work. Raises Unauthenticated, Forbidden (bearer token)."""
    account_id, _ = require_session(principal)
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        return await memberships_of(tx, account_id)


async def switch_tenant(desk: Desk, principal: Principal, tenant_id: UUID) -> SessionSecret:
    """The session works in that organisation from now on, under a new secret and without the proof of before.

    Raises NotFound where the account is no active member.
    """
    account_id, session_id = require_session(principal)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        member = next((at for at in await memberships_of(tx, account_id) if at.tenant_id == tenant_id), None)
        if member is None:
            raise NotFound(field="organisationId")
        renewed = await renew(
            tx, session_id, member_tenant_id=member.tenant_id, person_id=member.person_id, entered_at=tx.now,
            stepped_up_until=None,
        )  # fmt: skip
        await record(tx, as_account(account_id), "TENANT_SWITCH", entity=("Account", account_id))
    return renewed
