"""Validation names the rule and the place in our own words, and stops when a document repeats itself too often."""

import pytest
from graphql import build_schema, get_introspection_query
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import from_schema

from schema.limits import parse_document
from schema.limits.refusals import Place
from schema.limits.validation import RULES, SENTENCES, validate_document

SDL = """
type User { id: ID! name(secret: String): String boss: User friends: [User!]! }
type Query { viewer: User users: [User!]! }
"""
SCHEMA = build_schema(SDL)


def test_every_rule_has_a_sentence_of_ours() -> None:
    assert [rule.__name__ for rule in RULES if rule.__name__ not in SENTENCES] == []


@pytest.mark.parametrize(
    ("text", "rule", "place"),
    [
        ("{ hunter2 }", "FieldsOnCorrectTypeRule", Place(1, 3)),
        ("{ viewer }", "ScalarLeafsRule", Place(1, 3)),
        ('{ viewer {\n name(hunter: "2") } }', "KnownArgumentNamesRule", Place(2, 7)),
        ("{ viewer { name(secret: 2) } }", "ValuesOfCorrectTypeRule", Place(1, 25)),
        ("{ viewer { ... on Hunter2 { id } } }", "KnownTypeNamesRule", Place(1, 19)),
        ("{ viewer { a: id a: name } }", "OverlappingFieldsCanBeMergedRule", Place(1, 12)),
        ("{ viewer { id @hunter2 } }", "KnownDirectivesRule", Place(1, 15)),
        ("subscription { viewer }", "KnownOperationTypesRule", Place(1, 1)),
    ],
)
def test_a_fault_says_which_rule_and_where_and_repeats_no_word(text: str, rule: str, place: Place) -> None:
    fault, *_ = validate_document(SCHEMA, parse_document(text))

    where = "" if fault.coordinate is None else f": {fault.coordinate}"
    assert (fault.rule, fault.places[0]) == (rule, place)
    assert fault.message == SENTENCES[rule].replace(".", f"{where}.")
    assert (fault.coordinate is not None) is (rule == "ValuesOfCorrectTypeRule")
    assert "hunter" not in fault.message


def test_no_more_than_ten_faults_are_collected() -> None:
    text = "{ viewer {" + " ".join(f"f{number}" for number in range(40)) + "} }"

    assert len(validate_document(SCHEMA, parse_document(text))) == 10


@pytest.mark.parametrize("repeated", ["id ", "boss{id}"])
def test_a_document_that_repeats_a_field_900_times_is_given_up(repeated: str) -> None:
    faults = validate_document(SCHEMA, parse_document("{ viewer {" + repeated * 900 + "} }"))

    assert [fault.rule for fault in faults] == ["Aborted"]


@pytest.mark.parametrize("repeated", ["id ", "boss{id}"])
def test_a_document_that_repeats_a_field_a_hundred_times_is_not(repeated: str) -> None:
    assert validate_document(SCHEMA, parse_document("{ viewer {" + repeated * 100 + "} }")) == ()


def test_the_introspection_query_is_valid() -> None:
    assert validate_document(SCHEMA, parse_document(get_introspection_query())) == ()


@given(from_schema(SDL))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_documents_are_valid(text: str) -> None:
    assert validate_document(SCHEMA, parse_document(text)) == ()
