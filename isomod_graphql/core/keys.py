"""The tables of the key database: tenant keys, data keys, holds and the ledger of destruction. They refuse any personal value."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from isomod_graphql.core.columns import KeystoreBase

NO_WEEK = date(1, 1, 1)
"""The week of a key that is not weekly; a unique constraint needs a value."""


class TenantKeyRow(KeystoreBase):
    """A wrapped key of a tenant, by purpose: KEK, ID, CURSOR, INDEX, PSEUDONYM."""

    __tablename__ = "tenant_keys"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(Text, primary_key=True)
    epoch: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class DataKeyRow(KeystoreBase):
    """A wrapped data key of (tenant, subject, keep, week). Destroyed: `wrapped` is null, the row stays as a tombstone."""

    __tablename__ = "data_keys"
    __table_args__ = (
        UniqueConstraint("tenant_id", "subject_id", "keep", "week"),
        CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="tombstone"),
    )
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    keep: Mapped[str] = mapped_column(Text)
    week: Mapped[date] = mapped_column(Date)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class HoldRow(KeystoreBase):
    """A key that may not die (GDPR Article 17(3)): subject and keep. The reason is sealed in the main database."""

    __tablename__ = "holds"
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    keep: Mapped[str] = mapped_column(Text)
    ground: Mapped[str] = mapped_column(Text)
    review_on: Mapped[date] = mapped_column(Date)
    released: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime]


class LedgerRow(KeystoreBase):
    """An erasure: INTENT is written before anything else happens, DONE when the keys are destroyed."""

    __tablename__ = "ledger"
    __table_args__ = (CheckConstraint("state IN ('INTENT', 'DONE')", name="state"),)
    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID]
    ground: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
