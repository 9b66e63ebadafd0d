"""Who was shown whose data: the raw records, what each day amounts to per subject and viewer, and what goes when its time is over."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table, month_partitions, months

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MINE = "tenant_id = (SELECT current_setting('app.tenant_id')::uuid)"
OWNED = "SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC'"
FIRST = (2026, 11)


def upgrade() -> None:
    """Creates the tables, and what looks at the records of every tenant without showing one."""
    _records()
    _days()
    _across_tenants()
    _over()


def _records() -> None:
    # One batch spans tenants, so whoever records may write for any of them and read none. A row holds at most a hundred
    # subjects, so that it is stored whole.
    op.execute("""
        CREATE TABLE access_records (
            tenant_id uuid NOT NULL, at timestamptz NOT NULL, id uuid NOT NULL, viewer_id uuid NOT NULL,
            viewer_kind text NOT NULL, purpose text NOT NULL, operation bytea NOT NULL, categories integer NOT NULL,
            subjects bytea NOT NULL,
            CONSTRAINT pk_access_records PRIMARY KEY (tenant_id, at, id),
            CONSTRAINT ck_access_records_subjects CHECK (octet_length(subjects) BETWEEN 16 AND 1600))
        PARTITION BY RANGE (at)
    """)
    op.execute("ALTER TABLE access_records ALTER COLUMN subjects SET STORAGE EXTERNAL")
    month_partitions(op, "access_records", [month for month in months(2026, 2027) if month >= FIRST])
    op.execute("ALTER TABLE access_records ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE access_records FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY recording ON access_records FOR INSERT TO {APP_ROLE} WITH CHECK (true)")
    op.execute(f"CREATE POLICY tenant ON access_records FOR SELECT USING ({MINE})")
    op.execute(f"""
        CREATE POLICY over ON access_records FOR DELETE TO {APP_ROLE}
            USING ({MINE} AND at < now() - interval '90 days')
    """)
    op.execute("CREATE POLICY across ON access_records FOR SELECT TO CURRENT_USER USING (true)")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON access_records TO {APP_ROLE}")


def _days() -> None:
    op.execute("""
        CREATE TABLE access_days (
            tenant_id uuid NOT NULL, subject_id uuid NOT NULL, day date NOT NULL, viewer_id uuid NOT NULL,
            viewer_kind text NOT NULL, purpose text NOT NULL, categories integer NOT NULL, count bigint NOT NULL,
            CONSTRAINT pk_access_days
                PRIMARY KEY (tenant_id, subject_id, day, viewer_id, viewer_kind, purpose, categories))
        PARTITION BY RANGE (day)
    """)
    op.execute("CREATE INDEX ix_access_days_viewer ON access_days (tenant_id, viewer_id, day)")
    month_partitions(op, "access_days", [month for month in months(2026, 2027) if month >= FIRST])
    guard_tenant_table(op, "access_days")
    op.execute("""
        CREATE TABLE access_folds (
            tenant_id uuid NOT NULL, folded_until timestamptz NOT NULL,
            CONSTRAINT pk_access_folds PRIMARY KEY (tenant_id))
    """)
    guard_tenant_table(op, "access_folds", rights="SELECT, INSERT, UPDATE")
    op.execute("CREATE POLICY across ON access_folds FOR SELECT TO CURRENT_USER USING (true)")


def _owned(name: str, *, arguments: str, body: str) -> None:
    """A function that runs as the owner, for the app role alone."""
    op.execute(f"CREATE FUNCTION {name}({arguments}) {body}")
    types = ", ".join(argument.split()[1] for argument in arguments.split(", ") if argument)
    op.execute(f"REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({types}) TO {APP_ROLE}")


def _across_tenants() -> None:
    # Ids only, of the tenants that have records in a span of time; one probe of the key per tenant.
    op.execute("CREATE POLICY across ON tenants FOR SELECT TO CURRENT_USER USING (true)")
    known = "(SELECT t.id FROM tenants t UNION SELECT f.tenant_id FROM access_folds f) known"
    _owned(
        "tenants_to_fold",
        arguments="until timestamptz",
        body=f"""
            RETURNS SETOF uuid LANGUAGE sql STABLE {OWNED} AS $$
            SELECT known.id FROM {known} LEFT JOIN access_folds f ON f.tenant_id = known.id
            WHERE EXISTS (
                SELECT FROM access_records r WHERE r.tenant_id = known.id
                    AND r.at >= COALESCE(f.folded_until, '-infinity') AND r.at < until) $$""",
    )
    _owned(
        "tenants_with_access",
        arguments="since timestamptz, until timestamptz",
        body=f"""
            RETURNS SETOF uuid LANGUAGE sql STABLE {OWNED} AS $$
            SELECT known.id FROM {known} WHERE EXISTS (
                SELECT FROM access_records r
                WHERE r.tenant_id = known.id AND r.at >= since AND r.at < until) $$""",
    )
    op.execute("CREATE POLICY across ON access_days FOR SELECT TO CURRENT_USER USING (true)")
    _owned(
        "tenants_with_access_days",
        arguments="before date",
        body=f"""
            RETURNS SETOF uuid LANGUAGE sql STABLE {OWNED} AS $$
            SELECT known.id FROM {known} WHERE EXISTS (
                SELECT FROM access_days d WHERE d.tenant_id = known.id AND d.day < before) $$""",
    )


def _over() -> None:
    # The app role may cause the end of a month that is over, never of one that is not, whatever date it says. Recording
    # waits for a lock on the table, so this gives up soon and is tried again.
    _owned(
        "drop_access_months",
        arguments="before date, folded date",
        body=f"""
            RETURNS integer LANGUAGE plpgsql {OWNED} SET lock_timeout = '250ms' AS $$
            DECLARE
                part record; dropped integer := 0;
            BEGIN
                FOR part IN
                    SELECT c.relname, to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' AS until,
                        i.inhparent = 'access_records'::regclass AS raw
                    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                    WHERE i.inhparent IN ('access_records'::regclass, 'access_days'::regclass)
                        AND c.relname ~ '_[0-9]{{4}}_[0-9]{{2}}$' ORDER BY 1
                LOOP
                    CONTINUE WHEN part.raw AND part.until > least(before, current_date - 90);
                    CONTINUE WHEN NOT part.raw AND part.until > least(folded, current_date - interval '7 years');
                    CONTINUE WHEN part.raw AND EXISTS (SELECT FROM tenants_to_fold(part.until));
                    EXECUTE format('DROP TABLE %I', part.relname);
                    dropped := dropped + 1;
                END LOOP;
                RETURN dropped;
            END $$""",
    )
