"""Signatures under completed work, kept as evidence; teams and who is in them."""

from alembic import op

from isomod_graphql.core.ddl import guard_tenant_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW = """tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
         created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"""


def upgrade() -> None:
    """Creates both. The app role may add a signature and may not change one."""
    _signatures()
    _teams()


def _signatures() -> None:
    op.execute(f"""
        CREATE TABLE work_order_signatures (
            {ROW}, work_order_id uuid NOT NULL, signer_id uuid NOT NULL, meaning text NOT NULL,
            signed_at timestamptz NOT NULL, completed_at timestamptz NOT NULL, sealed_evidence_signer bytea,
            CONSTRAINT pk_work_order_signatures PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_work_order_signatures_order FOREIGN KEY (tenant_id, work_order_id)
                REFERENCES work_orders (tenant_id, id),
            CONSTRAINT fk_work_order_signatures_signer FOREIGN KEY (tenant_id, signer_id)
                REFERENCES people (tenant_id, id),
            CONSTRAINT ck_work_order_signatures_meaning CHECK (meaning IN ('PERFORMED', 'REVIEWED', 'APPROVED')),
            CONSTRAINT ck_work_order_signatures_order CHECK (completed_at <= signed_at))
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_work_order_signatures
            ON work_order_signatures (tenant_id, work_order_id, signer_id, meaning, completed_at)
    """)
    op.execute("""
        CREATE INDEX ix_work_order_signatures_order ON work_order_signatures (tenant_id, work_order_id, id)
    """)
    op.execute("""
        CREATE INDEX ix_work_order_signatures_signer ON work_order_signatures (tenant_id, signer_id, id)
    """)
    guard_tenant_table(op, "work_order_signatures", rights="SELECT, INSERT")


def _teams() -> None:
    op.execute(f"""
        CREATE TABLE teams (
            {ROW}, name text NOT NULL, name_key text COLLATE "C" NOT NULL,
            CONSTRAINT pk_teams PRIMARY KEY (tenant_id, id))
    """)
    op.execute("CREATE UNIQUE INDEX uq_teams_name ON teams (tenant_id, name_key)")
    guard_tenant_table(op, "teams")
    op.execute("""
        CREATE TABLE team_members (
            tenant_id uuid NOT NULL, team_id uuid NOT NULL, person_id uuid NOT NULL,
            CONSTRAINT pk_team_members PRIMARY KEY (tenant_id, team_id, person_id),
            CONSTRAINT fk_team_members_team FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
            CONSTRAINT fk_team_members_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id))
    """)
    op.execute("CREATE INDEX ix_team_members_person ON team_members (tenant_id, person_id, team_id)")
    guard_tenant_table(op, "team_members", rights="SELECT, INSERT, DELETE")
