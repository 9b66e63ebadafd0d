"""Secrets of programs: the next one beside the last, the last one's end. Refuses a third at once, and to leave a program without any."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, or_, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.errors import BadInput, Conflict, NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import PartnerClient
from isomod_graphql.identity.token_format import CLIENT_PREFIX, new_secret
from isomod_graphql.partners.models import ClientSecret
from isomod_graphql.partners.registration import registered, require_registrar
from permissions.grants import Action

MOST_SECRETS = 2
LONGEST_OVERLAP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class IssuedSecret:
    """The only time that the secret is seen."""

    id: UUID
    secret: str = field(repr=False)


def is_good(now: datetime) -> ColumnElement[bool]:
    """The secrets that have not ended."""
    return or_(ClientSecret.ends_at.is_(None), ClientSecret.ends_at > now)


async def put_secret(tx: Transaction, client_id: UUID) -> IssuedSecret:
    """Writes a new secret without an end."""
    secret_id, secret = tx.new_id(), new_secret(CLIENT_PREFIX)
    row = {
        "tenant_id": tx.tenant_id, "id": secret_id, "client_id": client_id, "secret_hash": token_hash(secret),
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(ClientSecret).values(row))
    return IssuedSecret(secret_id, secret)


async def rotate_secret(
    tx: Transaction, viewer: Viewer, *, client_id: str, old_ends_at: datetime
) -> IssuedSecret:
    """A second secret; the one of before ends at that moment, at the latest 90 days from now, or now when it lies in the past.

    Raises Conflict while two are good, NotFound, BadInput, or a denial: a new secret is as good as a registration.
    """
    client = await registered(tx, viewer, client_id)
    require_registrar(viewer, client)
    if client.disabled_at is not None or viewer.now >= client.expires_at:
        raise Conflict("The program is disabled or its registration has ended.", field="clientId")
    if old_ends_at > viewer.now + LONGEST_OVERLAP:
        raise BadInput("Two secrets are good at once for at most 90 days.", field="oldSecretEndsAt")
    old = await _good(tx, client.id)
    if len(old) >= MOST_SECRETS:
        raise Conflict("Two secrets are good already; end one of them first.", field="clientId")
    for one in old:
        await _end(tx, one.id, old_ends_at if one.ends_at is None else min(one.ends_at, old_ends_at))
    issued = await put_secret(tx, client.id)
    await record(tx, viewer.principal, "CLIENT_SECRET_ROTATE", entity=("PartnerClient", client.id))
    return issued


async def end_secret(tx: Transaction, viewer: Viewer, *, client_id: str, secret_id: UUID) -> None:
    """Ends one of two secrets now; ending it again changes nothing.

    Raises NotFound, or Conflict for the only one: a program without a secret is disabled.
    """
    viewer.require(Action.CLIENT_MANAGE)
    client = await registered(tx, viewer, client_id)
    known = select(ClientSecret.id).where(
        ClientSecret.tenant_id == tx.tenant_id,
        ClientSecret.client_id == client.id,
        ClientSecret.id == secret_id,
    )
    if await tx.first(known) is None:
        raise NotFound(field="secretId")
    good = {one.id for one in await _good(tx, client.id)}
    if secret_id not in good:
        return
    if good == {secret_id}:
        raise Conflict("This is the only secret: rotate it, or disable the program.", field="secretId")
    await _end(tx, secret_id, tx.now)
    await record(tx, viewer.principal, "CLIENT_SECRET_END", entity=("PartnerClient", client.id))


async def secrets_of(tx: Transaction, client_ids: Sequence[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The good secrets of these programs, the oldest first: id, created_at, last_used_at, ends_at."""
    wanted = select(
        ClientSecret.client_id,
        ClientSecret.id,
        ClientSecret.created_at,
        ClientSecret.last_used_at,
        ClientSecret.ends_at,
    ).where(ClientSecret.tenant_id == tx.tenant_id, ClientSecret.client_id.in_(client_ids), is_good(tx.now))
    found: dict[UUID, list[Row[Any]]] = {one: [] for one in client_ids}
    for row in await tx.all(wanted.order_by(ClientSecret.created_at, ClientSecret.id)):
        found[row.client_id].append(row)
    return found


async def _good(tx: Transaction, client_id: UUID) -> Sequence[Row[Any]]:
    """Under the lock of the program, so that two rotations at once do not make three secrets."""
    program = (PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == client_id)
    await tx.first(select(PartnerClient.id).where(*program).with_for_update())
    here = (ClientSecret.tenant_id == tx.tenant_id, ClientSecret.client_id == client_id, is_good(tx.now))
    return await tx.all(select(ClientSecret.id, ClientSecret.ends_at).where(*here))


async def _end(tx: Transaction, secret_id: UUID, at: datetime) -> None:
    here = (ClientSecret.tenant_id == tx.tenant_id, ClientSecret.id == secret_id)
    changed = {"ends_at": at, "updated_at": tx.now, "version": ClientSecret.version + 1}
    await tx.run(update(ClientSecret).where(*here).values(changed))
