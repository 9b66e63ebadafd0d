"""Rectifications, the reason a restriction was lifted, and erasure certificates."""

from alembic import op

from isomod_graphql.core.ddl import guard_tenant_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates what the procedures leave behind; certificates outlive the person and name nobody."""
    op.execute("ALTER TABLE restrictions ADD COLUMN sealed_evidence_person bytea")
    op.execute("""
        CREATE TABLE rectifications (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            person_id uuid NOT NULL, actor_id uuid NOT NULL, fields text[] NOT NULL, sealed_evidence_person bytea,
            CONSTRAINT pk_rectifications PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_rectifications_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_rectifications_person ON rectifications (tenant_id, person_id)")
    guard_tenant_table(op, "rectifications", rights="SELECT, INSERT")
    op.execute("""
        CREATE TABLE erasure_certificates (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            person_id uuid NOT NULL, actor_id uuid NOT NULL, ground text NOT NULL, state text NOT NULL,
            destroyed jsonb NOT NULL, kept jsonb NOT NULL, places jsonb NOT NULL,
            unreadable_at timestamptz, provable_at timestamptz,
            CONSTRAINT pk_erasure_certificates PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_erasure_certificates_state CHECK (state IN ('PENDING', 'UNREADABLE', 'PARTIAL')),
            CONSTRAINT fk_erasure_certificates_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_erasure_certificates_person ON erasure_certificates (tenant_id, person_id)")
    guard_tenant_table(op, "erasure_certificates", rights="SELECT, INSERT, UPDATE")
