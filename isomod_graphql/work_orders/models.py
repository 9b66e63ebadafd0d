"""Work orders, who is on them and what happened to them. Refuses a state that its dates do not bear out; the history is only ever added to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held, sealed
from isomod_graphql.work_orders.rules import (
    Outcome,
    Transition,
    WorkOrderPriority,
    WorkOrderStatus,
    WorkOrderType,
)
from permissions.categories import Category, Keep

_RANKS = " ".join(f"WHEN '{priority}' THEN {rank}" for rank, priority in enumerate(WorkOrderPriority))


class WorkOrder(TenantRow, Base):
    """One piece of work. `assignee_id` leads it; `priority_rank` is the priority as a number, for sorting."""

    __tablename__ = "work_orders"
    searched = ("number", "title")
    number: Mapped[int] = held(Category.OPERATIONAL, Integer)
    title: Mapped[str] = held(Category.OPERATIONAL, Text)
    description: Mapped[str | None] = held(Category.NOTES, Text, subject="created_by_id")
    status: Mapped[str] = held(Category.OPERATIONAL, Text)
    priority: Mapped[str] = held(Category.OPERATIONAL, Text)
    priority_rank: Mapped[int] = held(
        Category.OPERATIONAL, Integer, Computed(f"CASE priority {_RANKS} END", persisted=True)
    )
    type: Mapped[str] = held(Category.OPERATIONAL, Text)
    asset_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    location_id: Mapped[UUID] = held(Category.OPERATIONAL)
    site_id: Mapped[UUID] = held(Category.OPERATIONAL)
    assignee_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    requester_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    created_by_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    due_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    window_start: Mapped[datetime | None] = held(Category.OPERATIONAL)
    window_end: Mapped[datetime | None] = held(Category.OPERATIONAL)
    started_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    completed_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    first_completed_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    completed_by_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    outcome: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    resolution: Mapped[str | None] = held(Category.NOTES, Text, subject="completed_by_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "location_id", "site_id"],
            ["locations.tenant_id", "locations.id", "locations.site_id"],
            name="fk_work_orders_location",
            onupdate="CASCADE",
        ),
        CheckConstraint(f"status IN {tuple(map(str, WorkOrderStatus))}", name="status"),
        CheckConstraint(f"priority IN {tuple(map(str, WorkOrderPriority))}", name="priority"),
        CheckConstraint(f"type IN {tuple(map(str, WorkOrderType))}", name="type"),
        CheckConstraint(f"outcome IN {tuple(map(str, Outcome))}", name="outcome"),
        Index("uq_work_orders_number", "tenant_id", "number", unique=True),
        Index("ix_work_orders_created", "tenant_id", "created_at", "id"),
        Index("ix_work_orders_due", "tenant_id", "due_at", "id"),
        Index(
            "ix_work_orders_due_last",
            "tenant_id",
            text("(COALESCE(due_at, '9999-12-31 00:00:00+00'::timestamptz))"),
            "id",
        ),
        Index("ix_work_orders_rank", "tenant_id", "priority_rank", "number", "id"),
        Index("ix_work_orders_status", "tenant_id", "status", "id"),
        Index("ix_work_orders_priority", "tenant_id", "priority", "id"),
        Index("ix_work_orders_type", "tenant_id", "type", "id"),
        Index("ix_work_orders_asset", "tenant_id", "asset_id", "number"),
        Index("ix_work_orders_location", "tenant_id", "location_id", "id"),
        Index("ix_work_orders_site", "tenant_id", "site_id", "id"),
        Index("ix_work_orders_assignee", "tenant_id", "assignee_id", "id"),
        Index("ix_work_orders_requester", "tenant_id", "requester_id", "id"),
        Index("ix_work_orders_created_by", "tenant_id", "created_by_id", "id"),
        Index("ix_work_orders_completed_by", "tenant_id", "completed_by_id", "id"),
    )


class WorkOrderAssignee(Base):
    """Somebody who works on an order; the lead is one of them."""

    __tablename__ = "work_order_assignees"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    work_order_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    person_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    __table_args__ = (Index("ix_work_order_assignees_person", "tenant_id", "person_id", "work_order_id"),)


class WorkOrderHistory(TenantRow, Base):
    """One change of status, never altered. `sequence` counts from 1 in an order; the first row has no transition: it was made."""

    __tablename__ = "work_order_history"
    work_order_id: Mapped[UUID] = held(Category.OPERATIONAL)
    sequence: Mapped[int] = held(Category.OPERATIONAL, Integer)
    at: Mapped[datetime] = held(Category.OPERATIONAL)
    actor_id: Mapped[UUID | None] = held(Category.OPERATIONAL)
    transition: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    from_status: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    to_status: Mapped[str] = held(Category.OPERATIONAL, Text)
    reason: Mapped[str | None] = held(Category.NOTES, Text, subject="actor_id")
    __table_args__ = (
        CheckConstraint(f"transition IN {tuple(map(str, Transition))}", name="transition"),
        CheckConstraint("(transition IS NULL) = (from_status IS NULL)", name="made"),
        Index("uq_work_order_history", "tenant_id", "work_order_id", "sequence", unique=True),
        Index("ix_work_order_history_actor", "tenant_id", "actor_id", "id"),
    )


class SignatureMeaning(StrEnum):
    """What somebody says by signing."""

    PERFORMED = "PERFORMED"
    REVIEWED = "REVIEWED"
    APPROVED = "APPROVED"


class WorkOrderSignature(TenantRow, Base):
    """A name under the completion of `completed_at`, never altered; a later completion is signed anew.

    The name and the title are those of the moment, kept with the record of the work (ISO 9001 clause 7.5.3).
    """

    __tablename__ = "work_order_signatures"
    work_order_id: Mapped[UUID] = held(Category.OPERATIONAL)
    signer_id: Mapped[UUID] = held(Category.OPERATIONAL)
    meaning: Mapped[str] = held(Category.OPERATIONAL, Text)
    signed_at: Mapped[datetime] = held(Category.OPERATIONAL)
    completed_at: Mapped[datetime] = held(Category.OPERATIONAL)
    signer_name: Mapped[str | None] = sealed(
        Category.IDENTITY, keep=Keep.EVIDENCE, subject="signer_id", number=1
    )
    signer_title: Mapped[str | None] = sealed(
        Category.IDENTITY, keep=Keep.EVIDENCE, subject="signer_id", number=2
    )
    __table_args__ = (
        CheckConstraint(f"meaning IN {tuple(map(str, SignatureMeaning))}", name="meaning"),
        Index(
            "uq_work_order_signatures",
            "tenant_id",
            "work_order_id",
            "signer_id",
            "meaning",
            "completed_at",
            unique=True,
        ),
        Index("ix_work_order_signatures_order", "tenant_id", "work_order_id", "id"),
        Index("ix_work_order_signatures_signer", "tenant_id", "signer_id", "id"),
    )
