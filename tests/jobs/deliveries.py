"""What the proofs about deliveries share: events of a kind of one's own, what became of them, counters as effects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from isomod_graphql.core.counters import Counter, next_number
from isomod_graphql.core.events import Event, OutboxRow, tell
from isomod_graphql.core.store import Store, Transaction


def new_kind() -> str:
    """A kind of event that no other test tells or consumes."""
    return f"test.{uuid4().hex}"


async def tell_once(store: Store, tenant: UUID, kind: str, **ids: UUID) -> UUID:
    """Tells one event in a transaction of its own."""
    async with store.transaction(tenant, write=True) as tx:
        return await tell(tx, kind, **ids)


@dataclass(frozen=True)
class Fate:
    """What the outbox says of an event."""

    state: str
    attempts: int
    due_at: datetime
    last_error: str | None


async def fates(store: Store, tenant: UUID, kind: str) -> list[Fate]:
    """The events of a kind, the oldest first."""
    wanted = select(OutboxRow.state, OutboxRow.attempts, OutboxRow.due_at, OutboxRow.last_error).where(
        OutboxRow.tenant_id == tenant, OutboxRow.kind == kind
    )
    async with store.transaction(tenant) as tx:
        return [
            Fate(row.state, row.attempts, row.due_at, row.last_error)
            for row in await tx.all(wanted.order_by(OutboxRow.created_at, OutboxRow.id))
        ]


async def count_in_database(tx: Transaction, event: Event) -> None:
    """An effect that can be counted: adds one to the counter `effects`."""
    await next_number(tx, "effects")


async def effects(store: Store, tenant: UUID) -> int:
    """How often `count_in_database` took effect."""
    wanted = select(Counter.value).where(Counter.tenant_id == tenant, Counter.name == "effects")
    async with store.transaction(tenant) as tx:
        return await tx.value(wanted) or 0
