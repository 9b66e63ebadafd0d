"""The directory, accounts, memberships, roles, sign-in sessions, one-use tokens, bearer tokens, partner clients, throttles."""

from alembic import op

from isomod_graphql.core.ddl import APP_ROLE, guard_tenant_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLATFORM = "'00000000-0000-7000-8000-000000000001'::uuid"
ROW = """tenant_id uuid NOT NULL, id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
         created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL"""
UNDELETED = "SELECT, INSERT, UPDATE"


def upgrade() -> None:
    """Creates what a caller is known by."""
    _directory()
    _accounts()
    _members()
    _credentials()
    _lookups()


def _directory() -> None:
    # No tenant rule: it is asked before the tenant is known. The app may add a line and never list them.
    op.execute("""
        CREATE TABLE directory (
            kind text NOT NULL, lookup_hash bytea NOT NULL, tenant_id uuid NOT NULL, target_id uuid NOT NULL,
            CONSTRAINT pk_directory PRIMARY KEY (kind, lookup_hash),
            CONSTRAINT ck_directory_kind CHECK (kind IN ('EMAIL', 'SLUG', 'TOKEN', 'CLIENT')))
    """)
    op.execute(f"GRANT INSERT ON directory TO {APP_ROLE}")


def _accounts() -> None:
    op.execute(f"""
        CREATE TABLE accounts (
            {ROW}, status text NOT NULL, password_hash text, email_index bytea, email_verified_at timestamptz,
            epoch integer NOT NULL DEFAULT 1, sealed_account bytea,
            CONSTRAINT pk_accounts PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_accounts_status CHECK (status IN ('ACTIVE', 'DISABLED')))
    """)
    op.execute("CREATE UNIQUE INDEX uq_accounts_email_index ON accounts (tenant_id, email_index)")
    guard_tenant_table(op, "accounts", rights=UNDELETED)
    op.execute(f"""
        CREATE TABLE sign_in_sessions (
            {ROW}, account_id uuid NOT NULL, secret_hash bytea NOT NULL, epoch integer NOT NULL,
            member_tenant_id uuid NOT NULL, person_id uuid NOT NULL, entered_at timestamptz NOT NULL,
            last_used_at timestamptz NOT NULL, expires_at timestamptz NOT NULL, stepped_up_until timestamptz,
            revoked_at timestamptz, sealed_security_account bytea,
            CONSTRAINT pk_sign_in_sessions PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_sign_in_sessions_account FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id))
    """)
    op.execute("CREATE UNIQUE INDEX uq_sign_in_sessions_secret ON sign_in_sessions (tenant_id, secret_hash)")
    op.execute("CREATE INDEX ix_sign_in_sessions_account ON sign_in_sessions (tenant_id, account_id)")
    op.execute("CREATE INDEX ix_sign_in_sessions_person ON sign_in_sessions (tenant_id, person_id)")
    guard_tenant_table(op, "sign_in_sessions")
    op.execute(f"""
        CREATE TABLE account_tokens (
            {ROW}, kind text NOT NULL, account_id uuid, member_tenant_id uuid, person_id uuid, secret_hash bytea,
            expires_at timestamptz, used_at timestamptz, sealed_account_account bytea,
            CONSTRAINT pk_account_tokens PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_account_tokens_account FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
            CONSTRAINT ck_account_tokens_kind CHECK (kind IN ('INVITATION', 'VERIFY_EMAIL', 'RESET_PASSWORD', 'CHANGE_EMAIL')),
            CONSTRAINT ck_account_tokens_holder CHECK (CASE WHEN kind = 'INVITATION'
                THEN member_tenant_id IS NOT NULL AND person_id IS NOT NULL ELSE account_id IS NOT NULL END))
    """)
    op.execute("CREATE UNIQUE INDEX uq_account_tokens_secret ON account_tokens (tenant_id, secret_hash)")
    op.execute("CREATE INDEX ix_account_tokens_account ON account_tokens (tenant_id, account_id)")
    op.execute("CREATE INDEX ix_account_tokens_person ON account_tokens (tenant_id, person_id)")
    guard_tenant_table(op, "account_tokens")
    op.execute("""
        CREATE TABLE sign_in_throttles (
            tenant_id uuid NOT NULL, lookup_hash bytea NOT NULL, device_hash bytea NOT NULL, failures integer NOT NULL,
            failed_at timestamptz NOT NULL, allowed_at timestamptz NOT NULL,
            CONSTRAINT pk_sign_in_throttles PRIMARY KEY (tenant_id, lookup_hash, device_hash))
    """)
    guard_tenant_table(op, "sign_in_throttles")


def _members() -> None:
    op.execute(f"""
        CREATE TABLE users (
            {ROW}, account_id uuid, status text NOT NULL, access_since timestamptz NOT NULL, last_seen_at timestamptz,
            CONSTRAINT pk_users PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_users_account UNIQUE (tenant_id, account_id),
            CONSTRAINT fk_users_person FOREIGN KEY (tenant_id, id) REFERENCES people (tenant_id, id),
            CONSTRAINT ck_users_status CHECK (status IN ('INVITED', 'ACTIVE', 'DEACTIVATED', 'LEFT')),
            CONSTRAINT ck_users_active CHECK (status <> 'ACTIVE' OR account_id IS NOT NULL))
    """)
    op.execute("CREATE INDEX ix_users_account ON users (account_id)")
    guard_tenant_table(op, "users", rights=UNDELETED)
    op.execute(f"""
        CREATE TABLE role_grants (
            {ROW}, person_id uuid NOT NULL, role text NOT NULL, site_id uuid, expires_at timestamptz,
            CONSTRAINT pk_role_grants PRIMARY KEY (tenant_id, id),
            CONSTRAINT uq_role_grants UNIQUE NULLS NOT DISTINCT (tenant_id, person_id, role, site_id),
            CONSTRAINT fk_role_grants_person FOREIGN KEY (tenant_id, person_id) REFERENCES users (tenant_id, id),
            CONSTRAINT ck_role_grants_role CHECK (role IN ('ADMIN', 'MANAGER', 'TECHNICIAN', 'REQUESTER', 'VIEWER',
                'QUALITY_MANAGER', 'AUDITOR', 'PRIVACY_OFFICER')))
    """)
    op.execute("CREATE INDEX ix_role_grants_role ON role_grants (tenant_id, role)")
    guard_tenant_table(op, "role_grants")


def _credentials() -> None:
    op.execute(f"""
        CREATE TABLE partner_clients (
            {ROW}, public_key text NOT NULL, name text NOT NULL, secret_hash bytea NOT NULL, scopes text[] NOT NULL,
            sites uuid[], purpose text NOT NULL, expires_at timestamptz NOT NULL, disabled_at timestamptz,
            CONSTRAINT pk_partner_clients PRIMARY KEY (tenant_id, id),
            CONSTRAINT ck_partner_clients_purpose
                CHECK (purpose IN ('SERVICE', 'NOTIFY', 'COMPLIANCE', 'ANALYTICS', 'SECURITY', 'LEGAL')))
    """)
    guard_tenant_table(op, "partner_clients", rights=UNDELETED)
    op.execute(f"""
        CREATE TABLE api_tokens (
            {ROW}, person_id uuid, client_id uuid, secret_hash bytea NOT NULL, label text NOT NULL, scopes text[] NOT NULL,
            caveats jsonb NOT NULL, expires_at timestamptz NOT NULL, last_used_at timestamptz, revoked_at timestamptz,
            CONSTRAINT pk_api_tokens PRIMARY KEY (tenant_id, id),
            CONSTRAINT fk_api_tokens_person FOREIGN KEY (tenant_id, person_id) REFERENCES users (tenant_id, id),
            CONSTRAINT fk_api_tokens_client FOREIGN KEY (tenant_id, client_id) REFERENCES partner_clients (tenant_id, id),
            CONSTRAINT ck_api_tokens_holder CHECK ((person_id IS NULL) <> (client_id IS NULL)))
    """)
    op.execute("CREATE INDEX ix_api_tokens_person ON api_tokens (tenant_id, person_id, id)")
    op.execute("CREATE INDEX ix_api_tokens_client ON api_tokens (tenant_id, client_id, id)")
    guard_tenant_table(op, "api_tokens")


def _lookups() -> None:
    for kind, wanted, result in (
        ("EMAIL", "sign_in", "uuid"),
        ("SLUG", "slug", "uuid"),
        ("TOKEN", "token", "TABLE (tenant_id uuid, target_id uuid)"),
        ("CLIENT", "client", "TABLE (tenant_id uuid, target_id uuid)"),
    ):
        shown = "d.target_id" if result == "uuid" else "d.tenant_id, d.target_id"
        _function(
            f"directory_{wanted}(hash bytea)",
            f"{result} LANGUAGE sql STABLE",
            f"SELECT {shown} FROM directory d WHERE d.kind = '{kind}' AND d.lookup_hash = hash",
        )
    _function(
        "directory_forget(what text, hash bytea, target uuid)",
        "void LANGUAGE sql VOLATILE",
        """DELETE FROM directory d WHERE d.kind = what AND d.lookup_hash = hash AND d.target_id = target
           AND d.tenant_id = current_setting('app.tenant_id')::uuid""",
    )
    # Where an account is a member. Runs as the owner, for whom the tenant rule must step aside; asked by the platform only.
    for table in ("users", "tenants"):
        op.execute(f"CREATE POLICY directory ON {table} FOR SELECT TO CURRENT_USER USING (true)")
    _function(
        "directory_memberships(account uuid)",
        """TABLE (tenant_id uuid, person_id uuid, slug text, name text, last_seen_at timestamptz)
           LANGUAGE sql STABLE""",
        f"""SELECT u.tenant_id, u.id, t.slug, t.name, u.last_seen_at FROM users u JOIN tenants t ON t.id = u.tenant_id
            WHERE u.account_id = account AND u.status = 'ACTIVE'
            AND current_setting('app.tenant_id')::uuid = {PLATFORM} ORDER BY u.last_seen_at DESC NULLS LAST, u.id""",
    )


def _function(signature: str, returns: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} SECURITY DEFINER SET search_path = public, pg_temp AS $$ {body} $$"
    )
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO {APP_ROLE}")
