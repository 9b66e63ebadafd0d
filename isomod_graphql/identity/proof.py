"""Proving again who is asking: the password of a session's account. Refuses guesses as the sign-in does, counted per session."""

from uuid import UUID

from isomod_graphql.audit.service import DENIED, record
from isomod_graphql.core.errors import Unauthenticated
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.identity.accounts import KnownAccount, account_by_id
from isomod_graphql.identity.desk import Desk, as_account
from isomod_graphql.identity.errors import SignInFailed
from isomod_graphql.identity.sessions import STEP_UP_FOR, SessionSecret, renew, require_session
from isomod_graphql.identity.throttle import Bucket, charge, refund
from permissions.principals import Principal


async def prove(desk: Desk, account_id: UUID, session_id: UUID, password: str, action: str) -> KnownAccount:
    """The account, when this is its password. Raises SignInFailed, also while the delay after failures runs; Unauthenticated for a closed account."""
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        account = await account_by_id(tx, account_id)
        if account is None:
            raise Unauthenticated
        bucket = Bucket(account.lookup_hash, session_id.bytes)
        open_now = await charge(tx, bucket)
    right = await desk.passwords.matches(account.password_hash if open_now else None, password)
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        if right:
            await refund(tx, bucket)
            return account
        await record(
            tx, as_account(account_id), action, entity=("Account", account_id), outcome=DENIED,
            reason="INVALID_CREDENTIALS",
        )  # fmt: skip
    raise SignInFailed(field="password")


async def step_up(desk: Desk, principal: Principal, password: str) -> SessionSecret:
    """Ten minutes of proven identity, under a new secret. Raises SignInFailed, Unauthenticated, Forbidden (bearer token)."""
    account_id, session_id = require_session(principal)
    await prove(desk, account_id, session_id, password, "STEP_UP")
    async with desk.store.transaction(PLATFORM_TENANT, write=True) as tx:
        secret = await renew(tx, session_id, stepped_up_until=tx.now + STEP_UP_FOR)
        await record(tx, as_account(account_id), "STEP_UP", entity=("Account", account_id))
    return secret
