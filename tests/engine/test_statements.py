"""How many statements a query costs: one per level, however many rows there are; siblings' lists are read together and still are what each would be alone."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from isomod_graphql.core.store import Store
from permissions.principals import Role
from tests.engine.arguments import statements
from tests.engine.asking import Ask, Below, Caller
from tests.engine.graph import World, execution_of, make_world
from tests.engine.overhearing import overheard
from tests.engine.proving import Proof

FILL = """
INSERT INTO assets (tenant_id, id, created_at, updated_at, location_id, site_id, name, name_key, tag, status, criticality,
    custodian_id, parent_id)
SELECT '{tenant}', md5('{tenant}a' || i)::uuid, now(), now(), '{site}', '{site}', 'Pump ' || i, 'pump ' || i, 'T-' || i,
    'OPERATIONAL', 'LOW', '{person}', CASE WHEN i > 1 THEN md5('{tenant}a' || i / 2)::uuid END
FROM generate_series({low}, {high}) i;
INSERT INTO work_orders (tenant_id, id, created_at, updated_at, number, title, description, status, priority, type, asset_id,
    location_id, site_id, assignee_id, requester_id, created_by_id)
SELECT '{tenant}', md5('{tenant}w' || i)::uuid, now(), now(), 10 + i, 'Seal ' || i, 'Check.', 'OPEN', 'NONE', 'CORRECTIVE',
    md5('{tenant}a' || i)::uuid, '{site}', '{site}', '{person}', '{other}', '{other}'
FROM generate_series({low}, {high}) i;
INSERT INTO work_order_assignees (tenant_id, work_order_id, person_id)
SELECT '{tenant}', md5('{tenant}w' || i)::uuid, '{person}' FROM generate_series({low}, {high}) i;
INSERT INTO work_order_history (tenant_id, id, created_at, updated_at, work_order_id, sequence, at, actor_id, to_status)
SELECT '{tenant}', md5('{tenant}h' || i || s)::uuid, now(), now(), md5('{tenant}w' || i)::uuid, s, now(), '{person}', 'OPEN'
FROM generate_series({low}, {high}) i, generate_series(1, 3) s;
"""

QUERIES = {
    # the levels of each: one statement for every list and every kind of linked row; compiled, links are joined
    "users": ("{ users(first: 100) { nodes { displayName roles { role site { name } } } } }", 2, 2),
    "orders": ("{ workOrders(first: 100) { nodes { number title description } } }", 1, 1),
    "orders with everything": (
        """{ workOrders(first: 100) { totalCount nodes { number requester { name email } assignee { name }
        assignees { name } asset { name custodian { phone } } location { name } history(first: 2) { totalCount nodes { at actor { name } } } } } }""",
        8, 5,
    ),
    "assets in assets with orders": (
        """{ assets(first: 100) { nodes { name parent { name } children(first: 2) { nodes { name
        workOrders(first: 2, orderBy: CREATED_AT_DESC) { totalCount nodes { number } } } } } } }""",
        5, 4,
    ),
    "places with assets": (
        "{ locations(first: 100) { nodes { name site { name } children(first: 5) { nodes { id } } assets(first: 100) { nodes { tag } } } } }",
        4, 3,
    ),
}  # fmt: skip


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant."""
    return await make_world(store, tenant)


async def fill(store: Store, world: World, low: int, high: int) -> None:
    """Assets in a tree, an order on each, an assignee and three changes on each order."""
    names = {
        "tenant": world.tenant, "site": world.gent, "person": world.technician, "other": world.requester,
        "low": low, "high": high,
    }  # fmt: skip
    async with store.transaction(world.tenant, write=True) as tx:
        for statement in FILL.format(**names).split(";")[:-1]:
            await tx.run(text(statement))


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.TECHNICIAN, Role.REQUESTER])
async def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(
    store: Store, world: World, query: str, role: Role
) -> None:
    listened, texts = overheard(store)
    compiled, reference = Below(execution_of(listened)), Below(execution_of(store, compiles=False))
    person = {Role.TECHNICIAN: world.technician, Role.REQUESTER: world.requester}.get(role, world.stranger)
    who = Caller("somebody", world.viewer(store, person, role).principal)
    asked, levels, joined = QUERIES[query]
    counts: list[tuple[int, int]] = []
    low = 1
    for high in (3, 10, 50):
        await fill(store, world, low, high)
        low = high + 1
        with statements(store) as seen:
            answers = [await compiled(who, asked), await reference(who, asked)]
        assert answers[0].errors == answers[1].errors == []
        counts.append((len(seen.texts), len(texts)))
        texts.clear()

    assert counts == [(levels, joined)] * 3


async def test_lists_that_are_read_together_are_what_each_is_alone(store: Store, world: World) -> None:
    ask = Below(execution_of(store))
    who = Caller("somebody", world.viewer(store, world.stranger, Role.ADMIN).principal)
    await fill(store, world, 1, 20)
    inside = """children(first: 1, orderBy: NAME_DESC) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } }
        workOrders(first: 1, filter: {status: [OPEN]}) { totalCount nodes { id } edges { cursor } pageInfo { hasNextPage endCursor } }"""

    together = await ask(who, f"{{ assets(first: 50) {{ nodes {{ id {inside} }} }} }}")
    alone: list[Any] = []
    for node in together.data["assets"]["nodes"]:
        answer = await ask(
            who, f"query ($id: ID!) {{ asset(id: $id) {{ id {inside} }} }}", {"id": node["id"]}
        )
        alone.append(answer.data["asset"])

    assert together.errors == []
    assert together.data["assets"]["nodes"] == alone
    assert sum(node["children"]["totalCount"] for node in alone) == 19
    assert [node["children"]["pageInfo"]["hasNextPage"] for node in alone].count(True) == 9


async def test_a_link_that_is_asked_for_twice_may_be_joined_once_and_looked_up_once(
    store: Store, world: World
) -> None:
    """The first chain takes all tables that a statement joins, so that the second is read by its ids."""
    who = Caller("somebody", world.viewer(store, world.stranger, Role.ADMIN).principal)
    await fill(store, world, 1, 20)
    chain = "{ tag parent " * 8 + "{ tag }" + " }" * 8
    asked = f"{{ assets(first: 20) {{ nodes {{ tag a: parent {chain} b: parent {chain} }} }} }}"
    compiler = execution_of(store)

    compiled = await Below(compiler)(who, asked)
    reference = await Below(execution_of(store, compiles=False))(who, asked)

    assert (compiled.errors, compiler.compiler.answers) == ([], 1)
    assert compiled.data == reference.data
    assert [node["a"] == node["b"] for node in compiled.data["assets"]["nodes"]] == [True] * 20
    assert [node["b"]["tag"] for node in compiled.data["assets"]["nodes"] if node["tag"] == "T-9"] == ["T-4"]


async def test_a_refused_row_of_a_sibling_costs_nothing_and_shows_nothing(proof: Proof, ask: Ask) -> None:
    """The lists under rows of both sites, for somebody of one site."""
    _, _, who = next(proof.callers("manager of gent"))

    answer = await ask(
        who, "{ locations(first: 9) { nodes { name assets(first: 9) { totalCount nodes { name } } } } }"
    )

    shown = {
        node["name"]: [one["name"] for one in node["assets"]["nodes"]]
        for node in answer.data["locations"]["nodes"]
    }
    assert shown == {"Gent": ["Pump", "Seal"], "Hall": []}
