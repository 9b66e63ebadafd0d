"""Several mutations in one document: each is a transaction of its own, and each payload shows the state after it."""

from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.store import Store
from tests.engine.graph import run
from tests.schema.changing import document, job, machine
from tests.worlds import World, a_world

WINDOW = {"startsAt": "2026-11-05T08:00:00Z", "endsAt": "2026-11-05T12:00:00Z"}


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


async def test_a_refused_second_change_does_not_undo_the_first(world: World) -> None:
    known = await job(world, await world.order())
    text = """mutation ($id: ID!, $window: TimeWindowInput!) {
      first: openWorkOrder(input: { workOrderId: $id }) { workOrder { status } userErrors { code } }
      refused: scheduleWorkOrder(input: { workOrderId: $id, window: $window }) { workOrder { status } userErrors { code } }
      last: updateWorkOrder(input: { workOrderId: $id, title: "Later" }) { workOrder { title status version } }
    }"""

    result = await run(world.store, world.as_admin, text, id=known, window=WINDOW)

    assert result.errors is None
    assert result.data == {
        "first": {"workOrder": {"status": "OPEN"}, "userErrors": []},
        "refused": {"workOrder": None, "userErrors": [{"code": "ASSIGNEE_REQUIRED"}]},
        "last": {"workOrder": {"title": "Later", "status": "OPEN", "version": 3}},
    }


async def test_a_denied_second_change_takes_nothing_from_its_neighbours(world: World) -> None:
    order = await world.order()
    await world.assign(order, world.technician)
    await run(
        world.store,
        world.as_admin,
        document("openWorkOrder", ""),
        input={"workOrderId": await job(world, order)},
    )
    text = """mutation ($id: ID!) {
      first: startWorkOrder(input: { workOrderId: $id }) { workOrder { status } }
      denied: closeWorkOrder(input: { workOrderId: $id }) { workOrder { status } }
      last: holdWorkOrder(input: { workOrderId: $id, reason: "Lunch" }) { workOrder { status } }
    }"""

    result = await run(world.store, world.as_technician, text, id=await job(world, order))

    assert result.data == {
        "first": {"workOrder": {"status": "IN_PROGRESS"}},
        "denied": None,
        "last": {"workOrder": {"status": "ON_HOLD"}},
    }
    assert result.errors is not None
    (error,) = result.errors
    assert error.path == ["denied"]
    assert isinstance(error.original_error, IsoModError)
    assert error.original_error.code == "FORBIDDEN"


async def test_each_payload_shows_the_state_after_its_own_change(world: World) -> None:
    known, pump = await job(world, await world.order()), await machine(world, world.pump)
    text = """mutation ($id: ID!, $pump: ID!) {
      a: updateAsset(input: { assetId: $pump, name: "Pump A" }) { asset { name } }
      b: updateWorkOrder(input: { workOrderId: $id, assetId: $pump }) { workOrder { version asset { name } } }
      c: updateAsset(input: { assetId: $pump, name: "Pump C" }) { asset { name workOrders(first: 1) { nodes { version } } } }
      d: openWorkOrder(input: { workOrderId: $id }) { workOrder { status version asset { name } history(first: 5) { totalCount } } }
    }"""

    result = await run(world.store, world.as_admin, text, id=known, pump=pump)

    assert result.errors is None
    expected: dict[str, Any] = {
        "a": {"asset": {"name": "Pump A"}},
        "b": {"workOrder": {"version": 2, "asset": {"name": "Pump A"}}},
        "c": {"asset": {"name": "Pump C", "workOrders": {"nodes": [{"version": 2}]}}},
        "d": {
            "workOrder": {
                "status": "OPEN",
                "version": 3,
                "asset": {"name": "Pump C"},
                "history": {"totalCount": 2},
            }
        },
    }
    assert result.data == expected
