"""The audit table: who did or was refused what, when, on what; field names, never values. Month partitions, INSERT and SELECT only, kept 7 years."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from permissions.categories import Category, Keep


class AuditEntry(Base):
    """One act. `actor_id` is a person or client row of the tenant, shown as a pseudonym; None is nobody."""

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
