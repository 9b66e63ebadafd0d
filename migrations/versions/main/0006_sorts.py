"""Indexes in the order of two sorts: work orders by due date with the undated last, people by pseudonym number."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates both."""
    op.execute("""
        CREATE INDEX ix_work_orders_due_last ON work_orders
            (tenant_id, (COALESCE(due_at, '9999-12-31 00:00:00+00'::timestamptz)), id)
    """)
    op.execute("CREATE INDEX ix_people_number ON people (tenant_id, pseudonym_number, id)")
