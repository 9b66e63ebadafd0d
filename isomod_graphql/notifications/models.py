"""Notices: that something happened which concerns a person. Ids only; the sentence is made when it is read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from permissions.categories import Category


class Notice(TenantRow, Base):
    """One event for one person."""

    __tablename__ = "notices"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    event_id: Mapped[UUID] = held(Category.OPERATIONAL)
    kind: Mapped[str] = held(Category.OPERATIONAL, Text)
    ids: Mapped[dict[str, str]] = held(Category.OPERATIONAL, JSONB)
    read_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id", "person_id", name="uq_notices_event"),
        ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name="fk_notices_person",
            ondelete="CASCADE",
        ),
        Index("ix_notices_person", "tenant_id", "person_id", "created_at", "id"),
    )
