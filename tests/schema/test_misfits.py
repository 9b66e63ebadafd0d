"""An input that does not fit is named by its coordinate in the caller's schema, wherever it stands; no value and no word of the client is repeated."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, build_schema, parse

from schema.limits import parse_document
from schema.limits.misfits import misfits_in
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


def misfits(text: str, given: dict[str, Any]) -> list[Any]:
    """Of a document that is otherwise valid."""
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return misfits_in(SCHEMA, document, operation, given)
