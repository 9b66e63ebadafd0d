"""What the procedures leave behind: rectifications and erasure certificates. They name fields, keys and tables, never a value."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held, sealed
from permissions.categories import Category, Keep


class Rectification(TenantRow, Base):
    """GDPR Article 16: which fields were corrected, by whom, when; the reason is sealed."""

    __tablename__ = "rectifications"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    actor_id: Mapped[UUID] = held(Category.OPERATIONAL)
    fields: Mapped[list[str]] = held(Category.OPERATIONAL, ARRAY(Text))
    reason: Mapped[str | None] = sealed(Category.NOTES, keep=Keep.EVIDENCE, subject="person_id", number=1)
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "person_id"], ["people.tenant_id", "people.id"], name="fk_rectifications_person"
        ),
        Index("ix_rectifications_person", "tenant_id", "person_id"),
    )


class ErasureCertificate(TenantRow, Base):
    """PENDING until the keys are destroyed; UNREADABLE when they are (T1); PARTIAL when a hold kept one.

    `unreadable_at`: the live system can read nothing any more. `provable_at`: residues and backups of the keys have
    turned over (at most 7 days later). Its id is the id of the erasure in the ledger of the key database.
    """

    __tablename__ = "erasure_certificates"
    person_id: Mapped[UUID] = held(Category.OPERATIONAL)
    actor_id: Mapped[UUID] = held(Category.OPERATIONAL)
    ground: Mapped[str] = held(Category.OPERATIONAL, Text)
    state: Mapped[str] = held(Category.OPERATIONAL, Text)
    destroyed: Mapped[list[dict[str, Any]]] = held(Category.OPERATIONAL, JSONB)
    kept: Mapped[list[dict[str, Any]]] = held(Category.OPERATIONAL, JSONB)
    places: Mapped[list[dict[str, Any]]] = held(Category.OPERATIONAL, JSONB)
    unreadable_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    provable_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    __table_args__ = (
        CheckConstraint("state IN ('PENDING', 'UNREADABLE', 'PARTIAL')", name="state"),
        ForeignKeyConstraint(
            ["tenant_id", "person_id"],
            ["people.tenant_id", "people.id"],
            name="fk_erasure_certificates_person",
        ),
        Index("ix_erasure_certificates_person", "tenant_id", "person_id"),
    )
