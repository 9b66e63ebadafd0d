"""The schedule and its runs, kept in the platform tenant. Refuses a second run for one due instant, and two open runs of one entry."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, TenantRow, held
from permissions.categories import Category

OPEN, DONE, FAILED = "OPEN", "DONE", "FAILED"


class ScheduleRow(TenantRow, Base):
    """An entry of the schedule: when it is due next and how its last run ended. `timing` is how it was computed."""

    __tablename__ = "schedules"
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    timing: Mapped[str] = held(Category.OPERATIONAL, Text)
    next_due_at: Mapped[datetime] = held(Category.OPERATIONAL)
    last_due_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    last_finished_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    last_outcome: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    last_error: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", name="uq_schedules_name"),
        CheckConstraint(f"last_outcome IN {(DONE, FAILED)}", name="last_outcome"),
    )


class ScheduleRun(TenantRow, Base):
    """One due instant of an entry; the event of `event_id` carries it out."""

    __tablename__ = "schedule_runs"
    name: Mapped[str] = held(Category.OPERATIONAL, Text)
    due_at: Mapped[datetime] = held(Category.OPERATIONAL)
    event_id: Mapped[UUID] = held(Category.OPERATIONAL)
    state: Mapped[str] = held(Category.OPERATIONAL, Text)
    finished_at: Mapped[datetime | None] = held(Category.OPERATIONAL)
    error: Mapped[str | None] = held(Category.OPERATIONAL, Text)
    __table_args__ = (
        UniqueConstraint("tenant_id", "name", "due_at", name="uq_schedule_runs_due"),
        CheckConstraint(f"state IN {(OPEN, DONE, FAILED)}", name="state"),
        CheckConstraint("(state = 'OPEN') = (finished_at IS NULL)", name="finished"),
        Index(
            "uq_schedule_runs_open",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("state = 'OPEN'"),
        ),
    )
