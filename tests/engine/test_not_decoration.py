"""Nothing comes out of a field that the running plan does not contain, and nothing but sealed views comes in."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLResolveInfo, OperationDefinitionNode, parse
from graphql.pyutils import Path
from sqlalchemy import select
from strawberry.exceptions import StrawberryGraphQLError

from isomod_graphql.core.errors import Forbidden
from isomod_graphql.engine.plan import Plan, plan_operation
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request
from isomod_graphql.engine.resolvers import default_resolver
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.models import Person
from tests.engine.asking import Caller
from tests.engine.documents import cells
from tests.engine.graph import built
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof

LINKS = sum(field.to is not None for _, fields_ in FIELDS.values() for field in fields_.values())


class Untouchable:
    """A source that must not even be looked at."""

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401  whatever is asked for
        if name == "__class__":
            return Untouchable
        raise AssertionError(f"{name} was read")


def fields() -> Iterator[tuple[str, str]]:
    """Every field of every object type of the graph."""
    for kind in built()[1].type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            yield from ((kind.name, name) for name in kind.fields)


def plan_of(who: Caller, proof: Proof, text: str) -> Plan:
    """The plan of a document."""
    _, core, catalogue = built()
    document = parse(text)
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return plan_operation(
        core, catalogue, document, operation, Viewer.at(who.principal, proof.store.clock.now()).vector
    )


async def request_of(who: Caller, proof: Proof, plan: Plan) -> Request:
    """A request that runs under this plan."""
    assert who.principal.tenant_id is not None
    keys = await proof.store.keystore.tenant(who.principal.tenant_id)
    viewer = Viewer.at(who.principal, proof.store.clock.now())
    return Request(proof.store, keys, built()[2], plan, viewer)


async def resolved(type_name: str, name: str, source: object, context: object) -> object:
    """What the field's resolver gives, or the code with which it refuses."""
    _, core, _ = built()
    kind: Any = core.type_map[type_name]
    field = kind.fields[name]
    info: GraphQLResolveInfo[Any] = GraphQLResolveInfo(
        field_name=name, field_nodes=[], return_type=field.type, parent_type=kind, path=Path(None, name, type_name),
        schema=core, fragments={}, root_value=None, operation=None, variable_values={}, context=context,  # type: ignore[arg-type]  # nothing of it may be needed
        is_awaitable=lambda value: hasattr(value, "__await__"), abort_signal=None, async_helpers=None,  # type: ignore[arg-type]  # same
    )  # fmt: skip
    try:
        value = field.resolve(source, info)
        return await value if hasattr(value, "__await__") else value
    except Forbidden as refusal:
        return refusal.code
    except StrawberryGraphQLError as refusal:
        return (refusal.extensions or {}).get("code")


async def views(proof: Proof) -> dict[str, View]:
    """A real view of every type, as somebody who reaches one sees it with everything planned."""
    realm, oracle, who = next(proof.callers("admin and privacy officer"))
    _, core, catalogue = built()
    found: dict[str, View] = {}
    for of in FIELDS:
        request = await request_of(who, proof, plan_of(who, proof, cells(core, catalogue, of)))
        ids = [text for _, text in await proof.rows(realm, oracle, of)]
        view = next(one for one in await request.nodes(ids) if one is not None)
        await request.end_reading()
        found[of] = view
    return found


async def test_without_a_plan_no_field_of_the_graph_gives_anything(proof: Proof) -> None:
    shown = await views(proof)

    answers = {
        (of, name): [
            await resolved(of, name, shown.get(of, Untouchable()), None),
            await resolved(of, name, Untouchable(), object()),
        ]
        for of, name in fields()
    }

    assert len(answers) > 100
    assert {where: got for where, got in answers.items() if got != ["FORBIDDEN", "FORBIDDEN"]} == {}


async def test_a_plan_without_the_field_gives_nothing_of_it(proof: Proof) -> None:
    _, _, who = next(proof.callers("admin"))
    shown = await views(proof)
    everything = frozenset(fields())
    whole = plan_of(who, proof, "{ __typename }")
    answers = {}
    for of, name in sorted(everything):
        request = await request_of(who, proof, replace(whole, coordinates=everything - {(of, name)}))
        answers[of, name] = await resolved(of, name, shown.get(of, Untouchable()), request)

    assert {where: got for where, got in answers.items() if got != "FORBIDDEN"} == {}


async def test_with_its_plan_the_same_field_answers(proof: Proof) -> None:
    """Else the proofs above would hold for a graph that never answers."""
    _, _, who = next(proof.callers("admin and privacy officer"))
    shown = await views(proof)
    _, _, catalogue = built()
    request = await request_of(
        who, proof, replace(plan_of(who, proof, "{ __typename }"), coordinates=frozenset(fields()))
    )
    answers = [
        await resolved(of, name, shown[of], request)
        for of in FIELDS
        for name, spec in catalogue.fields_of_type[of].items()
        if spec.link is None and not spec.gathered
    ]

    assert len(answers) == sum(1 + len(fields_) for _, fields_ in FIELDS.values()) - LINKS
    assert "FORBIDDEN" not in answers


@pytest.mark.parametrize("of", FIELDS)
async def test_a_row_or_an_entity_in_place_of_a_view_is_refused_even_under_a_plan(
    proof: Proof, of: str
) -> None:
    _, _, who = next(proof.callers("admin"))
    _, _, catalogue = built()
    request = await request_of(
        who, proof, replace(plan_of(who, proof, "{ __typename }"), coordinates=frozenset(fields()))
    )
    entity = FIELDS[of][0]()

    answers = {name: await resolved(of, name, entity, request) for name in catalogue.fields_of_type[of]}

    assert set(answers.values()) == {"FORBIDDEN"}


async def test_the_default_resolver_refuses_entities_rows_and_views(proof: Proof) -> None:
    realm = proof.realms[0]
    async with proof.store.transaction(realm.tenant) as tx:
        row = await tx.first(select(Person.id).limit(1))
    view = (await views(proof))["User"]

    for source in (Person(), row, view):
        with pytest.raises(TypeError):
            default_resolver(source, "id")


async def test_a_view_is_immutable(proof: Proof) -> None:
    view = (await views(proof))["User"]

    for name in (*View.__slots__, "anything"):
        with pytest.raises(AttributeError):
            setattr(view, name, {})
        with pytest.raises(AttributeError):
            delattr(view, name)


async def test_a_view_holds_the_planned_fields_and_no_others(proof: Proof) -> None:
    realm, _, who = next(proof.callers("admin"))
    text = "query ($id: ID!) { node(id: $id) { ... on User { id email name } ... on Contact { phone } } }"
    request = await request_of(who, proof, plan_of(who, proof, text))

    view = await request.node(await proof.global_id(realm, "User", realm["technician"]))
    await request.end_reading()

    assert view is not None
    assert set(view._values) == {"email", "name"}
    with pytest.raises(TypeError):
        view.decisions["name"] = None  # type: ignore[index]  # the proof is that it cannot be done
    with pytest.raises(KeyError):
        view.value("phone")


async def test_what_the_viewer_may_not_see_is_not_even_read(proof: Proof) -> None:
    """A masked column is neither in the view nor opened."""
    realm, _, who = next(proof.callers("viewer"))
    request = await request_of(
        who, proof, plan_of(who, proof, "{ users(first: 1) { nodes { email phone name } } }")
    )

    view = await request.node(await proof.global_id(realm, "User", realm["mate"]))
    await request.end_reading()

    assert view is not None
    assert view._values == {"email": None, "phone": None, "name": "Q•• K••"}
