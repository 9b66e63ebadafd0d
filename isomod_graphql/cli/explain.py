"""`isomod explain`: how a query is answered for one person: levels, SQL, decisions with their reasons. It refuses to show what the answer holds."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

if TYPE_CHECKING:
    from isomod_graphql.cli.explained import Question
    from isomod_graphql.core.settings import Settings
    from isomod_graphql.engine.explaining import Explanation


def explain(
    query: Annotated[str, Argument(help="A document, @ and the path of a file, or - for standard input.")],
    as_user: Annotated[
        str, Option("--as", help="For whom: an e-mail address that signs in, or the global id of a person.")
    ],
    tenant: Annotated[
        str | None, Option(help="The slug of the organisation, where there are several.")
    ] = None,
    variables: Annotated[str, Option(help="A JSON object.")] = "{}",
    operation: Annotated[str | None, Option(help="Which operation, where there are several.")] = None,
    run: Annotated[
        bool, Option("--run", help="Runs a query once and says how long it took; on record as the person's.")
    ] = False,
    as_json: Annotated[bool, Option("--json", help="Prints the explanation as JSON.")] = False,
) -> None:
    """How a query is answered for a person: path, levels, SQL, decisions with reasons, cost; ends with 1 when it is refused."""
    from isomod_graphql.cli.explained import Question
    from isomod_graphql.core.settings import Settings

    question = Question(_text(query), _object(variables), operation, as_user, tenant, run)
    explanation = asyncio.run(_explained(Settings(), question))
    if as_json:
        print(json.dumps(explanation.as_json()))
    else:
        from isomod_graphql.cli.explanation_tables import show

        show(explanation)
    if explanation.answered == "REFUSED":
        raise SystemExit(1)


async def _explained(settings: "Settings", question: "Question") -> "Explanation":
    from isomod_graphql.cli.explained import explained

    return await explained(settings, question)


def _text(query: str) -> str:
    from isomod_graphql.cli.failed import Failed

    if query == "-":
        return sys.stdin.read()
    if not query.startswith("@"):
        return query
    try:
        return Path(query[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise Failed(f"the document cannot be read: {type(error).__name__}") from None


def _object(text: str) -> dict[str, Any]:
    from isomod_graphql.cli.failed import Failed

    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failed("--variables takes a JSON object")
    return found
