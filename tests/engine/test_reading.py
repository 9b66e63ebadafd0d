"""The same query by different people: raw, masked or hidden, with the masks listed."""

from uuid import UUID

import pytest

from isomod_graphql.core.store import Store
from permissions.principals import Role
from tests.engine.graph import World, make_world, run

PHONES = "{ users(first: 10) { totalCount nodes { displayName name email phone } } }"
ORDER = "{ workOrders(first: 10) { totalCount nodes { number description status requester { displayName name phone } assignee { name phone } } } }"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant."""
    return await make_world(store, tenant)


async def test_an_administrator_reads_everybody_in_full(store: Store, world: World) -> None:
    result = await run(store, world.viewer(store, world.stranger, Role.ADMIN), PHONES)

    assert result.errors is None
    assert result.data is not None
    assert [node["phone"] for node in result.data["users"]["nodes"]] == [
        "+32470000001",
        "+32470000002",
        "+32470000003",
    ]
    assert "masking" not in (result.extensions or {})


async def test_a_viewer_reads_initials_and_own_data(store: Store, world: World) -> None:
    result = await run(store, world.viewer(store, world.stranger, Role.VIEWER), PHONES)

    assert result.errors is None
    assert result.data is not None
    assert result.data["users"]["nodes"] == [
        {"displayName": "T•• C••", "name": "T•• C••", "email": None, "phone": None},
        {"displayName": "R•• M••", "name": "R•• M••", "email": None, "phone": None},
        {
            "displayName": "Sam Wouters",
            "name": "Sam Wouters",
            "email": "sam@acme.example",
            "phone": "+32470000003",
        },
    ]
    assert result.extensions is not None
    fields = result.extensions["masking"]["fields"]
    assert [(f["coordinate"], f["path"], f["mask"], f["reason"], f["rows"]) for f in fields] == [
        ("User.displayName", ["users", "nodes", "*", "displayName"], "INITIALS", "RELATION", "wA=="),
        ("User.email", ["users", "nodes", "*", "email"], "NULL", "ROLE", "wA=="),
        ("User.name", ["users", "nodes", "*", "name"], "INITIALS", "RELATION", "wA=="),
        ("User.phone", ["users", "nodes", "*", "phone"], "NULL", "ROLE", "wA=="),
    ]


async def test_a_technician_reads_the_requesters_phone_of_an_open_order(store: Store, world: World) -> None:
    result = await run(store, world.viewer(store, world.technician, Role.TECHNICIAN), ORDER)

    assert result.errors is None
    assert result.data == {
        "workOrders": {
            "totalCount": 1,
            "nodes": [
                {
                    "number": 1,
                    "description": "The pump leaks.",
                    "status": "OPEN",
                    "requester": {"displayName": "Rita Maes", "name": "Rita Maes", "phone": "+32470000002"},
                    "assignee": {"name": "Tom Claes", "phone": "+32470000001"},
                }
            ],
        }
    }


async def test_a_requester_reads_the_assigned_technician_only(store: Store, world: World) -> None:
    result = await run(store, world.viewer(store, world.requester, Role.REQUESTER), PHONES)

    assert result.data is not None
    assert [node["phone"] for node in result.data["users"]["nodes"]] == ["+32470000001", "+32470000002"]
    assert result.data["users"]["totalCount"] == 2


async def test_a_manager_of_another_site_reads_no_order(store: Store, world: World) -> None:
    viewer = world.viewer(store, world.stranger, Role.MANAGER, sites=frozenset({world.liege}))

    result = await run(store, viewer, ORDER)

    assert result.data == {"workOrders": {"totalCount": 0, "nodes": []}}
