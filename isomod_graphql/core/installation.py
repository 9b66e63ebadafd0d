"""One running installation: settings, databases, keys and clock, opened and closed together. Refuses unsafe settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from isomod_graphql.core.clock import Clock, SystemClock
from isomod_graphql.core.embedded import APP_ROLE, KEYS, MAIN, OWNER_ROLE, start_pair
from isomod_graphql.core.keystore import Keystore
from isomod_graphql.core.roots import FileRootKeys, create_root_key_file
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.core.tenancy import Database, Limits


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the two databases are, for the app role and for their owners."""

    main: str
    keys: str
    main_owner: str
    keys_owner: str
    root_key_file: Path


@dataclass(frozen=True, slots=True)
class Installation:
    """What every process works with."""

    settings: Settings
    store: Store
    clock: Clock


async def urls_of(settings: Settings) -> Urls:
    """The URLs of the settings; where none are set, the embedded servers are started under `data_dir`."""
    root = settings.root_key_file or settings.data_dir / "root.key"
    if settings.database_url and settings.keystore_url:
        main, keys = settings.database_url, settings.keystore_url
        owners = settings.owner_database_url or main, settings.keystore_owner_url or keys
        return Urls(driver_of(main), driver_of(keys), driver_of(owners[0]), driver_of(owners[1]), root)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    main_server, key_server = await start_pair(settings.data_dir.resolve())
    if settings.root_key_file is None:
        create_root_key_file(root)
    return Urls(
        main_server.url(APP_ROLE, MAIN), key_server.url(APP_ROLE, KEYS),
        main_server.url(OWNER_ROLE, MAIN), key_server.url(OWNER_ROLE, KEYS), root,
    )  # fmt: skip


def open_store(settings: Settings, urls: Urls, clock: Clock) -> Store:
    """Pools for the app role. Raises MissingRootKey."""
    keystore = Keystore(
        _database(urls.keys, settings),
        _database(urls.keys, settings, writers=2),
        FileRootKeys(urls.root_key_file),
        clock,
        size=settings.key_cache_size,
        seconds=settings.key_cache_seconds,
        opened_bytes=settings.opened_cache_mb * 1_000_000,
    )
    return Store(_database(urls.main, settings), keystore, clock)


def _database(url: str, settings: Settings, *, writers: int | None = None) -> Database:
    return Database(
        url,
        pool_size=writers or settings.writers,
        readers=settings.readers,
        statement_cache=settings.statement_cache,
        limits=Limits(settings.statement_timeout_ms, settings.idle_in_transaction_timeout_ms),
    )


@asynccontextmanager
async def open_installation(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Installation]:
    """Opens everything and closes it again. Raises UnsafeSettings, MissingRootKey."""
    settings.require_safe()
    clock = clock or SystemClock()
    store = open_store(settings, await urls_of(settings), clock)
    try:
        yield Installation(settings, store, clock)
    finally:
        await store.close()


def driver_of(url: str) -> str:
    """The address with the driver that the product uses."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)
