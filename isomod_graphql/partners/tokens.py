"""Access tokens of programs: made for an hour, looked into, revoked. Refuses another program's token as it refuses an unknown one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, select, update

from isomod_graphql.audit.service import record, record_denial
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import Kind, forget, place_of_token
from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.caveats import caveats_of
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.models import ApiToken
from isomod_graphql.identity.token_format import is_well_formed
from isomod_graphql.identity.tokens import put_token
from isomod_graphql.partners.authentication import ProvenClient
from isomod_graphql.partners.errors import InvalidAuthorizationDetails, InvalidScope
from isomod_graphql.partners.narrowing import Narrowing
from isomod_graphql.partners.registration import require_sites
from permissions.caveats import Caveats, is_within, narrow
from permissions.grants import NAMED_SCOPES
from permissions.principals import Scope

KEPT_AFTER: Final = timedelta(days=1)
"""How long a token that ended stays on the list of tokens."""
SWEPT: Final = 100
"""At most so many of a program's ended tokens are removed when it gets a new one."""

Opened = Callable[[str], UUID]
"""The row of a site's global id. Raises NotFound."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The only time that the secret is seen."""

    secret: str = field(repr=False)
    lives: timedelta
    scopes: frozenset[Scope]
    caveats: Caveats


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A live token of the program that asks."""

    scopes: frozenset[Scope]
    caveats: Caveats
    issued_at: datetime
    expires_at: datetime


def scopes_of(text: str | None, client: ProvenClient) -> frozenset[Scope]:
    """RFC 6749 section 3.3; without a word of it everything registered but personal data. Raises InvalidScope.

    Nothing is left out silently: a token is what was asked for, or there is none.
    """
    if text is None:
        given = client.scopes - NAMED_SCOPES
    else:
        names = text.split(" ")
        if not set(names) <= {scope.value for scope in Scope}:
            raise InvalidScope
        given = frozenset(Scope(name) for name in names)
    if not given or not given <= client.scopes:
        raise InvalidScope
    return given


async def issue(
    desk: Desk, client: ProvenClient, scope: str | None, asked: Narrowing, opened: Opened
) -> AccessToken:
    """A token (RFC 6749 section 4.4) within the registration, for an hour at most. Raises InvalidScope, InvalidAuthorizationDetails."""
    scopes = scopes_of(scope, client)
    wanted = _caveats(asked, opened)
    if not is_within(wanted, replace(client.caveats, not_after=None)):
        raise InvalidAuthorizationDetails
    return await _issued(desk, client, scopes, wanted, timedelta(seconds=asked.expires_in))


async def revoke(desk: Desk, client: ProvenClient, text: str) -> bool:
    """Ends a token of the program at once (RFC 7009); False when there was none to end.

    Another's token is left alone, and the attempt is on record; the answer is that of an unknown token.
    """
    row = await _own(desk, client, text, "CLIENT_TOKEN_REVOKE")
    if row is None:
        return False
    async with desk.store.transaction(client.tenant_id, write=True) as tx:
        here = (ApiToken.tenant_id == tx.tenant_id, ApiToken.id == row.id, ApiToken.revoked_at.is_(None))
        changed = {"revoked_at": tx.now, "updated_at": tx.now, "version": ApiToken.version + 1}
        if not await tx.run(update(ApiToken).where(*here).values(changed)):
            return False
        await forget(tx, Kind.TOKEN, bytes(row.secret_hash), row.id)
        await record(tx, client.principal, "CLIENT_TOKEN_REVOKE", entity=("ApiToken", row.id))
    return True


async def introspect(desk: Desk, client: ProvenClient, text: str) -> KnownToken | None:
    """What a live token of the program is (RFC 7662); None for every other, and another's is on record."""
    row = await _own(desk, client, text, "CLIENT_TOKEN_INTROSPECT")
    if row is None:
        return None
    caveats = narrow(client.caveats, caveats_of(row.caveats))
    ends = row.expires_at if caveats.not_after is None else min(row.expires_at, caveats.not_after)
    if row.revoked_at is not None or desk.store.clock.now() >= ends:
        return None
    scopes = frozenset(Scope(scope) for scope in row.scopes) & client.scopes
    return KnownToken(scopes, caveats, row.created_at, ends)


def _caveats(asked: Narrowing, opened: Opened) -> Caveats:
    try:
        sites = None if asked.sites is None else frozenset(opened(site) for site in asked.sites)
    except NotFound:
        raise InvalidAuthorizationDetails("sites: ids of sites of the organisation.") from None
    return Caveats(sites=sites, networks=asked.networks, categories=asked.categories)


async def _issued(
    desk: Desk, client: ProvenClient, scopes: frozenset[Scope], wanted: Caveats, lives: timedelta
) -> AccessToken:
    async with desk.store.transaction(client.tenant_id, write=True) as tx:
        if wanted.sites is not None:
            try:
                await require_sites(tx, wanted.sites)
            except NotFound:
                raise InvalidAuthorizationDetails("sites: ids of sites of the organisation.") from None
        caveats = narrow(client.caveats, replace(wanted, not_after=tx.now + lives))
        ends = caveats.not_after or tx.now + lives
        token = await put_token(
            tx, label=client.name, scopes=scopes, caveats=caveats, expires_at=ends, client_id=client.id
        )
        await _sweep(tx, client.id)
        await record(tx, client.principal, "CLIENT_TOKEN_ISSUE", entity=("ApiToken", token.id))
        return AccessToken(token.secret, ends - tx.now, scopes, caveats)


async def _sweep(tx: Transaction, client_id: UUID) -> None:
    ended = select(ApiToken.id).where(
        ApiToken.tenant_id == tx.tenant_id,
        ApiToken.client_id == client_id,
        ApiToken.expires_at <= tx.now - KEPT_AFTER,
    )
    gone = delete(ApiToken).where(ApiToken.tenant_id == tx.tenant_id, ApiToken.id.in_(ended.limit(SWEPT)))
    for row in await tx.all(gone.returning(ApiToken.id, ApiToken.secret_hash)):
        await forget(tx, Kind.TOKEN, bytes(row.secret_hash), row.id)


async def _own(desk: Desk, client: ProvenClient, text: str, action: str) -> Row[Any] | None:
    """The row of a token of this program. An unknown text is asked for as well, unless no token can look like that."""
    if not is_well_formed(text):
        return None
    secret_hash = token_hash(text)
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        place = await place_of_token(tx, secret_hash)
    if place is None:
        return None
    row = None
    if place.tenant_id == client.tenant_id:
        async with desk.store.transaction(client.tenant_id) as tx:
            here = (ApiToken.tenant_id == tx.tenant_id, ApiToken.id == place.target_id)
            mine = (ApiToken.client_id == client.id, ApiToken.secret_hash == secret_hash)
            row = await tx.first(select(ApiToken.__table__).where(*here, *mine))
    if row is None:
        entity = ("PartnerClient", client.id)
        await record_denial(desk.store, client.principal, action, "NOT_OWN", entity=entity)
    return row
