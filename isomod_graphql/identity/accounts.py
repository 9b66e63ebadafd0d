"""Accounts in the platform tenant: found by address, opened, their passwords replaced. Refuses a second account for one address."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import insert, select, update

from isomod_graphql.core.directory import Kind, account_of_address, enter, forget, platform_hash
from isomod_graphql.core.errors import Conflict, NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.identity.models import Account
from isomod_graphql.subjects.addresses import LONGEST

ACTIVE, DISABLED = "ACTIVE", "DISABLED"


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that may sign in."""

    id: UUID
    epoch: int
    password_hash: str | None = field(repr=False)
    lookup_hash: bytes = field(repr=False)


async def address_hash(tx: Transaction, email: str) -> bytes:
    """What an address is looked up by; any text has one, so that nonsense costs the same as an address."""
    return await platform_hash(tx, Kind.EMAIL, email[: LONGEST + 1])


async def account_with_address(tx: Transaction, lookup_hash: bytes) -> KnownAccount | None:
    """The active account that signs in with this address; the same two statements whether there is one or not."""
    account_id = await account_of_address(tx, lookup_hash)
    return await account_by_id(tx, account_id or tx.new_id())


async def account_by_id(tx: Transaction, account_id: UUID) -> KnownAccount | None:
    """The account, while it is active."""
    wanted = select(Account.id, Account.epoch, Account.password_hash, Account.email_index).where(
        Account.tenant_id == tx.tenant_id, Account.id == account_id, Account.status == ACTIVE
    )
    row = await tx.first(wanted)
    if row is None or row.email_index is None:
        return None
    return KnownAccount(row.id, row.epoch, row.password_hash, bytes(row.email_index))


async def address_of(tx: Transaction, account_id: UUID) -> str | None:
    """The address of an account; None when it is erased or there is none."""
    try:
        email: str | None = (await tx.open_row(Account, account_id))["email"]
    except NotFound:
        return None
    return email


async def open_account(
    tx: Transaction, *, email: str, password_hash: str | None, verified: bool
) -> KnownAccount:
    """A new account in the platform tenant. Raises Conflict when the address has one."""
    account_id = tx.new_id()
    lookup_hash = await address_hash(tx, email)
    if not await enter(tx, Kind.EMAIL, lookup_hash, account_id):
        raise Conflict(field="email")
    row = {
        "tenant_id": tx.tenant_id, "id": account_id, "status": ACTIVE, "password_hash": password_hash, "epoch": 1,
        "email_index": lookup_hash, "email_verified_at": tx.now if verified else None,
        "created_at": tx.now, "updated_at": tx.now, **await tx.seal(Account, account_id, {"email": email}, {"id": account_id}),
    }  # fmt: skip
    await tx.run(insert(Account).values(row))
    return KnownAccount(account_id, 1, password_hash, lookup_hash)


async def replace_password(tx: Transaction, account_id: UUID, password_hash: str) -> int:
    """Stores the hash and ends every session by a new epoch, which it returns. Raises NotFound."""
    here = (Account.tenant_id == tx.tenant_id, Account.id == account_id, Account.status == ACTIVE)
    changed = {
        "password_hash": password_hash, "epoch": Account.epoch + 1, "version": Account.version + 1, "updated_at": tx.now,
    }  # fmt: skip
    row = await tx.first(update(Account).where(*here).values(changed).returning(Account.epoch))
    if row is None:
        raise NotFound
    epoch: int = row.epoch
    return epoch


async def mark_verified(tx: Transaction, account_id: UUID) -> None:
    """The address was proven by a letter; the first time counts."""
    here = (Account.tenant_id == tx.tenant_id, Account.id == account_id, Account.email_verified_at.is_(None))
    await tx.run(update(Account).where(*here).values(email_verified_at=tx.now, updated_at=tx.now))


async def store_rehash(tx: Transaction, account: KnownAccount, password_hash: str) -> None:
    """The same password under today's parameters, unless it was changed in the meantime."""
    here = (
        Account.tenant_id == tx.tenant_id,
        Account.id == account.id,
        Account.password_hash == account.password_hash,
    )
    await tx.run(update(Account).where(*here).values(password_hash=password_hash))


async def close_account(tx: Transaction, account_id: UUID) -> None:
    """Nobody signs in with it any more, every session ends and the directory forgets the address. Tokens die with it too."""
    here = (Account.tenant_id == tx.tenant_id, Account.id == account_id)
    row = await tx.first(select(Account.email_index).where(*here).with_for_update())
    if row is None:
        raise NotFound
    if row.email_index is not None:
        await forget(tx, Kind.EMAIL, bytes(row.email_index), account_id)
    changed = {
        "status": DISABLED, "epoch": Account.epoch + 1, "email_index": None, "version": Account.version + 1,
        "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(update(Account).where(*here).values(changed))
