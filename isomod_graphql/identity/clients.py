"""Programs of partners: registered, given short tokens for their secret, disabled. Refuses a client wider than its registration."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import Kind, enter, forget, place_of_client
from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import line
from isomod_graphql.engine.viewer import GrantRefused, Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.errors import SignInFailed
from isomod_graphql.identity.models import ApiToken, PartnerClient
from isomod_graphql.identity.token_format import ALPHABET, CLIENT_PREFIX, is_well_formed, new_secret
from isomod_graphql.identity.tokens import IssuedToken, put_token, require_term
from permissions.caveats import UNRESTRICTED
from permissions.decisions import Denied, may_register
from permissions.grants import Action
from permissions.principals import Principal, Scope
from permissions.purposes import Purpose

ACCESS_FOR = timedelta(hours=1)
FORBIDDEN_SCOPES = frozenset({Scope.ADMIN, Scope.PRIVACY_EXECUTE})
"""People do these; a program does not."""


@dataclass(frozen=True, slots=True)
class IssuedClient:
    """The only time that the secret is seen."""

    id: UUID
    client_id: str
    secret: str = field(repr=False)


async def create_client(
    tx: Transaction,
    viewer: Viewer,
    *,
    name: str,
    scopes: frozenset[Scope],
    purpose: Purpose,
    expires_at: datetime,
    sites: Iterable[UUID] | None = None,
) -> IssuedClient:
    """Registers a program on these sites (None: every site), for at most a year. Raises BadInput, or a denial."""
    viewer.require(Action.TENANT_MANAGE)
    viewer.require(Action.TOKEN_CREATE)
    bound = None if sites is None else frozenset(sites)
    verdict = may_register(viewer.principal, scopes, bound, expires_at, viewer.now)
    if isinstance(verdict, Denied):
        raise GrantRefused(Action.TOKEN_CREATE, verdict.reason, field="scopes")
    require_term(viewer.now, expires_at)
    if not scopes or scopes & FORBIDDEN_SCOPES:
        raise BadInput("A program cannot have these scopes.", field="scopes")
    client_id, secret = tx.new_id(), new_secret(CLIENT_PREFIX)
    public = "".join(secrets.choice(ALPHABET) for _ in range(24))
    row = {
        "tenant_id": tx.tenant_id, "id": client_id, "public_key": public, "name": line(name, field="name"),
        "secret_hash": token_hash(secret), "scopes": sorted(scopes), "sites": None if bound is None else sorted(bound),
        "purpose": purpose.value, "expires_at": expires_at, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(PartnerClient).values(row))
    await enter(tx, Kind.CLIENT, token_hash(public), client_id)
    await record(tx, viewer.principal, "CLIENT_CREATE", entity=("PartnerClient", client_id))
    return IssuedClient(client_id, public, secret)


async def token_for_client(
    desk: Desk, *, client_id: str, secret: str, scopes: frozenset[Scope] | None = None
) -> IssuedToken:
    """A token for an hour (RFC 6749 section 4.4), with these of the registered scopes. Raises SignInFailed, BadInput."""
    if not is_well_formed(secret, CLIENT_PREFIX):
        raise SignInFailed
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        place = await place_of_client(tx, token_hash(client_id[:100]))
    if place is None:
        raise SignInFailed
    async with desk.store.transaction(place.tenant_id, write=True) as tx:
        here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == place.target_id)
        row = await tx.first(select(PartnerClient.__table__).where(*here))
        if row is None or not hmac.compare_digest(bytes(row.secret_hash), token_hash(secret)):
            raise SignInFailed
        if row.disabled_at is not None or tx.now >= row.expires_at:
            raise SignInFailed
        registered = frozenset(Scope(scope) for scope in row.scopes)
        if scopes is not None and (not scopes or not scopes <= registered):
            raise BadInput("The program is not registered for these scopes.", field="scope")
        issued = await put_token(
            tx, label=row.name, scopes=scopes or registered, caveats=UNRESTRICTED, client_id=row.id,
            expires_at=min(tx.now + ACCESS_FOR, row.expires_at),
        )  # fmt: skip
        actor = Principal(kind="CLIENT", tenant_id=tx.tenant_id, client_id=row.id, scopes=frozenset())
        await record(tx, actor, "SIGN_IN", entity=("PartnerClient", row.id))
    return issued


async def disable_client(tx: Transaction, viewer: Viewer, *, client_id: UUID) -> None:
    """Ends the program and every token of it at once. Raises NotFound."""
    viewer.require(Action.TENANT_MANAGE)
    here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == client_id)
    row = await tx.first(select(PartnerClient.public_key).where(*here).with_for_update())
    if row is None:
        raise NotFound(field="clientId")
    changed = {"disabled_at": tx.now, "updated_at": tx.now, "version": PartnerClient.version + 1}
    await tx.run(update(PartnerClient).where(*here, PartnerClient.disabled_at.is_(None)).values(changed))
    await forget(tx, Kind.CLIENT, token_hash(row.public_key), client_id)
    mine = (
        ApiToken.tenant_id == tx.tenant_id,
        ApiToken.client_id == client_id,
        ApiToken.revoked_at.is_(None),
    )
    revoked = update(ApiToken).where(*mine).values(revoked_at=tx.now, updated_at=tx.now)
    for token in await tx.all(revoked.returning(ApiToken.id, ApiToken.secret_hash)):
        await forget(tx, Kind.TOKEN, bytes(token.secret_hash), token.id)
    await record(tx, viewer.principal, "CLIENT_DISABLE", entity=("PartnerClient", client_id))
