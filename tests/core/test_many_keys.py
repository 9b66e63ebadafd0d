"""Keys of many people at once are the same keys as one by one, and an erased person gets none."""

from uuid import UUID

import pytest

from isomod_graphql.core.errors import KeyDestroyed
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.shredding import destroy_keys, write_intent
from isomod_graphql.core.store import Store
from isomod_graphql.subjects.models import Person
from permissions.categories import Keep


async def test_held_keys_seal_what_later_transactions_open(store: Store, tenant: UUID) -> None:
    people = [new_id(store.clock.now()) for _ in range(3)]

    async with store.transaction(tenant, write=True) as tx:
        early = await tx.seal(Person, people[0], {"name": "Ada"}, {"id": people[0]})
    async with store.transaction(tenant, write=True) as tx:
        await tx.hold_keys(people, Keep.ACCOUNT)
        packs = [await tx.seal(Person, of, {"name": f"Ada {at}"}, {"id": of}) for at, of in enumerate(people)]
        rows = [{"id": of} | pack for of, pack in zip(people, packs, strict=True)]
        opened = await tx.open_rows(Person, rows, ["name"])

    assert [values["name"] for values in opened] == ["Ada 0", "Ada 1", "Ada 2"]
    assert len({pack["sealed_account"][1:17] for pack in packs}) == 3
    assert packs[0]["sealed_account"][1:17] == early["sealed_account"][1:17]


async def test_holding_makes_no_key_for_somebody_erased(store: Store, tenant: UUID) -> None:
    erased, other = (new_id(store.clock.now()) for _ in range(2))
    now = store.clock.now()
    intent = await write_intent(
        store.keystore, now, tenant_id=tenant, subject_id=erased, ground="OBJECTION", actor_id=other
    )
    await destroy_keys(store.keystore, now, intent, frozenset({Keep.ACCOUNT}))

    async with store.transaction(tenant, write=True) as tx:
        await tx.hold_keys([erased, other], Keep.ACCOUNT)
        with pytest.raises(KeyDestroyed):
            await tx.seal(Person, erased, {"name": "Ada"}, {"id": erased})


async def test_weekly_keys_are_not_made_in_bulk(store: Store, tenant: UUID) -> None:
    async with store.transaction(tenant, write=True) as tx:
        with pytest.raises(ValueError, match="one by one"):
            await tx.hold_keys([new_id(store.clock.now())], Keep.POSITION)
