"""`isomod schema`: the SDL of the code, and what changed since the committed one. It refuses to write the file itself."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

if TYPE_CHECKING:
    from graphql import GraphQLSchema

schema = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)

COMMITTED = Path(__file__).resolve().parents[2] / "schema" / "schema.graphql"


@schema.command("print")
def print_schema() -> None:
    """Prints the SDL of the code."""
    print(sdl(), end="")


@schema.command("check")
def check(
    committed: Annotated[Path, Option(help="The SDL to compare with.")] = COMMITTED,
    as_json: Annotated[bool, Option("--json", help="Prints the differences as JSON.")] = False,
) -> None:
    """Compares the code with the committed SDL; ends with 1 when they differ, and names what would break a client."""
    from difflib import unified_diff

    from isomod_graphql.cli.failed import Failed

    if not committed.is_file():
        raise Failed(f"there is no {committed.name}; `make schema` writes it")
    old, new = committed.read_text(encoding="utf-8"), sdl()
    diff = list(unified_diff(old.splitlines(), new.splitlines(), "committed", "code", lineterm=""))
    breaking, others = changes(old, new) if diff else ([], [])
    if as_json:
        print(json.dumps({"same": not diff, "breaking": breaking, "changes": others, "diff": diff}))
    else:
        for line in (
            *diff,
            *(f"BREAKING {text}" for text in breaking),
            *(f"change   {text}" for text in others),
        ):
            print(line)
    if diff:
        raise typer.Exit(1)


def sdl() -> str:
    """The SDL as it is committed."""
    from schema.root import build_schema

    return f"{build_schema()[0].as_str().strip()}\n"


def changes(old: str, new: str) -> tuple[list[str], list[str]]:
    """What breaks clients, and what else changed, in words. Raises Failed for a text that is no schema."""
    from graphql.utilities.find_schema_changes import BreakingChange, find_schema_changes

    found = find_schema_changes(_built(old), _built(new))
    breaking = [change.description for change in found if isinstance(change, BreakingChange)]
    return breaking, [change.description for change in found if not isinstance(change, BreakingChange)]


def _built(text: str) -> "GraphQLSchema":
    from graphql import GraphQLError, build_schema

    from isomod_graphql.cli.failed import Failed

    try:
        return build_schema(text)
    except (GraphQLError, TypeError) as error:
        raise Failed(f"the committed SDL is no schema: {error}") from None
