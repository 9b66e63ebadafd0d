"""docs/api.md names every error code, mask, action and scope, and no error code that does not exist."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

import isomod_graphql
import schema
from isomod_graphql.core.errors import IsoModError
from isomod_graphql.partners.errors import OAuthRefusal
from permissions.grants import Action
from permissions.masks import MASKS
from permissions.principals import Scope
from tests.architecture.sources import ROOT

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
