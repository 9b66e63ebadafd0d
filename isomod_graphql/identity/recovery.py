"""Passwords replaced: by who knows the old one, or by who gets the letter. Refuses to tell whether an address has an account."""

from isomod_graphql.audit.service import record
from isomod_graphql.core.events import tell
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.accounts import (
    account_by_id,
    account_with_address,
    address_hash,
    address_of,
    mark_verified,
    replace_password,
)
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.errors import TokenInvalid
from isomod_graphql.identity.models import AccountToken
from isomod_graphql.identity.one_use import LetterKind, held_token, use_up
from isomod_graphql.identity.passwords import require_strong
from isomod_graphql.identity.proof import prove
from isomod_graphql.identity.sessions import SessionSecret, renew, require_session
from isomod_graphql.identity.throttle import clear
from permissions.principals import Principal


async def change_password(desk: Desk, principal: Principal, *, old: str, new: str) -> SessionSecret:
    """Replaces the password; every other session ends and this one gets a new secret.

    Raises SignInFailed (the old one is wrong), WeakPassword, Unauthenticated, Forbidden (bearer token).
    """
    account_id, session_id = require_session(principal)
    await prove(desk, account_id, session_id, old, "PASSWORD_CHANGE")
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        email = await address_of(tx, account_id)
    await require_strong(new, context=(email or "",), field="newPassword")
    hashed = await desk.passwords.hash(new)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        epoch = await replace_password(tx, account_id, hashed)
        secret = await renew(tx, session_id, epoch=epoch, stepped_up_until=None)
        await use_up(tx, LetterKind.RESET_PASSWORD, AccountToken.account_id == account_id)
        await record(tx, as_account(account_id), "PASSWORD_CHANGE", entity=("Account", account_id))
        await tell(tx, "identity.password_changed", account_id=account_id)
    return secret


async def request_password_reset(desk: Desk, *, email: str) -> None:
    """Asks for the letter. The same statements for every address; for an unknown one the letter is never written.

    Works while sign-ins are delayed, so that nobody can lock a person out.
    """
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        account = await account_with_address(tx, await address_hash(tx, email))
        await tell(tx, "identity.password_reset_requested", account_id=account.id if account else tx.new_id())


async def reset_password(desk: Desk, *, secret: str, new: str) -> None:
    """Replaces the password by the letter's token: every session ends, every delay is over, the address is proven.

    Raises TokenInvalid, WeakPassword (the token can be used again).
    """
    async with desk.store.transaction(PLATFORM_TENANT) as tx:
        token = await held_token(tx, LetterKind.RESET_PASSWORD, secret)
        email = await address_of(tx, token.account_id)
    await require_strong(new, context=(email or "",), field="newPassword")
    hashed = await desk.passwords.hash(new)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        token = await held_token(tx, LetterKind.RESET_PASSWORD, secret)
        account = await account_by_id(tx, token.account_id)
        if account is None:
            raise TokenInvalid
        await replace_password(tx, account.id, hashed)
        await mark_verified(tx, account.id)
        await use_up(tx, LetterKind.RESET_PASSWORD, AccountToken.account_id == account.id)
        await clear(tx, account.lookup_hash)
        await record(tx, as_account(account.id), "PASSWORD_RESET", entity=("Account", account.id))
        await tell(tx, "identity.password_changed", account_id=account.id)
