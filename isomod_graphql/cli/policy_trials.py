"""Tries files of cases against the policy of this code. It refuses a file that it cannot read, and an empty folder."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from isomod_graphql.cli.failed import Failed
from isomod_graphql.cli.policy_snapshot import snapshot
from permissions.cases import BadCase, tried


@dataclass(frozen=True, slots=True)
class Tried:
    """A case and what became of it."""

    file: str
    name: str
    wanted: str
    found: str


def trials(where: Path) -> list[Tried]:
    """Every case of a file, or of the `.toml` files of a folder. Raises Failed."""
    files = sorted(where.glob("*.toml")) if where.is_dir() else [where]
    if not files:
        raise Failed(f"there are no cases in {where}")
    fields: dict[str, str] = snapshot()["fields"]
    return [one for file in files for one in _of(file, fields)]


def _of(file: Path, fields: dict[str, str]) -> list[Tried]:
    try:
        cases = tomllib.loads(file.read_text(encoding="utf-8"))["case"]
        found = [tried(case, fields) for case in cases]
    except (OSError, KeyError, ValueError, BadCase) as error:
        raise Failed(f"{file.name}: {error}") from None
    return [Tried(file.name, one.name, one.wanted, one.found) for one in found]
