"""The directory: from an e-mail address, slug or secret to where it belongs, asked before the tenant is known. Refuses to be listed."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from permissions.categories import Category


class Kind(StrEnum):
    """What a line of the directory is looked up by."""

    EMAIL = "EMAIL"
    SLUG = "SLUG"
    TOKEN = "TOKEN"  # noqa: S105  the name of a kind
    CLIENT = "CLIENT"


class DirectoryLine(Base):
    """One line. The app role may insert; it reads through the functions of the migration, one hash at a time."""

    __tablename__ = "directory"
    kind: Mapped[str] = held(Category.OPERATIONAL, Text, primary_key=True)
    lookup_hash: Mapped[bytes] = held(Category.CREDENTIAL, LargeBinary, primary_key=True)
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL)
    target_id: Mapped[UUID] = held(Category.OPERATIONAL)


class Found(NamedTuple):
    """Where a secret belongs."""

    tenant_id: UUID
    target_id: UUID


async def platform_hash(tx: Transaction, kind: Kind, text: str) -> bytes:
    """The lookup hash of an address or slug, under the platform's index key."""
    keys = await tx.keystore.tenant(PLATFORM_TENANT)
    return keyed_hash(keys.index, kind.value.lower(), text)


async def enter(tx: Transaction, kind: Kind, lookup_hash: bytes, target_id: UUID) -> bool:
    """Adds a line that leads to the transaction's tenant; False when somebody else has it."""
    line = {
        "kind": kind.value, "lookup_hash": lookup_hash, "tenant_id": tx.tenant_id, "target_id": target_id,
    }  # fmt: skip
    return await tx.run(insert(DirectoryLine).values(line).on_conflict_do_nothing()) == 1


async def forget(tx: Transaction, kind: Kind, lookup_hash: bytes, target_id: UUID) -> None:
    """Removes the line when it leads to this target of the transaction's tenant."""
    await tx.run(select(func.directory_forget(kind.value, lookup_hash, target_id)))


async def account_of_address(tx: Transaction, lookup_hash: bytes) -> UUID | None:
    """The account that signs in with this address."""
    found: UUID | None = await tx.value(select(func.directory_sign_in(lookup_hash)))
    return found


async def tenant_of_slug(tx: Transaction, slug: str) -> UUID | None:
    """The tenant with this slug."""
    lookup_hash = await platform_hash(tx, Kind.SLUG, slug)
    found: UUID | None = await tx.value(select(func.directory_slug(lookup_hash)))
    return found


async def place_of_token(tx: Transaction, secret_hash: bytes) -> Found | None:
    """The tenant and row of a bearer token."""
    return await _found(tx, "directory_token", secret_hash)


async def place_of_client(tx: Transaction, key_hash: bytes) -> Found | None:
    """The tenant and row of a partner client."""
    return await _found(tx, "directory_client", key_hash)


async def _found(tx: Transaction, function: str, lookup_hash: bytes) -> Found | None:
    called = getattr(func, function)(lookup_hash).table_valued("tenant_id", "target_id")
    row = await tx.first(select(called))
    return None if row is None else Found(_uuid(row.tenant_id), _uuid(row.target_id))


def _uuid(value: object) -> UUID:
    return value if type(value) is UUID else UUID(str(value))
