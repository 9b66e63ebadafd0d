"""The key database: tenant keys, data keys, holds, the ledger of destruction."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table

revision = "k0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the four tables under row level security."""
    op.execute("""
        CREATE TABLE tenant_keys (
            tenant_id uuid NOT NULL, purpose text NOT NULL, epoch integer NOT NULL, wrapped bytea NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_tenant_keys PRIMARY KEY (tenant_id, purpose))
    """)
    op.execute("""
        CREATE TABLE data_keys (
            tenant_id uuid NOT NULL, id uuid NOT NULL, subject_id uuid NOT NULL, keep text NOT NULL, week date NOT NULL,
            wrapped bytea, created_at timestamptz NOT NULL, destroyed_at timestamptz,
            CONSTRAINT pk_data_keys PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_data_keys_tenant_id_subject_id_keep_week UNIQUE (tenant_id, subject_id, keep, week),
            CONSTRAINT ck_data_keys_tombstone CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)))
    """)
    op.execute("""
        CREATE TABLE holds (
            tenant_id uuid NOT NULL, id uuid NOT NULL, subject_id uuid NOT NULL, keep text NOT NULL, ground text NOT NULL,
            review_on date NOT NULL, released boolean NOT NULL, created_at timestamptz NOT NULL,
            CONSTRAINT pk_holds PRIMARY KEY (tenant_id, id))
    """)
    op.execute("""
        CREATE TABLE ledger (
            tenant_id uuid NOT NULL, id uuid NOT NULL, subject_id uuid NOT NULL, ground text NOT NULL, actor_id uuid NOT NULL,
            state text NOT NULL, created_at timestamptz NOT NULL, done_at timestamptz,
            CONSTRAINT pk_ledger PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_ledger_state CHECK (state IN ('INTENT', 'DONE')))
    """)
    # At most one erasure of a person is under way; a second request joins it.
    op.execute("CREATE UNIQUE INDEX uq_ledger_open ON ledger (tenant_id, subject_id) WHERE state = 'INTENT'")
    # No DELETE on keys: a destroyed key stays as a tombstone, so that its id is never reissued.
    guard_tenant_table(op, "tenant_keys", rights="SELECT, INSERT, UPDATE")
    guard_tenant_table(op, "data_keys", rights="SELECT, INSERT, UPDATE")
    guard_tenant_table(op, "holds")
    guard_tenant_table(op, "ledger", rights="SELECT, INSERT, UPDATE")
    # The erasures to resume, of every tenant: ids only. Runs as the owner, for whom the policy must step aside.
    op.execute("CREATE POLICY resume ON ledger FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("""
        CREATE FUNCTION open_intents() RETURNS TABLE (tenant_id uuid, id uuid)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
        AS $$ SELECT l.tenant_id, l.id FROM ledger l WHERE l.state = 'INTENT' $$
    """)
    op.execute("REVOKE ALL ON FUNCTION open_intents() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION open_intents() TO {APP_ROLE}")
