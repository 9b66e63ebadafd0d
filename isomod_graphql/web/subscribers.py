"""Who is subscribed at this process, and which rows each is to be told of. Refuses more than it may hold, and to go on where it may have missed something."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog

from isomod_graphql.core.errors import IsoModError, ServiceUnavailable
from isomod_graphql.core.events import News
from isomod_graphql.core.hearing import Ear
from isomod_graphql.engine.telling import Topic
from isomod_graphql.web.refusals import (
    ServerStopping,
    SubscriptionInterrupted,
    TooManySubscriptions,
)
from permissions.principals import Principal

log: Any = structlog.get_logger("isomod.live")

ABOUT_PEOPLE: Final = ("identity.", "person.", "team.", "client.")
"""Events after which somebody may be somebody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamBounds:
    """How many streams there may be, and how much each may keep."""

    per_process: int = 1_000
    per_caller: int = 20
    rows: int = 1_000
    """Changed rows that a stream has not read yet."""
    frames: int = 100
    """Answers that its client has not taken yet, and how many bytes they are."""
    frame_bytes: int = 1 << 20
    send_s: float = 10.0
    """How long a client may not take anything."""
    heartbeat_s: float = 10.0
    """How often a stream without events shows that it lives, and its caller is looked up again."""
    event_s: float = 10.0
    reads: int = 2
    """Events that are read side by side, so that streams leave connections to requests."""


@dataclass(eq=False, slots=True)
class Seat:
    """The place of one stream: what it wants to hear of, what it has to read, and why it is to end."""

    principal: Principal
    topic: Topic | None = None
    due: dict[UUID, None] = field(default_factory=dict)
    changed: bool = False
    """Something was told of the caller: whoever it is now, the stream does not go on."""
    ending: IsoModError | None = None
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, why: IsoModError) -> None:
        """The first reason stands."""
        if self.ending is None:
            self.ending = why
            self.over.set()

    def hear(self, news: News, most: int) -> None:
        """Several changes of a row that has not been read yet are one."""
        row_id = None if self.topic is None else self.topic.row_of(news)
        if row_id is None:
            return
        if len(self.due) >= most and row_id not in self.due:
            self.end(SubscriptionInterrupted())
            return
        self.due[row_id] = None
        self.stirred.set()


class Subscribers:
    """One per process. It listens as long as somebody is subscribed, and opens no connection before."""

    def __init__(
        self, ear: Ear | None, forget: Callable[[], None], bounds: StreamBounds | None = None
    ) -> None:
        """No ear: nothing can be heard here, and nobody can subscribe. `forget` drops what is remembered of callers."""
        self.bounds = bounds or StreamBounds()
        self.turns = asyncio.Semaphore(self.bounds.reads)
        self._ear, self._forget = ear, forget
        self._seats: set[Seat] = set()
        self._callers: Counter[tuple[UUID | None, UUID | None]] = Counter()
        self._listening: asyncio.Task[None] | None = None
        self._hears: asyncio.Future[bool] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._draining = False

    def __len__(self) -> int:
        return len(self._seats)

    @contextmanager
    def seat(self, principal: Principal) -> Iterator[Seat]:
        """A place for one stream. Raises ServiceUnavailable where there is none, TooManySubscriptions for the caller's own limit."""
        caller = principal.tenant_id, principal.client_id or principal.account_id or principal.person_id
        if self._ear is None or self._draining or len(self._seats) >= self.bounds.per_process:
            raise ServiceUnavailable
        if self._callers[caller] >= self.bounds.per_caller:
            raise TooManySubscriptions
        taken = Seat(principal)
        self._seats.add(taken)
        self._callers[caller] += 1
        try:
            yield taken
        finally:
            self._seats.discard(taken)
            self._callers -= Counter([caller])
            if not self._seats:
                self._stop_listening()

    async def hear(self, seat: Seat, topic: Topic) -> None:
        """From its return on nothing about the topic is missed. Raises ServiceUnavailable."""
        seat.topic = topic
        if self._hears is None or self._listening is None or self._listening.done():
            self._hears = asyncio.get_running_loop().create_future()
            self._listening = asyncio.create_task(self._listen(self._hears))
        if not await asyncio.shield(self._hears):
            raise ServiceUnavailable

    def drain(self) -> None:
        """Everybody is told to go elsewhere, and nobody comes any more."""
        self._draining = True
        for seat in self._seats:
            seat.end(ServerStopping())

    async def close(self) -> None:
        """After the streams have ended."""
        self._stop_listening()
        await asyncio.gather(*self._leaving, return_exceptions=True)

    def _stop_listening(self) -> None:
        task, self._listening, self._hears = self._listening, None, None
        if task is not None:
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
            task.cancel()

    async def _listen(self, hears: asyncio.Future[bool]) -> None:
        """Whoever was told that nothing is missed is told when that is no longer so."""

        def ready() -> None:
            if not hears.done():
                hears.set_result(True)

        try:
            if self._ear is not None:
                await self._ear.listen(self._heard, ready)
        except Exception as error:  # noqa: BLE001  whatever it is, nothing is heard
            log.warning("live.deaf", kind=type(error).__qualname__)
        finally:
            if not hears.done():
                hears.set_result(False)
            if self._hears is hears:
                self._hears = None
                for seat in self._seats:
                    seat.end(SubscriptionInterrupted())

    def _heard(self, news: News) -> None:
        if news.kind.startswith(ABOUT_PEOPLE):
            self._forget()
            for seat in self._seats:
                if _is_about(news, seat.principal):
                    seat.changed = True
                    seat.stirred.set()
            return
        for seat in self._seats:
            seat.hear(news, self.bounds.rows)


def _is_about(news: News, principal: Principal) -> bool:
    """The event names the caller: the person in the organisation, or the account in all of them."""
    person, account = news.ids.get("person_id"), news.ids.get("account_id")
    if account is not None and account == principal.account_id:
        return True
    return news.tenant_id == principal.tenant_id and person is not None and person == principal.person_id
