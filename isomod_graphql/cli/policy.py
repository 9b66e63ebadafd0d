"""`isomod policy`: the policy as a table, compared, tried, and why somebody is shown so much of a field. It refuses to write a file, and to show a value."""

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from permissions.differences import Difference

policy = typer.Typer(help="The access policy.", no_args_is_help=True)

HERE = Path(__file__).resolve().parents[2] / "permissions"


class Format(StrEnum):
    """How the table is printed."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


class Refused(StrEnum):
    """Which differences end with 1."""

    ANY = "any"
    GAINS = "gains"


@policy.command("matrix")
def matrix(
    form: Annotated[Format, Option("--format", help="text, markdown or json.")] = Format.TEXT,
) -> None:
    """The whole policy from its tables alone: role by category by relation or scope, rows, actions, scopes, purposes, masks."""
    from permissions.matrix import matrix as table

    if form is Format.JSON:
        print(json.dumps(table(), indent=1, ensure_ascii=False))
        return
    from isomod_graphql.cli.policy_tables import as_markdown, as_text

    print(as_markdown(table()) if form is Format.MARKDOWN else as_text(table()))


@policy.command("print")
def print_policy() -> None:
    """Prints the snapshot of this code: the table, and the category and mask of every field."""
    from isomod_graphql.cli.policy_snapshot import as_text, snapshot

    print(as_text(snapshot()), end="")


@policy.command("check")
def check(
    committed: Annotated[Path, Option(help="The snapshot to compare with.")] = HERE / "policy.json",
) -> None:
    """Compares this code with the committed snapshot; says who gains and loses what, and ends with 1 when they differ."""
    from isomod_graphql.cli.failed import Failed
    from isomod_graphql.cli.policy_snapshot import as_text, read, snapshot

    if not committed.is_file():
        raise Failed(f"there is no {committed.name}; `make policy` writes it")
    now = snapshot()
    if committed.read_text(encoding="utf-8") == as_text(now):
        return
    _compare(read(str(committed)), now, as_json=False)
    print(f"{committed.name} is not the policy of the code; `make policy` writes it anew")
    raise typer.Exit(1)


@policy.command("diff")
def diff(
    old: Annotated[str, Argument(help="A snapshot (`isomod policy print`), or a revision of git.")],
    new: Annotated[str | None, Argument(help="Another one; without it, this code.")] = None,
    as_json: Annotated[bool, Option("--json", help="Prints the differences as JSON.")] = False,
    fail_on: Annotated[
        Refused,
        Option(
            "--fail-on", help="any: every difference ends with 1; gains: only one that shows or allows more."
        ),
    ] = Refused.ANY,
) -> None:
    """What each role gains and loses between two policies, by category and field; ends with 1 when they differ."""
    from isomod_graphql.cli.policy_snapshot import read, snapshot
    from permissions.differences import widens

    found = _compare(read(old), snapshot() if new is None else read(new), as_json=as_json)
    if widens(found) if fail_on is Refused.GAINS else found:
        raise typer.Exit(1)


def _compare(old: dict[str, Any], new: dict[str, Any], *, as_json: bool) -> "tuple[Difference, ...]":
    from permissions.differences import differences

    found = differences(old, new)
    versions = (str(old["policyVersion"]), str(new["policyVersion"]))
    if as_json:
        told = [{"about": one.about, "turn": one.turn.name, "says": one.says} for one in found]
        print(json.dumps({"old": versions[0], "new": versions[1], "differences": told}))
    else:
        for line in _lines(versions, found):
            print(line)
    return found


def _lines(versions: tuple[str, str], found: "Iterable[Difference]") -> "Iterable[str]":
    """Under a heading for each role; the sign says which way it goes."""
    grouped: dict[str, list[Difference]] = {}
    for one in found:
        grouped.setdefault(one.about, []).append(one)
    if not grouped:
        yield f"policy {versions[0]}: no difference"
        return
    yield f"policy {versions[0]} -> {versions[1]}"
    for about, ones in grouped.items():
        yield about
        yield from (f"  {one.turn} {one.says}" for one in ones)


@policy.command("test")
def try_cases(
    cases: Annotated[Path, Argument(help="A file of cases, or a folder of such.")] = HERE / "cases",
) -> None:
    """Tries the cases of the policy; names every one that comes out otherwise, and ends with 1 when there is one."""
    from isomod_graphql.cli.policy_trials import trials

    tried = trials(cases)
    failed = [one for one in tried if one.wanted != one.found]
    for one in failed:
        print(f"{one.file}: {one.name}\n  expected {one.wanted}\n  found    {one.found}")
    print(f"{len(tried)} cases, {len(failed)} failed")
    if failed:
        raise typer.Exit(1)


@policy.command("explain")
def explain(
    viewer: Annotated[
        str, Argument(help="An e-mail address that signs in, the id of a user or of a token, a client_id.")
    ],
    field: Annotated[str, Argument(help="The field as `Type.field`, such as User.phone.")],
    about: Annotated[
        str, Argument(help="The global id of the object; for a person also the e-mail address.")
    ],
    tenant: Annotated[
        str | None, Option(help="The slug of the organisation, where there are several.")
    ] = None,
    privacy: Annotated[
        bool,
        Option(
            "--privacy", help="Tells restriction, consent and erasure apart; on record in the audit trail."
        ),
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Prints the answer as JSON.")] = False,
) -> None:
    """Who may see what of whom, and why: the decision, every rule in order, and what would have to change."""
    from isomod_graphql.cli.policy_explained import Question, explained, lines_of, told_as_json
    from isomod_graphql.core.settings import Settings

    found = asyncio.run(explained(Settings(), Question(viewer, field, about, tenant, privacy=privacy)))
    if as_json:
        print(json.dumps(told_as_json(found)))
    else:
        for line in lines_of(found):
            print(line)
