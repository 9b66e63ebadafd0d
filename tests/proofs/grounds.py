"""Two installations of the same content: the second is a copy of the first, ids and keys included, and is changed value by value. It knows no policy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.columns import Base
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from tests.conftest import START, Cluster, _clone, _pair_of
from tests.engine.realm import Realm, build_realm
from tests.proofs.house import House
from tests.proofs.planted import Planted, plant

SETTINGS: Final = Settings(pool_size=3, points_per_minute=2_000_000_000, request_timeout_s=120)
WRITTEN_ONCE: Final = frozenset({"audit_entries", "access_records", "access_days", "access_folds"})
"""What nobody alters; no answer depends on it."""
KEYS: Final = ("data_keys", "holds", "ledger", "tenant_keys")

RESTORE: Final = """
DO $do$
DECLARE
    name text; columns text; differs boolean;
BEGIN
    FOREACH name IN ARRAY ARRAY[{tables}] LOOP
        EXECUTE format(
            'SELECT EXISTS ((TABLE public.%1$I EXCEPT ALL TABLE kept.%1$I) UNION ALL (TABLE kept.%1$I EXCEPT ALL TABLE public.%1$I))', name
        ) INTO differs;
        IF differs THEN
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns FROM pg_attribute
            WHERE attrelid = format('public.%I', name)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            EXECUTE format('DELETE FROM public.%I', name);
            EXECUTE format('INSERT INTO public.%1$I (%2$s) SELECT %2$s FROM kept.%1$I', name, columns);
        END IF;
    END LOOP;
END $do$
"""


@dataclass
class Kept:
    """A state of a database to which it can be brought back, as its superuser."""

    eye: asyncpg.Connection
    tables: tuple[str, ...]

    async def begin(self, schema: str = "kept") -> None:
        """Keeps the present state."""
        await self.eye.execute(f"SET session_replication_role = replica; CREATE SCHEMA {schema}")
        await self.eye.execute(
            "; ".join(f"CREATE TABLE {schema}.{one} AS TABLE public.{one}" for one in self.tables)
        )

    async def anew(self) -> None:
        """Keeps the present state in the place of the one before."""
        copies = (f"DELETE FROM kept.{one}; INSERT INTO kept.{one} TABLE public.{one}" for one in self.tables)
        await self.eye.execute("; ".join(copies))

    async def restore(self) -> None:
        """Back to it."""
        names = ", ".join(f"'{name}'" for name in self.tables)
        await self.eye.execute(RESTORE.format(tables=names))


@dataclass
class Twin:
    """One of the two."""

    store: Store
    house: House
    main: Kept
    keys: Kept

    async def restore(self) -> None:
        """As it was kept last; in memory no key stays marked as destroyed."""
        await self.main.restore()
        await self.keys.restore()
        self.store.keystore.cache._destroyed.clear()


@dataclass(frozen=True)
class Grounds:
    """Where the two are."""

    cluster: Cluster
    names: tuple[str, str]
    urls: tuple[Urls, Urls]
    realms: tuple[Realm, Realm]
    planted: tuple[Planted, ...]


def grounds_of(cluster: Cluster, name: str) -> Grounds:
    """Builds one installation with two organisations, and copies its databases."""
    names = f"{name}_a", f"{name}_b"
    urls = _pair_of(cluster, names[0])
    realms, planted = asyncio.run(_built(urls))
    for server, of in ((cluster.main, "main"), (cluster.keys, "keys")):
        asyncio.run(_clone(server, f"{of}_{names[0]}", f"{of}_{names[1]}"))
    main, keys, main_owner, keys_owner = (
        url.replace(names[0], names[1]) for url in (urls.main, urls.keys, urls.main_owner, urls.keys_owner)
    )
    other = Urls(main, keys, main_owner, keys_owner, urls.root_key_file)
    return Grounds(cluster, names, (urls, other), realms, planted)


async def _built(urls: Urls) -> tuple[tuple[Realm, Realm], tuple[Planted, ...]]:
    # What a request makes comes after what was there: lists that go by the time of making are alike in both.
    store = open_store(SETTINGS, urls, SettableClock(START - timedelta(minutes=1)))
    try:
        realms = (await build_realm(store), await build_realm(store))
        planted = [one for realm in realms for one in await plant(store, realm)]
    finally:
        await store.close()
    return realms, tuple(planted)


@asynccontextmanager
async def open_twin(grounds: Grounds, at: int) -> AsyncIterator[Twin]:
    """The first (0) or the second (1), with its content kept."""
    name, urls = grounds.names[at], grounds.urls[at]
    store = open_store(SETTINGS, urls, SettableClock(START))
    eyes = await grounds.cluster.main.admin(f"main_{name}"), await grounds.cluster.keys.admin(f"keys_{name}")
    tables: list[Any] = [one.name for one in Base.metadata.sorted_tables if one.name not in WRITTEN_ONCE]
    twin = Twin(store, House(store, SETTINGS), Kept(eyes[0], tuple(tables)), Kept(eyes[1], KEYS))
    await twin.main.begin()
    await twin.keys.begin()
    try:
        yield twin
    finally:
        await twin.house.close()
        await store.close()
        for eye in eyes:
            await eye.close()
