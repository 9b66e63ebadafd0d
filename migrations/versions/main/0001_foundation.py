"""Tenants, people, restrictions, counters, outbox, idempotency keys and the audit trail."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table, month_partitions, months

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW = """tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
         created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"""


def upgrade() -> None:
    """Creates the tables that every other room stands on."""
    _tenants()
    _people()
    _plumbing()
    _audit()


def _tenants() -> None:
    op.execute("""
        CREATE TABLE tenants (
            id uuid NOT NULL, slug text NOT NULL, name text NOT NULL, locale text NOT NULL, time_zone text NOT NULL,
            four_eyes boolean NOT NULL, contract_start date NOT NULL, contract_end date, version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            CONSTRAINT pk_tenants PRIMARY KEY (id), CONSTRAINT uq_tenants_slug UNIQUE (slug),
            CONSTRAINT ck_tenants_slug CHECK (slug ~ '^[a-z0-9-]{2,40}$'))
    """)
    op.execute("ALTER TABLE tenants ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE tenants FORCE ROW LEVEL SECURITY")
    mine = "id = (SELECT current_setting('app.tenant_id')::uuid)"
    op.execute(f"CREATE POLICY own_row ON tenants USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON tenants TO {APP_ROLE}")


def _people() -> None:
    op.execute(f"""
        CREATE TABLE people (
            {ROW}, kind text NOT NULL, pseudonym_number integer NOT NULL, site_id uuid, flags integer NOT NULL DEFAULT 0,
            email_index bytea, erased_at timestamptz, sealed_account bytea,
            CONSTRAINT pk_people PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_people_kind CHECK (kind IN ('TECHNICIAN', 'REQUESTER', 'COLLEAGUE', 'CONTACT')))
    """)
    op.execute("CREATE UNIQUE INDEX uq_people_pseudonym ON people (tenant_id, kind, pseudonym_number)")
    op.execute("CREATE UNIQUE INDEX uq_people_email_index ON people (tenant_id, email_index)")
    guard_tenant_table(op, "people", rights="SELECT, INSERT, UPDATE")
    op.execute(f"""
        CREATE TABLE restrictions (
            {ROW}, person_id uuid NOT NULL, categories integer NOT NULL, ground text NOT NULL, actor_id uuid NOT NULL,
            lifted_at timestamptz,
            CONSTRAINT pk_restrictions PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_restrictions_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_restrictions_person ON restrictions (tenant_id, person_id)")
    guard_tenant_table(op, "restrictions", rights="SELECT, INSERT, UPDATE")


def _plumbing() -> None:
    op.execute("""
        CREATE TABLE counters (
            tenant_id uuid NOT NULL, name text NOT NULL, value bigint NOT NULL,
            CONSTRAINT pk_counters PRIMARY KEY (tenant_id, name))
    """)
    guard_tenant_table(op, "counters", rights="SELECT, INSERT, UPDATE")
    op.execute(f"""
        CREATE TABLE outbox (
            {ROW}, kind text NOT NULL, ids jsonb NOT NULL, due_at timestamptz NOT NULL, attempts integer NOT NULL DEFAULT 0,
            done_at timestamptz, CONSTRAINT pk_outbox PRIMARY KEY (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_outbox_waiting ON outbox (tenant_id, due_at) WHERE done_at IS NULL")
    guard_tenant_table(op, "outbox")
    op.execute("""
        CREATE TABLE idempotency_keys (
            tenant_id uuid NOT NULL, principal_id uuid NOT NULL, key_hash bytea NOT NULL, input_hash bytea NOT NULL,
            result_id uuid, expires_at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, principal_id, key_hash))
    """)
    guard_tenant_table(op, "idempotency_keys")


def _audit() -> None:
    op.execute("""
        CREATE TABLE audit_entries (
            tenant_id uuid NOT NULL, at timestamptz NOT NULL, id uuid NOT NULL, actor_kind text NOT NULL, actor_id uuid,
            action text NOT NULL, outcome text NOT NULL, reason text, entity_type text, entity_id uuid, fields text[] NOT NULL,
            CONSTRAINT pk_audit_entries PRIMARY KEY (tenant_id, at, id)) PARTITION BY RANGE (at)
    """)
    month_partitions(op, "audit_entries", months(2026, 2027))
    guard_tenant_table(op, "audit_entries", rights="SELECT, INSERT")
