"""The mutations of assets: what each answers, and what is refused without a trace."""

from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import select

from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.facts import restriction_bits
from isomod_graphql.subjects.models import Person
from permissions.categories import Category
from permissions.principals import Principal, Role, RoleGrant, Scope
from tests.people import add_person
from tests.schema.changing import SHOWN, change, everything, machine, person, place, refusal
from tests.worlds import World, a_world


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def number_of(world: World, person_id: UUID) -> int:
    """The number of the person's pseudonym."""
    async with world.store.transaction(world.tenant) as tx:
        number: int = await tx.value(select(Person.pseudonym_number).where(Person.id == person_id))
    return number


async def test_an_asset_is_recorded_with_everything_that_is_said(world: World) -> None:
    custodian = await person(world, world.technician)

    payload = await change(
        world,
        world.as_admin,
        "createAsset",
        name="Seal",
        locationId=await place(world, world.hall),
        parentId=await machine(world, world.pump),
        tag="S-1",
        serialNumber="42",
        manufacturer="Acme",
        model="M1",
        status="STANDBY",
        criticality="HIGH",
        custodianId=custodian,
        description="Spare.",
    )

    assert payload == {
        "asset": {
            "name": "Seal",
            "tag": "S-1",
            "serialNumber": "42",
            "manufacturer": "Acme",
            "model": "M1",
            "status": "STANDBY",
            "criticality": "HIGH",
            "version": 1,
            "description": "Spare.",
            "location": {"name": "Hall 1"},
            "parent": {"name": "Pump 1"},
            "custodian": {"id": custodian},
        },
        "userErrors": [],
    }


async def test_an_update_leaves_what_is_absent_and_removes_what_is_null(world: World) -> None:
    payload = await change(
        world,
        world.as_manager,
        "updateAsset",
        assetId=await machine(world, world.pump),
        tag=None,
        model="P2",
        status="DOWN",
        expectedVersion=1,
    )

    assert payload == {
        "asset": {
            "name": "Pump 1",
            "tag": None,
            "serialNumber": None,
            "manufacturer": None,
            "model": "P2",
            "status": "DOWN",
            "criticality": "MEDIUM",
            "version": 2,
            "description": None,
            "location": {"name": "Hall 1"},
            "parent": None,
            "custodian": None,
        },
        "userErrors": [],
    }


@pytest.mark.parametrize("field", ["name", "status", "criticality"])
async def test_what_an_asset_cannot_be_without_is_not_removed(
    world: World, owner_eye: asyncpg.Connection, field: str
) -> None:
    before = await everything(owner_eye, world)

    found = await refusal(
        world, world.as_manager, "updateAsset", {"assetId": await machine(world, world.pump), field: None}
    )

    assert found == ("BAD_USER_INPUT", field)
    assert await everything(owner_eye, world) == before


async def test_an_asset_moves_with_its_parts(world: World) -> None:
    seal = await world.asset("Seal", world.hall, world.pump)

    payload = await change(
        world,
        world.as_admin,
        "moveAsset",
        SHOWN["Asset"].replace("version", "version children(first: 5) { nodes { name location { name } } }"),
        assetId=await machine(world, world.pump),
        locationId=await place(world, world.south),
        parentId=None,
    )

    assert seal != world.pump
    assert payload["userErrors"] == []
    assert (payload["asset"]["location"], payload["asset"]["version"]) == ({"name": "South"}, 2)
    assert payload["asset"]["children"] == {"nodes": [{"name": "Seal", "location": {"name": "South"}}]}


async def test_a_move_says_what_the_asset_becomes_a_part_of(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    before = await everything(owner_eye, world)
    given = {"assetId": await machine(world, world.pump), "locationId": await place(world, world.north)}

    assert await refusal(world, world.as_admin, "moveAsset", given) == ("BAD_USER_INPUT", "parentId")
    assert await everything(owner_eye, world) == before


async def test_an_asset_is_no_part_of_itself_or_of_another_site(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    other = await world.asset("Fan", world.south)
    before = await everything(owner_eye, world)
    pump, hall = await machine(world, world.pump), await place(world, world.hall)

    assert [
        await refusal(
            world, world.as_admin, "moveAsset", {"assetId": pump, "locationId": hall, "parentId": at}
        )
        for at in (pump, await machine(world, other))
    ] == [("CYCLE", "parentId"), ("BAD_USER_INPUT", "parentId")]
    assert await everything(owner_eye, world) == before


async def test_a_tag_is_taken_once(world: World, owner_eye: asyncpg.Connection) -> None:
    before = await everything(owner_eye, world)
    given = {"name": "Fan", "locationId": await place(world, world.hall), "tag": "P-1"}

    assert await refusal(world, world.as_admin, "createAsset", given) == ("CONFLICT", "tag")
    assert await everything(owner_eye, world) == before


async def test_nobody_restricted_is_made_custodian(world: World, owner_eye: asyncpg.Connection) -> None:
    flags = restriction_bits([Category.IDENTITY])
    restricted = await add_person(world.store, world.tenant, flags=flags)
    before = await everything(owner_eye, world)
    given = {"assetId": await machine(world, world.pump), "custodianId": await person(world, restricted)}

    told = await refusal(world, world.as_admin, "updateAsset", given)

    assert told == ("PROCESSING_RESTRICTED", "custodianId")
    assert await everything(owner_eye, world) == before


async def test_a_partner_reads_a_pseudonym_in_the_payload(world: World) -> None:
    custodian = await add_person(
        world.store, world.tenant, kind="TECHNICIAN", site=world.north, name="Tom Claes", phone="+32470000001"
    )
    partner = Principal(
        kind="CLIENT",
        tenant_id=world.tenant,
        client_id=world.tenant,
        grants=(RoleGrant(Role.PARTNER, frozenset({world.north}), None),),
        scopes=frozenset({Scope.ASSETS_WRITE, Scope.USERS_READ}),
    )
    shown = "asset { name custodian { displayName name pseudonym phone } }"

    payload = await change(
        world,
        Viewer.at(partner, world.store.clock.now()),
        "updateAsset",
        shown,
        assetId=await machine(world, world.pump),
        custodianId=await person(world, custodian),
    )

    number = await number_of(world, custodian)
    assert payload == {
        "asset": {
            "name": "Pump 1",
            "custodian": {
                "displayName": f"Technician #{number}",
                "name": f"Person {payload['asset']['custodian']['pseudonym']}•",
                "pseudonym": payload["asset"]["custodian"]["pseudonym"],
                "phone": None,
            },
        },
        "userErrors": [],
    }
