"""What the doctor looks at, one function per question. It refuses to repair, and to say a value that it saw."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.exc import DBAPIError

import isomod_graphql
from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.columns import TENANTLESS, Base, KeystoreBase
from isomod_graphql.core.embedded import stop_server
from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.installation import Urls, open_store, urls_of
from isomod_graphql.core.migrate import newest
from isomod_graphql.core.roots import FileRootKeys, MissingRootKey
from isomod_graphql.core.settings import EU_REGIONS, Environment, Settings, UnsafeSettings
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import Database
from isomod_graphql.jobs.lag import backlog
from isomod_graphql.jobs.wiring import heard_kinds

OLDEST_SERVER: Final = 150_000
MOST_SKEW: Final = timedelta(seconds=2)
MOST_LAG: Final = timedelta(minutes=5)

ROLE = text("""
    SELECT r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb AS mighty,
           (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace) AS owned,
           has_schema_privilege('public', 'CREATE') AS creates, current_setting('server_version_num')::int AS version
    FROM pg_roles r WHERE r.rolname = current_user
""")
# A partition is reached through its parent, whose policies hold; one that the role may touch itself needs its own.
UNGUARDED = text("""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL (:tenantless)
      AND (NOT c.relispartition OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE'))
    ORDER BY 1
""")
COLUMNS = text("""
    SELECT c.relname AS table, a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version' ORDER BY 1, 2
""")
TLS = text(
    "SELECT ssl, version, client_addr IS NULL AS local FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer: well, not well, or not to be known from here (None)."""

    name: str
    ok: bool | None
    says: str


async def examine(settings: Settings) -> list[Finding]:
    """Every finding. What cannot be reached is a finding too."""
    findings = [_settings(settings), _region(settings)]
    embedded = settings.database_url is None or settings.keystore_url is None
    folders = (settings.data_dir.resolve() / "postgres", settings.data_dir.resolve() / "keystore")
    if embedded and not all((folder / "PG_VERSION").exists() for folder in folders):
        says = f"none in {settings.data_dir}: set ISOMOD_DATA_DIR, or the addresses of the databases"
        return [*findings, Finding("databases", ok=False, says=says)]
    idle = [folder for folder in folders if embedded and not (folder / "postmaster.pid").exists()]
    try:
        return [*findings, *await _looked_into(settings)]
    finally:
        for folder in idle:
            stop_server(folder)


async def _looked_into(settings: Settings) -> list[Finding]:
    findings = []
    try:
        urls = await urls_of(settings)
        findings.append(_root_key(urls))
        store = open_store(settings, urls, SystemClock())
    except MissingRootKey as error:
        return [*findings, Finding("root key", ok=False, says=str(error))]
    try:
        for name, question in _questions(store, urls, heard_kinds(settings)).items():
            findings.append(await _asked(name, question))
    finally:
        await store.close()
    return findings


Question = Callable[[], Awaitable[tuple[bool | None, str]]]


def _questions(store: Store, urls: Urls, heard: list[str]) -> dict[str, Question]:
    main, keys = store.main, store.keystore.database
    return {
        "main database role": lambda: _role(main),
        "key database role": lambda: _role(keys),
        "main database version": lambda: _version(urls.main_owner, "main"),
        "key database version": lambda: _version(urls.keys_owner, "keystore"),
        "main database row security": lambda: _row_security(main, TENANTLESS),
        "key database row security": lambda: _row_security(keys, ("alembic_version",)),
        "directory": lambda: _directory(main),
        "columns": lambda: _columns(main),
        "keys": lambda: _keys(store),
        "main database connection": lambda: _tls(main),
        "key database connection": lambda: _tls(keys),
        "main database clock": lambda: _clock(main),
        "key database clock": lambda: _clock(keys),
        "queue": lambda: _queue(main, heard),
    }


async def _asked(name: str, question: Question) -> Finding:
    try:
        ok, says = await question()
    except IsoModError as error:
        return Finding(name, ok=False, says=error.code)
    except (DBAPIError, OSError) as error:
        return Finding(name, ok=False, says=f"no answer: {type(error).__name__}")
    return Finding(name, ok, says)


def _settings(settings: Settings) -> Finding:
    try:
        settings.require_safe()
    except UnsafeSettings as error:
        return Finding("settings", ok=False, says=str(error))
    if settings.environment is not Environment.PRODUCTION:
        return Finding("settings", ok=True, says="development; production would be checked more strictly")
    return Finding("settings", ok=True, says="safe for production")


def _region(settings: Settings) -> Finding:
    inside = settings.region in EU_REGIONS
    return Finding(
        "region", inside, "in the European Union" if inside else "outside the European Union (policy 3)"
    )


def _root_key(urls: Urls) -> Finding:
    """The file's mode is part of what FileRootKeys refuses."""
    return Finding(
        "root key",
        ok=True,
        says=f"epoch {FileRootKeys(urls.root_key_file).epoch}, readable by its owner only",
    )


async def _first(database: Database, statement: TextClause) -> Any:  # noqa: ANN401  a row
    async with database.begin(PLATFORM_TENANT, write=False) as connection:
        return await connection.first(statement)


async def _role(database: Database) -> tuple[bool, str]:
    row = await _first(database, ROLE)
    if row.mighty:
        return False, "is a superuser, bypasses row security or makes roles or databases"
    if row.owned or row.creates:
        return False, "owns tables or may make some; the app only reads and writes"
    if row.version < OLDEST_SERVER:
        return False, "PostgreSQL 15 or newer is needed"
    return True, f"reads and writes, PostgreSQL {row.version // 10_000}"


async def _version(owner_url: str, which: str) -> tuple[bool | None, str]:
    database = Database(owner_url, pool_size=1, statement_cache=0)
    try:
        row = await _first(database, text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        return None, "only the owner knows; give its address to ask"
    finally:
        await database.close()
    found, wanted = row.version_num if row else "none", newest(which)
    return found == wanted, f"at {found}" if found == wanted else f"at {found}, this code needs {wanted}"


async def _row_security(database: Database, tenantless: tuple[str, ...]) -> tuple[bool, str]:
    async with database.begin(PLATFORM_TENANT, write=False) as connection:
        names = [
            row.relname
            for row in await connection.all(UNGUARDED.bindparams(tenantless=[*tenantless, "tenants"]))
        ]
    if "tenants" in tenantless:
        guarded = await _first(
            database,
            text("SELECT relforcerowsecurity AS forced FROM pg_class WHERE oid = 'tenants'::regclass"),
        )
        names += [] if guarded.forced else ["tenants"]
    return not names, "forced on every table" if not names else f"not forced on {', '.join(names)}"


async def _directory(main: Database) -> tuple[bool, str]:
    row = await _first(main, text("SELECT has_table_privilege('directory', 'SELECT') AS listed"))
    return (
        not row.listed,
        "cannot be listed" if not row.listed else "the app role may list every address and token",
    )


async def _columns(main: Database) -> tuple[bool, str]:
    """Every column of the database stands in a model; a model refuses a column without a category."""
    for module in pkgutil.walk_packages(isomod_graphql.__path__, "isomod_graphql."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)
    for name in ("directory", "events", "idempotency", "counters", "points", "search"):
        importlib.import_module(f"isomod_graphql.core.{name}")
    tables = Base.metadata.tables
    async with main.begin(PLATFORM_TENANT, write=False) as connection:
        rows = await connection.all(COLUMNS)
    unknown = [f"{row.table}.{row.column}" for row in rows if not _knows(tables, row.table, row.column)]
    known = len(rows) - len(unknown)
    return (
        not unknown,
        f"all {known} classified" if not unknown else f"without a category: {', '.join(unknown)}",
    )


def _knows(tables: Any, table: str, column: str) -> bool:  # noqa: ANN401  SQLAlchemy's own mapping
    return table in tables and column in tables[table].c


async def _keys(store: Store) -> tuple[bool, str]:
    tables = set(KeystoreBase.metadata.tables)
    await store.keystore.tenant(PLATFORM_TENANT)
    return bool(tables), "the platform's keys open under the root key"


async def _tls(database: Database) -> tuple[bool, str]:
    row = await _first(database, TLS)
    if row.local:
        return True, "a socket of this machine"
    if not row.ssl:
        return False, "not encrypted (policy 3: TLS 1.2 or newer)"
    return row.version in {"TLSv1.2", "TLSv1.3"}, str(row.version)


async def _clock(database: Database) -> tuple[bool, str]:
    before = SystemClock().now()
    row = await _first(database, text("SELECT clock_timestamp() AS at"))
    after = SystemClock().now()
    skew = max(before - row.at, row.at - after, timedelta())
    return skew <= MOST_SKEW, f"differs by {skew.total_seconds():.3f} s"


async def _queue(main: Database, heard: list[str]) -> tuple[bool, str]:
    found = await backlog(main, heard)
    if found.oldest is None:
        return found.dead == 0, f"nothing waits, {found.dead} given up"
    lag = SystemClock().now() - found.oldest
    says = f"{found.waiting} wait, the oldest for {lag.total_seconds():.0f} s, {found.dead} given up"
    return lag <= MOST_LAG and found.dead == 0, says
