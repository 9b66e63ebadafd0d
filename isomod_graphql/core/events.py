"""The transactional outbox: what happened, told in the transaction in which it happened. Refuses anything but ids in an event."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy import CheckConstraint, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from isomod_graphql.core.store import Store, Transaction
from permissions.categories import Category

WAITING, DONE, DEAD = "WAITING", "DONE", "DEAD"
CHANNEL: Final = "isomod_live"
"""On this channel every process that listens hears of an event, when its transaction has committed."""


class OutboxRow(TenantRow, Base):
    """An event that waits for its consumers. A claimed one has its `due_at` at the end of the lease; DEAD was given up.

    `consumer` names the one that it is for, None before an event with several is spread over them. `last_error` is a code.
    """

    __tablename__ = "outbox"
    kind: Mapped[str] = held(Category.OPERATIONAL, Text)
    ids: Mapped[dict[str, str]] = held(Category.OPERATIONAL, JSONB)
    due_at: Mapped[datetime] = held(Category.OPERATIONAL)
    attempts: Mapped[int] = held(Category.OPERATIONAL, default=0, server_default="0")
    done_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    state: Mapped[str] = held(Category.OPERATIONAL, Text, default=WAITING, server_default=WAITING)
    consumer: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    claim: Mapped[UUID | None] = held(Category.OPERATIONAL)
    last_error: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    __table_args__ = (
        CheckConstraint(f"state IN {(WAITING, DONE, DEAD)}", name="state"),
        CheckConstraint("(state = 'DONE') = (done_at IS NOT NULL)", name="done"),
        Index("ix_outbox_waiting", "tenant_id", "due_at", postgresql_where=text("state = 'WAITING'")),
        Index("ix_outbox_settled", "tenant_id", "updated_at", postgresql_where=text("state <> 'WAITING'")),
    )


@dataclass(frozen=True, slots=True)
class Event:
    """What a consumer gets: ids, to read the rest as it is now. `attempt` counts from 1."""

    tenant_id: UUID
    id: UUID
    kind: str
    ids: Mapping[str, UUID]
    attempt: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Within:
    """A consumer whose whole effect is in the database: it runs in the transaction that settles the event, so exactly once."""

    kind: str
    name: str
    run: Callable[[Transaction, Event], Awaitable[None]]
    lease: timedelta = timedelta(seconds=60)
    attempts: int = 100


@dataclass(frozen=True, slots=True)
class Outside:
    """A consumer with an effect elsewhere (mail, webhooks, keys): it runs at least once and must bear a second time.

    It opens its own transactions and holds none while it waits for somebody else. It is stopped before the lease ends.
    """

    kind: str
    name: str
    run: Callable[[Store, Event], Awaitable[None]]
    lease: timedelta = timedelta(seconds=60)
    attempts: int = 100


Consumer = Within | Outside


@dataclass(frozen=True, slots=True)
class News:
    """An event as every process that listens hears it, once and in the order of the commits: ids only."""

    tenant_id: UUID
    kind: str
    ids: Mapping[str, UUID]

    def spelled(self) -> str:
        """As it goes over the channel."""
        ids = {name: str(value) for name, value in self.ids.items()}
        return orjson.dumps({"tenant": str(self.tenant_id), "kind": self.kind, "ids": ids}).decode()

    @classmethod
    def read(cls, text: str) -> "News | None":
        """What `spelled` wrote; None for anything else that somebody said on the channel."""
        try:
            said = orjson.loads(text)
            ids = {str(name): UUID(value) for name, value in said["ids"].items()}
            return cls(UUID(said["tenant"]), str(said["kind"]), ids)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


class GiveUp(Exception):
    """Raised by a consumer that knows that another attempt is in vain; the event is kept as DEAD with this code."""

    def __init__(self, code: str) -> None:
        """`code` is stable and carries no value."""
        super().__init__(code)
        self.code = code


async def tell(tx: Transaction, kind: str, **ids: UUID) -> UUID:
    """Writes an event with ids only; a consumer reads the rest when it runs, as they are then.

    The same statement tells the processes that listen, who hear it when the transaction commits and never otherwise.
    """
    row_id = tx.new_id()
    row = {
        "tenant_id": tx.tenant_id, "id": row_id, "kind": kind, "ids": {name: str(value) for name, value in ids.items()},
        "due_at": tx.now, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    news = News(tx.tenant_id, kind, ids).spelled()
    await tx.value(insert(OutboxRow).values(row).returning(func.pg_notify(CHANNEL, news)))
    return row_id
