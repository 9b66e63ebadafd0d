"""Assets on a real database: recording, changing and moving them, and what is refused without a trace."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select

from isomod_graphql.assets.input import AssetChanges, NewAsset
from isomod_graphql.assets.models import Asset, AssetCriticality, AssetStatus
from isomod_graphql.assets.service import create_asset, move_asset, update_asset
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import (
    BadInput,
    Conflict,
    Forbidden,
    IdempotencyConflict,
    MaskedValueRejected,
    NotFound,
    ProcessingRestricted,
    StaleVersion,
)
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.core.trees import Cycle
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.facts import ERASED, restriction_bits
from permissions.categories import Category
from permissions.principals import Role
from tests.people import add_person
from tests.worlds import World, a_world, rows_of

WRITTEN = ("assets", "outbox", "idempotency_keys", "audit_entries")


async def stored(world: World, asset: UUID) -> dict[str, Any]:
    async with world.store.transaction(world.tenant) as tx:
        row = await tx.first(select(Asset.__table__).where(Asset.id == asset))
    assert row is not None
    return dict(row._mapping)


async def everything(eye: asyncpg.Connection, tenant: UUID) -> list[asyncpg.Record]:
    """Each row of the tenant that a write to an asset could touch."""
    return await rows_of(eye, tenant, *WRITTEN)


async def create(world: World, viewer: Viewer, given: NewAsset, key: str | None = None) -> UUID:
    async with world.store.transaction(world.tenant, write=True) as tx:
        return await create_asset(tx, viewer, given=given, idempotency_key=key)


async def change(
    world: World, viewer: Viewer, asset: UUID, changes: AssetChanges, version: int | None = None
) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await update_asset(tx, viewer, asset_id=asset, changes=changes, expected_version=version)


async def move(world: World, viewer: Viewer, asset: UUID, location: UUID, parent: UUID | None = None) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await move_asset(tx, viewer, asset_id=asset, location_id=location, parent_id=parent)


async def test_an_asset_keeps_what_was_said_and_stands_on_the_site_of_its_location(
    store: Store, tenant: UUID
) -> None:
    world = await a_world(store, tenant)
    given = NewAsset(
        name="Kompressor Ölfrei",
        location_id=world.hall,
        parent_id=world.pump,
        tag="K-7",
        serial_number="SN 12/3",
        status=AssetStatus.STANDBY,
        criticality=AssetCriticality.CRITICAL,
        custodian_id=world.technician,
        description="Oil\nevery May",
    )

    asset = await create(world, world.as_manager, given)

    row = await stored(world, asset)
    assert (row["location_id"], row["site_id"], row["parent_id"]) == (world.hall, world.north, world.pump)
    assert (row["name_key"], row["tag"], row["serial_number"]) == ("kompressor olfrei", "K-7", "SN 12/3")
    assert (row["status"], row["criticality"], row["description"]) == (
        "STANDBY",
        "CRITICAL",
        "Oil\nevery May",
    )
    assert (row["custodian_id"], row["created_by_id"], row["version"]) == (world.technician, world.manager, 1)


async def test_a_tag_is_given_once_in_an_organisation(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    other = new_id(clock.now())
    await store.keystore.create_tenant(other)
    await a_world(store, other)
    fan = await world.asset("Fan", world.hall)
    before = await everything(owner_eye, tenant)

    with pytest.raises(Conflict) as made:
        await create(world, world.as_admin, NewAsset(name="Twin", location_id=world.hall, tag="P-1"), key="k")
    with pytest.raises(Conflict) as changed:
        await change(world, world.as_admin, fan, {"tag": " P-1 "})

    assert (made.value.field, changed.value.field) == ("tag", "tag")
    assert await everything(owner_eye, tenant) == before


async def test_what_the_caller_cannot_reach_cannot_be_named(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    stranger = await add_person(store, tenant, site=world.south)
    far = await world.asset("Far pump", world.south)
    before = await everything(owner_eye, tenant)
    refusals = [
        (NewAsset(name="A", location_id=world.south), "locationId"),
        (NewAsset(name="A", location_id=world.pump), "locationId"),
        (NewAsset(name="A", location_id=world.hall, parent_id=far), "parentId"),
        (NewAsset(name="A", location_id=world.hall, custodian_id=stranger), "custodianId"),
        (NewAsset(name="A", location_id=world.hall, custodian_id=world.pump), "custodianId"),
    ]

    for given, field in refusals:
        with pytest.raises(NotFound) as refused:
            await create(world, world.as_manager, given, key="k")
        assert refused.value.field == field
    with pytest.raises(NotFound) as unreachable:
        await change(world, world.as_manager, far, {"name": "Mine"})

    assert unreachable.value.field == "assetId"
    assert await everything(owner_eye, tenant) == before


async def test_the_erased_are_not_found_and_the_restricted_not_used(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    erased = await add_person(store, tenant, flags=ERASED)
    restricted = await add_person(store, tenant, flags=restriction_bits([Category.IDENTITY]))
    before = await everything(owner_eye, tenant)

    with pytest.raises(NotFound):
        await change(world, world.as_manager, world.pump, {"custodian_id": erased})
    with pytest.raises(ProcessingRestricted) as refused:
        await change(world, world.as_manager, world.pump, {"custodian_id": restricted})

    assert refused.value.field == "custodianId"
    assert await everything(owner_eye, tenant) == before


async def test_a_component_stands_on_the_site_of_its_assembly(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    with pytest.raises(BadInput) as refused:
        await create(world, world.as_admin, NewAsset(name="A", location_id=world.south, parent_id=world.pump))

    assert refused.value.field == "parentId"


async def test_a_change_leaves_the_rest_and_counts_the_version(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    await change(
        world, world.as_manager, world.pump, {"status": AssetStatus.DOWN, "model": "CR 5"}, version=1
    )

    row = await stored(world, world.pump)
    assert (row["status"], row["model"], row["tag"], row["version"]) == ("DOWN", "CR 5", "P-1", 2)


async def test_nothing_is_written_by_a_stale_caller_a_mask_or_a_technician(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(StaleVersion):
        await change(world, world.as_manager, world.pump, {"name": "B"}, version=7)
    with pytest.raises(MaskedValueRejected) as masked:
        await change(world, world.as_manager, world.pump, {"serial_number": "••12"})
    with pytest.raises(Forbidden):
        await change(world, world.as_technician, world.pump, {"name": "B"})
    with pytest.raises(Forbidden):
        await create(world, world.as_requester, NewAsset(name="A", location_id=world.hall))
    with pytest.raises(Forbidden):
        await move(world, world.as_technician, world.pump, world.north)

    assert masked.value.field == "serialNumber"
    assert await everything(owner_eye, tenant) == before


async def test_a_key_stands_for_one_input(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    given = NewAsset(name="Fan", location_id=world.hall, tag="F-1")

    first = await create(world, world.as_admin, given, key="k1")
    again = await create(world, world.as_admin, given, key="k1")

    assert again == first
    with pytest.raises(IdempotencyConflict) as refused:
        await create(world, world.as_admin, NewAsset(name="Fan 2", location_id=world.hall), key="k1")
    assert refused.value.field == "idempotencyKey"


async def test_a_key_used_twice_at_once_has_one_effect(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    given = NewAsset(name="Fan", location_id=world.hall)

    ids = await asyncio.gather(*(create(world, world.as_admin, given, key="k1") for _ in range(3)))

    async with store.transaction(tenant) as tx:
        fans = await tx.all(select(Asset.id).where(Asset.name == "Fan"))
    assert [row.id for row in fans] == [ids[0]]
    assert set(ids) == {ids[0]}


async def test_components_that_stand_with_the_asset_go_along(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    motor = await world.asset("Motor", world.hall, world.pump)
    bearing = await world.asset("Bearing", world.hall, motor)
    panel = await world.asset("Panel", world.north, world.pump)

    await move(world, world.as_admin, world.pump, world.south)

    async with store.transaction(tenant) as tx:
        rows = await tx.all(select(Asset.id, Asset.location_id, Asset.site_id, Asset.version))
    assert {tuple(row) for row in rows} == {
        (world.pump, world.south, world.south, 2),
        (motor, world.south, world.south, 2),
        (bearing, world.south, world.south, 2),
        (panel, world.north, world.north, 1),
    }


async def test_an_asset_cannot_be_part_of_itself(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    motor = await world.asset("Motor", world.hall, world.pump)
    before = await everything(owner_eye, tenant)

    for parent in (world.pump, motor):
        with pytest.raises(Cycle) as refused:
            await move(world, world.as_admin, world.pump, world.hall, parent)
        assert refused.value.field == "parentId"

    assert await everything(owner_eye, tenant) == before


async def test_two_moves_at_once_make_no_circle(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    fan = await world.asset("Fan", world.hall)

    results = await asyncio.gather(
        move(world, world.as_admin, fan, world.hall, world.pump),
        move(world, world.as_admin, world.pump, world.hall, fan),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Cycle", "NoneType"]


async def test_an_asset_does_not_leave_the_sites_of_who_moves_it(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(NotFound) as refused:
        await move(world, world.as_manager, world.pump, world.south)

    assert refused.value.field == "locationId"
    assert await everything(owner_eye, tenant) == before


async def test_a_grant_on_no_site_reaches_no_asset(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    nowhere = world.viewer(world.manager, Role.MANAGER, sites=frozenset())

    with pytest.raises(NotFound):
        await change(world, nowhere, world.pump, {"name": "Mine"})
