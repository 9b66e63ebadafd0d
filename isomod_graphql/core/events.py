"""The transactional outbox: what happened, told in the transaction in which it happened. Refuses anything but ids in an event."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from isomod_graphql.core.store import Transaction
from permissions.categories import Category


class OutboxRow(TenantRow, Base):
    """An event that waits for its consumers."""

    __tablename__ = "outbox"
    kind: Mapped[str] = held(Category.OPERATIONAL, Text)
    ids: Mapped[dict[str, str]] = held(Category.OPERATIONAL, JSONB)
    due_at: Mapped[datetime] = held(Category.OPERATIONAL)
    attempts: Mapped[int] = held(Category.OPERATIONAL, default=0, server_default="0")
    done_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (Index("ix_outbox_waiting", "tenant_id", "due_at", postgresql_where="done_at IS NULL"),)


async def tell(tx: Transaction, kind: str, **ids: UUID) -> UUID:
    """Writes an event with ids only; a consumer reads the rest when it runs, as they are then."""
    row_id = tx.new_id()
    row = {
        "tenant_id": tx.tenant_id, "id": row_id, "kind": kind, "ids": {name: str(value) for name, value in ids.items()},
        "due_at": tx.now, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    await tx.run(insert(OutboxRow).values(row))
    return row_id
