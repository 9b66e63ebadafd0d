"""An input that does not fit is named by its coordinate in the caller's schema, wherever it stands; no value and no word of the client is repeated."""

from typing import Any

import pytest
from graphql import GraphQLError, OperationDefinitionNode, build_schema, parse, value_from_ast_untyped

from isomod_graphql.engine.arguments import Variables
from schema.limits import parse_document
from schema.limits.misfits import misfits_in, nulls_in
from schema.limits.validation import validate_document

SCHEMA = build_schema(
    """
    enum Sort { UP DOWN }
    input Inner { size: Int! colour: String }
    input Given { name: String! end: Int! inner: [Inner!] sort: Sort }
    interface Shape { area(unit: Int): Int }
    type Circle implements Shape { area(unit: Int): Int }
    type Query { list(first: Int!, sort: Sort): Int shape: Shape circle: Circle add(input: Given!): Int }
    """
)
SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{ list }", [("A required value is missing", "Query.list(first:)")]),
        ('{ list(first: "hunter2") }', [("A value does not fit its type", "Query.list(first:)")]),
        ("{ list(first: null) }", [("A value does not fit its type", "Query.list(first:)")]),
        ("{ list(first: 1, sort: hunter2) }", [("A value does not fit its type", "Query.list(sort:)")]),
        ('{ shape { area(unit: "hunter2") } }', [("A value does not fit its type", "Shape.area(unit:)")]),
        (
            '{ shape { ... on Circle { hunter2: area(unit: "x") } } }',
            [("A value does not fit its type", "Circle.area(unit:)")],
        ),
        (
            "{ add(input: {}) }",
            [("A required value is missing", "Given.name"), ("A required value is missing", "Given.end")],
        ),
        (
            '{ add(input: {name: "a", end: 1, inner: [{size: 1}, {size: "hunter2", hunter2: 1}]}) }',
            [("A value does not fit its type", "Inner.size"), ("A field does not exist on its input", "Inner")],
        ),
        ('{ add(input: "hunter2") }', [("A value does not fit its type", "Query.add(input:)")]),
        (
            "query ($hunter2: String!) { list(first: $hunter2) }",
            [("A variable is used where its type does not fit", "Query.list(first:)")],
        ),
        ('query ($hunter2: Sort = "x") { list(first: 1, sort: $hunter2) }', [("A value does not fit its type", "Sort")]),
        ("{ list(first: 1) @include(if: 3) }", [("A value does not fit its type", "@include(if:)")]),
        ("{ __type(name: 3) { name } }", [("A value does not fit its type", "Query.__type(name:)")]),
    ],
)  # fmt: skip
def test_a_document_that_does_not_fit_says_which_input(text: str, found: list[tuple[str, str]]) -> None:
    faults = validate_document(SCHEMA, parse_document(text))

    assert [(fault.message, fault.coordinate) for fault in faults] == [
        (f"{what}: {coordinate}.", coordinate) for what, coordinate in found
    ]
    assert SECRET not in repr(faults)


@pytest.mark.parametrize(
    "text", ["{ hunter2 }", "{ list(first: 1, hunter2: 2) }", "{ circle { area { a } } }"]
)
def test_what_is_no_input_of_the_schema_has_no_coordinate(text: str) -> None:
    (fault,) = validate_document(SCHEMA, parse_document(text))

    assert fault.coordinate is None
    assert SECRET not in fault.message


@pytest.mark.parametrize(
    ("head", "call", "value", "found"),
    [
        ("$a: Int!", "list(first: $a)", "hunter2", ["A value does not fit its type: Query.list(first:)."]),
        ("$a: Int!", "list(first: $a)", None, ["A value does not fit its type: Query.list(first:)."]),
        ("$a: Int!", "...F", 1.5, ["A value does not fit its type: Query.list(first:)."]),
        ("$a: Sort", "list(first: 1, sort: $a)", "hunter2", ["A value does not fit its type: Query.list(sort:)."]),
        ("$a: Int!", 'add(input: {name: "a", end: $a})', "hunter2", ["A value does not fit its type: Given.end."]),
        ("$a: Given!", "add(input: $a)", "hunter2", ["A value does not fit its type: Query.add(input:)."]),
        (
            "$a: Given!",
            "add(input: $a)",
            {"inner": [{"size": 1}, {"colour": 7, "hunter2": 1}], "sort": "hunter2"},
            [
                "A required value is missing: Given.name.",
                "A required value is missing: Given.end.",
                "A required value is missing: Inner.size.",
                "A value does not fit its type: Inner.colour.",
                "A field does not exist on its input: Inner.",
                "A value does not fit its type: Given.sort.",
            ],
        ),
        ("$a: [Inner!]", 'add(input: {name: "a", end: 1, inner: $a})', {"size": "hunter2"}, ["A value does not fit its type: Inner.size."]),
    ],
)  # fmt: skip
def test_a_variable_that_does_not_fit_says_which_input(
    head: str, call: str, value: object, found: list[str]
) -> None:
    text = f"query Hunter2({head}) {{ {call} }}"
    text += " fragment F on Query { list(first: $a) }" if "..." in call else ""

    errors = misfits(text, {"a": value})

    assert sorted(error.message for error in errors) == sorted(found)
    assert [f"{error.message.split(': ')[0]}: {error.extensions['coordinate']}." for error in errors] == [
        error.message for error in errors
    ]


def test_a_variable_that_is_needed_and_absent_is_missing_and_one_that_is_not_used_is_named_by_its_type() -> (
    None
):
    (absent,) = misfits("query ($a: Int!) { list(first: $a) }", {})
    (unused,) = misfits("query ($a: Given!) { list(first: 1) }", {"a": 3})

    assert absent.message == "A required value is missing: Query.list(first:)."
    assert unused.message == "A value does not fit its type: Given."


@pytest.mark.parametrize(
    ("head", "call", "places"),
    [
        ("$a: Boolean = true", "list(first: 1) @skip(if: $a)", ["@skip(if:)"]),
        ("$a: Boolean = true", "...F", ["@include(if:)"]),
        ("$a: Int = 3", "list(first: $a)", ["Query.list(first:)"]),
        ("$a: Int = 3", 'add(input: {name: "a", end: $a})', ["Given.end"]),
        ("$a: Int = 3", 'add(input: {name: "a", end: 1, inner: [{size: $a}]})', ["Inner.size"]),
        ("$a: Int = 3", "b: circle { area(unit: $a) } list(first: $a)", ["Query.list(first:)"]),
        ("$a: Int = 3", "circle { area(unit: $a) }", []),
        ("$a: Sort = UP", "list(first: 1, sort: $a)", []),
    ],
)
def test_null_is_refused_where_a_value_is_needed_and_only_there(
    head: str, call: str, places: list[str]
) -> None:
    text = f"query Asked({head}) {{ {call} }} query Other($a: Boolean!) {{ list(first: 1) @skip(if: $a) }}"
    text += " fragment F on Query { list(first: 1) @include(if: $a) }" if "..." in call else ""
    document = parse_document(text)
    (operation, _) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    variables = Variables(SCHEMA, operation)

    variables.values({"a": None}, parse_document(text))  # Another reading of the same text.
    errors = variables.values({"a": None}, document)
    told = nulls_in(SCHEMA, document, errors) if isinstance(errors, list) else []

    assert isinstance(errors, list) is bool(places)
    assert [one.extensions for one in told] == [{"coordinate": place} for place in places]
    assert [one.message for one in told] == [
        f"A variable is null where a value is needed: {one}." for one in places
    ]
    assert not isinstance(variables.values({}, document), list)


CUSTOM = build_schema(
    """
    scalar Small
    input Sizes { one: Small many: [Small!] }
    type Query { list(first: Small, sizes: Sizes, of: [Sizes!]): Int }
    """
)


def _small(value: object) -> object:
    if value != 1:
        raise GraphQLError("hunter2")
    return value


small: Any = CUSTOM.type_map["Small"]
small.parse_literal = lambda node, _variables=None: _small(value_from_ast_untyped(node))


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("list(first: 2)", [("Query.list(first:)", 15)]),
        ("list(sizes: {one: 2})", [("Sizes.one", 21)]),
        ("list(sizes: {one: 1, many: [1, 3]})", [("Sizes.many", 34)]),
        ("list(sizes: {many: 3})", [("Sizes.many", 22)]),
        ("list(of: {one: 3})", [("Sizes.one", 18)]),
        ("list(first: 2, of: [{one: 1}, {one: 4, many: [5]}])", [("Query.list(first:)", 15), ("Sizes.one", 39), ("Sizes.many", 49)]),
    ],
)  # fmt: skip
def test_a_literal_that_a_scalar_of_our_own_refuses_has_its_place_and_coordinate(
    call: str, found: list[tuple[str, int]]
) -> None:
    faults = validate_document(CUSTOM, parse_document(f"{{ {call} }}"))

    assert [(fault.coordinate, fault.places[0].column) for fault in faults] == found
    assert {fault.message for fault in faults} == {f"A value does not fit its type: {at}." for at, _ in found}


def misfits(text: str, given: dict[str, Any]) -> list[Any]:
    """Of a document that is otherwise valid."""
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return misfits_in(SCHEMA, document, operation, given)
