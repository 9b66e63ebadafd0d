"""What `viewerAccess` says of writing is what the mutations do: whoever is told no is refused, and nobody else is."""

from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.errors import BadInput
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from permissions.caveats import Caveats
from permissions.principals import Assurance, Principal, Role, RoleGrant, Scope
from tests.engine.graph import add_member, run
from tests.people import add_person, principal_of
from tests.schema.changing import job, machine, person, place
from tests.worlds import World, a_world

REFUSED = {"FORBIDDEN", "UNAUTHENTICATED", "NOT_FOUND", "GRANT_REFUSED"}


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


def callers(world: World) -> dict[str, Principal]:
    """One for each way to be let and not to be let."""
    now = world.store.clock.now()
    sites = frozenset({world.north})
    session = {
        "admin": world.as_admin.principal,
        "manager of the north": world.as_manager.principal,
        "technician": world.as_technician.principal,
        "requester": world.as_requester.principal,
        "viewer": world.viewer(world.colleague, Role.VIEWER).principal,
        "privacy officer": world.viewer(world.colleague, Role.PRIVACY_OFFICER).principal,
    }
    tokens = {
        "admin by token": principal_of(
            world.tenant, world.admin, Role.ADMIN, now=now, scopes=frozenset(Scope)
        ),
        "admin by a token without contacts": principal_of(
            world.tenant, world.admin, Role.ADMIN, now=now, scopes=frozenset(Scope) - {Scope.PII_CONTACT}
        ),
        "admin who may write assets": principal_of(
            world.tenant, world.admin, Role.ADMIN, now=now, scopes=frozenset({Scope.ASSETS_WRITE})
        ),
        "admin bound to the north": Principal(
            kind="PERSON", tenant_id=world.tenant, person_id=world.admin, grants=(RoleGrant(Role.ADMIN, None),),
            scopes=frozenset(Scope), assurance=Assurance.TOKEN, caveats=Caveats(sites=sites),
        ),
        "admin of the north bound to both": Principal(
            kind="PERSON", tenant_id=world.tenant, person_id=world.admin, grants=(RoleGrant(Role.ADMIN, sites),),
            scopes=frozenset(Scope), assurance=Assurance.TOKEN, caveats=Caveats(sites=sites | {world.south}),
        ),
        "partner of the north": Principal(
            kind="CLIENT", tenant_id=world.tenant, client_id=world.tenant,
            grants=(RoleGrant(Role.PARTNER, sites),), scopes=frozenset(Scope), assurance=Assurance.TOKEN,
        ),
    }  # fmt: skip
    return session | tokens


async def targets(world: World) -> list[tuple[str, str, str, dict[str, Any]]]:
    """A row, one of its fields, and a mutation that would change that field, with its input."""
    south = await world.asset("Valve", world.south)
    orders = [await world.order(at=at, requester=world.requester) for at in (world.hall, world.south)]
    found: list[tuple[str, str, str, dict[str, Any]]] = []
    for asset in (world.pump, south):
        text = await machine(world, asset)
        found += [
            (text, "name", "updateAsset", {"assetId": text, "name": "Other"}),
            (text, "description", "updateAsset", {"assetId": text, "description": "Other"}),
        ]
    for order in orders:
        text = await job(world, order)
        found += [
            (text, "title", "updateWorkOrder", {"workOrderId": text, "title": "Other"}),
            (text, "assignee", "assignWorkOrder", {"workOrderId": text, "assigneeId": None}),
        ]
    for where in (world.hall, world.south):
        text = await place(world, where)
        found.append((text, "address", "updateLocation", {"locationId": text, "address": "Other"}))
    southerner, stranger = [await add_person(world.store, world.tenant, site=world.south) for _ in range(2)]
    await world.assign(await world.order("Together"), world.admin, southerner)
    for one in (world.technician, southerner, stranger):
        text = await person(world, one)
        found.append((text, "phone", "rectifyPersonalData", {"subjectId": text, "corrections": {"phone": "+32470000009"}}))  # fmt: skip
    member = await add_person(world.store, world.tenant)
    await add_member(world.store, world.tenant, member)
    text = await person(world, member)
    found.append((text, "roles", "assignRole", {"personId": text, "role": "VIEWER"}))
    return found


async def may_write(world: World, who: Principal, row: str, field: str) -> bool | None:
    """What a form is told; None where the row is not reached."""
    kinds = ("User", "Contact", "Asset", "Location", "WorkOrder")
    text = "query ($id: ID!) { node(id: $id) { __typename } }"
    found = await run(world.store, who, text, id=row)
    of = found.data and found.data["node"] and found.data["node"]["__typename"]
    if not of:
        return None
    assert of in kinds
    chosen = f'... on {of} {{ viewerAccess(fields: ["{field}"]) {{ write }} }}'
    answer = await run(world.store, who, f"query ($id: ID!) {{ node(id: $id) {{ {chosen} }} }}", id=row)
    assert answer.data is not None
    told: bool = answer.data["node"]["viewerAccess"][0]["write"]
    return told


async def is_taken(world: World, who: Principal, verb: str, given: dict[str, Any]) -> bool:
    """Whether the mutation is taken from the caller."""
    kind = {
        "rectifyPersonalData": "RectifyPersonalDataInput!",
        "assignRole": "MemberRoleInput!",
        "updateAsset": "UpdateAssetInput!",
        "updateLocation": "UpdateLocationInput!",
        "updateWorkOrder": "UpdateWorkOrderInput!",
        "assignWorkOrder": "AssignWorkOrderInput!",
    }[verb]
    text = f"mutation ($input: {kind}) {{ {verb}(input: $input) {{ userErrors {{ code }} }} }}"
    result = await run(world.store, who, text, input=given)
    codes = {getattr(error.original_error, "code", "") for error in result.errors or []}
    if result.data is not None and result.data[verb] is not None:
        codes |= {error["code"] for error in result.data[verb]["userErrors"]}
    # A session proves again who is asking: that is no question of rights.
    return REFUSED.isdisjoint(codes - {"STEP_UP_REQUIRED"})


async def test_a_form_that_is_told_yes_is_taken_and_one_that_is_told_no_is_refused(world: World) -> None:
    found: dict[tuple[str, str, str], tuple[bool | None, bool]] = {}
    for name, who in callers(world).items():
        for at, (row, field, verb, given) in enumerate(await targets(world)):
            told = await may_write(world, who, row, field)
            found[name, verb, f"{field} {at}"] = (told, await is_taken(world, who, verb, given))

    assert {key: pair for key, pair in found.items() if bool(pair[0]) is not pair[1]} == {}
    assert {pair for pair in found.values() if pair[0] is not None} == {(True, True), (False, False)}


async def test_everybody_may_correct_what_is_held_about_him_or_herself(world: World) -> None:
    for viewer in (world.as_requester, world.viewer(world.colleague)):
        assert viewer.person_id is not None
        row = await person(world, viewer.person_id)

        assert await may_write(world, viewer.principal, row, "phone") is True
        assert await may_write(world, viewer.principal, row, "version") is False


async def test_the_payload_of_a_mutation_tells_it_too(world: World) -> None:
    text = """mutation ($input: UpdateAssetInput!) { updateAsset(input: $input) {
        asset { name viewerAccess(fields: ["name", "version"]) { field write } } } }"""
    viewer: Viewer = world.as_manager

    result = await run(
        world.store, viewer, text, input={"assetId": await machine(world, world.pump), "name": "P"}
    )

    assert result.data == {
        "updateAsset": {
            "asset": {
                "name": "P",
                "viewerAccess": [{"field": "name", "write": True}, {"field": "version", "write": False}],
            }
        }
    }


async def test_a_name_that_is_not_there_refuses_the_mutation_before_it_changes_anything(world: World) -> None:
    text = """mutation ($input: UpdateAssetInput!) { updateAsset(input: $input) {
        asset { viewerAccess(fields: ["secret"]) { field } } } }"""
    given = {"assetId": await machine(world, world.pump), "name": "Changed"}

    with pytest.raises(BadInput):
        await run(world.store, world.as_manager, text, input=given)

    assert await name_of(world, given["assetId"]) == "Pump 1"


async def name_of(world: World, asset: str) -> str:
    """As it is stored."""
    result = await run(world.store, world.as_admin, "query ($id: ID!) { asset(id: $id) { name } }", id=asset)
    assert result.data is not None
    name: str = result.data["asset"]["name"]
    return name
