"""The policy in the graph: who may ask, what is told of whose privacy, and that every question is on record and none shows a value."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from graphql import parse, validate
from sqlalchemy import insert, update

from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.class_schemas import ClassSchemas
from isomod_graphql.engine.projection import BITS
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import PartnerClient, User
from isomod_graphql.identity.roles import GivenRole, give
from isomod_graphql.identity.tokens import put_token
from isomod_graphql.subjects.facts import ERASED, restriction_bits
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder
from permissions.categories import Category
from permissions.caveats import UNRESTRICTED, Caveats
from permissions.matrix import lines
from permissions.policy_version import POLICY_VERSION
from permissions.principals import NOBODY, Role, Scope
from schema.entities import PERSON, WORK_ORDER
from schema.member_changes import TOKEN_IDS
from tests.engine.asking import Below, Caller
from tests.engine.graph import Kept, World, add_order, built, execution_of, make_world, run
from tests.partners.house import trail

MATRIX = """{ policyMatrix {
  version cells { role category when level form } reaches { role resource reach } fields { coordinate category mask } } }"""
WHY = """query ($who: ID!, $object: ID!, $field: String!) {
  explainAccess(viewerId: $who, objectId: $object, field: $field) {
    coordinate category read mask reason because privacyTold policyVersion
    viewer { displayName } object { id }
    steps { rule effect level role by says } remedies { rule by level says } } }"""
ASKING = (Role.ADMIN, Role.PRIVACY_OFFICER)
OTHERS = sorted(set(Role) - set(ASKING))


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """Its people can sign in; the technician and the requester hold those roles, the stranger views."""
    made = await make_world(store, tenant)
    async with store.transaction(tenant, write=True) as tx:
        for person, role in (
            (made.technician, Role.TECHNICIAN),
            (made.requester, Role.REQUESTER),
            (made.stranger, Role.VIEWER),
        ):
            here = (User.tenant_id == tenant, User.id == person)
            await tx.run(update(User).where(*here).values(status="ACTIVE", account_id=new_id(tx.now)))
            await give(tx, person, GivenRole(role))
    return made


async def gid(store: Store, world: World, row: UUID, code: int = PERSON.code) -> str:
    return (await store.keystore.tenant(world.tenant)).ids.seal(code, row)


async def why(store: Store, asker: Viewer, viewer: str, about: str, field: str) -> Any:  # noqa: ANN401  an ExecutionResult
    return await run(store, asker, WHY, who=viewer, object=about, field=field)


async def told(store: Store, asker: Viewer, viewer: str, about: str, field: str = "phone") -> dict[str, Any]:
    found = await why(store, asker, viewer, about, field)
    assert found.errors is None
    explanation: dict[str, Any] = found.data["explainAccess"]
    return explanation


def rules(explanation: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["rule"], one["effect"], one["level"]) for one in explanation["steps"]]


async def flag(store: Store, world: World, person: UUID, flags: int) -> None:
    async with store.transaction(world.tenant, write=True) as tx:
        here = (Person.tenant_id == world.tenant, Person.id == person)
        await tx.run(update(Person).where(*here).values(flags=flags))


async def test_an_administrator_reads_why_a_technician_sees_a_phone_number_and_when_no_more(
    store: Store, world: World
) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    tom, rita = await gid(store, world, world.technician), await gid(store, world, world.requester)

    during = await told(store, admin, tom, rita)
    async with store.transaction(world.tenant, write=True) as tx:
        await tx.run(
            update(WorkOrder)
            .where(WorkOrder.tenant_id == world.tenant)
            .values(
                status="CLOSED",
                outcome="RESOLVED",
                completed_at=tx.now,
                first_completed_at=tx.now,
                started_at=tx.now,
            )
        )
    after = await told(store, admin, tom, rita)

    assert (during["read"], during["mask"], during["reason"]) == ("FULL", None, None)
    assert during["viewer"] == {"displayName": "Tom Claes"}
    assert during["object"] == {"id": rita}
    assert during["policyVersion"] == POLICY_VERSION
    assert rules(during) == [
        ("ROLE", "LEFT", "HIDDEN"),
        ("RELATION", "RAISED", "FULL"),
        ("RELATION", "LEFT", "FULL"),
    ]
    assert [one["by"] for one in during["steps"]] == [None, "SAME_OPEN_ORDER", "SAME_TEAM"]
    assert (after["read"], after["mask"], after["reason"]) == ("HIDDEN", "NULL", "RELATION")
    assert "That is not so." in after["because"]
    assert [(one["rule"], one["by"], one["level"]) for one in after["remedies"]][:2] == [
        ("RELATION", "SAME_OPEN_ORDER", "FULL"),
        ("RELATION", "SAME_TEAM", "FULL"),
    ]
    assert "+32470000002" not in str((during, after))


async def test_every_question_is_on_record_for_both_whom_it_is_about(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    tom, rita = await gid(store, world, world.technician), await gid(store, world, world.requester)

    await told(store, admin, tom, rita)

    rows = await owner_eye.fetch(
        "SELECT outcome, actor_id, entity_type, entity_id, fields FROM audit_entries"
        " WHERE tenant_id = $1 AND action = 'ACCESS_EXPLAIN'",
        world.tenant,
    )
    assert sorted((tuple(row) for row in rows), key=str) == sorted(
        [
            ("DONE", world.stranger, "person", world.technician, ["User.phone"]),
            ("DONE", world.stranger, "person", world.requester, ["User.phone"]),
        ],
        key=str,
    )


async def test_restriction_is_told_to_who_oversees_privacy_and_that_is_recorded_as_access(
    store: Store, world: World
) -> None:
    await flag(store, world, world.requester, restriction_bits([Category.CONTACT]))
    viewer, about = await gid(store, world, world.technician), await gid(store, world, world.requester)
    answers, accesses = {}, {}
    for role in ASKING:
        kept = Kept()
        asker = Caller(role.value, world.viewer(store, world.stranger, role).principal)
        asked = {"who": viewer, "object": about, "field": "phone"}
        answers[role] = (await Below(execution_of(store, recorder=kept))(asker, WHY, asked)).data[
            "explainAccess"
        ]
        accesses[role] = [one.released for one in kept.accesses]

    assert rules(answers[Role.PRIVACY_OFFICER])[-1] == ("RESTRICTION", "LOWERED", "HIDDEN")
    assert answers[Role.PRIVACY_OFFICER]["privacyTold"] is True
    assert rules(answers[Role.ADMIN])[-1] == ("PRIVACY", "LOWERED", "HIDDEN")
    assert answers[Role.ADMIN]["privacyTold"] is False
    assert "restrict" not in str(answers[Role.ADMIN]).lower()
    bit = BITS[Category.AUDIT]
    assert {world.requester.bytes} <= set(accesses[Role.PRIVACY_OFFICER][0][bit])
    assert [bit in one for one in accesses[Role.ADMIN]] == [False]


async def test_an_administrator_cannot_tell_restriction_from_erasure(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    async with store.transaction(world.tenant, write=True) as tx:
        await give(tx, world.technician, GivenRole(Role.MANAGER))
    viewer, about = await gid(store, world, world.technician), await gid(store, world, world.requester)
    answers = []
    for flags in (restriction_bits([Category.CONTACT]), ERASED):
        await flag(store, world, world.requester, flags)
        found = await run(
            store, admin, WHY.replace("object { id }", ""), who=viewer, object=about, field="phone"
        )
        answers.append(found.data or {})

    assert answers[0] == answers[1]
    assert answers[0]["explainAccess"]["reason"] == "PRIVACY"


async def test_the_administrator_is_told_of_the_own_restriction(store: Store, world: World) -> None:
    await flag(store, world, world.stranger, restriction_bits([Category.CONTACT]))
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    viewer, about = await gid(store, world, world.technician), await gid(store, world, world.stranger)

    found = await told(store, admin, viewer, about)

    assert found["privacyTold"] is True
    assert found["steps"][-1]["rule"] == "RESTRICTION"


async def test_what_the_asker_does_not_reach_is_not_explained(
    store: Store, world: World, owner_eye: asyncpg.Connection
) -> None:
    """A place and an order are out of reach for who oversees privacy; another tenant's id is nobody's."""
    officer = world.viewer(store, world.stranger, Role.PRIVACY_OFFICER)
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    tom, order = (
        await gid(store, world, world.technician),
        await gid(store, world, world.order, WORK_ORDER.code),
    )

    hidden = await why(store, officer, tom, order, "description")
    unknown = [
        await why(store, admin, "nobody", tom, "phone"),
        await why(store, admin, tom, "A" * 44, "phone"),
    ]
    wrong = await why(store, admin, tom, order, "phone")

    for one, field in (
        (hidden, "objectId"),
        (unknown[0], "viewerId"),
        (unknown[1], "objectId"),
        (wrong, "field"),
    ):
        assert one.data == {"explainAccess": None}
        assert [error.original_error.field for error in one.errors] == [field]
    assert (
        await trail(owner_eye, world.tenant, "ACCESS_EXPLAIN")
        == [("DENIED", "NOT_FOUND", "PERSON", world.stranger)] * 3
    )


async def test_a_row_that_the_viewer_does_not_reach_is_said_to_be_so(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    other = await add_order(store, world.tenant, world.liege, 2)
    tom, order = await gid(store, world, world.technician), await gid(store, world, other, WORK_ORDER.code)

    found = await told(store, admin, tom, order, "description")

    assert (found["read"], found["mask"], found["reason"]) == ("HIDDEN", None, "ROLE")
    assert rules(found) == [("REACH", "LEFT", "HIDDEN")]
    assert found["because"] == (
        "A technician reaches only work orders that the viewer's work leads to; not this one."
    )


async def test_a_token_is_explained_with_what_it_gave_up(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    async with store.transaction(world.tenant, write=True) as tx:
        issued = await put_token(
            tx, label="t", scopes=frozenset({Scope.USERS_READ}), caveats=UNRESTRICTED,
            expires_at=tx.now.replace(year=2027), person_id=world.technician,
        )  # fmt: skip
    token, rita = await gid(store, world, issued.id, TOKEN_IDS.code), await gid(store, world, world.requester)

    found = await told(store, admin, token, rita)

    assert (found["read"], found["reason"]) == ("HIDDEN", "SCOPE")
    assert rules(found)[-1] == ("SCOPE", "LOWERED", "HIDDEN")
    assert [one["by"] for one in found["remedies"] if one["rule"] == "SCOPE"] == ["pii:contact"]


async def test_a_program_is_explained_to_who_may_know_of_it_and_to_nobody_else(
    store: Store, world: World
) -> None:
    async with store.transaction(world.tenant, write=True) as tx:
        row = {
            "tenant_id": tx.tenant_id, "id": tx.new_id(), "public_key": "cl_erp", "name": "ERP", "scopes": ["users:read"],
            "caveats": {}, "purpose": "SERVICE", "expires_at": tx.now.replace(year=2027), "created_at": tx.now,
            "updated_at": tx.now,
        }  # fmt: skip
        await tx.run(insert(PartnerClient).values(row))
    rita = await gid(store, world, world.requester)

    found = await told(store, world.viewer(store, world.stranger, Role.ADMIN), "cl_erp", rita)
    refused = await why(
        store, world.viewer(store, world.stranger, Role.PRIVACY_OFFICER), "cl_erp", rita, "phone"
    )

    assert (found["read"], found["reason"], found["viewer"]) == ("HIDDEN", "SCOPE", None)
    assert [(one["rule"], one["by"]) for one in found["remedies"]] == [("SCOPE", "pii:contact")]
    assert [error.original_error.field for error in refused.errors] == ["viewerId"]


async def test_somebody_who_cannot_sign_in_is_shown_nothing_and_that_is_why(
    store: Store, world: World
) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN)
    async with store.transaction(world.tenant, write=True) as tx:
        here = (User.tenant_id == world.tenant, User.id == world.technician)
        await tx.run(update(User).where(*here).values(status="DEACTIVATED"))
    tom, rita = await gid(store, world, world.technician), await gid(store, world, world.requester)

    found = await told(store, admin, tom, rita)

    assert rules(found) == [("CREDENTIAL", "LEFT", "HIDDEN")]
    assert found["read"] == "HIDDEN"


async def test_the_matrix_is_the_table(store: Store, world: World) -> None:
    officer = world.viewer(store, world.stranger, Role.PRIVACY_OFFICER)

    answer = await run(store, officer, MATRIX)
    found = (answer.data or {})["policyMatrix"]

    assert found["version"] == POLICY_VERSION
    assert len(found["cells"]) == len(list(lines()))
    assert {
        "role": "TECHNICIAN",
        "category": "CONTACT",
        "when": "SAME_TEAM",
        "level": "FULL",
        "form": None,
    } in found["cells"]
    assert {
        "role": "MANAGER",
        "category": "POSITION",
        "when": None,
        "level": "MASKED",
        "form": "AREA",
    } in found["cells"]
    assert {"role": "REQUESTER", "resource": "WORK_ORDER", "reach": "OWN"} in found["reaches"]
    assert {"coordinate": "User.phone", "category": "CONTACT", "mask": "PARTIAL_PHONE"} in found["fields"]


@pytest.mark.parametrize("role", OTHERS)
async def test_other_classes_do_not_have_it_and_are_refused_behind_the_door(
    store: Store, world: World, owner_eye: asyncpg.Connection, role: Role
) -> None:
    other = world.viewer(store, world.stranger, role)
    mine = ClassSchemas(built()[1], built()[2]).of(other).schema
    rita = await gid(store, world, world.requester)

    refused = [await run(store, other, MATRIX), await why(store, other, rita, rita, "phone")]

    assert [str(error.message) for error in validate(mine, parse("{ policyMatrix { version } }"))] != []
    assert {"PolicyMatrix", "AccessExplanation", "AccessStep", "AccessRule"} & set(mine.type_map) == set()
    assert [one.data for one in refused] == [{"policyMatrix": None}, {"explainAccess": None}]
    assert (
        await trail(owner_eye, world.tenant, "ACCESS_EXPLAIN")
        == [("DENIED", "ROLE", "PERSON", world.stranger)] * 2
    )


@pytest.mark.parametrize("role", ASKING)
async def test_those_who_answer_for_the_policy_have_it(store: Store, world: World, role: Role) -> None:
    mine = ClassSchemas(built()[1], built()[2]).of(world.viewer(store, world.stranger, role)).schema

    assert validate(mine, parse(MATRIX)) == []
    assert validate(mine, parse(WHY)) == []


async def test_a_token_needs_the_scope_for_administration(store: Store, world: World) -> None:
    admin = world.viewer(store, world.stranger, Role.ADMIN).principal
    narrow = Viewer.at(replace(admin, scopes=frozenset({Scope.USERS_READ})), store.clock.now())
    bound = replace(admin, caveats=Caveats(sites=frozenset({world.gent})))

    refused = await run(store, narrow, MATRIX)
    nobody = ClassSchemas(built()[1], built()[2]).of(Viewer.at(NOBODY, store.clock.now())).schema

    assert refused.data == {"policyMatrix": None}
    assert "PolicyMatrix" not in nobody.type_map
    assert (await run(store, Viewer.at(bound, store.clock.now()), MATRIX)).errors is None
