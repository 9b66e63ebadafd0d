"""Who did or was refused what, and who was shown whose data: field names and categories, never values. In month partitions, kept 7 years."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from permissions.categories import Category, Keep

VIEWED_AS: Final = "AS "
"""Begins the `viewer_kind` of a look as another member, whose id follows; every other kind is that of a principal."""


class AuditEntry(Base):
    """One act; INSERT and SELECT only. `actor_id` is a person or client row of the tenant, shown as a pseudonym; None is nobody."""

    __tablename__ = "audit_entries"
    tenant_id: Mapped[UUID] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    at: Mapped[datetime] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    id: Mapped[UUID] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    actor_kind: Mapped[str] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    actor_id: Mapped[UUID | None] = held(Category.AUDIT, keep=Keep.AUDIT)
    action: Mapped[str] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    outcome: Mapped[str] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    reason: Mapped[str | None] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    entity_type: Mapped[str | None] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    entity_id: Mapped[UUID | None] = held(Category.AUDIT, keep=Keep.AUDIT)
    fields: Mapped[list[str]] = held(Category.AUDIT, ARRAY(Text), keep=Keep.AUDIT)
    __table_args__ = ({"postgresql_partition_by": "RANGE (at)"},)


class AccessRecord(Base):
    """An answer that showed data of some subjects: their raw 16-byte ids, at most a hundred per row. Lives for 90 days.

    `categories` is a bit mask over PERSONAL_ORDER, `operation` the SHA-256 of the document.
    """

    __tablename__ = "access_records"
    tenant_id: Mapped[UUID] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    at: Mapped[datetime] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    id: Mapped[UUID] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    viewer_id: Mapped[UUID] = held(Category.AUDIT, keep=Keep.AUDIT)
    viewer_kind: Mapped[str] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    purpose: Mapped[str] = held(Category.AUDIT, Text, keep=Keep.AUDIT)
    operation: Mapped[bytes] = held(Category.AUDIT, LargeBinary, keep=Keep.AUDIT)
    categories: Mapped[int] = held(Category.AUDIT, keep=Keep.AUDIT)
    subjects: Mapped[bytes] = held(Category.AUDIT, LargeBinary, keep=Keep.AUDIT)
    __table_args__ = (
        CheckConstraint("octet_length(subjects) BETWEEN 16 AND 1600", name="subjects"),
        {"postgresql_partition_by": "RANGE (at)"},
    )


def _of_subject(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  handed on to SQLAlchemy
    """What happened to somebody's data is about that person."""
    return held(Category.AUDIT, *args, keep=Keep.AUDIT, subject="subject_id", **kwargs)


class AccessDay(Base):
    """How often a viewer was shown these categories of a subject on a legal day, for this purpose."""

    __tablename__ = "access_days"
    tenant_id: Mapped[UUID] = held(Category.AUDIT, primary_key=True, keep=Keep.AUDIT)
    subject_id: Mapped[UUID] = _of_subject(primary_key=True)
    day: Mapped[date] = _of_subject(Date, primary_key=True)
    viewer_id: Mapped[UUID] = _of_subject(primary_key=True)
    viewer_kind: Mapped[str] = _of_subject(Text, primary_key=True)
    purpose: Mapped[str] = _of_subject(Text, primary_key=True)
    categories: Mapped[int] = _of_subject(primary_key=True)
    count: Mapped[int] = _of_subject(BigInteger)
    id: Mapped[UUID] = held(Category.OPERATIONAL, server_default=text("gen_random_uuid()"))
    __table_args__ = (
        Index("ix_access_days_viewer", "tenant_id", "viewer_id", "day"),
        Index("ix_access_days_day", "tenant_id", "day", "id"),
        Index("ix_access_days_id", "tenant_id", "id"),
        {"postgresql_partition_by": "RANGE (day)"},
    )


class AccessFold(Base):
    """Up to which instant the records of a tenant are part of its days."""

    __tablename__ = "access_folds"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    folded_until: Mapped[datetime] = held(Category.OPERATIONAL)
