"""From a secret to a principal: sessions and bearer tokens. Anything doubtful is None; nothing is kept, so a revocation holds from the next request on."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select, update

from isomod_graphql.audit.service import record_denial
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import place_of_token
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.caveats import caveats_of
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.models import Account, ApiToken, GrantRow, PartnerClient, SignInSession, User
from isomod_graphql.identity.sessions import LONGEST_SECRET, is_live
from isomod_graphql.identity.token_format import is_well_formed
from isomod_graphql.subjects.facts import is_erased
from isomod_graphql.subjects.models import Person
from permissions.caveats import Caveats, admits_address, admits_time, narrow
from permissions.grants import CLIENT_ROLE
from permissions.principals import Assurance, Principal, Role, RoleGrant, Scope
from permissions.purposes import Purpose

TOUCH_EVERY = timedelta(minutes=1)
"""When a credential was used last is known to the minute, and costs at most one write in it."""


@dataclass(frozen=True, slots=True)
class Member:
    """An active membership and what it holds."""

    account_id: UUID
    access_since: Any
    grants: tuple[RoleGrant, ...]


async def active_member(tx: Transaction, person_id: UUID) -> Member | None:
    """The membership of a person who may act; None for everybody else, the erased included."""
    wanted = (
        select(User.account_id, User.access_since, Person.flags)
        .join(Person, (Person.tenant_id == User.tenant_id) & (Person.id == User.id))
        .where(User.tenant_id == tx.tenant_id, User.id == person_id, User.status == "ACTIVE")
    )
    row = await tx.first(wanted)
    if row is None or is_erased(row.flags):
        return None
    return Member(row.account_id, row.access_since, await grants_of(tx, person_id))


async def grants_of(tx: Transaction, person_id: UUID) -> tuple[RoleGrant, ...]:
    """The live roles of a person, the sites of one role and end put together."""
    live = or_(GrantRow.expires_at.is_(None), GrantRow.expires_at > tx.now)
    wanted = select(GrantRow.role, GrantRow.site_id, GrantRow.expires_at).where(
        GrantRow.tenant_id == tx.tenant_id, GrantRow.person_id == person_id, live
    )
    merged: dict[tuple[Role, Any], set[UUID] | None] = {}
    for row in await tx.all(wanted.order_by(GrantRow.role, GrantRow.id)):
        key = (Role(row.role), row.expires_at)
        sites = merged.setdefault(key, set())
        if row.site_id is None:
            merged[key] = None
        elif sites is not None:
            sites.add(row.site_id)
    return tuple(
        RoleGrant(role, None if sites is None else frozenset(sites), end)
        for (role, end), sites in merged.items()
    )


async def resolve_session(desk: Desk, secret: str, *, used: bool = True) -> Principal | None:
    """Who is behind a session cookie, or None when it is unknown, over, revoked, or no membership stands behind it.

    `used` False only looks: what a session's owner did not do must not keep it from ending.
    """
    if not 1 <= len(secret) <= LONGEST_SECRET or not secret.isascii():
        return None
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        row = await _session(tx, secret)
        if row is None or not is_live(row, desk.settings, tx.now):
            return None
        now = tx.now
    async with desk.store.transaction(row.member_tenant_id) as tx:
        member = await active_member(tx, row.person_id)
    if member is None or member.account_id != row.account_id or row.entered_at < member.access_since:
        return None
    if used and now - row.last_used_at >= TOUCH_EVERY:
        await _touch_session(desk, row)
    proven = row.stepped_up_until is not None and now < row.stepped_up_until
    return Principal(
        kind="PERSON",
        tenant_id=row.member_tenant_id,
        person_id=row.person_id,
        account_id=row.account_id,
        grants=member.grants,
        assurance=Assurance.STEPPED_UP if proven else Assurance.SESSION,
        credential_id=row.id,
        stepped_up_until=row.stepped_up_until if proven else None,
    )


async def resolve_token(desk: Desk, text: str, address: str | None) -> Principal | None:
    """Who is behind a bearer token used from this address, or None. A malformed one costs no look-up."""
    if not is_well_formed(text):
        return None
    secret_hash = token_hash(text)
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        place = await place_of_token(tx, secret_hash)
    if place is None:
        return None
    async with desk.store.transaction(place.tenant_id) as tx:
        here = (ApiToken.tenant_id == tx.tenant_id, ApiToken.id == place.target_id)
        row = await tx.first(select(ApiToken.__table__).where(*here, ApiToken.secret_hash == secret_hash))
        if row is None or row.revoked_at is not None or tx.now >= row.expires_at:
            return None
        caveats = narrow(caveats_of(row.caveats), Caveats(not_after=row.expires_at))
        principal = await token_principal(tx, row, caveats) if admits_time(caveats, tx.now) else None
        now = tx.now
    if principal is None or not await _comes_from(desk, principal, address):
        return None
    if not await _account_stands(desk, principal):
        return None
    if row.last_used_at is None or now - row.last_used_at >= TOUCH_EVERY:
        async with desk.store.transaction(place.tenant_id, write=True) as tx:
            await tx.run(update(ApiToken).where(*here).values(last_used_at=tx.now))
            if row.client_id is None:
                await _seen(tx, row.person_id)
    return principal


async def _session(tx: Transaction, secret: str) -> Row[Any] | None:
    wanted = (
        select(SignInSession.__table__)
        .join(
            Account, (Account.tenant_id == SignInSession.tenant_id) & (Account.id == SignInSession.account_id)
        )
        .where(
            SignInSession.tenant_id == tx.tenant_id,
            SignInSession.secret_hash == token_hash(secret),
            Account.status == "ACTIVE",
            Account.epoch == SignInSession.epoch,
        )
    )
    return await tx.first(wanted)


async def _touch_session(desk: Desk, row: Row[Any]) -> None:
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        here = (SignInSession.tenant_id == tx.tenant_id, SignInSession.id == row.id)
        await tx.run(update(SignInSession).where(*here).values(last_used_at=tx.now))
    await note_seen(desk, row.member_tenant_id, row.person_id)


async def note_seen(desk: Desk, tenant_id: UUID, person_id: UUID) -> None:
    """A credential of this member was used now."""
    async with desk.store.transaction(tenant_id, write=True) as tx:
        await _seen(tx, person_id)


async def _seen(tx: Transaction, person_id: UUID) -> None:
    here = (User.tenant_id == tx.tenant_id, User.id == person_id)
    await tx.run(update(User).where(*here).values(last_seen_at=tx.now))


async def token_principal(tx: Transaction, row: Row[Any], caveats: Caveats) -> Principal | None:
    """Whoever stands behind a row of tokens that is good; None where that one may not act."""
    scopes = frozenset(Scope(scope) for scope in row.scopes)
    if row.client_id is not None:
        return await _client_principal(tx, row, scopes, caveats)
    member = await active_member(tx, row.person_id)
    if member is None or row.created_at < member.access_since:
        return None
    return Principal(
        kind="PERSON",
        tenant_id=tx.tenant_id,
        person_id=row.person_id,
        account_id=member.account_id,
        grants=member.grants,
        scopes=scopes,
        assurance=Assurance.TOKEN,
        caveats=caveats,
        credential_id=row.id,
    )


async def _client_principal(
    tx: Transaction, row: Row[Any], scopes: frozenset[Scope], caveats: Caveats
) -> Principal | None:
    here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == row.client_id)
    client = await tx.first(select(PartnerClient.__table__).where(*here))
    if client is None or client.disabled_at is not None or tx.now >= client.expires_at:
        return None
    return Principal(
        kind="CLIENT",
        tenant_id=tx.tenant_id,
        client_id=client.id,
        grants=(RoleGrant(CLIENT_ROLE, None, client.expires_at),),
        scopes=scopes & {Scope(scope) for scope in client.scopes},
        purpose=Purpose(client.purpose),
        assurance=Assurance.TOKEN,
        caveats=narrow(caveats_of(client.caveats), caveats),
        credential_id=row.id,
    )


async def _comes_from(desk: Desk, principal: Principal, address: str | None) -> bool:
    """False for an address outside the credential's networks: a stolen token, perhaps, so it is on record."""
    if admits_address(principal.caveats, address or ""):
        return True
    entity = None if principal.credential_id is None else ("ApiToken", principal.credential_id)
    await record_denial(desk.store, principal, "TOKEN_USE", "NETWORK", entity=entity)
    return False


async def _account_stands(desk: Desk, principal: Principal) -> bool:
    if principal.account_id is None:
        return True
    here = (
        Account.tenant_id == PLATFORM_TENANT,
        Account.id == principal.account_id,
        Account.status == "ACTIVE",
    )
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        return await tx.value(select(Account.id).where(*here)) is not None
