"""What sign-in leaves behind and nobody needs any more, removed by the schedule. Refuses to touch what still opens a door."""

from datetime import timedelta

from sqlalchemy import delete, or_

from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.store import Store
from isomod_graphql.identity.models import AccountToken, SignInSession
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
