"""`isomod doctor`: looks at the whole installation and says what is wrong and why it matters. It refuses to change anything."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

if TYPE_CHECKING:
    from isomod_graphql.cli.examination import Finding
    from isomod_graphql.core.settings import Settings


def doctor(as_json: Annotated[bool, Option("--json", help="Prints the findings as JSON.")] = False) -> None:
    """Checks settings, roles, row-level security, columns, keys, clocks and the queue; ends with 1 when one fails."""
    from isomod_graphql.core.settings import Settings

    findings = asyncio.run(_findings(Settings()))
    well = all(finding.ok is not False for finding in findings)
    if as_json:
        found = [{"name": f.name, "ok": f.ok, "says": f.says} for f in findings]
        print(json.dumps({"ok": well, "checks": found}))
    else:
        for finding in findings:
            print(f"{_mark(finding)} {finding.name}: {finding.says}")
    if not well:
        raise typer.Exit(1)


async def _findings(settings: "Settings") -> "list[Finding]":
    from isomod_graphql.cli.examination import examine

    return await examine(settings)


def _mark(finding: "Finding") -> str:
    return {True: "ok  ", False: "FAIL", None: "?   "}[finding.ok]
