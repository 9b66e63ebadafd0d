"""The programs of an organisation's partners: registered for good, listed, disabled. Refuses one wider than the powers behind its registration."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import Kind, enter, forget
from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import line
from isomod_graphql.engine.viewer import GrantRefused, Viewer, raise_denial
from isomod_graphql.identity.caveats import caveats_of, json_of
from isomod_graphql.identity.models import ApiToken, PartnerClient
from isomod_graphql.identity.token_format import ALPHABET
from isomod_graphql.identity.tokens import require_term
from isomod_graphql.locations.models import Location
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.decisions import DenialReason, Denied
from permissions.grants import CLIENT_SCOPES, Action
from permissions.principals import Scope
from permissions.purposes import Purpose
from permissions.registration import may_register

PUBLIC_CHARS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """What a program is registered for. Nothing of it changes afterwards: another registration is another program."""

    name: str
    scopes: frozenset[Scope]
    purpose: Purpose
    expires_at: datetime
    caveats: Caveats = UNRESTRICTED


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A program and the id that it names itself by."""

    id: UUID
    client_id: str


async def register_client(tx: Transaction, viewer: Viewer, given: NewClient) -> RegisteredClient:
    """Registers a program for at most a year; its first secret is put by partners.credentials. Raises BadInput, or a denial."""
    viewer.require(Action.CLIENT_MANAGE)
    require_term(viewer.now, given.expires_at)
    if not given.scopes or not given.scopes <= CLIENT_SCOPES:
        raise BadInput("A program cannot have these scopes.", field="scopes")
    name = line(given.name, field="name")
    # Before the sites are looked for: nobody learns of a site beyond the own ones whether there is one.
    _require(viewer, given.scopes, replace(given.caveats, not_after=given.expires_at))
    if given.caveats.sites is not None:
        await require_sites(tx, given.caveats.sites)
    client_id = tx.new_id()
    public = "".join(secrets.choice(ALPHABET) for _ in range(PUBLIC_CHARS))
    row = {
        "tenant_id": tx.tenant_id, "id": client_id, "public_key": public, "name": name, "scopes": sorted(given.scopes),
        "caveats": json_of(given.caveats), "purpose": given.purpose.value, "expires_at": given.expires_at,
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(PartnerClient).values(row))
    await enter(tx, Kind.CLIENT, token_hash(public), client_id)
    await record(tx, viewer.principal, "CLIENT_REGISTER", entity=("PartnerClient", client_id))
    return RegisteredClient(client_id, public)


async def require_sites(tx: Transaction, sites: frozenset[UUID]) -> None:
    """Raises NotFound for an id that is no site of the organisation."""
    here = (Location.tenant_id == tx.tenant_id, Location.id == Location.site_id, Location.id.in_(sites))
    if len(await tx.all(select(Location.id).where(*here))) != len(sites):
        raise NotFound(field="siteIds")


async def registered(tx: Transaction, viewer: Viewer, client_id: str) -> Row[Any]:
    """The row of a program of the organisation by its public id. Raises NotFound, or a denial."""
    viewer.require(Action.CLIENT_READ)
    here = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.public_key == client_id)
    row = await tx.first(select(PartnerClient.__table__).where(*here))
    if row is None:
        raise NotFound(field="clientId")
    return row


def require_registrar(viewer: Viewer, client: Row[Any]) -> None:
    """Raises a denial unless the caller could register this program as it stands."""
    scopes = frozenset(Scope(scope) for scope in client.scopes)
    _require(viewer, scopes, replace(caveats_of(client.caveats), not_after=client.expires_at))


async def list_clients(tx: Transaction, viewer: Viewer) -> list[Row[Any]]:
    """Every program of the organisation, the disabled included, the newest first."""
    viewer.require(Action.CLIENT_READ)
    wanted = select(PartnerClient.__table__).where(PartnerClient.tenant_id == tx.tenant_id)
    return list(await tx.all(wanted.order_by(PartnerClient.id.desc())))


async def disable_client(tx: Transaction, viewer: Viewer, *, client_id: str) -> UUID:
    """Ends the program and every token of it at once; disabling it again changes nothing. Raises NotFound, or a denial."""
    viewer.require(Action.CLIENT_MANAGE)
    client = await registered(tx, viewer, client_id)
    here = (
        PartnerClient.tenant_id == tx.tenant_id,
        PartnerClient.id == client.id,
        PartnerClient.disabled_at.is_(None),
    )
    changed = {"disabled_at": tx.now, "updated_at": tx.now, "version": PartnerClient.version + 1}
    disabled: UUID = client.id
    if not await tx.run(update(PartnerClient).where(*here).values(changed)):
        return disabled
    mine = (
        ApiToken.tenant_id == tx.tenant_id,
        ApiToken.client_id == client.id,
        ApiToken.revoked_at.is_(None),
    )
    revoked = update(ApiToken).where(*mine).values(revoked_at=tx.now, updated_at=tx.now)
    for token in await tx.all(revoked.returning(ApiToken.id, ApiToken.secret_hash)):
        await forget(tx, Kind.TOKEN, bytes(token.secret_hash), token.id)
    await record(tx, viewer.principal, "CLIENT_DISABLE", entity=("PartnerClient", client.id))
    return disabled


def _require(viewer: Viewer, scopes: frozenset[Scope], caveats: Caveats) -> None:
    verdict = may_register(viewer.principal, scopes, caveats, viewer.now)
    if not isinstance(verdict, Denied):
        return
    if verdict.reason in {DenialReason.WIDER, DenialReason.SITES, DenialReason.TIME_BOX}:
        raise GrantRefused(Action.CLIENT_MANAGE, verdict.reason)
    raise_denial(verdict, Action.CLIENT_MANAGE)
