"""Locations, assets, work orders, who is on them and what happened to them."""

from alembic import op

from isomod_graphql.core.ddl import guard_tenant_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW = """tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
         created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"""
UNDELETED = "SELECT, INSERT, UPDATE"
STATES = "'DRAFT', 'OPEN', 'SCHEDULED', 'IN_PROGRESS', 'ON_HOLD', 'COMPLETED', 'CLOSED', 'CANCELLED'"


def upgrade() -> None:
    """Creates the places, the equipment and the work. A site that changes above follows down through ON UPDATE CASCADE."""
    _locations()
    _assets()
    _work_orders()
    _people_on_work()
    _history()


def _person(table: str, column: str) -> str:
    name = f"fk_{table}_{column.removesuffix('_id')}"
    return f"""CONSTRAINT {name} FOREIGN KEY (tenant_id, {column}) REFERENCES people (tenant_id, id)
               ON DELETE SET NULL ({column})"""


def _location(table: str) -> str:
    return f"""CONSTRAINT fk_{table}_location FOREIGN KEY (tenant_id, location_id, site_id)
               REFERENCES locations (tenant_id, id, site_id) ON UPDATE CASCADE"""


def _index(table: str, **columns: str) -> None:
    for name, of in columns.items():
        op.execute(f"CREATE INDEX ix_{table}_{name} ON {table} (tenant_id, {of}, id)")


def _locations() -> None:
    op.execute(f"""
        CREATE TABLE locations (
            {ROW}, parent_id uuid, site_id uuid NOT NULL, depth integer NOT NULL, name text NOT NULL,
            name_key text COLLATE "C" NOT NULL, address text, latitude double precision, longitude double precision,
            time_zone text NOT NULL,
            CONSTRAINT pk_locations PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_locations_site UNIQUE (tenant_id, id, site_id),
            CONSTRAINT fk_locations_parent FOREIGN KEY (tenant_id, parent_id, site_id)
                REFERENCES locations (tenant_id, id, site_id) ON UPDATE CASCADE,
            CONSTRAINT ck_locations_site CHECK ((parent_id IS NULL) = (site_id = id)),
            CONSTRAINT ck_locations_depth CHECK (depth BETWEEN 0 AND 19 AND (depth = 0) = (parent_id IS NULL)),
            CONSTRAINT ck_locations_position CHECK ((latitude IS NULL) = (longitude IS NULL)
                AND latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180))
    """)
    _index("locations", name="name_key", parent="parent_id", site="site_id")
    guard_tenant_table(op, "locations", rights=UNDELETED)
    op.execute("""
        ALTER TABLE people ADD CONSTRAINT fk_people_site FOREIGN KEY (tenant_id, site_id)
            REFERENCES locations (tenant_id, id) ON DELETE SET NULL (site_id)
    """)
    _index("people", site="site_id")
    op.execute("""
        ALTER TABLE role_grants ADD CONSTRAINT fk_role_grants_site FOREIGN KEY (tenant_id, site_id)
            REFERENCES locations (tenant_id, id)
    """)


def _assets() -> None:
    op.execute(f"""
        CREATE TABLE assets (
            {ROW}, parent_id uuid, location_id uuid NOT NULL, site_id uuid NOT NULL, name text NOT NULL,
            name_key text COLLATE "C" NOT NULL, tag text COLLATE "C", serial_number text, manufacturer text, model text,
            status text NOT NULL, criticality text NOT NULL, custodian_id uuid, description text, created_by_id uuid,
            CONSTRAINT pk_assets PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_assets_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES assets (tenant_id, id)
                ON DELETE SET NULL (parent_id),
            {_location("assets")},
            {_person("assets", "custodian_id")},
            {_person("assets", "created_by_id")},
            CONSTRAINT ck_assets_parent CHECK (parent_id <> id),
            CONSTRAINT ck_assets_status CHECK (status IN ('OPERATIONAL', 'STANDBY', 'DOWN', 'COMMISSIONING',
                'MODERNIZATION', 'INSPECTION_SCHEDULED', 'EMERGENCY_SHUTDOWN', 'RETIRED')),
            CONSTRAINT ck_assets_criticality CHECK (criticality IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')))
    """)
    op.execute("CREATE UNIQUE INDEX uq_assets_tag ON assets (tenant_id, tag)")
    _index(
        "assets",
        name="name_key",
        status="status",
        criticality="criticality",
        location="location_id",
        site="site_id",
        parent="parent_id",
        custodian="custodian_id",
        created_by="created_by_id",
    )
    guard_tenant_table(op, "assets", rights=UNDELETED)


def _work_orders() -> None:
    op.execute(f"""
        CREATE TABLE work_orders (
            {ROW}, number integer NOT NULL, title text NOT NULL, description text, status text NOT NULL,
            priority text NOT NULL, priority_rank integer NOT NULL GENERATED ALWAYS AS (CASE priority WHEN 'NONE' THEN 0
                WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 WHEN 'URGENT' THEN 4 END) STORED,
            type text NOT NULL, asset_id uuid, location_id uuid NOT NULL, site_id uuid NOT NULL, assignee_id uuid,
            requester_id uuid, created_by_id uuid, due_at timestamptz, window_start timestamptz, window_end timestamptz,
            started_at timestamptz, completed_at timestamptz, first_completed_at timestamptz, completed_by_id uuid,
            outcome text, resolution text,
            CONSTRAINT pk_work_orders PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_work_orders_asset FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id)
                ON DELETE SET NULL (asset_id),
            {_location("work_orders")},
            {_person("work_orders", "assignee_id")},
            {_person("work_orders", "requester_id")},
            {_person("work_orders", "created_by_id")},
            {_person("work_orders", "completed_by_id")},
            CONSTRAINT ck_work_orders_number CHECK (number > 0),
            CONSTRAINT ck_work_orders_status CHECK (status IN ({STATES})),
            CONSTRAINT ck_work_orders_priority CHECK (priority IN ('NONE', 'LOW', 'MEDIUM', 'HIGH', 'URGENT')),
            CONSTRAINT ck_work_orders_type CHECK (type IN ('CORRECTIVE', 'PREVENTIVE', 'INSPECTION', 'CALIBRATION', 'INSTALLATION')),
            CONSTRAINT ck_work_orders_outcome CHECK (outcome IN ('RESOLVED', 'PARTIAL', 'UNABLE')),
            CONSTRAINT ck_work_orders_window CHECK ((window_start IS NULL) = (window_end IS NULL) AND window_start < window_end),
            CONSTRAINT ck_work_orders_scheduled CHECK (status <> 'SCHEDULED' OR window_start IS NOT NULL),
            CONSTRAINT ck_work_orders_started CHECK (started_at IS NOT NULL OR status IN ('DRAFT', 'OPEN', 'SCHEDULED', 'CANCELLED')),
            CONSTRAINT ck_work_orders_completed CHECK ((status IN ('COMPLETED', 'CLOSED')) = (completed_at IS NOT NULL)
                AND (completed_at IS NULL) = (outcome IS NULL)
                AND (completed_at IS NULL OR (first_completed_at IS NOT NULL AND first_completed_at <= completed_at))))
    """)
    op.execute("CREATE UNIQUE INDEX uq_work_orders_number ON work_orders (tenant_id, number)")
    _index(
        "work_orders",
        created="created_at",
        due="due_at",
        rank="priority_rank, number",
        status="status",
        priority="priority",
        type="type",
        asset="asset_id",
        location="location_id",
        site="site_id",
        assignee="assignee_id",
        requester="requester_id",
        created_by="created_by_id",
        completed_by="completed_by_id",
    )
    guard_tenant_table(op, "work_orders", rights=UNDELETED)


def _people_on_work() -> None:
    op.execute("""
        CREATE TABLE work_order_assignees (
            tenant_id uuid NOT NULL, work_order_id uuid NOT NULL, person_id uuid NOT NULL,
            CONSTRAINT pk_work_order_assignees PRIMARY KEY (tenant_id, work_order_id, person_id),
            CONSTRAINT fk_work_order_assignees_work_order FOREIGN KEY (tenant_id, work_order_id)
                REFERENCES work_orders (tenant_id, id) ON DELETE CASCADE,
            CONSTRAINT fk_work_order_assignees_person FOREIGN KEY (tenant_id, person_id) REFERENCES people (tenant_id, id))
    """)
    op.execute("""
        CREATE INDEX ix_work_order_assignees_person ON work_order_assignees (tenant_id, person_id, work_order_id)
    """)
    guard_tenant_table(op, "work_order_assignees", rights="SELECT, INSERT, DELETE")


def _history() -> None:
    op.execute(f"""
        CREATE TABLE work_order_history (
            {ROW}, work_order_id uuid NOT NULL, sequence integer NOT NULL, at timestamptz NOT NULL, actor_id uuid,
            transition text, from_status text, to_status text NOT NULL, reason text,
            CONSTRAINT pk_work_order_history PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_work_order_history_work_order FOREIGN KEY (tenant_id, work_order_id)
                REFERENCES work_orders (tenant_id, id),
            {_person("work_order_history", "actor_id")},
            CONSTRAINT ck_work_order_history_transition CHECK (transition IN ('OPEN', 'SCHEDULE', 'UNSCHEDULE', 'START',
                'HOLD', 'RESUME', 'COMPLETE', 'REOPEN', 'CLOSE', 'CANCEL')),
            CONSTRAINT ck_work_order_history_from CHECK (from_status IN ({STATES})),
            CONSTRAINT ck_work_order_history_to CHECK (to_status IN ({STATES})),
            CONSTRAINT ck_work_order_history_made CHECK ((transition IS NULL) = (from_status IS NULL)))
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_work_order_history ON work_order_history (tenant_id, work_order_id, sequence)
    """)
    _index("work_order_history", actor="actor_id")
    guard_tenant_table(op, "work_order_history", rights="SELECT, INSERT")
