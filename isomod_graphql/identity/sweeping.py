"""What sign-in leaves behind and nobody needs any more, removed by the schedule. Refuses to touch what still opens a door."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select

from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import AccountToken, SignInSession, User
from isomod_graphql.identity.throttle import forget_old

SESSIONS_KEPT_FOR = timedelta(days=30)
"""After their end, for who asks about a sign-in that was not his or hers."""
TOKENS_KEPT_FOR = timedelta(days=1)


async def sweep(store: Store) -> dict[str, int]:
    """Removes ended sessions, tokens of letters and old failures; how many of each."""
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        ended = or_(
            SignInSession.expires_at <= tx.now - SESSIONS_KEPT_FOR,
            SignInSession.revoked_at <= tx.now - SESSIONS_KEPT_FOR,
        )
        past = AccountToken.created_at <= tx.now - TOKENS_KEPT_FOR
        return {
            "sessions": await tx.run(
                delete(SignInSession).where(SignInSession.tenant_id == tx.tenant_id, ended)
            ),
            "letters": await tx.run(delete(AccountToken).where(AccountToken.tenant_id == tx.tenant_id, past)),
            "failures": await forget_old(tx),
        }


async def forget_membership(store: Store, tenant_id: UUID, person_id: UUID) -> int:
    """Removes what ties an account to a membership that ended: its dead sessions and open invitations. May run twice.

    Runs when "identity.membership_ended" was told. What a returned member has signed in to since is left alone.
    """
    async with store.transaction(tenant_id) as tx:
        here = (User.tenant_id == tx.tenant_id, User.id == person_id)
        since = await tx.value(select(User.access_since).where(*here))
    if since is None:
        return 0
    async with store.transaction(PLATFORM_TENANT, write=True) as tx:
        dead = (SignInSession.member_tenant_id == tenant_id, SignInSession.person_id == person_id)
        open_letters = (AccountToken.member_tenant_id == tenant_id, AccountToken.person_id == person_id)
        await tx.run(
            delete(AccountToken).where(
                AccountToken.tenant_id == tx.tenant_id, *open_letters, AccountToken.created_at < since
            )
        )
        return await tx.run(
            delete(SignInSession).where(
                SignInSession.tenant_id == tx.tenant_id, *dead, SignInSession.entered_at < since
            )
        )
