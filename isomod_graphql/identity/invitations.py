"""Accepting an invitation: the address is proven by the letter, the account by its password. Refuses to touch the password of an account that exists."""

from uuid import UUID

from sqlalchemy import select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import Conflict
from isomod_graphql.core.events import tell
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.identity.accounts import KnownAccount, account_with_address, address_hash, open_account
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.errors import AlreadyMember, SignInFailed, TokenInvalid
from isomod_graphql.identity.models import AccountToken, User
from isomod_graphql.identity.one_use import LetterKind, held_token, use_up
from isomod_graphql.identity.passwords import require_strong
from isomod_graphql.identity.throttle import Bucket, charge, refund
from isomod_graphql.subjects.facts import is_erased
from isomod_graphql.subjects.models import Person
from permissions.principals import Principal


async def invited_address(tx: Transaction, person_id: UUID) -> str | None:
    """The address of somebody who is invited and has not come yet."""
    opened = await _invited(tx, person_id)
    return None if opened is None else opened[0]


async def accept_invitation(desk: Desk, *, secret: str, password: str) -> UUID:
    """Makes the invited person an active member and returns the account's id; signing in comes after.

    A first password must be strong; somebody who has an account gives its password. Raises TokenInvalid, WeakPassword,
    SignInFailed (the password of the account is another one), AlreadyMember.
    """
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        token = await held_token(tx, LetterKind.INVITATION, secret)
    return await join(desk, token.member_tenant_id, token.person_id, password=password, token_id=token.id)


async def join(
    desk: Desk, tenant_id: UUID, person_id: UUID, *, password: str, token_id: UUID | None = None
) -> UUID:
    """As `accept_invitation`, for somebody whose address is known to be right (an operator's own set-up, or by a token)."""
    async with desk.store.transaction(tenant_id) as tx:
        opened = await _invited(tx, person_id)
    if opened is None:
        raise TokenInvalid
    email, name = opened
    account_id = await _account(desk, email, name or "", password, person_id, token_id)
    async with desk.store.transaction(tenant_id, write=True) as tx:
        here = (User.tenant_id == tx.tenant_id, User.id == person_id, User.status == "INVITED")
        changed = {
            "status": "ACTIVE", "account_id": account_id, "access_since": tx.now, "version": User.version + 1,
            "updated_at": tx.now,
        }  # fmt: skip
        try:
            if not await tx.run(update(User).where(*here).values(changed)):
                raise TokenInvalid
        except ConstraintConflict:
            raise AlreadyMember from None
        actor = Principal(kind="PERSON", tenant_id=tenant_id, person_id=person_id, account_id=account_id)
        await record(tx, actor, "USER_JOIN", entity=("User", person_id), fields=["status"])
        await tell(tx, "identity.joined", person_id=person_id)
    return account_id


async def _invited(tx: Transaction, person_id: UUID) -> tuple[str, str | None] | None:
    wanted = (
        select(Person.flags)
        .join(User, (User.tenant_id == Person.tenant_id) & (User.id == Person.id))
        .where(Person.tenant_id == tx.tenant_id, Person.id == person_id, User.status == "INVITED")
    )
    row = await tx.first(wanted)
    if row is None or is_erased(row.flags):
        return None
    opened = await tx.open_row(Person, person_id)
    return None if opened["email"] is None else (opened["email"], opened["name"])


async def _account(
    desk: Desk, email: str, name: str, password: str, person_id: UUID, token_id: UUID | None
) -> UUID:
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        lookup_hash = await address_hash(tx, email)
        bucket = Bucket(lookup_hash, person_id.bytes)
        known = await account_with_address(tx, lookup_hash)
        open_now = known is None or await charge(tx, bucket)
    if known is not None:
        if not await desk.passwords.matches(known.password_hash if open_now else None, password):
            raise SignInFailed(field="password")
        hashed = None
    else:
        await require_strong(password, context=(email, name))
        hashed = await desk.passwords.hash(password)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        if token_id is not None:
            await _use(tx, token_id)
        account = known or await _opened(tx, email, hashed)
        await refund(tx, bucket)
        return account.id


async def _opened(tx: Transaction, email: str, hashed: str | None) -> KnownAccount:
    try:
        account = await open_account(tx, email=email, password_hash=hashed, verified=True)
    except Conflict:
        # Opened in the meantime, or disabled: this password is not proven to be its.
        raise SignInFailed(field="password") from None
    await record(tx, as_account(account.id), "ACCOUNT_CREATE", entity=("Account", account.id))
    return account


async def _use(tx: Transaction, token_id: UUID) -> None:
    here = (
        AccountToken.tenant_id == tx.tenant_id,
        AccountToken.id == token_id,
        AccountToken.used_at.is_(None),
    )
    if await tx.first(select(AccountToken.id).where(*here).with_for_update()) is None:
        raise TokenInvalid
    await use_up(tx, LetterKind.INVITATION, AccountToken.id == token_id)
