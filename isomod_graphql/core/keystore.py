"""Data keys of people, wrapped by tenant keys, wrapped by a root key. Refuses to make, revive or return a key that was destroyed."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import DateTime, LargeBinary, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from isomod_graphql.core.clock import Clock
from isomod_graphql.core.crypto import new_key, unwrap, wrap
from isomod_graphql.core.errors import KeyDestroyed, KeystoreUnavailable, ServiceUnavailable
from isomod_graphql.core.ids import IdCipher, new_id
from isomod_graphql.core.keys import NO_WEEK, DataKeyRow, TenantKeyRow
from isomod_graphql.core.opened import KeyCache, Known, OpenedKey
from isomod_graphql.core.roots import RootKeys
from isomod_graphql.core.tenancy import Database, TenantConnection
from permissions.categories import WEEKLY, Keep

WRAPPED = "SELECT id, subject_id, keep, wrapped FROM data_keys WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
TENANT_PURPOSES = ("KEK", "ID", "CURSOR", "INDEX", "PSEUDONYM")


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """The opened keys of one tenant."""

    kek: AESGCM
    ids: IdCipher
    cursors: AESSIV
    index: bytes
    pseudonyms: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """An opened data key and its id."""

    id: UUID
    cipher: AESGCM


class Keystore:
    """The key database behind a cache."""

    def __init__(
        self,
        database: Database,
        creating: Database,
        roots: RootKeys,
        clock: Clock,
        *,
        size: int = 50_000,
        seconds: float = 60,
        opened_bytes: int = 0,
    ) -> None:
        """`size` and `seconds` bound the cache of opened data keys, `opened_bytes` that of the values which they opened.

        `creating` is a second, small pool: a new key is committed before anything is sealed with it, by a caller that
        already holds a connection of the first pool.
        """
        self.database = database
        self.creating = creating
        self.cache = KeyCache(size, seconds, opened_bytes)
        self._roots = roots
        self._clock = clock
        self._tenants: dict[UUID, TenantKeys] = {}

    async def create_tenant(self, tenant_id: UUID) -> TenantKeys:
        """Makes the keys of a tenant, once; a second call changes nothing."""
        now = self._clock.now()
        async with self._begin(tenant_id, write=True) as connection:
            for purpose in TENANT_PURPOSES:
                key = new_key() + (new_key() if purpose == "CURSOR" else b"")
                epoch, wrapped = await self._roots.wrap(key, _owner(tenant_id, purpose))
                row = {
                    "tenant_id": tenant_id,
                    "purpose": purpose,
                    "epoch": epoch,
                    "wrapped": wrapped,
                    "created_at": now,
                }
                await connection.run(insert(TenantKeyRow).values(row).on_conflict_do_nothing())
        return await self.tenant(tenant_id)

    async def tenant(self, tenant_id: UUID) -> TenantKeys:
        """The opened keys of a tenant. Raises KeyDestroyed when it has none."""
        known = self._tenants.get(tenant_id)
        if known is not None:
            return known
        async with self._begin(tenant_id, write=False) as connection:
            rows = await connection.all(select(TenantKeyRow).where(TenantKeyRow.tenant_id == tenant_id))
        opened = {
            row.purpose: await self._roots.unwrap(row.epoch, row.wrapped, _owner(tenant_id, row.purpose))
            for row in rows
        }
        if set(opened) != set(TENANT_PURPOSES):
            raise KeyDestroyed
        keys = TenantKeys(
            AESGCM(opened["KEK"]),
            IdCipher(tenant_id, opened["ID"]),
            AESSIV(opened["CURSOR"]),
            opened["INDEX"],
            opened["PSEUDONYM"],
        )
        self._tenants[tenant_id] = keys
        return keys

    def opened_values(self, place: bytes) -> Known:
        """What is remembered of one tenant's column (`place_of`); nothing that outlived its key."""
        return self.cache.opened(place)

    def cached_keys(self, key_ids: Collection[bytes]) -> dict[bytes, OpenedKey] | None:
        """As `opened_keys` without asking the database: None when it has to be asked."""
        return self.cache.every(key_ids)

    async def opened_keys(self, tenant_id: UUID, key_ids: Collection[bytes]) -> dict[bytes, OpenedKey]:
        """These keys by their raw ids, in one query for all that are not cached. Destroyed and unknown ones are left out.

        Raises KeystoreUnavailable.
        """
        found, missing = self.cache.known(key_ids)
        if missing:
            found.update(await self._fetch(tenant_id, missing))
        return found

    async def _fetch(self, tenant_id: UUID, key_ids: Collection[bytes]) -> dict[bytes, OpenedKey]:
        keys = await self.tenant(tenant_id)
        try:
            async with self.database.reading(tenant_id) as reading:
                rows = await reading.fetch(WRAPPED, (tenant_id.bytes, list(key_ids)), last=True)
        except ServiceUnavailable as error:
            raise KeystoreUnavailable from error
        fetched: dict[bytes, OpenedKey] = {}
        for key_id, subject_id, keep, wrapped in rows:
            if wrapped is None:
                self.cache.mark_destroyed(key_id)
                continue
            owner = tenant_id.bytes + subject_id + keep.encode()
            opened = self.cache.put(key_id, AESGCM(unwrap(keys.kek, wrapped, owner)))
            if opened is not None:
                fetched[key_id] = opened
        return fetched

    @asynccontextmanager
    async def writing(self, tenant_id: UUID) -> AsyncIterator["KeyScope"]:
        """A key transaction that stays open around the main one: keys used in it cannot be destroyed before it ends."""
        keys = await self.tenant(tenant_id)
        async with self._begin(tenant_id, write=True) as connection:
            yield KeyScope(connection, self.creating, keys, self._clock.now())

    async def close(self) -> None:
        """Closes both pools."""
        await self.database.close()
        await self.creating.close()

    @asynccontextmanager
    async def _begin(self, tenant_id: UUID, *, write: bool) -> AsyncIterator[TenantConnection]:
        try:
            async with self.database.begin(tenant_id, write=write) as connection:
                yield connection
        except (ServiceUnavailable, ConnectionError) as error:
            raise KeystoreUnavailable from error


class KeyScope:
    """Keys locked FOR KEY SHARE until the surrounding transaction ends."""

    def __init__(
        self, connection: TenantConnection, creating: Database, keys: TenantKeys, now: datetime
    ) -> None:
        """Made by Keystore.writing only."""
        self._connection, self._creating, self._keys, self._now = connection, creating, keys, now
        self._held: dict[tuple[UUID, Keep, date], DataKey] = {}

    async def key(self, subject_id: UUID, keep: Keep) -> DataKey:
        """The key of (subject, keep), created when missing. Raises KeyDestroyed for a tombstone: ids are never reissued."""
        week = week_of(self._now) if keep in WEEKLY else NO_WEEK
        held = self._held.get((subject_id, keep, week))
        if held is None:
            held = self._held[subject_id, keep, week] = await self._lock(subject_id, keep, week)
        return held

    async def hold(self, subject_ids: Collection[UUID], keep: Keep) -> None:
        """The keys of many people in three statements, for what is written at once. Raises ValueError for a weekly keep."""
        if keep in WEEKLY:
            raise ValueError("weekly keys are made one by one")
        tenant_id = self._connection.tenant_id
        owners = {subject_id: _subject(tenant_id, subject_id, keep.value) for subject_id in subject_ids}
        wanted = (
            select(DataKeyRow.subject_id, DataKeyRow.id, DataKeyRow.wrapped)
            .where(
                DataKeyRow.tenant_id == tenant_id,
                DataKeyRow.subject_id.in_(owners),
                DataKeyRow.keep == keep.value,
                DataKeyRow.week == NO_WEEK,
            )
            .with_for_update(read=True, key_share=True)
        )
        known = {row.subject_id for row in await self._connection.all(wanted)}
        await self._create([subject_id for subject_id in owners if subject_id not in known], keep)
        for row in await self._connection.all(wanted):
            if row.wrapped is not None:
                cipher = AESGCM(unwrap(self._keys.kek, row.wrapped, owners[row.subject_id]))
                self._held[row.subject_id, keep, NO_WEEK] = DataKey(row.id, cipher)

    async def _create(self, subject_ids: list[UUID], keep: Keep) -> None:
        tenant_id = self._connection.tenant_id
        columns: tuple[list[UUID], list[bytes]] = (
            [new_id(self._now) for _ in subject_ids],
            [wrap(self._keys.kek, new_key(), _subject(tenant_id, of, keep.value)) for of in subject_ids],
        )
        made = select(
            literal(tenant_id),
            func.unnest(literal(columns[0], ARRAY(Uuid()))),
            func.unnest(literal(subject_ids, ARRAY(Uuid()))),
            literal(keep.value),
            literal(NO_WEEK),
            func.unnest(literal(columns[1], ARRAY(LargeBinary()))),
            literal(self._now, DateTime(timezone=True)),
        )
        names = ["tenant_id", "id", "subject_id", "keep", "week", "wrapped", "created_at"]
        # Committed at once, as in `_lock`.
        async with self._creating.begin(tenant_id, write=True) as creating:
            await creating.run(insert(DataKeyRow).from_select(names, made).on_conflict_do_nothing())

    async def _lock(self, subject_id: UUID, keep: Keep, week: date) -> DataKey:
        tenant_id = self._connection.tenant_id
        if week != NO_WEEK:
            # The weekless key is the anchor: its tombstone also forbids the keys of weeks to come.
            await self._lock(subject_id, keep, NO_WEEK)
        wanted = (
            select(DataKeyRow.id, DataKeyRow.wrapped)
            .where(
                DataKeyRow.tenant_id == tenant_id,
                DataKeyRow.subject_id == subject_id,
                DataKeyRow.keep == keep.value,
                DataKeyRow.week == week,
            )
            .with_for_update(read=True, key_share=True)
        )
        row = await self._connection.first(wanted)
        if row is None:
            owner = _subject(tenant_id, subject_id, keep.value)
            values = {
                "tenant_id": tenant_id, "id": new_id(self._now), "subject_id": subject_id, "keep": keep.value, "week": week,
                "wrapped": wrap(self._keys.kek, new_key(), owner), "created_at": self._now,
            }  # fmt: skip
            # Committed at once: a crash after the main commit must not take the key with it. Orphans are swept.
            async with self._creating.begin(tenant_id, write=True) as creating:
                await creating.run(insert(DataKeyRow).values(values).on_conflict_do_nothing())
            row = await self._connection.first(wanted)
        if row is None or row.wrapped is None:
            raise KeyDestroyed
        return DataKey(
            row.id, AESGCM(unwrap(self._keys.kek, row.wrapped, _subject(tenant_id, subject_id, keep.value)))
        )


def week_of(now: datetime) -> date:
    """The Monday (UTC) of the instant's week."""
    return now.date() - timedelta(days=now.weekday())


def _owner(tenant_id: UUID, purpose: str) -> bytes:
    return tenant_id.bytes + purpose.encode()


def _subject(tenant_id: UUID, subject_id: UUID, keep: str) -> bytes:
    return tenant_id.bytes + subject_id.bytes + keep.encode()
