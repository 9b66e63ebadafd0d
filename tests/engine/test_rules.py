"""Rules beyond roles as they open and close: through both executors, with what the mutations in between change."""

from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.work_orders.rules import Transition
from permissions.disclosure import Relation
from permissions.principals import Role
from schema.entities import PERSON
from tests.engine.asking import Below, Caller
from tests.engine.graph import built, execution_of
from tests.engine.overhearing import overheard
from tests.engine.proving import Proof
from tests.people import add_person
from tests.work_orders.steps import DONE
from tests.worlds import World, a_world

READ = "query ($id: ID!) { node(id: $id) { ... on Person { name phone } } }"
WITHOUT_SOURCE = {Relation.REQUEST_SUBJECT, Relation.LOGGED_REASON, Relation.SUPPORT_GRANT}


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """People of an organisation."""
    return await a_world(store, tenant)


async def seen(world: World, viewer: Viewer, person: UUID) -> Any:  # noqa: ANN401  JSON
    """Name and phone as both executors say them; None where the person is not reached."""
    given = {"id": (await world.store.keystore.tenant(world.tenant)).ids.seal(PERSON.code, person)}
    caller = Caller("somebody", viewer.principal)
    compiled, reference = [
        await Below(execution_of(world.store, compiles=way))(caller, READ, given) for way in (True, False)
    ]
    assert (compiled.errors, compiled.data, compiled.extensions) == ([], reference.data, reference.extensions)
    found = compiled.data["node"]
    return None if found is None else (found["name"], found["phone"])


async def test_who_asks_and_who_works_reach_each_other_while_the_order_is_open_and_assigned(
    world: World,
) -> None:
    asker = await add_person(
        world.store, world.tenant, kind="REQUESTER", name="Rita Maes", phone="+32470000002"
    )
    worker = await add_person(
        world.store, world.tenant, kind="TECHNICIAN", name="Tom Claes", phone="+32470000001"
    )
    requester, technician = world.viewer(asker, Role.REQUESTER), world.viewer(worker, Role.TECHNICIAN)
    order = await world.order(requester=asker)

    async def both() -> tuple[Any, Any]:
        return await seen(world, technician, asker), await seen(world, requester, worker)

    known = [await both()]
    await world.assign(order, worker)
    known.append(await both())
    await world.step(order, Transition.OPEN)
    known.append(await both())
    await world.assign(order, world.colleague)
    known.append(await both())
    await world.assign(order, worker)
    await world.step(order, Transition.START, technician)
    known.append(await both())
    await world.step(order, Transition.COMPLETE, technician, given=DONE)
    known.append(await both())

    hidden, raised = ("Rita Maes", None), ("Rita Maes", "+32470000002")
    assert known == [
        (hidden, None),
        (hidden, ("Tom Claes", None)),
        (raised, ("Tom Claes", "+32470000001")),
        (hidden, None),
        (raised, ("Tom Claes", "+32470000001")),
        (hidden, ("Tom Claes", None)),
    ]


def test_a_tie_without_a_source_of_data_is_known_by_name() -> None:
    scopes = [entity.scope for entity in built()[2].entity_of_type.values()]

    assert set(Relation) - {tie for scope in scopes for tie in scope.relations or {}} == WITHOUT_SOURCE


@pytest.mark.parametrize("name", ["privacy officer", "support", "support in person"])
async def test_a_tie_without_a_source_of_data_raises_nothing(proof: Proof, name: str) -> None:
    realm, _, who = next(proof.callers(name))
    text = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Person { email phone address } } }"
    ids = [await proof.global_id(realm, "User", realm[one]) for one in ("technician", "boss", "requester")]

    answers = [
        await Below(execution_of(proof.store, compiles=way))(who, text, {"ids": ids}) for way in (True, False)
    ]

    nothing = {"email": None, "phone": None, "address": None}
    expected = [nothing] * 3 if name == "privacy officer" else [None] * 3
    assert [one.data for one in answers] == [{"nodes": expected}] * 2


@pytest.mark.parametrize(
    ("name", "combinations"),
    [("admin", 8), ("partner for notices", 7)],
)
async def test_consents_that_decide_nothing_make_no_look_of_their_own_and_no_part_of_the_statement(
    proof: Proof, name: str, combinations: int
) -> None:
    _, _, who = next(proof.callers(name))
    store, texts = overheard(proof.store)
    ask = Below(execution_of(store))

    answer = await ask(who, "{ users(first: 100) { nodes { name phone } } }")

    (sql,) = texts
    (slot,) = [
        slot
        for program, _ in ask.execution.compiler.programs._kept.values()
        for stage in program.all_stages()
        for slot in stage.slots
    ]
    assert answer.errors == []
    assert "&" not in sql
    looks = {id(variant) for variant in slot.variants.values()}
    assert (len(slot.variants), len(looks)) == (combinations, 6)
