"""Locations on a real database: making, changing and moving them, and what follows a move to another site."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select, update

from isomod_graphql.assets.models import Asset
from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import (
    BadInput,
    Forbidden,
    IsoModError,
    MaskedValueRejected,
    NotFound,
    StaleVersion,
)
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.core.trees import Cycle
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.input import LocationChanges, NewLocation
from isomod_graphql.locations.models import Location
from isomod_graphql.locations.service import create_location, move_location, update_location
from isomod_graphql.organisations.contract import ContractEnded
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder
from permissions.principals import Role
from tests.people import add_person
from tests.worlds import World, a_world, rows_of

WRITTEN = ("locations", "assets", "work_orders", "people", "outbox", "idempotency_keys", "audit_entries")


async def stored(world: World, location: UUID) -> dict[str, Any]:
    async with world.store.transaction(world.tenant) as tx:
        row = await tx.first(select(Location.__table__).where(Location.id == location))
    assert row is not None
    return dict(row._mapping)


async def everything(eye: asyncpg.Connection, tenant: UUID) -> list[asyncpg.Record]:
    """Each row of the tenant that a write to a location could touch."""
    return await rows_of(eye, tenant, *WRITTEN)


async def create(world: World, viewer: Viewer, given: NewLocation, key: str | None = None) -> UUID:
    async with world.store.transaction(world.tenant, write=True) as tx:
        return await create_location(tx, viewer, given=given, idempotency_key=key)


async def change(
    world: World, viewer: Viewer, location: UUID, changes: LocationChanges, version: int | None = None
) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await update_location(tx, viewer, location_id=location, changes=changes, expected_version=version)


async def move(world: World, viewer: Viewer, location: UUID, parent: UUID | None) -> None:
    async with world.store.transaction(world.tenant, write=True) as tx:
        await move_location(tx, viewer, location_id=location, parent_id=parent)


async def test_a_site_is_its_own_root_and_keeps_what_was_said(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    given = NewLocation(name="Élan Vital", address="Dok 1\n9000 Gent", latitude=51.05, longitude=3.72)

    site = await create(world, world.as_admin, given)

    row = await stored(world, site)
    assert (row["site_id"], row["parent_id"], row["depth"], row["version"]) == (site, None, 0, 1)
    assert (row["name"], row["name_key"], row["address"]) == ("Élan Vital", "elan vital", "Dok 1\n9000 Gent")
    assert (row["latitude"], row["longitude"], row["time_zone"]) == (51.05, 3.72, "Europe/Brussels")


async def test_a_place_below_has_the_site_and_the_time_zone_of_its_parent(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    await change(world, world.as_admin, world.hall, {"time_zone": "Asia/Tokyo"})

    cell = await create(world, world.as_manager, NewLocation(name="Cell 4", parent_id=world.hall))

    row = await stored(world, cell)
    assert (row["site_id"], row["parent_id"], row["depth"]) == (world.north, world.hall, 2)
    assert row["time_zone"] == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        (NewLocation(name=" "), BadInput, "name"),
        (NewLocation(name="N•• S••"), MaskedValueRejected, "name"),
        (NewLocation(name="a\0"), BadInput, "name"),
        (NewLocation(name="A", address="\udc00"), BadInput, "address"),
        (NewLocation(name="A", latitude=91.0, longitude=0.0), BadInput, "latitude"),
        (NewLocation(name="A", latitude=1.0), BadInput, "longitude"),
        (NewLocation(name="A", latitude=1.0, longitude=float("nan")), BadInput, "longitude"),
        (NewLocation(name="A", time_zone="Mars/Olympus"), BadInput, "timeZone"),
    ],
)
async def test_a_location_that_cannot_be_leaves_nothing_behind(
    store: Store,
    tenant: UUID,
    owner_eye: asyncpg.Connection,
    given: NewLocation,
    error: type[IsoModError],
    field: str,
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(error) as refused:
        await create(world, world.as_admin, given, key="once")

    assert refused.value.field == field
    assert await everything(owner_eye, tenant) == before


async def test_the_same_key_makes_one_location(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    given = NewLocation(name="Yard", parent_id=world.north)

    first = await create(world, world.as_admin, given, key="k1")
    again = await create(world, world.as_admin, given, key="k1")

    async with store.transaction(tenant) as tx:
        yards = await tx.all(select(Location.id).where(Location.name == "Yard"))
    assert (again, [row.id for row in yards]) == (first, [first])


async def test_who_is_bound_to_a_site_makes_no_other_one(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(Forbidden):
        await create(world, world.as_manager, NewLocation(name="Mine"))
    with pytest.raises(NotFound) as refused:
        await create(world, world.as_manager, NewLocation(name="Theirs", parent_id=world.south))

    assert refused.value.field == "parentId"
    assert await everything(owner_eye, tenant) == before


async def test_a_technician_changes_no_place(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(Forbidden):
        await create(world, world.as_technician, NewLocation(name="Corner", parent_id=world.hall))
    with pytest.raises(Forbidden):
        await change(world, world.as_technician, world.hall, {"name": "Mine"})
    with pytest.raises(Forbidden):
        await move(world, world.as_technician, world.hall, world.south)

    assert await everything(owner_eye, tenant) == before


async def test_another_tenant_s_place_does_not_exist(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    world = await a_world(store, tenant)
    other = new_id(clock.now())
    await store.keystore.create_tenant(other)
    theirs = await a_world(store, other)

    with pytest.raises(NotFound) as unknown:
        await change(world, world.as_admin, theirs.hall, {"name": "Mine"})
    with pytest.raises(NotFound):
        await create(world, world.as_admin, NewLocation(name="Inside", parent_id=theirs.hall))
    with pytest.raises(NotFound):
        await move(world, world.as_admin, world.hall, theirs.north)

    assert unknown.value.field == "locationId"
    assert (await stored(theirs, theirs.hall))["name"] == "Hall 1"


async def test_a_change_counts_the_version_and_leaves_the_rest(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    await change(world, world.as_manager, world.hall, {"latitude": 50.8, "longitude": 4.3})

    await change(world, world.as_manager, world.hall, {"name": "Hal 2"}, version=2)

    row = await stored(world, world.hall)
    assert (row["name"], row["name_key"], row["latitude"], row["version"]) == ("Hal 2", "hal 2", 50.8, 3)


async def test_a_stale_version_changes_nothing(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    await change(world, world.as_admin, world.hall, {"name": "Hall 2"})
    before = await everything(owner_eye, tenant)

    with pytest.raises(StaleVersion) as refused:
        await change(world, world.as_admin, world.hall, {"name": "Hall 3"}, version=1)

    assert refused.value.field == "expectedVersion"
    assert await everything(owner_eye, tenant) == before


async def test_a_move_takes_places_assets_and_work_orders_to_the_new_site(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    cell = await world.location("Cell", world.hall)
    valve, order = await world.asset("Valve", cell), await world.order(at=cell)

    await move(world, world.as_admin, world.hall, world.south)

    async with store.transaction(tenant) as tx:
        places = await tx.all(select(Location.id, Location.site_id, Location.depth))
        assets = await tx.all(select(Asset.id, Asset.site_id))
        work = await tx.all(select(WorkOrder.id, WorkOrder.site_id))
    assert {(row.id, row.site_id, row.depth) for row in places} == {
        (world.north, world.north, 0),
        (world.south, world.south, 0),
        (world.hall, world.south, 1),
        (cell, world.south, 2),
    }
    assert {tuple(row) for row in assets} == {(world.pump, world.south), (valve, world.south)}
    assert {tuple(row) for row in work} == {(order, world.south)}


async def test_a_site_put_below_another_one_takes_its_people_along(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    local = await add_person(store, tenant, site=world.north)

    await move(world, world.as_admin, world.north, world.south)

    async with store.transaction(tenant) as tx:
        site = await tx.value(select(Person.site_id).where(Person.id == local))
        places = await tx.all(select(Location.id, Location.site_id, Location.depth))
    assert site == world.south
    assert {(row.id, row.site_id, row.depth) for row in places} == {
        (world.south, world.south, 0),
        (world.north, world.south, 1),
        (world.hall, world.south, 2),
    }


async def test_a_place_without_a_parent_becomes_a_site(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    cell = await world.location("Cell", world.hall)

    await move(world, world.as_admin, world.hall, None)

    hall, inside = await stored(world, world.hall), await stored(world, cell)
    assert (hall["parent_id"], hall["site_id"], hall["depth"], hall["version"]) == (None, world.hall, 0, 2)
    assert (inside["site_id"], inside["depth"]) == (world.hall, 1)


@pytest.mark.parametrize("target", ["hall", "cell"])
async def test_a_place_cannot_lie_inside_itself(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection, target: str
) -> None:
    world = await a_world(store, tenant)
    cell = await world.location("Cell", world.hall)
    before = await everything(owner_eye, tenant)

    with pytest.raises(Cycle) as refused:
        await move(world, world.as_admin, world.hall, {"hall": world.hall, "cell": cell}[target])

    assert (refused.value.code, refused.value.field) == ("CYCLE", "parentId")
    assert await everything(owner_eye, tenant) == before


async def test_two_moves_at_once_make_no_circle(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    one, two = await world.location("One", world.north), await world.location("Two", world.north)

    results = await asyncio.gather(
        move(world, world.as_admin, one, two),
        move(world, world.as_admin, two, one),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["Cycle", "NoneType"]


async def test_what_is_made_during_a_move_is_on_the_new_site(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    await asyncio.gather(
        move(world, world.as_admin, world.hall, world.south),
        *(world.asset(f"Fan {number}", world.hall) for number in range(3)),
        world.location("Cell", world.hall),
    )

    async with store.transaction(tenant) as tx:
        sites = await tx.all(select(Asset.site_id).where(Asset.location_id == world.hall))
        cells = await tx.all(select(Location.site_id, Location.depth).where(Location.name == "Cell"))
    assert [row.site_id for row in sites] == [world.south] * 4
    assert [tuple(row) for row in cells] == [(world.south, 2)]


async def test_a_manager_of_one_site_moves_nothing_out_of_it(
    store: Store, tenant: UUID, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant)
    before = await everything(owner_eye, tenant)

    with pytest.raises(NotFound):
        await move(world, world.as_manager, world.hall, world.south)
    with pytest.raises(Forbidden):
        await move(world, world.as_manager, world.hall, None)
    with pytest.raises(Forbidden):
        await move(world, world.as_manager, world.north, world.south)

    assert await everything(owner_eye, tenant) == before


async def test_a_tree_has_at_most_twenty_levels(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    at = world.south
    for level in range(19):
        at = await world.location(f"Level {level}", at)

    with pytest.raises(BadInput) as made:
        await world.location("Too deep", at)
    with pytest.raises(BadInput) as moved:
        await move(world, world.as_admin, world.hall, at)

    assert (made.value.field, moved.value.field) == ("parentId", "parentId")


async def test_nothing_changes_after_the_contract(
    store: Store, tenant: UUID, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    world = await a_world(store, tenant, contract_end=date(2026, 11, 3))
    clock.advance(timedelta(hours=37, minutes=59))
    await change(world, world.as_admin, world.hall, {"name": "On the last day, 22:59 in UTC"})
    clock.advance(timedelta(minutes=1))
    before = await everything(owner_eye, tenant)

    with pytest.raises(ContractEnded) as refused:
        await change(world, world.as_admin, world.hall, {"name": "Too late"})

    assert refused.value.code == "CONTRACT_ENDED"
    assert await everything(owner_eye, tenant) == before


async def test_an_organisation_without_a_contract_writes_nothing(store: Store, tenant: UUID) -> None:
    world = World(store, tenant, *(new_id(store.clock.now()) for _ in range(9)))

    with pytest.raises(ContractEnded):
        await create(world, world.viewer(world.admin, Role.ADMIN), NewLocation(name="Nowhere"))


async def test_the_database_itself_keeps_a_place_on_its_parent_s_site(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)

    async with store.transaction(tenant, write=True) as tx:
        with pytest.raises(IsoModError) as refused:
            await tx.run(update(Location).where(Location.id == world.hall).values(site_id=world.south))

    assert refused.value.code == "NOT_FOUND"
