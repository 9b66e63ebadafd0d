"""Tenants: an organisation, its contract and its settings. The table has no tenant_id; a row is visible to itself alone."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, Text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from permissions.categories import Category


class Tenant(Base):
    """An organisation under contract. After `contract_end` writes are refused; 30 days later everything goes (policy 4)."""

    __tablename__ = "tenants"
    id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    slug: Mapped[str] = held(Category.OPERATIONAL, Text, unique=True)
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    locale: Mapped[str] = held(Category.OPERATIONAL, Text)
    time_zone: Mapped[str] = held(Category.OPERATIONAL, Text)
    four_eyes: Mapped[bool] = held(Category.OPERATIONAL, Boolean)
    contract_start: Mapped[date] = held(Category.OPERATIONAL, Date)
    contract_end: Mapped[date | None] = held(Category.OPERATIONAL, Date)
    version: Mapped[int] = held(Category.OPERATIONAL, default=1, server_default="1")
    created_at: Mapped[datetime] = held(Category.OPERATIONAL)
    updated_at: Mapped[datetime] = held(Category.OPERATIONAL)
    __table_args__ = (CheckConstraint("slug ~ '^[a-z0-9-]{2,40}$'", name="slug"),)
