"""The servers are asked the same and held to the same rows; what differs only in form is the same."""

import json
import re

import pytest
from graphql import GraphQLSchema, parse, validate

from benchmarks.agreement import canonical, nodes
from benchmarks.documents import DEPTHS, HERE, POSTGRAPHILE, PRODUCT, SQL, VANILLA, deep, document
from benchmarks.flood import distinct
from benchmarks.growth import leaves
from benchmarks.peers.sql_limit import arguments
from benchmarks.servers import body
from benchmarks.workloads import WORKLOADS
from isomod_graphql.cli.demo import benchmark
from schema.root import build_schema


@pytest.fixture(scope="module")
def product_schema() -> GraphQLSchema:
    return build_schema()[1]


def test_ids_of_any_form_and_times_of_any_zone_are_the_same() -> None:
    one = {"id": 7, "createdAt": "2025-01-01T00:00:00+00:00", "asset": {"id": 3, "name": "Pump 3"}}
    other = {"id": "x7", "createdAt": "2025-01-01T01:00:00+01:00", "asset": {"id": "x3", "name": "Pump 3"}}

    assert canonical(one) == canonical(other)


def test_another_value_is_not_the_same() -> None:
    assert canonical({"name": "Pump 3"}) != canonical({"name": "Pump 4"})
    assert canonical({"id": None}) != canonical({"id": 1})
    assert canonical({"dueAt": None}) != canonical({"dueAt": "2025-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    "connection", [[{"a": 1}], {"nodes": [{"a": 1}]}, {"edges": [{"node": {"a": 1}, "cursor": "c"}]}]
)
def test_the_rows_of_a_list_are_found_in_every_form(connection: object) -> None:
    assert nodes(connection) == [{"a": 1}]


def test_a_request_is_one_line_with_the_operations_name() -> None:
    text = body("query List($first: Int!)\n{ workOrders(first: $first) { nodes { id } } }", {"first": 50})

    assert "\n" not in text
    assert json.loads(text)["operationName"] == "List"
    assert json.loads(body("query Viewer { viewer { id } }", {}))["operationName"] == "Viewer"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_server_is_asked_for_the_same_fields(workload: str) -> None:
    wrapping = {"edges", "node", "nodes"}

    def fields(dialect: str) -> set[str]:
        words = set(re.findall(r"\w+", document(dialect, workload).partition("{")[2]))
        return {word for word in words if not word.isdigit()} - wrapping

    shared = fields(PRODUCT)
    assert fields(SQL) == shared
    assert fields(VANILLA) <= shared
    assert shared - fields(POSTGRAPHILE) == set()


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_chain_is_as_deep_as_it_says(product_schema: GraphQLSchema, depth: int) -> None:
    text = deep(PRODUCT, depth)

    assert validate(product_schema, parse(text)) == []
    assert len(re.findall(r"\b(?:name|title)\b", text)) == depth
    assert [
        len(re.findall(r"\b(?:name|title)\b", deep(peer, depth))) for peer in (POSTGRAPHILE, VANILLA)
    ] == [
        depth,
        depth,
    ]


def test_documents_of_the_flood_are_valid_and_distinct(product_schema: GraphQLSchema) -> None:
    texts = {distinct(number) for number in range(50)}

    assert len(texts) == 50
    assert validate(product_schema, parse(distinct(7))) == []


def test_leaves_are_counted_wherever_they_stand() -> None:
    data = {"locations": {"nodes": [{"name": "a", "assets": [{"name": "b"}]}]}, "name": {"name": None}}

    assert leaves(data, "name") == 3


def test_the_hand_written_statements_get_the_cursor_and_the_size() -> None:
    assert arguments("List", {"after": None, "first": 10}) == [0, 10]
    assert arguments("List", {"after": "150", "first": 50}) == [150, 50]
    assert arguments("Detail", {"id": 4}) == [4]
    assert arguments("Nested", {}) == []


def test_the_peers_rows_follow_the_same_formulas_as_the_products() -> None:
    rows = (HERE / "peers" / "dataset.sql").read_text(encoding="utf-8")
    times = r" \* current_setting\('bench\.times'\)::int"
    counts = [int(found) for found in re.findall(rf"generate_series\(1, (\d+){times}\)", rows)]

    assert counts == [benchmark.LOCATIONS, benchmark.PEOPLE, benchmark.ASSETS, benchmark.WORK_ORDERS]
    assert re.search(rf"1 \+ i \* 7 % \(5000{times}\),\s+1 \+ i \* 13 % \(1000{times}\)", rows)
    assert benchmark.numbers_of(50_001) == (
        1 + 50_001 * 7 % 5_000,
        1 + 13 * 50_001 % 1_000,
        1 + 17 * 50_001 % 1_000,
    )
    assert benchmark.numbers_of(50_001, 10) == (
        50_001 * 7 % 50_000 + 1,
        13 * 50_001 % 10_000 + 1,
        17 * 50_001 % 10_000 + 1,
    )


def test_ten_times_the_data_has_ten_times_of_everything() -> None:
    places = list(benchmark.location_rows(10))
    *_, last = benchmark.asset_rows(10)

    assert len(places) == 500
    assert (last["name"], last["location_id"]) == ("Pump 50000", places[0]["id"])
