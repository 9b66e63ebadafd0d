"""Keys: made once, locked while used, gone for good when destroyed; a week's key cannot bring a destroyed subject back."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import KeyDestroyed
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.keys import DataKeyRow
from isomod_graphql.core.roots import FileRootKeys, MissingRootKey, create_root_key_file
from isomod_graphql.core.store import Store
from permissions.categories import Keep


async def key_id(store: Store, tenant: UUID, subject: UUID, keep: Keep = Keep.ACCOUNT) -> UUID:
    """The id of the key that a write would use now."""
    async with store.keystore.writing(tenant) as scope:
        return (await scope.key(subject, keep)).id


async def destroy(store: Store, tenant: UUID) -> None:
    """Turns every data key of the tenant into a tombstone."""
    async with store.keystore.database.begin(tenant, write=True) as connection:
        await connection.run(update(DataKeyRow).values(wrapped=None, destroyed_at=store.clock.now()))


async def test_a_subject_has_one_key_per_keep(store: Store, tenant: UUID) -> None:
    subject = new_id(store.clock.now())

    account, again, evidence = [
        await key_id(store, tenant, subject, keep) for keep in (Keep.ACCOUNT, Keep.ACCOUNT, Keep.EVIDENCE)
    ]

    assert account == again
    assert account != evidence


async def test_a_weekly_key_lasts_one_week(store: Store, tenant: UUID, clock: SettableClock) -> None:
    subject = new_id(clock.now())

    first = await key_id(store, tenant, subject, Keep.SECURITY)
    clock.advance(timedelta(days=6, hours=14))
    same_week = await key_id(store, tenant, subject, Keep.SECURITY)
    clock.advance(timedelta(hours=1))
    next_week = await key_id(store, tenant, subject, Keep.SECURITY)

    assert first == same_week
    assert first != next_week


async def test_a_destroyed_key_is_never_reissued(store: Store, tenant: UUID, clock: SettableClock) -> None:
    subject = new_id(clock.now())
    await key_id(store, tenant, subject)
    await key_id(store, tenant, subject, Keep.SECURITY)
    await destroy(store, tenant)

    with pytest.raises(KeyDestroyed):
        await key_id(store, tenant, subject)
    clock.advance(timedelta(days=30))
    with pytest.raises(KeyDestroyed):
        await key_id(store, tenant, subject, Keep.SECURITY)


async def test_destroyed_keys_are_left_out_of_what_is_opened(store: Store, tenant: UUID) -> None:
    alive, dead = new_id(store.clock.now()), new_id(store.clock.now())
    dead_key = await key_id(store, tenant, dead)
    await destroy(store, tenant)
    alive_key = await key_id(store, tenant, alive)

    opened = await store.keystore.opened_keys(tenant, [alive_key.bytes, dead_key.bytes])

    assert set(opened) == {alive_key.bytes}


async def test_another_tenants_keys_are_not_found(store: Store, tenant: UUID) -> None:
    other = new_id(store.clock.now())
    await store.keystore.create_tenant(other)
    theirs = await key_id(store, other, new_id(store.clock.now()))

    assert await store.keystore.opened_keys(tenant, [theirs.bytes]) == {}


def test_a_root_key_that_others_may_read_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("keys") / "root.key"
    create_root_key_file(path)
    path.chmod(0o644)

    with pytest.raises(MissingRootKey, match="0600"):
        FileRootKeys(path)
