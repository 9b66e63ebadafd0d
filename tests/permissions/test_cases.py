"""The written cases of the policy come out as written, and between them look at every role, every tie, every purpose and every ground of privacy."""

import json
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

import permissions
from permissions.cases import BadCase, tried
from permissions.disclosure import DISCLOSURE, Relation
from permissions.principals import Role, Scope
from permissions.purposes import Purpose
from permissions.reach import Resource

ROOM: Final = Path(permissions.__file__).parent
FIELDS: Final[dict[str, str]] = json.loads((ROOM / "policy.json").read_text(encoding="utf-8"))["fields"]
CASES: Final[list[dict[str, Any]]] = [
    case
    for path in sorted((ROOM / "cases").glob("*.toml"))
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]
]


def used(key: str) -> set[str]:
    return {word for case in CASES for word in case.get(key, ())}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_comes_out_as_it_is_written(case: dict[str, Any]) -> None:
    found = tried(case, FIELDS)

    assert found.found == found.wanted


def test_no_two_cases_have_one_name() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_every_role_every_tie_and_every_ground_is_looked_at() -> None:
    assert used("roles") == {role.value for role in Role}
    assert used("relations") == {relation.value for relation in Relation}
    assert (
        {f"pii:{word}" for word in ("identity", "contact", "time")}
        <= used("scopes")
        <= {one.value for one in Scope}
    )
    assert {case.get("kind", "PERSON") for case in CASES} == {"PERSON", "CLIENT", "SUPPORT", "NOBODY"}
    assert {Purpose.NOTIFY, Purpose.ANALYTICS, Purpose.COMPLIANCE} <= {case.get("purpose") for case in CASES}
    assert {key for case in CASES for key in case} >= {
        *(
            "restricted",
            "erased",
            "evidence",
            "consents",
            "categories",
            "ended",
            "reached_as",
            "may",
            "rules",
        ),
    }


def test_every_role_is_looked_at_with_and_without_each_of_its_ties() -> None:
    """A tie that raises something for a role has a case in which it does."""
    raised = {
        (role.value, tie.value)
        for role, row in DISCLOSURE.items()
        for cell in row.values()
        for tie, _ in cell.raised
    }
    shown = {
        (role, tie)
        for case in CASES
        if case["expect"] == "FULL"
        for role in case.get("roles", ())
        for tie in case.get("relations", ())
    }

    assert raised - shown == set()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"colour": "red"}, "unknown: colour"),
        ({"roles": ["KING"]}, "'KING' is not a valid Role"),
        ({"relations": ["COUSIN"]}, "'COUSIN' is not a valid Relation"),
        ({"field": "User.shoeSize"}, "'User.shoeSize'"),
        ({"kind": "GHOST"}, "GHOST is no kind of caller"),
        ({"row": "BICYCLE"}, "'BICYCLE' is not a valid Resource"),
    ],
)
def test_a_word_that_is_not_known_is_refused(wrong: dict[str, Any], says: str) -> None:
    case = {"name": "wrong", "roles": ["VIEWER"], "field": "User.phone", "expect": "HIDDEN ROLE", **wrong}

    with pytest.raises(BadCase) as refused:
        tried(case, FIELDS)

    assert str(refused.value) == f"wrong: {says}"


def test_a_case_that_comes_out_otherwise_is_noticed() -> None:
    case = {"name": "wrong", "roles": ["VIEWER"], "field": "User.phone", "expect": "FULL", "rules": ["ROLE"]}

    found = tried(case, FIELDS)

    assert (found.wanted, found.found) == ("FULL by ROLE", "HIDDEN ROLE by ROLE")
    assert set(Resource) >= {Resource(case.get("row", "PERSON")) for case in CASES}
