"""Principals remembered for a few seconds, so that a busy caller is not looked up at every request. Refuses to outlive a change made in this process."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from isomod_graphql.core.crypto import token_hash
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.principals import resolve_session, resolve_token
from isomod_graphql.identity.sessions import LONGEST_SECRET
from isomod_graphql.identity.token_format import is_well_formed
from isomod_graphql.identity.view_as import LONGEST_TICKET, looking, viewed
from permissions.caveats import admits_time
from permissions.principals import Principal

LONGEST_MEMORY = timedelta(seconds=5)
"""How long another process may go on with a principal that this one has changed."""

LOOKED_AT: Final = "looked at"
"""No address is spelled so."""

_Key = tuple[bytes, str | None]
_Resolve = Callable[[], Coroutine[Any, Any, Principal | None]]


class _Look(NamedTuple):
    """A look-up under way, for everybody who asks for the same caller meanwhile."""

    began: datetime
    task: asyncio.Task[Principal | None]


class Callers:
    """One per process. Whoever ran a write that may change what somebody may do calls `forget` before answering."""

    def __init__(self, desk: Desk, *, size: int = 10_000, memory: timedelta = LONGEST_MEMORY) -> None:
        """At most `size` principals. Raises ValueError for a memory longer than five seconds."""
        if memory > LONGEST_MEMORY:
            raise ValueError("a revocation may not take longer than five seconds to be seen")
        self._desk, self._size, self._memory = desk, size, memory
        self._known: OrderedDict[_Key, tuple[datetime, Principal]] = OrderedDict()
        self._looks: dict[_Key, _Look] = {}

    async def by_session(self, secret: str, *, used: bool = True) -> Principal | None:
        """As `principals.resolve_session`. What was only looked at is remembered apart: the next use is still one."""
        if len(secret) > LONGEST_SECRET or not secret.isascii():
            return None
        key = (token_hash(secret), "" if used else LOOKED_AT)
        return self._known_now(key) or await self._looked_up(
            key, lambda: resolve_session(self._desk, secret, used=used)
        )

    async def by_token(self, text: str, address: str | None) -> Principal | None:
        """As `principals.resolve_token`; remembered for this address only."""
        if len(text) > LONGEST_SECRET:
            return None
        key = (token_hash(text), address)
        known = self._known_now(key)
        if known is not None or not is_well_formed(text):
            return known
        return await self._looked_up(key, lambda: resolve_token(self._desk, text, address))

    async def by_ticket(self, actor: Principal, ticket: str) -> Principal | None:
        """As `view_as.viewed`."""
        if len(ticket) > LONGEST_TICKET or not ticket.isascii():
            return None
        key = (token_hash(ticket), f"as {actor.credential_id}")
        known = self._known_now(key)
        if known is not None and known.viewed_by == looking(actor):
            return known if admits_time(known.caveats, self._desk.store.clock.now()) else None
        return await self._looked_up(key, lambda: viewed(self._desk, actor, ticket))

    def forget(self) -> None:
        """Forgets everybody; an answer that is still under way is not remembered either, and nobody joins it."""
        self._known.clear()
        self._looks.clear()

    def _known_now(self, key: _Key) -> Principal | None:
        known = self._known.get(key)
        if known is None:
            return None
        now = self._desk.store.clock.now()
        return known[1] if now - self._memory < known[0] <= now else None

    async def _looked_up(self, key: _Key, resolve: _Resolve) -> Principal | None:
        """One look-up for all who ask meanwhile; one of them leaving does not end it, and its failure is everybody's."""
        now = self._desk.store.clock.now()
        look = self._looks.get(key)
        if look is None or not now - self._memory < look.began <= now:
            look = _Look(now, asyncio.ensure_future(resolve()))
            self._looks[key] = look
            look.task.add_done_callback(lambda _: self._ended(key, look))
        return await asyncio.shield(look.task)

    def _ended(self, key: _Key, look: _Look) -> None:
        """Remembers an answer, unless everybody was forgotten or somebody looked again since it was asked."""
        failed = look.task.cancelled() or look.task.exception() is not None
        if self._looks.get(key) is not look:
            return
        del self._looks[key]
        principal = None if failed else look.task.result()
        if principal is None:
            self._known.pop(key, None)
            return
        self._known[key] = (look.began, principal)
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
