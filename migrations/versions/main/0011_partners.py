"""Programs of partners: two secrets at once with their ends, the caveats of a registration, and points settled between processes."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Programs first, then points."""
    _programs()
    _points()


def _points() -> None:
    """Unlogged: a crash forgets a minute of counts, and no commit waits for the disk. Written through one function, for all tenants."""
    op.execute("""
        CREATE UNLOGGED TABLE spent_points (
            tenant_id uuid NOT NULL, principal_id uuid NOT NULL, minute bigint NOT NULL, points bigint NOT NULL,
            CONSTRAINT pk_spent_points PRIMARY KEY (tenant_id, principal_id, minute))
    """)
    guard_tenant_table(op, "spent_points", rights="SELECT")
    op.execute("CREATE POLICY across ON spent_points TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute("""
        CREATE FUNCTION settle_points(now_minute bigint, tenants uuid[], principals uuid[], spent bigint[])
        RETURNS TABLE (tenant_id uuid, principal_id uuid, points bigint)
        LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            DELETE FROM spent_points s WHERE s.minute < now_minute - 1;
            INSERT INTO spent_points AS s (tenant_id, principal_id, minute, points)
            SELECT given.tenant, given.principal, now_minute, given.points
            FROM unnest(tenants, principals, spent) AS given (tenant, principal, points) ORDER BY 1, 2
            ON CONFLICT ON CONSTRAINT pk_spent_points DO UPDATE SET points = s.points + excluded.points
            RETURNING s.tenant_id, s.principal_id, s.points
        $$
    """)
    op.execute("REVOKE ALL ON FUNCTION settle_points(bigint, uuid[], uuid[], bigint[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION settle_points(bigint, uuid[], uuid[], bigint[]) TO {APP_ROLE}")


def _programs() -> None:
    """The secrets and sites of every organisation's programs move, so for that moment the owner sees them all."""
    op.execute("ALTER TABLE partner_clients NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        CREATE TABLE client_secrets (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            client_id uuid NOT NULL, secret_hash bytea NOT NULL, ends_at timestamptz, last_used_at timestamptz,
            CONSTRAINT pk_client_secrets PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_client_secrets_client FOREIGN KEY (tenant_id, client_id) REFERENCES partner_clients (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_client_secrets_client ON client_secrets (tenant_id, client_id, id)")
    op.execute("""
        INSERT INTO client_secrets (tenant_id, id, created_at, updated_at, client_id, secret_hash)
        SELECT tenant_id, gen_random_uuid(), created_at, updated_at, id, secret_hash FROM partner_clients
    """)
    op.execute("ALTER TABLE partner_clients ADD COLUMN caveats jsonb NOT NULL DEFAULT '{}'")
    op.execute("""
        UPDATE partner_clients SET caveats = jsonb_build_object('sites', to_jsonb(sites)) WHERE sites IS NOT NULL
    """)
    op.execute(
        "ALTER TABLE partner_clients ALTER COLUMN caveats DROP DEFAULT, DROP COLUMN secret_hash, DROP COLUMN sites"
    )
    op.execute("ALTER TABLE partner_clients FORCE ROW LEVEL SECURITY")
    guard_tenant_table(op, "client_secrets", rights="SELECT, INSERT, UPDATE")
