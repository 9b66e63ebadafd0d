"""Delivery of events, the schedule and its runs, partitions of months to come, and notices."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW = """tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
         created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"""
OWNED = "SECURITY DEFINER SET search_path = public, pg_temp"


def upgrade() -> None:
    """Makes the outbox a queue, and adds the schedule and the notices."""
    _queue()
    _across_tenants()
    _schedule()
    _partitions()
    _notices()


def _queue() -> None:
    op.execute("""
        ALTER TABLE outbox ADD COLUMN state text NOT NULL DEFAULT 'WAITING', ADD COLUMN consumer text,
            ADD COLUMN claim uuid, ADD COLUMN last_error text,
            ADD CONSTRAINT ck_outbox_state CHECK (state IN ('WAITING', 'DONE', 'DEAD'))
    """)
    op.execute("UPDATE outbox SET state = 'DONE' WHERE done_at IS NOT NULL")
    op.execute(
        "ALTER TABLE outbox ADD CONSTRAINT ck_outbox_done CHECK ((state = 'DONE') = (done_at IS NOT NULL))"
    )
    op.execute("DROP INDEX ix_outbox_waiting")
    op.execute("CREATE INDEX ix_outbox_waiting ON outbox (tenant_id, due_at) WHERE state = 'WAITING'")
    op.execute("CREATE INDEX ix_outbox_settled ON outbox (tenant_id, updated_at) WHERE state <> 'WAITING'")
    op.execute("""
        CREATE FUNCTION ring_outbox() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN PERFORM pg_notify('isomod_outbox', ''); RETURN NULL; END $$
    """)
    op.execute("""
        CREATE TRIGGER ring AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION ring_outbox()
    """)


def _owned(name: str, *, arguments: str, body: str) -> None:
    """A function that runs as the owner, for the app role alone."""
    op.execute(f"CREATE FUNCTION {name}({arguments}) {body}")
    types = ", ".join(argument.split()[1] for argument in arguments.split(", ") if argument)
    op.execute(f"REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {name}({types}) TO {APP_ROLE}")


def _across_tenants() -> None:
    # What waits in every tenant: ids and counts only. The functions run as the owner, for whom the policy steps aside.
    for table in ("outbox", "idempotency_keys"):
        op.execute(f"CREATE POLICY across ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    # Taken in turns, the oldest of each tenant first: a tenant with many events does not delay the others.
    _owned(
        "due_events",
        arguments="at timestamptz, kinds text[], most integer",
        body=f"""
            RETURNS TABLE (tenant_id uuid, id uuid) LANGUAGE sql STABLE {OWNED} AS $$
            WITH RECURSIVE waiting AS (
                (SELECT o.tenant_id FROM outbox o WHERE o.state = 'WAITING' ORDER BY o.tenant_id LIMIT 1)
                UNION ALL
                SELECT (SELECT o.tenant_id FROM outbox o WHERE o.state = 'WAITING' AND o.tenant_id > w.tenant_id
                        ORDER BY o.tenant_id LIMIT 1) FROM waiting w WHERE w.tenant_id IS NOT NULL)
            SELECT d.tenant_id, d.id FROM waiting w CROSS JOIN LATERAL (
                SELECT o.tenant_id, o.id, o.due_at, row_number() OVER (ORDER BY o.due_at, o.id) AS turn FROM outbox o
                WHERE o.tenant_id = w.tenant_id AND o.state = 'WAITING' AND o.due_at <= at AND o.kind = ANY (kinds)
                ORDER BY o.due_at, o.id LIMIT most) d
            ORDER BY d.turn, d.due_at, d.id LIMIT most $$""",
    )
    _owned(
        "queue_state",
        arguments="",
        body=f"""
            RETURNS TABLE (state text, kind text, events bigint, oldest timestamptz) LANGUAGE sql STABLE {OWNED} AS $$
            SELECT o.state, o.kind, count(*), min(o.created_at) FROM outbox o WHERE o.state <> 'DONE'
            GROUP BY o.state, o.kind $$""",
    )
    _owned(
        "tenants_with_settled_events",
        arguments="before timestamptz",
        body=f"""
            RETURNS SETOF uuid LANGUAGE sql STABLE {OWNED} AS $$
            SELECT DISTINCT o.tenant_id FROM outbox o WHERE o.updated_at < before $$""",
    )
    _owned(
        "tenants_with_expired_keys",
        arguments="at timestamptz",
        body=f"""
            RETURNS SETOF uuid LANGUAGE sql STABLE {OWNED} AS $$
            SELECT DISTINCT k.tenant_id FROM idempotency_keys k WHERE k.expires_at <= at $$""",
    )


def _schedule() -> None:
    op.execute(f"""
        CREATE TABLE schedules (
            {ROW}, name text NOT NULL, timing text NOT NULL, next_due_at timestamptz NOT NULL, last_due_at timestamptz,
            last_finished_at timestamptz, last_outcome text, last_error text,
            CONSTRAINT pk_schedules PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_schedules_name UNIQUE (tenant_id, name),
            CONSTRAINT ck_schedules_last_outcome CHECK (last_outcome IN ('DONE', 'FAILED')))
    """)
    guard_tenant_table(op, "schedules", rights="SELECT, INSERT, UPDATE")
    op.execute(f"""
        CREATE TABLE schedule_runs (
            {ROW}, name text NOT NULL, due_at timestamptz NOT NULL, event_id uuid NOT NULL, state text NOT NULL,
            finished_at timestamptz, error text,
            CONSTRAINT pk_schedule_runs PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_schedule_runs_due UNIQUE (tenant_id, name, due_at),
            CONSTRAINT ck_schedule_runs_state CHECK (state IN ('OPEN', 'DONE', 'FAILED')),
            CONSTRAINT ck_schedule_runs_finished CHECK ((state = 'OPEN') = (finished_at IS NULL)))
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_schedule_runs_open ON schedule_runs (tenant_id, name) WHERE state = 'OPEN'"
    )
    guard_tenant_table(op, "schedule_runs")


def _partitions() -> None:
    # The app role has no DDL; this is the little that it may cause. Every table that is partitioned by month and has a
    # default partition gets its months; what a wrong clock put into the default partition moves along.
    _owned(
        "ensure_month_partitions",
        arguments="first date, months integer",
        body=f"""
            RETURNS integer LANGUAGE plpgsql {OWNED} SET lock_timeout = '2s' SET timezone = 'UTC' AS $$
            DECLARE
                parent record; month date; name text; made integer := 0;
            BEGIN
                IF months NOT BETWEEN 1 AND 24 THEN RAISE EXCEPTION 'between 1 and 24 months'; END IF;
                PERFORM pg_advisory_xact_lock(7204120);
                FOR parent IN
                    SELECT c.relname, a.attname FROM pg_partitioned_table p
                    JOIN pg_class c ON c.oid = p.partrelid
                    JOIN pg_class r ON r.oid = p.partdefid AND r.relname = c.relname || '_rest'
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
                    WHERE p.partstrat = 'r' AND p.partnatts = 1 AND c.relnamespace = 'public'::regnamespace
                LOOP
                    FOR month IN
                        SELECT date_trunc('month', first)::date + make_interval(months => n)
                        FROM generate_series(0, months - 1) n
                    LOOP
                        name := parent.relname || to_char(month, '"_"YYYY"_"MM');
                        CONTINUE WHEN to_regclass('public.' || name) IS NOT NULL;
                        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent.relname);
                        EXECUTE format(
                            'WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
                            parent.relname || '_rest', parent.attname, month::timestamptz, parent.attname,
                            (month + interval '1 month')::timestamptz, name);
                        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                            parent.relname, name, month::timestamptz, (month + interval '1 month')::timestamptz);
                        made := made + 1;
                    END LOOP;
                END LOOP;
                RETURN made;
            END $$""",
    )


def _notices() -> None:
    op.execute(f"""
        CREATE TABLE notices (
            {ROW}, person_id uuid NOT NULL, event_id uuid NOT NULL, kind text NOT NULL, ids jsonb NOT NULL,
            read_at timestamptz,
            CONSTRAINT pk_notices PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_notices_event UNIQUE (tenant_id, event_id, person_id),
            CONSTRAINT fk_notices_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id)
                ON DELETE CASCADE)
    """)
    op.execute("CREATE INDEX ix_notices_person ON notices (tenant_id, person_id, created_at, id)")
    guard_tenant_table(op, "notices")
