"""Days of access become rows of the graph: an id, and the order by day."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Days are few beside records: one per subject, viewer and combination."""
    op.execute("ALTER TABLE access_days ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid()")
    op.execute("CREATE INDEX ix_access_days_day ON access_days (tenant_id, day, id)")
    op.execute("CREATE INDEX ix_access_days_id ON access_days (tenant_id, id)")
