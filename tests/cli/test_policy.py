"""`isomod policy`: the table in three forms, two policies compared, the cases tried, and a question about a stored person answered."""

import asyncio
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from permissions.matrix import matrix
from permissions.policy_version import POLICY_VERSION
from permissions.principals import Role
from schema.entities import PERSON
from tests.cli.conftest import isomod
from tests.conftest import Cluster
from tests.web.serving import Served, add_colleague, serve

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "permissions" / "policy.json"
CONTACT = "(Contact.address, Contact.email, Contact.phone, User.address, User.email, User.phone)"


@dataclass(frozen=True)
class Place:
    """Databases with one organisation, and the settings that lead there."""

    served: Served
    technician: UUID
    settings: dict[str, str]
    urls: Urls


@pytest.fixture(scope="module")
def place(urls: Urls) -> Place:
    settings = {
        "ISOMOD_DATABASE_URL": urls.main,
        "ISOMOD_KEYSTORE_URL": urls.keys,
        "ISOMOD_ROOT_KEY_FILE": str(urls.root_key_file),
    }
    with serve(urls, "governed") as served:
        technician, _ = add_colleague(urls, served, "Tove Claes", Role.TECHNICIAN)
        add_colleague(urls, served, "Vic Smets", Role.VIEWER)
    return Place(served, technician, settings, urls)


def explained(place: Place, *words: str) -> Any:  # noqa: ANN401  JSON
    told = isomod("policy", "explain", *words, "--json", **place.settings)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def changed(folder: Path, **sections: Any) -> Path:  # noqa: ANN401  parts of a snapshot
    """The committed policy with other sections, as a file."""
    path = folder / "other.json"
    path.write_text(json.dumps({**json.loads(COMMITTED.read_text()), **sections}))
    return path


def narrowed() -> dict[str, Any]:
    """The disclosure table in which technicians of one team do not see each other's contacts."""
    disclosure: dict[str, Any] = json.loads(COMMITTED.read_text())["disclosure"]
    del disclosure["TECHNICIAN"]["CONTACT"]["SAME_TEAM"]
    return disclosure


async def _trail(cluster: Cluster, tenant: UUID) -> list[tuple[Any, ...]]:
    admin = await cluster.main.admin(f"main_{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}")
    rows = await admin.fetch(
        "SELECT actor_kind, actor_id, reason, fields FROM audit_entries WHERE tenant_id = $1 AND action = 'ACCESS_EXPLAIN'",
        tenant,
    )
    await admin.close()
    return [tuple(row) for row in rows]


async def _global_id(place: Place, person: UUID) -> str:
    store = open_store(Settings(pool_size=2), place.urls, SystemClock())
    try:
        return (await store.keystore.tenant(place.served.tenant)).ids.seal(PERSON.code, person)
    finally:
        await store.close()


def test_the_table_comes_as_text_markdown_and_json() -> None:
    text, markdown, as_json = (
        isomod("policy", "matrix", *words).stdout
        for words in ((), ("--format", "markdown"), ("--format", "json"))
    )

    assert text.startswith(f"policy {POLICY_VERSION}\n\nWhat a role is shown\n")
    assert "  TECHNICIAN       SAME_OPEN_ORDER        .            F " in text
    assert markdown.startswith(
        f"# Policy {POLICY_VERSION}\n\n## What a role is shown\n\n| role | when | IDENTITY |"
    )
    assert "| TECHNICIAN | SAME_TEAM | . | F |" in markdown
    assert json.loads(as_json) == matrix()


def test_the_committed_snapshot_is_the_policy_of_the_code() -> None:
    assert isomod("policy", "print").stdout == COMMITTED.read_text(encoding="utf-8")
    checked = isomod("policy", "check")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_snapshot_that_is_not_the_code_fails_the_check_with_what_differs(tmp_path: Path) -> None:
    checked = isomod("policy", "check", "--committed", str(changed(tmp_path, disclosure=narrowed())))

    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        f"policy {POLICY_VERSION} -> {POLICY_VERSION}",
        "TECHNICIAN",
        f"  + CONTACT: HIDDEN -> FULL when SAME_TEAM {CONTACT}",
        "other.json is not the policy of the code; `make policy` writes it anew",
    ]


def test_two_policies_are_compared_and_the_code_says_whether_they_differ(tmp_path: Path) -> None:
    other = str(changed(tmp_path, disclosure=narrowed()))

    same, gain, loss = (
        isomod("policy", "diff", *words)
        for words in ((str(COMMITTED),), (other, str(COMMITTED)), (str(COMMITTED), other))
    )
    told = isomod("policy", "diff", other, "--json")

    assert (same.returncode, same.stdout) == (0, f"policy {POLICY_VERSION}: no difference\n")
    assert (gain.returncode, loss.returncode) == (1, 1)
    assert "  + CONTACT: HIDDEN -> FULL when SAME_TEAM" in gain.stdout
    assert "  - CONTACT: FULL -> HIDDEN when SAME_TEAM" in loss.stdout
    assert [isomod("policy", "diff", *words, "--fail-on", "gains").returncode for words in (
        (other, str(COMMITTED)), (str(COMMITTED), other)
    )] == [1, 0]  # fmt: skip
    (difference,) = json.loads(told.stdout)["differences"]
    assert (difference["about"], difference["turn"]) == ("TECHNICIAN", "GAIN")


def test_a_revision_of_the_repository_is_a_policy_too() -> None:
    known = subprocess.run(
        ["git", "-C", str(ROOT), "cat-file", "-e", "HEAD:permissions/policy.json"], check=False
    ).returncode
    compared = isomod("policy", "diff", "HEAD", "HEAD")

    assert compared.returncode == (1 if known else 0)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            "no-such-revision",
            "no-such-revision is neither a file nor a revision with permissions/policy.json",
        ),
        ("--", "there is no file --"),
    ],
)
def test_what_is_no_policy_is_said_in_one_line(given: str, says: str) -> None:
    told = isomod("policy", "diff", "--", given)

    assert (told.returncode, told.stderr) == (1, f"isomod: {says}\n")


def test_the_cases_are_tried_and_one_that_fails_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(
        '[[case]]\nname = "all is open"\nroles = ["VIEWER"]\nfield = "User.phone"\nexpect = "FULL"\n'
    )
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir()

    every, failing, none = (
        isomod("policy", "test", *words) for words in ((), (str(wrong),), (str(unreadable),))
    )

    assert every.returncode == 0
    assert every.stdout.endswith(" cases, 0 failed\n")
    assert int(every.stdout.split()[0]) >= 60
    assert (failing.returncode, failing.stdout) == (
        1,
        "wrong.toml: all is open\n  expected FULL\n  found    HIDDEN ROLE\n1 cases, 1 failed\n",
    )
    assert none.stderr == f"isomod: there are no cases in {unreadable}\n"


def test_a_question_about_a_stored_person_is_answered_for_people(place: Place) -> None:
    told = isomod(
        "policy", "explain", "vic@colleague.example", "User.phone", "tove@colleague.example", **place.settings
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[:4] == [
        "User.phone (CONTACT): HIDDEN as NULL, reason ROLE",
        "  A viewer is not shown e-mail addresses, phone numbers and postal addresses, as a rule.",
        "rules, in order",
        "   1. left    HIDDEN  ROLE        A viewer is not shown e-mail addresses, phone numbers and postal addresses, as a rule.",
    ]
    assert "  FULL    ROLE        The viewer holds the role MANAGER." in told.stdout
    assert "+3247" not in told.stdout


def test_it_is_known_by_ids_too_and_nothing_is_recorded_unless_privacy_is_told(
    place: Place, cluster: Cluster
) -> None:
    tove = asyncio.run(_global_id(place, place.technician))
    by_id = explained(place, tove, "User.name", tove)

    by_address = explained(place, "tove@colleague.example", "User.name", "tove@colleague.example")
    before = asyncio.run(_trail(cluster, place.served.tenant))
    telling = explained(place, tove, "User.name", tove, "--privacy")

    assert by_id == by_address
    assert [one["rule"] for one in by_id["steps"]] == ["ROLE", "SELF"]
    assert (by_id["privacyTold"], telling["privacyTold"]) == (False, True)
    assert before == []
    assert asyncio.run(_trail(cluster, place.served.tenant)) == [("NOBODY", None, "OPERATOR", ["User.name"])]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody@example.org", "User.phone", "x"), "nobody with an active membership signs in like this"),
        (("cl_unknown", "User.phone", "x"), "nobody with an active membership signs in like this"),
        (
            ("tove@colleague.example", "User.shoeSize", "x"),
            "there is no field User.shoeSize; `isomod policy print` lists them",
        ),
        (
            ("tove@colleague.example", "User.phone", "A" * 44),
            "there is no such object in the organisation of the viewer",
        ),
        (
            ("tove@colleague.example", "Contact.phone", "tove@colleague.example"),
            "the object is a User, not a Contact",
        ),
    ],
)
def test_what_cannot_be_explained_is_said_in_one_line(
    place: Place, words: tuple[str, ...], says: str
) -> None:
    told = isomod("policy", "explain", *words, **place.settings)

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"isomod: {says}\n"
