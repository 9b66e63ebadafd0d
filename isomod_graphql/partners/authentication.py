"""From a client id and a secret to a program. Every refusal is one answer after the same statements, so nobody learns which part was wrong."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, update

from isomod_graphql.audit.service import DENIED, record
from isomod_graphql.core.crypto import token_hash
from isomod_graphql.core.directory import Found, place_of_client
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.caveats import caveats_of
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.models import PartnerClient
from isomod_graphql.identity.principals import TOUCH_EVERY
from isomod_graphql.identity.throttle import Bucket, charge, closed_for, refund
from isomod_graphql.partners.credentials import MOST_SECRETS, is_good
from isomod_graphql.partners.errors import InvalidClient, TemporarilyUnavailable
from isomod_graphql.partners.models import ClientSecret
from permissions.caveats import Caveats, admits_address, narrow
from permissions.principals import NOBODY, Principal, Scope

LONGEST_CLIENT_ID: Final = 100
NOBODYS: Final = bytes(32)
"""Compared with where there is no secret, so that there always is something to compare with."""


@dataclass(frozen=True, slots=True)
class ClientProof:
    """What a program says of itself."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProvenClient:
    """A program that proved its secret, and the most that a token of it may be: `caveats` hold the end of the registration."""

    tenant_id: UUID
    id: UUID
    client_id: str
    name: str
    scopes: frozenset[Scope]
    caveats: Caveats

    @property
    def principal(self) -> Principal:
        """The program before it has a token, for the trail and the meter; it holds nothing."""
        return Principal(kind="CLIENT", tenant_id=self.tenant_id, client_id=self.id, scopes=frozenset())


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found under a client id; `rows` are the good secrets, each with its program beside it.

    `wait` is None where no failure is counted.
    """

    place: Found | None
    bucket: Bucket
    wait: timedelta | None
    rows: Sequence[Row[Any]]
    now: datetime

    @property
    def tenant_id(self) -> UUID:
        return PLATFORM_TENANT if self.place is None else self.place.tenant_id


async def authenticate(desk: Desk, given: ClientProof, address: str | None, action: str) -> ProvenClient:
    """The program that this proof belongs to, used from this address. `action` is what a refusal is recorded as.

    Raises InvalidClient, or TemporarilyUnavailable while the delay after failures from this address runs.
    """
    looked = await _look(desk, given, address)
    row = _used_secret(looked.rows, given.secret)
    reason = "THROTTLED" if looked.wait else _refusal(row, address, looked.now)
    if row is not None and reason is None:
        await _settle(desk, looked, row)
        return _proven(row)
    await _refuse(desk, looked, action, reason)
    if looked.wait:
        raise TemporarilyUnavailable(looked.wait.total_seconds())
    raise InvalidClient


def bucket_of(client_id: str, address: str | None) -> Bucket:
    """Where failures are counted: per client and address, so that nobody elsewhere delays the partner."""
    return Bucket(
        sha256(b"client\0" + client_id.encode("utf-8", "surrogatepass")).digest()[:16],
        sha256(b"address\0" + (address or "").encode()).digest()[:16],
    )


async def _look(desk: Desk, given: ClientProof, address: str | None) -> _Looked:
    client_id = given.client_id[: LONGEST_CLIENT_ID + 1]
    bucket = bucket_of(client_id, address)
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        wait = await closed_for(tx, bucket)
        place = await place_of_client(tx, token_hash(client_id))
    async with desk.store.transaction(PLATFORM_TENANT if place is None else place.tenant_id) as tx:
        rows = await _rows(tx, tx.new_id() if place is None else place.target_id)
        return _Looked(place, bucket, wait, rows, tx.now)


async def _rows(tx: Transaction, client_id: UUID) -> Sequence[Row[Any]]:
    secret = (ClientSecret.tenant_id == PartnerClient.tenant_id) & (
        ClientSecret.client_id == PartnerClient.id
    )
    wanted = (
        select(
            PartnerClient.__table__,
            ClientSecret.id.label("secret_id"),
            ClientSecret.secret_hash,
            ClientSecret.last_used_at,
        )
        .outerjoin(ClientSecret, secret & is_good(tx.now))
        .where(PartnerClient.tenant_id == tx.tenant_id, PartnerClient.id == client_id)
    )
    return await tx.all(wanted)


def _used_secret(rows: Sequence[Row[Any]], secret: str) -> Row[Any] | None:
    """Always as many comparisons, each in constant time, whatever is found first."""
    shown, used = token_hash(secret), None
    for at in range(MOST_SECRETS):
        row = rows[at] if at < len(rows) else None
        known = NOBODYS if row is None or row.secret_hash is None else bytes(row.secret_hash)
        if hmac.compare_digest(known, shown):
            used = row
    return used


def _refusal(row: Row[Any] | None, address: str | None, now: datetime) -> str | None:
    """Why not, for the trail alone."""
    if row is None:
        return "INVALID_CREDENTIALS"
    if row.disabled_at is not None:
        return "DISABLED"
    if now >= row.expires_at:
        return "EXPIRED"
    return None if admits_address(caveats_of(row.caveats), address or "") else "NETWORK"


async def _refuse(desk: Desk, looked: _Looked, action: str, reason: str | None) -> None:
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        await charge(tx, looked.bucket)
    actor, entity = NOBODY, None
    if looked.place is not None:
        actor = Principal(kind="CLIENT", tenant_id=looked.tenant_id, client_id=looked.place.target_id)
        entity = ("PartnerClient", looked.place.target_id)
    async with desk.store.transaction(looked.tenant_id, write=True) as tx:
        await record(tx, actor, action, entity=entity, outcome=DENIED, reason=reason)


async def _settle(desk: Desk, looked: _Looked, row: Row[Any]) -> None:
    """The count of failures starts afresh, and the secret is known to be in use, to the minute."""
    if looked.wait is not None:
        async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
            await refund(tx, looked.bucket)
    if row.last_used_at is None or looked.now - row.last_used_at >= TOUCH_EVERY:
        async with desk.store.transaction(looked.tenant_id, write=True) as tx:
            here = (ClientSecret.tenant_id == tx.tenant_id, ClientSecret.id == row.secret_id)
            await tx.run(update(ClientSecret).where(*here).values(last_used_at=tx.now))


def _proven(row: Row[Any]) -> ProvenClient:
    return ProvenClient(
        row.tenant_id,
        row.id,
        row.public_key,
        row.name,
        frozenset(Scope(scope) for scope in row.scopes),
        narrow(caveats_of(row.caveats), Caveats(not_after=row.expires_at)),
    )
