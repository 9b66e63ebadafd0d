"""A request costs 1 + rows / 10 for every object level; what the variables ask for counts, and too much is refused."""

from typing import Any

import pytest
from graphql import build_schema, get_introspection_query

from schema.limits import measure, parse_document, plan_cost
from schema.limits.refusals import QueryTooComplex

SCHEMA = build_schema("""
interface Node { id: ID! }
type User implements Node { id: ID! name: String orders(first: Int!): OrderConnection! boss: User }
type Order implements Node { id: ID! requester: User steps: [Step!]! assignees(first: Int! = 20): [User!]! tags: [String!]! }
type Step { text: String access(fields: [String!]!): [Step!]! }
type PageInfo { endCursor: String }
type OrderEdge { node: Order! cursor: String! }
type OrderConnection { nodes: [Order!]! edges: [OrderEdge!]! pageInfo: PageInfo! totalCount: Int! }
type Query { viewer: User orders(first: Int): OrderConnection! nodes(ids: [ID!]!): [Node]! }
""")


def cost(text: str, variables: dict[str, Any] | None = None) -> int:
    shape = measure(parse_document(text))
    return plan_cost(SCHEMA, shape, shape.choose(None)).cost(variables or {})


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ __typename }", 1),
        ("{ viewer { id name } }", 2),  # 1 + 1/10, rounded up
        ("{ orders(first: 100) { totalCount } }", 11),
        ("{ orders(first: 100) { nodes { id tags } } }", 11),
        ("{ orders(first: 100) { edges { node { id } cursor } pageInfo { endCursor } } }", 11),
        ("{ orders(first: 100) { nodes { requester { name } } } }", 22),
        ("{ orders(first: 100) { nodes { assignees(first: 10) { name } } } }", 112),
        ("{ orders(first: 100) { nodes { assignees { name } } } }", 212),
        ("{ orders(first: 100) { nodes { steps { text } } } }", 112),
        ('{ orders(first: 100) { nodes { steps { access(fields: ["a", "b"]) { text } } } } }', 313),
        ("{ orders { nodes { id } } }", 11),
        ("{ orders(first: null) { nodes { id } } }", 11),
        ("{ orders(first: -1) { nodes { id } } }", 11),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 2),
        ("{ ...o ...o } fragment o on Query { orders(first: 100) { nodes { id } } }", 22),
        (
            "{ ... { orders(first: 50) { nodes { ...u } } } } fragment u on Order { requester { boss { id } } }",
            18,
        ),
    ],
)
def test_a_request_costs_one_and_a_tenth_of_the_rows_for_each_object_level(text: str, points: int) -> None:
    assert cost(text) == points


@pytest.mark.parametrize(
    ("variables", "points"),
    [
        ({"n": 30}, 4),
        ({}, 6),
        ({"n": None}, 11),
        ({"n": "many"}, 11),
        ({"n": True}, 11),
        ({"n": 10**400}, None),
    ],
)
def test_the_rows_asked_for_in_a_variable_count(variables: dict[str, Any], points: int | None) -> None:
    text = "query($n: Int = 50) { orders(first: $n) { nodes { id } } }"

    if points is None:
        with pytest.raises(QueryTooComplex):
            cost(text, variables)
    else:
        assert cost(text, variables) == points


def test_the_number_of_ids_in_a_variable_counts() -> None:
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert cost(text, {"ids": ["a"] * 90}) == 10
    assert cost(text, {}) == 11


def test_rows_multiply_down_the_levels_and_the_limit_is_5_000_points() -> None:
    nested = (
        "{{ orders(first: {0}) {{ nodes {{ requester {{ orders(first: {1}) {{ nodes {{ id }} }} }} }} }} }}"
    )

    assert cost(nested.format(100, 100)) == 1023  # 11 for the orders, 11 for the requesters, 1001 for theirs
    assert cost(nested.format(100, 497)) == 4993
    with pytest.raises(QueryTooComplex):
        cost(nested.format(100, 498))


def test_a_chain_of_fragments_that_multiplies_rows_without_end_is_refused_at_once() -> None:
    chain = " ".join(
        f"fragment f{i} on User {{ ...f{i + 1} orders(first: 100) {{ totalCount }} }}" for i in range(200)
    )

    assert cost(f"{{ viewer {{ ...f0 }} }} {chain} fragment f200 on User {{ id }}") == 2202


def test_introspection_costs_what_the_schema_has() -> None:
    assert cost("{ __schema { queryType { name } } }") == 3
    assert cost("{ __schema { types { name } } }") == 2 + (1 + len(SCHEMA.type_map)) // 10 + 1
    assert cost('{ __type(name: "User") { ofType { ofType { ofType { name } } } } }') == 2
    once = cost(get_introspection_query())
    assert (
        cost(
            get_introspection_query().replace("__schema", "a: __schema { ...S } b: __schema", 1)
            + "fragment S on __Schema { types { ...FullType } }"
        )
        > 1.5 * once
    )
