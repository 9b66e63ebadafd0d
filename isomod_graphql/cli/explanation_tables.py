"""An explanation for people: a few lines and tables on standard output. It decides nothing and leaves nothing out but repetitions."""

from collections.abc import Iterable
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from isomod_graphql.engine.explaining import Coordinate, Explanation, Facts, Level, Part, Statement
from isomod_graphql.engine.possible import Possible

NARROWEST: Final = 140
"""Columns where no terminal says how many there are."""


def show(explanation: Explanation) -> None:
    """Prints all of it."""
    console = Console(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=NARROWEST)
    reason = "" if explanation.reason is None else f" ({explanation.reason})"
    console.print(Text(f"{explanation.answered}{reason}", style="bold"))
    facts = f"{explanation.points} points, purpose {explanation.purpose}, policy {explanation.policy}"
    took = "" if explanation.microseconds is None else f", {explanation.microseconds:,} µs in all"
    console.print(facts + took)
    if explanation.arguments:
        console.print(_arguments(explanation))
    for number, level in enumerate(explanation.levels, 1):
        _show_level(console, number, level)


def _show_level(console: Console, number: int, level: Level) -> None:
    where = "rows of the plan" if level.path is None else ".".join(level.path)
    how = "one statement for all rows above" if level.batched else "one statement"
    console.print()
    console.print(Text(f"Level {number}: {where} ({how})", style="bold"))
    if level.microseconds is not None:
        spent = level.microseconds
        console.print(f"  µs: SQL {spent.sql:,}, rows {spent.rows:,}, projection {spent.projection:,}")
    for statement in level.statements:
        _show_statement(console, statement)
    for part in level.parts:
        joined = ", joined" if part.joined else ""
        console.print(f"  {part.entity}{joined}: {_asked(part.facts)}")
        if part.coordinates:
            console.print(_decisions(part))


def _show_statement(console: Console, statement: Statement) -> None:
    console.print(f"  {statement.rows} from {', '.join(statement.tables)}")
    console.print(Text(_indented(statement.sql), style="dim"), soft_wrap=True)
    console.print(f"    {_numbered(statement.parameters)}")


def _indented(sql: str) -> str:
    return "\n".join(f"    {line.rstrip()}" for line in sql.splitlines())


def _numbered(names: Iterable[str]) -> str:
    return ", ".join(f"${at} {name}" for at, name in enumerate(names, 1)) or "no parameters"


def _asked(facts: Facts) -> str:
    slots = [f"{slot} reaches {reach}" for slot, reach in facts.slots.items()]
    ties = [f"tie {relation}" for relation in facts.relations]
    flags = [f"flags of {subject}" for subject in facts.flags]
    persons = [f"whether {person} is the viewer" for person in facts.persons]
    actions = [f"whether {action} may be taken" for action in facts.actions]
    return ", ".join([*slots, *ties, *flags, *persons, *actions]) or "nothing is asked of a row"


def _arguments(explanation: Explanation) -> Table:
    table = _table("Argument", "Names", "Reveals", "Of every", "May be used")
    for one in explanation.arguments:
        readable = "yes" if one.readable else "no"
        table.add_row(f"{one.coordinate}({one.argument})", one.name, one.category, one.resource, readable)
    return table


def _decisions(part: Part) -> Table:
    table = _table("Field", "Category", "Shown", "Mask", "Reason", "When")
    for one in _once(part.coordinates):
        for at, may in enumerate(one.possible):
            named = (one.coordinate, one.category) if at == 0 else ("", "")
            table.add_row(*named, may.level, may.mask or "", may.reason or "", _when(may))
        if not one.possible:
            table.add_row(one.coordinate, one.category, "", "", "", "no row is reached")
        if not one.complete:
            table.add_row("", "", "", "", "", "there are more combinations than were tried")
    return table


def _once(coordinates: Iterable[Coordinate]) -> Iterable[Coordinate]:
    """A field that stands at several places of the document is decided alike at all of them."""
    return {one.coordinate: one for one in coordinates}.values()


def _when(may: Possible) -> str:
    return "\nor ".join(" and ".join(group) for group in may.when) or "always"


def _table(*columns: str) -> Table:
    table = Table(*columns, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for column in table.columns[:1]:
        column.no_wrap = True
    return table
