"""Programs of partners: two secrets at once with their ends, and the caveats of a registration."""

from alembic import op

from isomod_graphql.core.ddl import guard_tenant_table

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
