"""Sends one mutation as somebody of a small organisation and says what came back. It judges nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.viewer import Viewer
from permissions.principals import Principal
from schema.entities import ASSET, LOCATION, PERSON, WORK_ORDER
from tests.engine.graph import run
from tests.worlds import World, rows_of

TABLES = (
    "locations",
    "assets",
    "work_orders",
    "work_order_assignees",
    "work_order_history",
    "work_order_signatures",
    "counters",
    "outbox",
    "idempotency_keys",
)
"""Everything that a mutation of these three domains writes, apart from the audit trail."""

WINDOW = {"startsAt": "2026-11-05T08:00:00Z", "endsAt": "2026-11-05T12:00:00Z"}
Inputs = Mapping[str, tuple[str, Mapping[str, object]]]
"""By verb: the input field that names the row, and the whole input."""

SHOWN = {
    "Location": "location { name address latitude longitude timeZone version parent { name } site { name } }",
    "Asset": (
        "asset { name tag serialNumber manufacturer model status criticality version description "
        "location { name } parent { name } custodian { id } }"
    ),
    "WorkOrder": (
        "workOrder { number title description status priority type outcome resolution dueAt windowStart windowEnd "
        "startedAt completedAt firstCompletedAt version asset { name } location { name } assignee { id } assignees { id } "
        "requester { id } completedBy { id } }"
    ),
}
"""Everything that the payload of a verb can show."""


async def gid(world: World, entity: Entity, row_id: UUID) -> str:
    """The id that clients of this tenant see."""
    keys = await world.store.keystore.tenant(world.tenant)
    return keys.ids.seal(entity.code, row_id)


async def person(world: World, person_id: UUID) -> str:
    """The id of a person."""
    return await gid(world, PERSON, person_id)


async def place(world: World, location_id: UUID) -> str:
    """The id of a location."""
    return await gid(world, LOCATION, location_id)


async def machine(world: World, asset_id: UUID) -> str:
    """The id of an asset."""
    return await gid(world, ASSET, asset_id)


async def job(world: World, work_order_id: UUID) -> str:
    """The id of a work order."""
    return await gid(world, WORK_ORDER, work_order_id)


async def team(world: World, *people: UUID) -> list[dict[str, str]]:
    """People as `assignees` shows them."""
    return [{"id": await person(world, one)} for one in sorted(people)]


def kind_of(verb: str) -> str:
    """What a verb is about: Location, Asset or WorkOrder."""
    return next(kind for kind in SHOWN if verb.endswith(kind))


def document(verb: str, shown: str) -> str:
    """The mutation with its input as a variable."""
    name = verb[0].upper() + verb[1:]
    return (
        f"mutation ($input: {name}Input!) "
        f"{{ {verb}(input: $input) {{ {shown} userErrors {{ code field message }} }} }}"
    )


async def change(
    world: World, viewer: Viewer | Principal, verb: str, shown: str | None = None, /, **given: object
) -> dict[str, Any]:
    """The payload of a mutation that is not denied."""
    text = document(verb, shown or SHOWN[kind_of(verb)])
    result = await run(world.store, viewer, text, input=given)
    assert result.errors is None
    assert result.data is not None
    payload: dict[str, Any] = result.data[verb]
    return payload


async def refusal(
    world: World, viewer: Viewer | Principal, verb: str, given: Mapping[str, object]
) -> tuple[str, str | None]:
    """Code and field of the one expected refusal; nothing is shown beside it."""
    kind = kind_of(verb)
    payload = await change(world, viewer, verb, f"{kind[0].lower()}{kind[1:]} {{ id }}", **given)
    (error,) = payload["userErrors"]
    assert payload[kind[0].lower() + kind[1:]] is None
    return error["code"], error["field"]


async def denial(world: World, viewer: Viewer | Principal, verb: str, given: Mapping[str, object]) -> str:
    """The code of the one error; there is no payload."""
    result = await run(world.store, viewer, document(verb, ""), input=dict(given))
    assert result.data == {verb: None}
    assert result.errors is not None
    (error,) = result.errors
    assert isinstance(error.original_error, IsoModError)
    return error.original_error.code


async def everything(eye: asyncpg.Connection, world: World) -> list[asyncpg.Record]:
    """Every row that a mutation could have touched."""
    return await rows_of(eye, world.tenant, *TABLES)


async def denied(eye: asyncpg.Connection, world: World) -> list[tuple[str, str, UUID]]:
    """The refusals on the audit trail: action, reason, actor; by action, because the clock stands."""
    found = await eye.fetch(
        "SELECT action, reason, actor_id FROM audit_entries WHERE tenant_id = $1 AND outcome = 'DENIED' ORDER BY action",
        world.tenant,
    )
    return [(row["action"], row["reason"], row["actor_id"]) for row in found]


async def inputs_on(world: World, order: UUID) -> Inputs:
    """A sound input of every verb that changes something; some ask for a step that the order's status does not allow."""
    hall, south = await place(world, world.hall), await place(world, world.south)
    pump, lead = await machine(world, world.pump), await person(world, world.technician)
    steps: dict[str, dict[str, object]] = {
        "update": {"title": "Other"}, "assign": {"assigneeId": lead}, "open": {}, "schedule": {"window": WINDOW},
        "unschedule": {}, "start": {}, "hold": {"reason": "Wait"}, "resume": {}, "complete": {"outcome": "RESOLVED"},
        "reopen": {"reason": "Again"}, "close": {}, "cancel": {"reason": "Enough"}, "sign": {"meaning": "PERFORMED"},
    }  # fmt: skip
    known = await job(world, order)
    found: dict[str, tuple[str, Mapping[str, object]]] = {
        f"{step}WorkOrder": ("workOrderId", {"workOrderId": known, **given}) for step, given in steps.items()
    }
    found["updateLocation"] = ("locationId", {"locationId": hall, "name": "Other"})
    found["moveLocation"] = ("locationId", {"locationId": hall, "parentId": south})
    found["updateAsset"] = ("assetId", {"assetId": pump, "name": "Other"})
    found["moveAsset"] = ("assetId", {"assetId": pump, "locationId": south, "parentId": None})
    return found


async def creations(world: World) -> Mapping[str, Mapping[str, object]]:
    """A sound input of every verb that makes something."""
    hall = await place(world, world.hall)
    return {
        "createLocation": {"name": "Room", "parentId": hall},
        "createAsset": {"name": "Fan", "locationId": hall},
        "createWorkOrder": {"title": "Inspect", "locationId": hall},
    }
