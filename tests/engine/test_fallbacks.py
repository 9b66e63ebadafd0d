"""Each reason for leaving an operation to the reference executor is met and counted; no list of the schema is one."""

from collections import Counter
from typing import Final

import pytest

from isomod_graphql.engine.shapes import Unsupported
from permissions.principals import NOBODY
from tests.engine.arguments import asked, document, literal
from tests.engine.asking import Below, Caller
from tests.engine.documents import CONNECTION, cells, deep, selection
from tests.engine.graph import Kept, built, execution_of
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof

FORGED: Final = "A" * 40
LEFT: Final = [
    (Unsupported.NOBODY, "{ __typename }"),
    (Unsupported.NOT_A_QUERY, "mutation { signOut { __typename } }"),
    (Unsupported.INTROSPECTION, "{ __schema { queryType { name } } }"),
    (Unsupported.INTROSPECTION, '{ viewer { id } __type(name: "User") { name } }'),
    (Unsupported.CUSTOM_RESOLVER, "{ organisation { name } }"),
    (Unsupported.CUSTOM_RESOLVER, "{ users(first: 2) { totalCount } organisation { name } }"),
    (Unsupported.FIELD_ERROR, f'{{ assets(first: 1, after: "{FORGED}") {{ totalCount }} }}'),
    (Unsupported.FIELD_ERROR, f'{{ users(first: 1, after: "{FORGED}", orderBy: NAME_ASC) {{ totalCount }} }}'),
    (Unsupported.FIELD_ERROR, f'{{ assets(first: 9) {{ nodes {{ children(first: 1, after: "{FORGED}") {{ totalCount }} }} }} }}'),
    (Unsupported.FIELD_ERROR, "{ nodes(ids: [" + '"x", ' * 101 + "]) { id } }"),
]  # fmt: skip


def below(proof: Proof, *, compiles: bool = True) -> Below:
    """An executor that has counted nothing yet."""
    return Below(execution_of(proof.store, compiles=compiles))


def admin(proof: Proof) -> Caller:
    """Somebody who reaches everything in the first realm."""
    _, _, who = next(proof.callers("admin and privacy officer"))
    return who


@pytest.mark.parametrize(("reason", "text"), LEFT)
async def test_what_is_left_to_the_reference_executor_is_counted(
    proof: Proof, reason: Unsupported, text: str
) -> None:
    ask = below(proof)
    who = Caller("nobody", NOBODY) if reason is Unsupported.NOBODY else admin(proof)

    answer = await ask(who, text)

    assert ask.execution.compiler.fallbacks == Counter([reason])
    assert ask.execution.compiler.answers == 0
    assert bool(answer.errors) is (reason in {Unsupported.FIELD_ERROR, Unsupported.NOT_A_QUERY})


async def test_an_execution_that_does_not_compile_says_so(proof: Proof) -> None:
    ask = below(proof, compiles=False)

    await ask(admin(proof), "{ viewer { id } }")

    assert ask.execution.compiler.fallbacks == Counter([Unsupported.FORCED])


def test_every_reason_is_met() -> None:
    assert {reason for reason, _ in LEFT} | {Unsupported.FORCED} == set(Unsupported)


async def test_no_list_no_filter_and_no_order_of_the_schema_is_left(proof: Proof) -> None:
    _, core, catalogue = built()
    ask, who, realm = below(proof), admin(proof), proof.realms[0]
    rows = {
        of: (await proof.rows(realm, proof.oracles[0], of))[0][1] for of in ("Asset", "Location", "WorkOrder")
    }
    ids = {
        "siteId": rows["Location"],
        "locationId": rows["Location"],
        "parentId": rows["Asset"],
        "assetId": rows["Asset"],
    }
    texts = [
        (document(one.place, f"{one.place.argument}: {literal(one, ids)}"), one.place.type_name)
        for one in asked()
    ]
    for (type_name, field), listing in catalogue.listings.items():
        of = next(name for name, entity in catalogue.entity_of_type.items() if entity is listing.entity())
        whole = f"{field}(first: 5) {{ {CONNECTION} nodes {{ {selection(core, catalogue, of)} }} }}"
        under = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_name} {{ {whole} }} }} }}"
        texts.append((f"{{ {whole} }}" if type_name == "Query" else under, type_name))
    texts.append((deep(core, catalogue, tuple(FIELDS), brief=False), "Query"))
    for text, type_name in texts:
        answer = await ask(who, text, {"id": rows[type_name]} if type_name in rows else {})
        assert answer.errors == []
    for of in FIELDS:
        await ask(who, cells(core, catalogue, of), {"ids": list(rows.values())})
    for field in ("user", "location", "asset", "workOrder"):
        await ask(
            who, f"query ($id: ID!) {{ {field}(id: $id) {{ id }} viewer {{ id }} }}", {"id": rows["Asset"]}
        )

    assert ask.execution.compiler.fallbacks == Counter()
    assert ask.execution.compiler.answers == len(texts) + len(FIELDS) + 4


async def test_a_cursor_of_one_parent_serves_every_place_where_it_stands(proof: Proof) -> None:
    ask, who, realm = below(proof), admin(proof), proof.realms[0]
    assets = [asset for _, asset in await proof.rows(realm, proof.oracles[0], "Asset")]
    page = """query ($ids: [ID!]!, $after: Cursor) { nodes(ids: $ids) { ... on Asset {
        workOrders(first: 1, after: $after) { nodes { id } pageInfo { hasPreviousPage hasNextPage endCursor } } } } }"""
    pages = (await ask(who, page, {"ids": assets})).data["nodes"]
    at, first = next(
        (at, one["workOrders"]["pageInfo"])
        for at, one in enumerate(pages)
        if one["workOrders"]["pageInfo"]["hasNextPage"]
    )
    turned = {"ids": [assets[at], assets[at]], "after": first["endCursor"]}

    (one, same) = (await ask(who, page, turned)).data["nodes"]
    by_reference = await below(proof, compiles=False)(who, page, turned)

    assert one == same
    assert one["workOrders"]["nodes"] != pages[at]["workOrders"]["nodes"]
    assert one["workOrders"]["pageInfo"]["hasPreviousPage"] is True
    assert by_reference.data == {"nodes": [one, same]}
    assert (ask.execution.compiler.answers, ask.execution.compiler.fallbacks) == (2, Counter())


async def test_what_goes_with_a_failing_field_is_neither_listed_nor_recorded(proof: Proof) -> None:
    """Of two nodes one is given up, because a list under it fails."""
    kept = Kept()
    ask, realm = Below(execution_of(proof.store, recorder=kept)), proof.realms[0]
    _, _, who = next(proof.callers("viewer"))
    assets = dict(await proof.rows(realm, proof.oracles[0], "Asset"))
    orders = dict(await proof.rows(realm, proof.oracles[0], "WorkOrder"))
    ids = [assets[realm["pump"]], orders[realm["order open"]]]
    text = f"""query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on WorkOrder {{ description }} ... on Asset {{
        custodian {{ name }} children(first: 1, after: "{FORGED}") {{ totalCount }} }} }} }}"""

    answer = await ask(who, text, {"ids": ids})

    assert answer.data == {"nodes": [None, {"description": None}]}
    assert answer.codes == ["CURSOR_INVALID"]
    assert [(one["path"], one["rows"]) for one in answer.extensions["masking"]["fields"]] == [
        (["nodes", "*", "description"], "ALL")
    ]
    assert kept.accesses == []
