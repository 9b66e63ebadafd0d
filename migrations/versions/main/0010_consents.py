"""The ledger of consents: what somebody agreed to and took back, only ever added to."""

from alembic import op

from isomod_graphql.core.ddl import guard_tenant_table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The app role may add a decision and may not change one; what holds now is a bit of people.flags."""
    op.execute("""
        CREATE TABLE consents (
            tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
            person_id uuid NOT NULL, sequence integer NOT NULL, purpose text NOT NULL, given boolean NOT NULL, notice_version text NOT NULL,
            notice_hash bytea NOT NULL, locale text NOT NULL, mechanism text NOT NULL,
            CONSTRAINT pk_consents PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_consents_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id),
            CONSTRAINT ck_consents_purpose CHECK (purpose IN ('ANALYTICS', 'NOTIFY', 'SERVICE')),
            CONSTRAINT ck_consents_mechanism CHECK (mechanism IN ('SESSION', 'TOKEN')),
            CONSTRAINT ck_consents_notice CHECK (length(notice_hash) = 32))
    """)
    op.execute("CREATE UNIQUE INDEX uq_consents ON consents (tenant_id, person_id, sequence)")
    guard_tenant_table(op, "consents", rights="SELECT, INSERT")
