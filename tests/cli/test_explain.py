"""`isomod explain` on an installation that nobody serves: the plan for one person, as JSON and as tables, and what a run leaves behind."""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from permissions.principals import Role
from schema.entities import PERSON
from tests.cli.conftest import isomod
from tests.conftest import Cluster
from tests.web.serving import Served, add_colleague, serve

PEOPLE = "{ users(first: 5, orderBy: PSEUDONYM_ASC) { nodes { name email } } }"


@dataclass(frozen=True)
class Place:
    """Databases with one organisation, and the settings that lead there."""

    served: Served
    technician: UUID
    settings: dict[str, str]
    urls: Urls
    admin_database: str


@pytest.fixture(scope="module")
def place(urls: Urls) -> Place:
    settings = {
        "ISOMOD_DATABASE_URL": urls.main,
        "ISOMOD_KEYSTORE_URL": urls.keys,
        "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
    }
    with serve(urls, "explained") as served:
        technician, _ = add_colleague(urls, served, "Tom Claes", Role.TECHNICIAN)
    return Place(served, technician, settings, urls, f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")


def explain(place: Place, *words: str) -> Any:  # noqa: ANN401  JSON
    told = isomod("explain", *words, "--json", **place.settings)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


async def _records(cluster: Cluster, place: Place) -> list[tuple[UUID, str]]:
    admin = await cluster.main.admin(place.admin_database)
    rows = await admin.fetch(
        "SELECT viewer_id, viewer_kind FROM access_records WHERE tenant_id = $1", place.served.tenant
    )
    await admin.close()
    return [(row["viewer_id"], row["viewer_kind"]) for row in rows]


async def _global_id(place: Place, person: UUID) -> str:
    store = open_store(Settings(pool_size=2), place.urls, SystemClock())
    try:
        return (await store.keystore.tenant(place.served.tenant)).ids.seal(PERSON.code, person)
    finally:
        await store.close()


def test_a_plan_is_told_and_nothing_is_recorded(place: Place, cluster: Cluster) -> None:
    told = explain(place, PEOPLE, "--as", "tom@colleague.example")

    assert (told["answered"], told["reason"], told["points"], told["microseconds"]) == (
        "COMPILED",
        None,
        2,
        None,
    )
    (level,) = told["levels"]
    assert level["path"] == ["users", "nodes", "*"]
    assert [one["rows"] for one in level["statements"]] == ["page"]
    shown = {
        one["coordinate"]: {may["level"] for may in one["possible"]}
        for part in level["parts"]
        for one in part["coordinates"]
    }
    assert shown == {"User.name": {"FULL", "HIDDEN"}, "User.email": {"FULL", "HIDDEN"}}
    assert asyncio.run(_records(cluster, place)) == []


def test_a_run_is_timed_and_on_record_as_read_by_that_person(place: Place, cluster: Cluster) -> None:
    told = explain(place, PEOPLE, "--as", "tom@colleague.example", "--run")

    assert told["microseconds"] > 0
    assert all(one["microseconds"]["sql"] > 0 for one in told["levels"])
    assert "An Peeters" not in json.dumps(told)
    assert asyncio.run(_records(cluster, place)) == [(place.technician, "PERSON")]


def test_a_person_is_known_by_address_and_by_id(place: Place) -> None:
    by_id = explain(
        place, PEOPLE, "--as", asyncio.run(_global_id(place, place.technician)), "--tenant", "explained"
    )

    assert by_id == explain(place, PEOPLE, "--as", "tom@colleague.example")


def test_the_tables_say_the_same_to_people(place: Place) -> None:
    told = isomod("explain", PEOPLE, "--as", "an@explained.example", **place.settings)

    assert told.returncode == 0
    lines = told.stdout.splitlines()
    assert lines[0] == "COMPILED"
    assert "Level 1: users.nodes.* (one statement)" in lines
    assert any(line.split()[:3] == ["User.email", "CONTACT", "FULL"] for line in lines)


def test_the_document_may_be_a_file_with_operations_and_variables(place: Place, tmp_path: Path) -> None:
    document = tmp_path / "people.graphql"
    document.write_text(
        "query A { viewer { id } } query B($n: PageSize!) { users(first: $n) { totalCount } }"
    )

    told = explain(
        place, f"@{document}", "--as", "tom@colleague.example", "--operation", "B", "--variables", '{"n": 50}'
    )

    assert [one["rows"] for one in told["levels"][0]["statements"]] == ["page", "count"]
    assert told["points"] == 6


def test_a_refused_query_ends_with_1_and_says_which_argument(place: Place) -> None:
    told = isomod(
        "explain", '{ users(first: 5, filter: {email: "an@explained.example"}) { totalCount } }',
        "--as", "tom@colleague.example", "--run", "--json", **place.settings,
    )  # fmt: skip

    refused = json.loads(told.stdout)
    assert (told.returncode, refused["answered"], refused["levels"]) == (1, "REFUSED", [])
    assert [(one["name"], one["category"], one["readable"]) for one in refused["arguments"]] == [
        ("email", "CONTACT", False)
    ]
    assert "an@explained.example" not in told.stdout


@pytest.mark.parametrize(
    "query",
    [
        '{ users(first: 5, filter: {email: "an@explained.example"}) { totalCount } }',
        "{ accessRecords(first: 2) { totalCount } }",
        'mutation { deactivateUser(input: {personId: "AQ"}) { userErrors { code } } }',
    ],
)
def test_what_the_schema_of_the_person_lacks_is_refused_as_the_server_refuses_it(
    place: Place, query: str
) -> None:
    asked = ["explain", query, "--json", "--as"]
    told = isomod(*asked, "tom@colleague.example", **place.settings)

    refused = json.loads(told.stdout)
    assert (told.returncode, refused["answered"], refused["reason"], refused["levels"]) == (
        1, "REFUSED", "GRAPHQL_VALIDATION_FAILED", [],
    )  # fmt: skip
    assert (
        json.loads(isomod(*asked, "an@explained.example", **place.settings).stdout)["answered"] != "REFUSED"
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([PEOPLE, "--as", "nobody@example.org"], "nobody with an active membership signs in like this"),
        ([PEOPLE, "--as", "AQ"], "nobody with an active membership signs in like this"),
        (
            ["{ secret }", "--as", "tom@colleague.example"],
            "GRAPHQL_VALIDATION_FAILED: A field does not exist on its type. (line 1, column 3)",
        ),
        (["@nowhere", "--as", "tom@colleague.example"], "the document cannot be read: FileNotFoundError"),
        ([PEOPLE, "--as", "x@y.example", "--variables", "[1]"], "--variables takes a JSON object"),
        (
            ["query($n: PageSize!) { users(first: $n) { totalCount } }", "--as", "tom@colleague.example"],
            "the variables do not fit: $n at Query.users(first:)",
        ),
        (
            [
                "query($a: Boolean = true) { users(first: 1) { totalCount @skip(if: $a) } }",
                "--as",
                "tom@colleague.example",
                "--variables",
                '{"a": null}',
            ],
            "the variables do not fit: $a at @skip(if:)",
        ),
        (
            [
                "mutation { signOut { userErrors { code } } }",
                "--as",
                "tom@colleague.example",
                "--run",
            ],
            "--run runs queries only; without it anything is explained",
        ),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(place: Place, words: list[str], reason: str) -> None:
    told = isomod("explain", *words, **place.settings)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"isomod: {reason}\n"


def test_nothing_is_made_where_there_is_no_installation(tmp_path: Path) -> None:
    told = isomod("explain", PEOPLE, "--as", "x@y.example", ISOMOD_DATA_DIR=str(tmp_path / "nowhere"))

    assert told.returncode == 1
    assert told.stderr.startswith("isomod: there are no databases in ")
    assert list(tmp_path.iterdir()) == []
