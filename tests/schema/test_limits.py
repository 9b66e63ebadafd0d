"""The limits refuse every document that is too much, in time linear in its text, and let the useful ones through."""

from collections.abc import Callable

import pytest
from graphql import build_schema, get_introspection_query, parse, specified_rules, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema

from isomod_graphql.core.errors import IsoModError
from schema.limits import check_source, measure, parse_document
from schema.limits.refusals import (
    LiteralRefused,
    OperationAmbiguous,
    OperationNotFound,
    ParseFailed,
    Place,
    QueryTooDeep,
    QueryTooLarge,
    SignInRepeated,
    TooManyAliases,
    TooManyDirectives,
    ValidationFailed,
)

SDL = """
interface Person { id: ID! name: String }
type User implements Person { id: ID! name: String orders(first: Int!, title: String): OrderConnection! boss: User }
type Contact implements Person { id: ID! name: String }
type Order { id: ID! title: String requester: Person steps: [Step!]! assignees(first: Int!): [User!]! }
type Step { text: String order: Order }
type PageInfo { endCursor: String hasNextPage: Boolean! }
type OrderEdge { node: Order! cursor: String! }
type OrderConnection { nodes: [Order!]! edges: [OrderEdge!]! pageInfo: PageInfo! totalCount: Int! }
type Query { viewer: User order(id: ID!): Order orders(first: Int!): OrderConnection! people: [Person!]! }
type Mutation { signIn(email: String!): Boolean rename(id: ID!, name: String): User }
"""
SCHEMA = build_schema(SDL)


def doubling_chain(links: int) -> str:
    """A document of `links` lines that expands to 2^links fields."""
    chain = " ".join(f"fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(links))
    return f"{{ top {{ ...f0 }} }} {chain} fragment f{links} on Query {{ viewer {{ id }} }}"


def nodes_of(text: str) -> int:
    """The number of words and signs: an upper bound of the nodes of a document."""
    return len(text.replace("{", " { ").replace("...", " ... ").split())


def test_a_fragment_chain_of_2_to_the_40_fields_is_refused_after_fewer_steps_than_it_has_words() -> None:
    text = doubling_chain(40)

    with pytest.raises(QueryTooLarge):
        measure(parse_document(text))


@pytest.mark.parametrize(("links", "visited"), [(1, 12), (2, 17), (4, 27), (8, 47)])
def test_each_link_of_a_doubling_chain_adds_five_steps(links: int, visited: int) -> None:
    text = doubling_chain(links)

    shape = measure(parse_document(text))

    assert shape.choose(None).fields == 1 + 2 * 2**links
    assert shape.visited == visited


@given(st.lists(st.lists(st.integers(0, 29), min_size=1, max_size=4), min_size=1, max_size=30))
def test_the_work_is_linear_in_the_text_whatever_the_fragments_spread(spreads: list[list[int]]) -> None:
    last = len(spreads)
    lines = [
        f"fragment f{i} on Query {{ {' '.join(f'...f{min(last, i + 1 + target)}' for target in targets)} }}"
        for i, targets in enumerate(spreads)
    ]
    text = " ".join(["{ top { ...f0 } }", *lines, f"fragment f{last} on Query {{ viewer {{ id }} }}"])

    try:
        visited = measure(parse_document(text)).visited
    except QueryTooLarge:
        return

    assert visited <= 2 * nodes_of(text)


def test_the_standard_introspection_query_passes_with_220_fields_and_depth_15() -> None:
    shape = measure(parse_document(get_introspection_query())).choose(None)

    assert (shape.fields, shape.depth) == (220, 15)


@pytest.mark.parametrize("descriptions", [True, False])
def test_every_variant_of_the_introspection_query_passes(descriptions: bool) -> None:
    text = get_introspection_query(
        descriptions=descriptions,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    )

    assert measure(parse_document(text)).choose(None).depth == 15


@given(from_schema(SDL, allow_x00=False))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_documents_pass_the_limits(text: str) -> None:
    document = parse_document(text)

    shape = measure(document, single_use={"signIn"})

    assert validate(SCHEMA, document, specified_rules, hide_suggestions=True) == []
    assert shape.visited > 0


@pytest.mark.parametrize("bracket", ["{a", "{a(b:[", "{a(b:{c:", "query($a:[", "{...{", "["])
def test_a_bomb_of_100_000_brackets_is_refused_by_its_length(bracket: str) -> None:
    with pytest.raises(QueryTooLarge):
        parse_document(bracket * 100_000)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{a" * 1_500, QueryTooDeep),
        ("{a(b:" + "[" * 3_000, QueryTooDeep),
        ("{a(b:" + "{c:" * 1_200, QueryTooDeep),
        ("query($a:" + "[" * 3_000, QueryTooDeep),
        ("{..." * 1_500, QueryTooDeep),
        ("{" * 5_000, ParseFailed),
        ("{" + "a " * 4_000 + "}", QueryTooLarge),
        ("#\n" * 101 + "{a}", QueryTooLarge),
        ("{a}" + " " * 65_534, QueryTooLarge),
        ('{a(b:"' + "é" * 32_765 + '")}', QueryTooLarge),
        ("{ a(b: " + "[" * 33 + "]" * 33 + ") }", QueryTooDeep),
        ("{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a}}}}}}}}}}}}}}}}", QueryTooDeep),
        ("{" + "... {" * 30 + "a" + "}" * 31, QueryTooDeep),
        ("{" + "a " * 21 + "}", QueryTooLarge),
        ("{x{" + "a " * 2_000 + "}}", QueryTooLarge),
        (" ".join(f"query q{i} {{a}}" for i in range(21)), QueryTooLarge),
        ("{x{" + " ".join(f"a{i}: f{i}" for i in range(31)) + "}}", TooManyAliases),
        ("{x{" + " ".join(f"a{i}: f" for i in range(11)) + "}}", TooManyAliases),
        ("{" + "a" * 101 + ": viewer { id } }", QueryTooLarge),
        ("{x{" + "a @skip(if: false) " * 21 + "}}", TooManyDirectives),
        ("{ workOrders { } }", ParseFailed),
        ("", ParseFailed),
        ('{ a(b: "\\uD800") }', ParseFailed),
        ('{ a(b: "\\u0000") }', LiteralRefused),
        ('{ a(b: "\0") }', LiteralRefused),
        ('{ a(b: "\ud800") }', LiteralRefused),
        ("{ a(b: " + "9" * 1_001 + ") }", LiteralRefused),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", ValidationFailed),
        ("{ x } fragment lonely on Query { ...lonely }", ValidationFailed),
        ("{ ...a } fragment a on Query { x } fragment a on Query { y }", ValidationFailed),
        ("query a { x } query a { y }", ValidationFailed),
        ("type Query { a: Int }", ValidationFailed),
    ],
)  # fmt: skip
def test_a_document_over_a_limit_is_refused_with_its_code(text: str, refusal: type[IsoModError]) -> None:
    with pytest.raises(refusal) as caught:
        measure(parse_document(text))

    assert caught.type is refusal


@pytest.mark.parametrize(
    "text",
    [
        "{a{a{a{a{a{a{a{a{a{a{a{a{a{a{a}}}}}}}}}}}}}}}",
        "{" + "a " * 20 + "}",
        "{x{" + "a " * 1_999 + "}}",
        "{x{" + " ".join(f"a{i}: f{i}" for i in range(30)) + "}}",
        "{x{" + " ".join(f"a{i}: f" for i in range(10)) + "}}",
        "{x{" + "a @skip(if: false) " * 20 + "}}",
        " ".join(f"query q{i} {{a}}" for i in range(20)),
        "#\n" * 100 + "{a}",
        "{ a(b: " + "9" * 1_000 + ") }",
    ],
)
def test_a_document_at_a_limit_passes(text: str) -> None:
    assert measure(parse_document(text)).visited > 0


def test_limits_count_through_fragments_as_often_as_they_are_spread() -> None:
    text = "{ x { ...a ...a } ...r } fragment a on X { n: b @skip(if: false) c { d } } fragment r on Query { y z }"

    shape = measure(parse_document(text)).choose(None)

    assert shape.fields == 9
    assert shape.depth == 3
    assert (shape.aliases, shape.directives) == (2, 2)
    assert shape.root_fields == {"x", "y", "z"}


@pytest.mark.parametrize(
    "text",
    [
        'mutation { a: signIn(email: "a") }',
        'mutation { signIn(email: "a") signIn(email: "a") }',
        'mutation { ...s ...s } fragment s on Mutation { signIn(email: "a") }',
        'mutation { ... { ... { signIn: signIn(email: "a") } } }',
        'mutation a { signIn(email: "a") } mutation b { signIn(email: "b") }',
    ],
)
def test_a_document_cannot_try_two_passwords(text: str) -> None:
    with pytest.raises(SignInRepeated):
        measure(parse_document(text), single_use={"signIn"})


def test_one_plain_sign_in_passes_and_a_query_field_of_the_same_name_is_not_a_sign_in() -> None:
    measure(parse_document('mutation { signIn(email: "a") rename(id: 1) { id } }'), single_use={"signIn"})
    measure(parse_document("{ a: signIn b: signIn }"), single_use={"signIn"})


def test_two_operations_without_a_name_are_ambiguous_and_an_unknown_name_is_not_found() -> None:
    shape = measure(parse_document("query a { x } query b { y }"))

    with pytest.raises(OperationAmbiguous):
        shape.choose(None)
    with pytest.raises(OperationNotFound):
        shape.choose("c")
    assert shape.choose("b").root_fields == {"y"}
    with pytest.raises(OperationNotFound):
        measure(parse_document("fragment a on Query { x }")).choose(None)


def test_a_parse_failure_says_where_and_quotes_nothing() -> None:
    with pytest.raises(ParseFailed) as caught:
        parse_document('{ user(\n  password: "hunter2" hunter2')

    assert caught.value.places == (Place(2, 30),)
    assert caught.value.message == "The document is not valid GraphQL."
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_parsing_accepts_what_graphql_core_accepts() -> None:
    text = "query Q($a: Int = 3) @live { orders(first: $a) { nodes { ... on Order { id } } } }"

    assert parse_document(text) == parse(text)


@pytest.mark.parametrize("text", ["{a}", '{ a(b: "😀") }', "{a}" + " " * 65_533])
def test_ordinary_sources_pass(text: str) -> None:
    check: Callable[[str], None] = check_source

    check(text)
