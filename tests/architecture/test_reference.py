"""docs/api.md names every error code, mask, action, scope, status and purpose, what needs a fresh proof, and no error code that does not exist."""

import re
from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import isomod_graphql
import schema
from isomod_graphql.core.errors import FieldNotReadable, IsoModError, MaskedValueRejected
from isomod_graphql.partners.errors import OAuthRefusal
from isomod_graphql.web.refusals import OF_THE_DOCUMENT, STATUS, UNPROCESSABLE, DoorRefusal
from permissions.categories import PERSONAL
from permissions.disclosure import PII_SCOPES
from permissions.grants import SCOPE_ACTIONS, STEP_UP, Action
from permissions.masks import MASKS
from permissions.principals import Scope
from permissions.purposes import CONSENT, PURPOSES, Purpose
from permissions.reach import SCOPE_REACH
from tests.architecture.sources import ROOT
from tests.engine.graph import built

REFERENCE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def error_codes() -> set[str]:
    """The code of every error class of the product."""
    for package in (isomod_graphql, schema):
        for module in walk_packages(package.__path__, package.__name__ + "."):
            import_module(module.name)

    def below(kind: type[IsoModError]) -> Iterator[type[IsoModError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return {
        kind.code
        for kind in below(IsoModError)
        if kind.__module__.split(".")[0] in {"isomod_graphql", "schema"}
    }


def test_every_error_code_is_described_and_no_other() -> None:
    section = REFERENCE.split("## Error codes")[1].split("## ")[0]
    described = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}

    assert described == error_codes()


def test_every_error_of_oauth_is_described() -> None:
    table = REFERENCE.split("| `error` | status | says |\n", 1)[1].split("\n\n", 1)[0]
    described = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}

    assert described == {refusal.error for refusal in OAuthRefusal.__subclasses__()} | {"server_error"}


def test_every_mask_is_described() -> None:
    assert [name for name in MASKS if f"| `{name}` |" not in REFERENCE] == []


def test_every_action_and_scope_is_named() -> None:
    assert [value for value in (*Action, *Scope) if f"`{value.value}`" not in REFERENCE] == []


def words(text: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def rows(heading: str) -> dict[str, str]:
    """The table under this head of a table: the first cell of each row, without backticks, and the rest."""
    table = REFERENCE.split(f"{heading}\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    cells = [line.strip("| ").split(" | ", 1) for line in table.splitlines()]
    return {first.strip("`"): rest for first, rest in cells}


def test_every_status_is_described_with_its_codes() -> None:
    doors: list[type[DoorRefusal]] = [DoorRefusal, *below_door(DoorRefusal)]
    told = [(one.status, one.code) for one in doors]
    told += [(status, code) for code, status in STATUS.items()]
    told += [(400, code) for code in (*OF_THE_DOCUMENT, MaskedValueRejected.code, FieldNotReadable.code)]
    expected: dict[str, set[str]] = {}
    for status, code in told:
        expected.setdefault(str(status), set()).add(code)

    assert {status: words(codes) for status, codes in rows("| status | codes |").items()} == expected


def below_door(kind: type[DoorRefusal]) -> Iterator[type[DoorRefusal]]:
    """The refusals of the exchange itself."""
    for child in kind.__subclasses__():
        if child.__module__.startswith("isomod_graphql"):
            yield child
            yield from below_door(child)


def test_which_codes_come_with_200_or_422_is_described() -> None:
    told = REFERENCE.split("With `Accept: application/json`, or none,", 1)[1].split("\n\n", 1)[0]
    old, draft = told.split("are 422, save", 1)
    of_400 = words(rows("| status | codes |")["400"])

    assert of_400 - words(old.split("codes of 400 except", 1)[1]) == OF_THE_DOCUMENT
    assert OF_THE_DOCUMENT - words(draft.split(", and an answer", 1)[0]) == UNPROCESSABLE


def test_what_needs_a_fresh_proof_is_listed() -> None:
    listed = words(REFERENCE.split("It is needed for\n", 1)[1].split("\n\n", 1)[0])
    _, _, catalogue = built()
    needed = {
        name for (root, name), action in catalogue.needs.items() if root == "Mutation" and action in STEP_UP
    }

    assert listed == needed | {"requestEmailChange"}


def test_what_a_program_reads_for_each_purpose_is_listed() -> None:
    readable = {purpose: {one.value for one in PURPOSES[purpose] & PII_SCOPES.keys()} for purpose in Purpose}
    agreed = {
        purpose: {one.value for one in CONSENT.get(purpose, frozenset()) & PII_SCOPES.keys()}
        for purpose in Purpose
    }
    told = rows("| purpose | a program reads of people |")

    assert {purpose: words(text) for purpose, text in told.items()} == readable
    assert {
        purpose: words(text.partition("and `CONTACT` of those")[1]) for purpose, text in told.items()
    } == agreed


def test_every_category_that_a_program_may_name_is_told() -> None:
    told = REFERENCE.split("**Categories** of personal data are", 1)[1].split("Naming", 1)[0]

    assert words(told) == {category.value for category in PERSONAL}


def test_a_scope_to_write_reads_the_same_as_the_text_says() -> None:
    pairs = [
        (Scope(f"{one}:read"), Scope(f"{one}:write"))
        for one in ("users", "locations", "assets", "work_orders")
    ]

    assert [scope for scope in Scope if scope.value.endswith((":read", ":write"))] == [
        scope for pair in pairs for scope in pair
    ]
    assert all(SCOPE_ACTIONS[read] <= SCOPE_ACTIONS[write] for read, write in pairs)
    assert all(SCOPE_REACH[read] <= SCOPE_REACH[write] for read, write in pairs)
