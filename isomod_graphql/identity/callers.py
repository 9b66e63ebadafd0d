"""Principals remembered for a few seconds, so that a busy caller is not looked up at every request. Refuses to outlive a change made in this process."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from isomod_graphql.core.crypto import token_hash
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.principals import resolve_session, resolve_token
from isomod_graphql.identity.sessions import LONGEST_SECRET
from isomod_graphql.identity.token_format import is_well_formed
from permissions.principals import Principal

LONGEST_MEMORY = timedelta(seconds=5)
"""How long another process may go on with a principal that this one has changed."""

_Key = tuple[bytes, str | None]


class Callers:
    """One per process. Whoever ran a write that may change what somebody may do calls `forget` before answering."""

    def __init__(self, desk: Desk, *, size: int = 10_000, memory: timedelta = LONGEST_MEMORY) -> None:
        """At most `size` principals. Raises ValueError for a memory longer than five seconds."""
        if memory > LONGEST_MEMORY:
            raise ValueError("a revocation may not take longer than five seconds to be seen")
        self._desk, self._size, self._memory = desk, size, memory
        self._known: OrderedDict[_Key, tuple[datetime, Principal]] = OrderedDict()
        self._generation = 0

    async def by_session(self, secret: str) -> Principal | None:
        """As `principals.resolve_session`."""
        if len(secret) > LONGEST_SECRET or not secret.isascii():
            return None
        return await self._of((token_hash(secret), ""), lambda: resolve_session(self._desk, secret))

    async def by_token(self, text: str, address: str | None) -> Principal | None:
        """As `principals.resolve_token`; remembered for this address only."""
        if not is_well_formed(text):
            return None
        return await self._of((token_hash(text), address), lambda: resolve_token(self._desk, text, address))

    def forget(self) -> None:
        """Forgets everybody; an answer that is still under way is not remembered either."""
        self._generation += 1
        self._known.clear()

    async def _of(self, key: _Key, resolve: Callable[[], Awaitable[Principal | None]]) -> Principal | None:
        now = self._desk.store.clock.now()
        known = self._known.get(key)
        if known is not None and now - self._memory < known[0] <= now:
            return known[1]
        generation = self._generation
        principal = await resolve()
        if generation != self._generation:
            return principal
        if principal is None:
            self._known.pop(key, None)
            return None
        self._known[key] = (now, principal)
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return principal
