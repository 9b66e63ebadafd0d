"""Keys that sealed nothing can be swept; a tombstone stays for good."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE

revision = "k0002"
down_revision = "k0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lets a living key go, never a tombstone, and lists the living keys of every tenant by age: ids only."""
    op.execute("CREATE POLICY living ON data_keys AS RESTRICTIVE FOR DELETE USING (wrapped IS NOT NULL)")
    op.execute(f"GRANT DELETE ON data_keys TO {APP_ROLE}")
    op.execute("CREATE POLICY across ON data_keys FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("""
        CREATE FUNCTION living_keys(since timestamptz, before timestamptz) RETURNS TABLE (tenant_id uuid, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
        AS $$ SELECT k.tenant_id, k.id FROM data_keys k
              WHERE k.wrapped IS NOT NULL AND k.created_at >= since AND k.created_at < before
              ORDER BY k.tenant_id, k.id $$
    """)
    op.execute("REVOKE ALL ON FUNCTION living_keys(timestamptz, timestamptz) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION living_keys(timestamptz, timestamptz) TO {APP_ROLE}")
