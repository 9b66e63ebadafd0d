"""`isomod client`: what the TypeScript client is generated from, and whether the committed text is still that. It refuses to write the file itself."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

client = typer.Typer(help="The generated part of the TypeScript client.", no_args_is_help=True)

COMMITTED = Path(__file__).resolve().parents[2] / "clients" / "typescript" / "src" / "generated.ts"


@client.command("print")
def print_client() -> None:
    """Prints the generated source text."""
    from isomod_graphql.cli.typescript import generated

    print(generated(), end="")


@client.command("check")
def check(
    committed: Annotated[Path, Option(help="The text to compare with.")] = COMMITTED,
) -> None:
    """Compares the schema and the policy with the committed text; prints the difference and ends with 1 when there is one."""
    from difflib import unified_diff

    from isomod_graphql.cli.failed import Failed
    from isomod_graphql.cli.typescript import generated

    if not committed.is_file():
        raise Failed(f"there is no {committed.name}; `make schema` writes it")
    old, new = committed.read_text(encoding="utf-8"), generated()
    for line in unified_diff(old.splitlines(), new.splitlines(), "committed", "code", lineterm=""):
        print(line)
    if old != new:
        raise typer.Exit(1)
