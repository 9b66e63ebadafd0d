"""Every number of the catalogue has a test that is named after it, on three types where types apply, and a road that is pinned as absent is known when it comes."""

import re
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import pytest
from graphql import build_schema

from tests.catalogue import (
    test_a_counting,
    test_a_inference,
    test_b_looks,
    test_b_reading,
    test_b_writing,
    test_c_channels,
    test_c_streams,
    test_d_exports,
    test_d_out_of_band,
)
from tests.catalogue.roads import ROADS, found, names_of
from tests.catalogue.table import CASES, LEAST_TYPES, Case, addresses

MODULES = (
    test_a_counting, test_a_inference, test_b_looks, test_b_reading, test_b_writing, test_c_channels, test_c_streams,
    test_d_exports, test_d_out_of_band,
)  # fmt: skip
NUMBERS = re.findall(
    r"\w\d+",
    """
    A1 A2 A3 A4 A5 A6 A7 A9 A11 A12 A13 A14 A17 A18 A20 A22 A23
    B25 B27 B28 B29 B31 B32 B33 B34 B35 B37 B38 B39 B40 B41 B43
    C46 C47 C48 C49 C50 C52 C54 C55 C57
    D59 D60 D61 D63 D65 D67 D68 D69 D71
    """,
)
"""As the catalogue has them."""


def cases_in(tests: list[FunctionType]) -> dict[str, set[str]]:
    """By number: the types on which it is tried, which are the parameter `of` up to its point."""
    tried: dict[str, set[str]] = {}
    for test in tests:
        named = re.match(r"test_([abcd]\d\d)_", test.__name__)
        if named is not None:
            tried.setdefault(named[1].upper(), set()).update(_types(test))
    return tried


def _types(test: FunctionType) -> Iterator[str]:
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names = mark.args[0] if isinstance(mark.args[0], tuple) else [mark.args[0]]
            if names[0] == "of":
                values = (one if isinstance(one, str) else one[0] for one in mark.args[1])
                yield from (str(value).split(".")[0] for value in values)


def wanting(cases: dict[str, Case], tried: dict[str, set[str]]) -> list[str]:
    """What a number lacks, and tests of numbers that there are not."""
    said = [f"{number} is not in the table" for number in tried if number not in cases]
    for number, case in cases.items():
        if number not in tried:
            said.append(f"{number} has no test: {case.principle}")
        elif case.road is None and case.typeless is None and len(tried[number]) < LEAST_TYPES:
            said.append(f"{number} is tried on {len(tried[number])} types: {case.principle}")
    return said


def all_tests() -> list[FunctionType]:
    """Of the catalogue."""
    return [
        test
        for module in MODULES
        for name, test in vars(module).items()
        if name.startswith("test_") and isinstance(test, FunctionType)
    ]


def test_the_table_has_every_number() -> None:
    assert list(CASES) == [f"{number[0]}{int(number[1:]):02d}" for number in NUMBERS]


def test_every_number_is_tried_on_as_many_types_as_it_should() -> None:
    assert wanting(dict(CASES), cases_in(all_tests())) == []


def test_a_number_without_a_test_or_with_too_few_types_is_found() -> None:
    @pytest.mark.parametrize(("of", "text"), [("User.email", ""), ("User.phone", ""), ("Asset", "")])
    def test_a01_of_two_types(of: str, text: str) -> None: ...

    @pytest.mark.parametrize("of", ["User", "Asset", "Team"])
    def test_a02_of_three(of: str) -> None: ...

    def test_a99_of_none() -> None: ...

    made: list[Any] = [test_a01_of_two_types, test_a02_of_three, test_a99_of_none]
    cases = {"A01": Case("p"), "A02": Case("p"), "A03": Case("q"), "A04": Case("r", road="files")}

    assert wanting(cases, cases_in(made)) == [
        "A99 is not in the table",
        "A01 is tried on 2 types: p",
        "A03 has no test: q",
        "A04 has no test: r",
    ]


@pytest.mark.parametrize(
    ("road", "sdl"),
    [
        ("saved views", "type Query { a(dashboard: Int): Int }"),
        ("saved views", "input UserFilter { savedText: String } type Query { a(filter: UserFilter): Int }"),
        ("saved views", "type Query { savedFilters: Int }"),
        ("import", "type Query { a: Int } type Mutation { importAssets: Int }"),
        ("deferred parts", "directive @defer on FIELD type Query { a: Int }"),
        ("webhooks", "type Webhook { a: Int } type Query { a: Webhook }"),
        ("scheduled reports", "type Query { reports: Int }"),
        ("files", "type Query { attachments: Int }"),
    ],
)
def test_a_road_is_known_when_it_comes(road: str, sdl: str) -> None:
    assert found(road, names_of(build_schema(sdl))) != []


def test_a_road_is_known_among_addresses_and_none_is_seen_where_there_is_none() -> None:
    assert found("webhooks", ["/webhooks/{id}", "/graphql"]) == ["/webhooks/{id}"]
    assert found("files", ["/files/{id}", "files sweep"]) == ["/files/{id}", "files sweep"]
    assert {
        road: found(road, ["User.displayName", "Query.users(first:)", "UserConnection.totalCount"])
        for road in ROADS
    } == {road: [] for road in ROADS}
    assert {"/graphql", "/oauth/token", "/graphiql"} <= set(addresses())


def test_every_road_that_a_case_lacks_is_described() -> None:
    assert {case.road for case in CASES.values() if case.road is not None} == set(ROADS) - {"import"}
