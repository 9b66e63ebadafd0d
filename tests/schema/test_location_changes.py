"""The mutations of locations: what each answers, and what is refused without a trace."""

from uuid import UUID

import asyncpg
import pytest

from isomod_graphql.core.store import Store
from tests.schema.changing import change, denial, denied, everything, place, refusal
from tests.worlds import World, a_world


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def test_a_site_has_the_organisations_time_zone(world: World) -> None:
    payload = await change(world, world.as_admin, "createLocation", name=" West ")

    assert payload == {
        "location": {
            "name": "West",
            "address": None,
            "latitude": None,
            "longitude": None,
            "timeZone": "Europe/Brussels",
            "version": 1,
            "parent": None,
            "site": {"name": "West"},
        },
        "userErrors": [],
    }


async def test_a_place_is_made_inside_another_one(world: World) -> None:
    payload = await change(
        world,
        world.as_manager,
        "createLocation",
        name="Room 1",
        parentId=await place(world, world.hall),
        address="Dok 1\nGent",
        latitude=51.05,
        longitude=3,
        timeZone="Europe/Lisbon",
    )

    assert payload == {
        "location": {
            "name": "Room 1",
            "address": "Dok 1\nGent",
            "latitude": 51.05,
            "longitude": 3.0,
            "timeZone": "Europe/Lisbon",
            "version": 1,
            "parent": {"name": "Hall 1"},
            "site": {"name": "North"},
        },
        "userErrors": [],
    }


async def test_an_update_leaves_what_is_absent_and_removes_what_is_null(world: World) -> None:
    hall = await place(world, world.hall)
    await change(
        world, world.as_manager, "updateLocation", locationId=hall, address="Dok 1", latitude=51, longitude=3
    )

    payload = await change(
        world,
        world.as_manager,
        "updateLocation",
        locationId=hall,
        name="Hall A",
        address=None,
        expectedVersion=2,
    )

    assert payload == {
        "location": {
            "name": "Hall A",
            "address": None,
            "latitude": 51.0,
            "longitude": 3.0,
            "timeZone": "Europe/Brussels",
            "version": 3,
            "parent": {"name": "North"},
            "site": {"name": "North"},
        },
        "userErrors": [],
    }


@pytest.mark.parametrize("field", ["name", "timeZone"])
async def test_what_a_location_cannot_be_without_is_not_removed(
    world: World, owner_eye: asyncpg.Connection, field: str
) -> None:
    before = await everything(owner_eye, world)

    found = await refusal(
        world, world.as_manager, "updateLocation", {"locationId": await place(world, world.hall), field: None}
    )

    assert found == ("BAD_USER_INPUT", field)
    assert await everything(owner_eye, world) == before


async def test_a_location_moves_to_another_site(world: World) -> None:
    payload = await change(
        world,
        world.as_admin,
        "moveLocation",
        locationId=await place(world, world.hall),
        parentId=await place(world, world.south),
        expectedVersion=1,
    )

    assert payload["userErrors"] == []
    location = payload["location"]
    assert (location["parent"], location["site"], location["version"]) == (
        {"name": "South"},
        {"name": "South"},
        2,
    )


async def test_null_makes_a_site_and_leaving_the_parent_out_makes_nothing(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    hall, before = await place(world, world.hall), await everything(owner_eye, world)

    unsaid = await refusal(world, world.as_admin, "moveLocation", {"locationId": hall})
    untouched = await everything(owner_eye, world) == before
    payload = await change(world, world.as_admin, "moveLocation", locationId=hall, parentId=None)

    assert (unsaid, untouched) == (("BAD_USER_INPUT", "parentId"), True)
    assert (payload["location"]["parent"], payload["location"]["site"]) == (None, {"name": "Hall 1"})


async def test_a_location_does_not_move_into_itself(world: World, owner_eye: asyncpg.Connection) -> None:
    before = await everything(owner_eye, world)
    given = {"locationId": await place(world, world.north), "parentId": await place(world, world.hall)}

    assert await refusal(world, world.as_admin, "moveLocation", given) == ("CYCLE", "parentId")
    assert await everything(owner_eye, world) == before


async def test_a_manager_of_a_site_makes_no_site(world: World, owner_eye: asyncpg.Connection) -> None:
    before = await everything(owner_eye, world)

    made = await denial(world, world.as_manager, "createLocation", {"name": "West"})
    given = {"locationId": await place(world, world.hall), "parentId": None}
    moved = await denial(world, world.as_manager, "moveLocation", given)

    assert (made, moved) == ("FORBIDDEN", "FORBIDDEN")
    assert await everything(owner_eye, world) == before
    assert await denied(owner_eye, world) == [
        ("LOCATION_CREATE", "SITES", world.manager),
        ("LOCATION_MOVE", "SITES", world.manager),
    ]


async def test_a_manager_does_not_reach_another_site(world: World, owner_eye: asyncpg.Connection) -> None:
    before, south = await everything(owner_eye, world), await place(world, world.south)
    hall = await place(world, world.hall)

    assert [
        await refusal(world, world.as_manager, "createLocation", {"name": "Room", "parentId": south}),
        await refusal(world, world.as_manager, "updateLocation", {"locationId": south, "name": "Mine"}),
        await refusal(world, world.as_manager, "moveLocation", {"locationId": hall, "parentId": south}),
    ] == [("NOT_FOUND", "parentId"), ("NOT_FOUND", "locationId"), ("NOT_FOUND", "parentId")]
    assert await everything(owner_eye, world) == before
