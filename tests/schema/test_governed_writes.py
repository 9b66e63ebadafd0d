"""Every input field of every mutation is governed: who may not write it is denied, nothing happens, and it is on record; no mask is ever written."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_required_input_field,
)

from isomod_graphql.core.errors import MaskedValueRejected
from isomod_graphql.core.flags import restriction_bits
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.passwords import Argon2Passwords
from permissions.categories import Category
from permissions.principals import Assurance, Principal, Role, RoleGrant, Scope
from schema.context import Services
from tests.engine.graph import built, run
from tests.people import add_person
from tests.schema.changing import change, denied, document, everything, job, machine, person, place, refusal
from tests.worlds import World, a_world

MASK = "J•• P••"
TEXTS = {"String": MASK, "ID": MASK, "EmailAddress": "j•••@•••", "PhoneNumber": "•••• •• 12"}
SAMPLES: dict[str, object] = {
    "String": "text", "ID": "garbage", "EmailAddress": "new@acme.example", "PhoneNumber": "+32470000009", "Int": 1,
    "Float": 1.0, "Boolean": True, "DateTime": "2026-11-05T08:00:00Z", "Date": "2026-11-05",
}  # fmt: skip


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """North with a hall and a pump, and South."""
    return await a_world(store, tenant)


def sample(kind: Any) -> Any:  # noqa: ANN401  JSON of that type
    """A value of this input type with what is required, and no more."""
    if is_list_type(get_nullable_type(kind)):
        return [sample(get_nullable_type(kind).of_type)]
    named: Any = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if isinstance(named, GraphQLInputObjectType):
        return {
            name: sample(field.type) for name, field in named.fields.items() if is_required_input_field(field)
        }
    return SAMPLES[named.name]


def masked(kind: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  JSON of that type
    """Every way to put a mask into a value of this type, with the field that holds it."""
    named: Any = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        return
    for name, field in named.fields.items():
        inner = get_named_type(field.type).name
        listed = is_list_type(get_nullable_type(field.type))
        if inner in TEXTS:
            value: Any = [TEXTS[inner]] if listed else TEXTS[inner]
            yield name, {**sample(named), name: value}
        for deeper, value in masked(field.type):
            yield deeper, {**sample(named), name: [value] if listed else value}


def masks() -> Iterator[tuple[str, str, str, Any]]:
    """Every mutation, the name of its input type, and every field of it that takes a text, with a mask in it."""
    root: Any = built()[1].mutation_type
    for verb, field in root.fields.items():
        for argument in field.args.values():
            for name, value in masked(argument.type):
                yield verb, get_named_type(argument.type).name, name, value


def everybody(world: World) -> Principal:
    """An administrator who is the privacy officer too, with a fresh proof, so that nothing is denied."""
    plain = world.viewer(world.admin, Role.ADMIN, Role.PRIVACY_OFFICER).principal
    until = world.store.clock.now() + timedelta(minutes=10)
    return replace(plain, assurance=Assurance.STEPPED_UP, stepped_up_until=until)


async def test_a_mask_is_refused_in_every_text_of_every_mutation(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    settings = Settings()
    services = Services(Desk(world.store, settings, Argon2Passwords()), settings)
    before = await everything(owner_eye, world)
    found: dict[tuple[str, str], Any] = {}
    for verb, kind, field, value in masks():
        text = f"mutation ($input: {kind}!) {{ {verb}(input: $input) {{ userErrors {{ code field }} }} }}"
        result = await run(world.store, everybody(world), text, services, input=value)
        found[verb, field] = result.data and result.data[verb]["userErrors"]

    assert {
        where: answer
        for where, answer in found.items()
        if answer != [{"code": "MASKED_VALUE_REJECTED", "field": where[1]}]
    } == {}
    assert len(found) > 100
    assert await everything(owner_eye, world) == before


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ('{ users(first: 1, filter: {email: "j•••@•••"}) { totalCount } }', {}),
        ("query ($f: UserFilter) { users(first: 1, filter: $f) { totalCount } }", {"f": {"namePrefix": "J•• P••"}}),
        ('query ($f: AssetFilter = {tag: "P•"}) { assets(first: 1, filter: $f) { totalCount } }', {}),
        ("query ($t: String) { assets(first: 1, filter: {tag: $t}) { totalCount } }", {"t": "P•"}),
    ],
)  # fmt: skip
async def test_a_mask_is_not_compared_with_what_it_hides(
    world: World, text: str, variables: dict[str, Any]
) -> None:
    with pytest.raises(MaskedValueRejected):
        await run(world.store, world.as_admin, text, **variables)


@pytest.mark.parametrize("kind", ["Cursor", "Date", "DateTime"])
def test_a_mask_is_no_moment_and_no_cursor(kind: str) -> None:
    scalar: Any = built()[1].type_map.get(kind) or built()[1].type_map["DateTime"]

    with pytest.raises(MaskedValueRejected):
        scalar.parse_value("20••-••-••")


def partner(world: World, *scopes: Scope) -> Principal:
    """A program with these scopes on every site."""
    return Principal(
        kind="CLIENT",
        tenant_id=world.tenant,
        client_id=world.colleague,
        grants=(RoleGrant(Role.PARTNER, None),),
        scopes=frozenset(scopes),
        assurance=Assurance.TOKEN,
    )


async def refused(world: World, caller: Principal, verb: str, given: Mapping[str, object]) -> tuple[Any, Any]:
    """Code and field of the one error; there is no payload."""
    result = await run(world.store, caller, document(verb, ""), input=dict(given))
    assert result.data == {verb: None}
    assert result.errors is not None
    (error,) = result.errors
    cause: Any = error.original_error
    return cause.code, cause.field


async def test_a_program_that_reads_no_notes_writes_none(world: World, owner_eye: asyncpg.Connection) -> None:
    program = partner(world, Scope.ASSETS_WRITE, Scope.WORK_ORDERS_WRITE)
    pump, hall = await machine(world, world.pump), await place(world, world.hall)
    order = await job(world, await world.order())
    before = await everything(owner_eye, world)

    found = [
        await refused(world, program, verb, given)
        for verb, given in (
            ("createAsset", {"name": "Fan", "locationId": hall, "description": "Ada's"}),
            ("updateAsset", {"assetId": pump, "description": None}),
            ("createWorkOrder", {"title": "Inspect", "locationId": hall, "description": "Ask Ada"}),
            ("updateWorkOrder", {"workOrderId": order, "description": "Ask Ada"}),
        )
    ]

    assert found == [("FORBIDDEN", "description")] * 4
    assert await everything(owner_eye, world) == before
    assert [(action, reason) for action, reason, _ in await denied(owner_eye, world)] == [
        (action, "FIELD")
        for action in ("ASSET_CREATE", "ASSET_UPDATE", "WORK_ORDER_CREATE", "WORK_ORDER_UPDATE")
    ]


async def test_a_program_writes_what_it_may(world: World) -> None:
    program = partner(world, Scope.ASSETS_WRITE)

    done = await change(
        world, program, "updateAsset", "asset { name description }",
        assetId=await machine(world, world.pump), name="Pump 2", expectedVersion=1,
    )  # fmt: skip

    assert done == {"asset": {"name": "Pump 2", "description": None}, "userErrors": []}


async def test_a_token_without_contacts_neither_corrects_nor_invites_by_address(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    """It would learn whether somebody has the address."""
    known = await add_person(world.store, world.tenant, name="Ada", email="ada@acme.example")
    admin = world.viewer(world.admin, Role.ADMIN).principal
    token = replace(admin, scopes=frozenset(Scope) - {Scope.PII_CONTACT}, assurance=Assurance.TOKEN)
    rectify, invite = "rectifyPersonalData", "inviteUser"
    subject = await person(world, known)
    tries: list[tuple[str, Mapping[str, object]]] = []
    for address in ("ada@acme.example", "new@acme.example"):
        tries.append((rectify, {"subjectId": subject, "corrections": {"email": address}}))
        tries.append((invite, {"email": address, "name": "Ada", "roles": [{"role": "VIEWER"}]}))

    found = [await refused(world, token, verb, given) for verb, given in tries]

    assert found == [("FORBIDDEN", "email")] * 4
    assert [(action, reason) for action, reason, _ in await denied(owner_eye, world)] == [
        *[("PERSON_RECTIFY", "FIELD")] * 2,
        *[("USER_INVITE", "FIELD")] * 2,
    ]
    assert await owner_eye.fetchval("SELECT max(version) FROM people WHERE tenant_id = $1", world.tenant) == 1
    assert await owner_eye.fetchval("SELECT count(*) FROM users WHERE tenant_id = $1", world.tenant) == 0


async def test_the_same_token_corrects_a_name(world: World) -> None:
    known = await add_person(world.store, world.tenant, name="Ada", email="ada@acme.example")
    admin = world.viewer(world.admin, Role.ADMIN).principal
    token = replace(admin, scopes=frozenset(Scope) - {Scope.PII_CONTACT}, assurance=Assurance.TOKEN)
    text = """mutation ($input: RectifyPersonalDataInput!) {
      rectifyPersonalData(input: $input) { person { name email } userErrors { code } } }"""

    result = await run(
        world.store, token, text,
        input={"subjectId": await person(world, known), "corrections": {"name": "Ada B"}},
    )  # fmt: skip

    assert result.data == {
        "rectifyPersonalData": {"person": {"name": "Ada B", "email": None}, "userErrors": []}
    }


@pytest.mark.parametrize("text", ["Leaks", "Something else", None])
async def test_what_a_restricted_person_wrote_is_not_written_over_whatever_it_says(
    world: World, owner_eye: asyncpg.Connection, text: str | None
) -> None:
    order, pump = await world.order(), await machine(world, world.pump)
    for table in ("work_orders", "assets"):
        await owner_eye.execute(
            f"UPDATE {table} SET description = 'Leaks', created_by_id = $1 WHERE tenant_id = $2",
            world.requester, world.tenant,
        )  # fmt: skip
    await owner_eye.execute(
        "UPDATE people SET flags = $1 WHERE id = $2", restriction_bits([Category.NOTES]), world.requester
    )
    known, before = await job(world, order), await everything(owner_eye, world)

    found = [
        await refusal(world, world.as_manager, verb, {field: row, "description": text, "expectedVersion": 7})
        for verb, field, row in (("updateWorkOrder", "workOrderId", known), ("updateAsset", "assetId", pump))
    ]
    await change(
        world, world.as_manager, "updateWorkOrder", "workOrder { title }", workOrderId=known, title="Other"
    )

    assert found == [("PROCESSING_RESTRICTED", "description")] * 2
    assert [(action, reason) for action, reason, _ in await denied(owner_eye, world)] == [
        ("ASSET_UPDATE", "PROCESSING_RESTRICTED"),
        ("WORK_ORDER_UPDATE", "PROCESSING_RESTRICTED"),
    ]
    assert await owner_eye.fetchval("SELECT description FROM work_orders WHERE id = $1", order) == "Leaks"
    assert len(await everything(owner_eye, world)) == len(before) + 1  # the other title's event


async def test_an_order_that_names_people_needs_the_right_to_assign(
    world: World, owner_eye: asyncpg.Connection
) -> None:
    program = partner(world, Scope.WORK_ORDERS_WRITE)
    somebody, before = await person(world, world.technician), await everything(owner_eye, world)
    given = {"title": "Inspect", "locationId": await place(world, world.hall)}

    found = [
        await refused(world, program, "createWorkOrder", {**given, **named})
        for named in ({"assigneeId": somebody}, {"assigneeIds": [somebody]}, {"assigneeId": "garbage"})
    ]

    assert found == [("FORBIDDEN", None)] * 3
    assert await everything(owner_eye, world) == before
    assert [reason for _, reason, _ in await denied(owner_eye, world)] == ["ROLE"] * 3
