"""Recognisable texts for the personal columns that no type of the graph shows, and the walk over all that are declared. It refuses to skip a column without a reason."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import asyncpg
from sqlalchemy import LargeBinary, insert

from isomod_graphql.core.columns import Base
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store, Transaction
from isomod_graphql.identity.models import (
    Account,
    AccountToken,
    ApiToken,
    PartnerClient,
    SignInSession,
    Throttle,
)
from isomod_graphql.partners.models import ClientSecret
from isomod_graphql.privacy.models import Rectification
from isomod_graphql.subjects.models import Restriction
from permissions.categories import PERSONAL, Category
from tests.engine.realm import Realm, recognisable

LOOKED_FOR: Final = (PERSONAL - {Category.AUDIT}) | {Category.CREDENTIAL}
"""The record of who did what (AUDIT) holds ids and codes of ours and no text of anybody; raw ids are looked for as such."""
TOLD_APART: Final = {
    ("team_members", "team_id"): "an id: the raw ids of all rows are looked for in every answer",
}


class Planted(NamedTuple):
    """A text that stands in one value that nobody but its holder may see."""

    text: str
    table: str
    attribute: str


def personal_columns() -> Iterator[tuple[str, str]]:
    """Table and attribute of every value of a person and of every credential, sealed or plain, as the models declare them."""
    for mapper in Base.registry.mappers:
        model: Any = mapper.class_
        if not model.__module__.startswith("isomod_graphql."):
            continue  # A table that a test of its own declares.
        table = model.__table__
        for name, sealed in model.sealed_fields.items():
            if sealed.category in LOOKED_FOR:
                yield table.name, name
        for column in table.columns:
            held = column.info.get("held")
            if held is not None and held.category in LOOKED_FOR:
                yield table.name, column.name


def stored_bytes_columns() -> Iterator[tuple[str, str]]:
    """Those of them that hold bytes: hashes, by which a value could be guessed."""
    wanted = set(personal_columns())
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if (table.name, column.name) in wanted and isinstance(column.type, LargeBinary):
                yield table.name, column.name


async def stored_bytes(eye: asyncpg.Connection) -> dict[bytes, tuple[str, str]]:
    """All of them, as they stand in the database."""
    found: dict[bytes, tuple[str, str]] = {}
    for table, column in stored_bytes_columns():
        for row in await eye.fetch(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
            found[bytes(row[0])] = table, column
    return found


@dataclass
class Planting:
    """What was planted of one realm so far."""

    realm: Realm
    found: list[Planted] = field(default_factory=list)

    def text(self, table: type[Base], attribute: str) -> str:
        """A new text for this value."""
        self.found.append(Planted(recognisable(), table.__tablename__, attribute))
        return self.found[-1].text

    def address(self, table: type[Base], attribute: str) -> str:
        """The same as an e-mail address."""
        return f"{self.text(table, attribute)}@mail.example"

    def moment(self, table: type[Base], attribute: str) -> datetime:
        """A new instant, in a month of its own."""
        after = timedelta(seconds=self.realm.tenant.int % 40_000 * 61 + len(self.found) * 3607)
        seen = datetime(2026, 8, 1, tzinfo=UTC) + after
        self.found.append(Planted(seen.strftime("%Y-%m-%dT%H:%M:%S."), table.__tablename__, attribute))
        return seen


async def plant(store: Store, realm: Realm) -> list[Planted]:
    """Rows in the tables of accounts, credentials and procedures, of people of this realm."""
    planting = Planting(realm)
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        await _account(tx, planting)
    async with store.transaction(realm.tenant, write=True) as tx:
        await _procedures(tx, planting)
        await _credentials(tx, planting)
    return planting.found


async def _account(tx: Transaction, planting: Planting) -> None:
    account, token, session = tx.new_id(), tx.new_id(), tx.new_id()
    holder = {"account_id": account}
    values = {"email": planting.address(Account, "email")}
    await _put(
        tx, Account, account, status="ACTIVE", password_hash=planting.text(Account, "password_hash"),
        email_index=_hash("index", account), **await tx.seal(Account, account, values, {"id": account}),
    )  # fmt: skip
    values = {"new_email": planting.address(AccountToken, "new_email")}
    await _put(
        tx, AccountToken, token, kind="CHANGE_EMAIL", secret_hash=_hash("token", token), **holder,
        **await tx.seal(AccountToken, token, values, holder),
    )  # fmt: skip
    values = {name: planting.text(SignInSession, name) for name in ("address", "user_agent")}
    await _put(
        tx, SignInSession, session, secret_hash=_hash("session", session), epoch=1, entered_at=tx.now, **holder,
        member_tenant_id=planting.realm.tenant, person_id=planting.realm["boss"], expires_at=tx.now + timedelta(hours=1),
        last_used_at=planting.moment(SignInSession, "last_used_at"),
        **await tx.seal(SignInSession, session, values, holder),
    )  # fmt: skip
    row = {
        "tenant_id": tx.tenant_id, "lookup_hash": _hash("lookup", account), "device_hash": _hash("device", account),
        "failures": 1, "failed_at": tx.now, "allowed_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(Throttle).values(row))


async def _procedures(tx: Transaction, planting: Planting) -> None:
    restriction, rectification = tx.new_id(), tx.new_id()
    person, actor = {"person_id": planting.realm["mate"]}, planting.realm["boss"]
    reason = {"lift_reason": f"Since {planting.text(Restriction, 'lift_reason')}."}
    await _put(
        tx, Restriction, restriction, categories=1, ground="ACCURACY", actor_id=actor, lifted_at=tx.now, **person,
        **await tx.seal(Restriction, restriction, reason, person),
    )  # fmt: skip
    reason = {"reason": f"Since {planting.text(Rectification, 'reason')}."}
    await _put(
        tx, Rectification, rectification, actor_id=actor, fields=["name"], **person,
        **await tx.seal(Rectification, rectification, reason, person),
    )  # fmt: skip


async def _credentials(tx: Transaction, planting: Planting) -> None:
    token, client, secret = tx.new_id(), tx.new_id(), tx.new_id()
    ends, used = tx.now + timedelta(days=1), planting.moment(ApiToken, "last_used_at")
    await _put(
        tx, ApiToken, token, person_id=planting.realm["mate"], secret_hash=_hash("api", token), label="Nightly",
        scopes=["users:read"], caveats={}, expires_at=ends, last_used_at=used,
    )  # fmt: skip
    await _put(
        tx, PartnerClient, client, public_key=f"client-{client.hex[-12:]}", name="ERP", scopes=["users:read"], caveats={},
        purpose="SERVICE", expires_at=ends,
    )  # fmt: skip
    await _put(tx, ClientSecret, secret, client_id=client, secret_hash=_hash("client", secret))


async def _put(tx: Transaction, model: type[Base], row_id: Any, **values: Any) -> None:  # noqa: ANN401  columns' own types
    row = {"tenant_id": tx.tenant_id, "id": row_id, "created_at": tx.now, "updated_at": tx.now, **values}
    await tx.run(insert(model).values(row))


def _hash(kind: str, row_id: Any) -> bytes:  # noqa: ANN401  a uuid
    return sha256(f"{kind} {row_id}".encode()).digest()
