"""The policy as tables for people: aligned text, or Markdown. It decides nothing, leaves nothing out, and knows no role by name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from permissions.categories import POLICY_SECTION, Category

SHORT: Final = {"FULL": "F", "MASKED": "M", "HIDDEN": "H"}
SAME: Final = "."
LEGEND: Final = (
    f"F shown in full, M masked (M:FORM where the mask has a form of its own), H not shown, {SAME} as without the condition."
    " Everybody is shown everything about him- or herself; restriction, want of consent and erasure lower every cell."
)
YES: Final = "x"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    says: str = ""


def grids(policy: Json) -> tuple[Grid, ...]:
    """Every section of the policy."""
    return (
        _disclosure(policy["disclosure"]),
        _crossed("Rows that a role reaches", "role", policy["reach"]),
        _held("What a role may do", "action", policy["actions"]),
        _scopes(policy["scopes"]),
        _purposes(policy["purposes"]),
        Grid("Rules", ("rule", "about"), tuple((name, _comma(of)) for name, of in policy["rules"].items())),
        _masks(policy["masks"]),
        Grid(
            "Categories",
            ("category", "section of the privacy policy"),
            tuple((one.value, POLICY_SECTION[one]) for one in Category),
        ),
    )


def as_text(policy: Json) -> str:
    """For a terminal."""
    parts = [f"policy {policy['policyVersion']}"]
    parts += [
        "\n".join([one.title, *_aligned(one), *([one.says] if one.says else [])]) for one in grids(policy)
    ]
    return "\n\n".join(parts)


def as_markdown(policy: Json) -> str:
    """For a page."""
    parts = [f"# Policy {policy['policyVersion']}"]
    for grid in grids(policy):
        rows = [
            "| " + " | ".join(row) + " |" for row in (grid.columns, ("---",) * len(grid.columns), *grid.rows)
        ]
        parts.append("\n".join([f"## {grid.title}", "", *rows, *(["", grid.says] if grid.says else [])]))
    return "\n\n".join(parts)


def _aligned(grid: Grid) -> Iterator[str]:
    table = (grid.columns, *grid.rows)
    widths = [max(len(row[at]) for row in table) for at in range(len(grid.columns))]
    for row in table:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _disclosure(disclosure: Json) -> Grid:
    categories = tuple(one.value for one in Category)
    rows = []
    for role, cells in disclosure.items():
        for when in dict.fromkeys(when for cell in cells.values() for when in cell):
            shown = tuple(_short(cells[category].get(when)) for category in categories)
            rows.append((role, when, *shown))
    return Grid("What a role is shown", ("role", "when", *categories), tuple(rows), LEGEND)


def _short(told: str | None) -> str:
    if told is None:
        return SAME
    level, _, form = told.partition(" ")
    return SHORT[level] + (f":{form}" if form else "")


def _crossed(title: str, corner: str, table: Json) -> Grid:
    columns = tuple(dict.fromkeys(name for row in table.values() for name in row))
    rows = tuple((name, *(row[column] for column in columns)) for name, row in table.items())
    return Grid(title, (corner, *columns), rows)


def _held(title: str, corner: str, table: Json) -> Grid:
    """Members down, holders across."""
    members = sorted({member for held in table.values() for member in held})
    rows = tuple((member, *(YES if member in held else "" for held in table.values())) for member in members)
    return Grid(title, (corner, *table), rows)


def _scopes(scopes: Json) -> Grid:
    rows = tuple(
        (
            name,
            _comma(one["actions"]),
            _comma(one["rows"]),
            _comma(f"{of} {at}" for of, at in one["without"].items()),
        )
        for name, one in scopes.items()
    )
    return Grid("What a scope is good for", ("scope", "actions", "rows", "at most without it"), rows)


def _purposes(purposes: Json) -> Grid:
    rows = tuple((name, _comma(one["categories"]), _comma(one["consent"])) for name, one in purposes.items())
    return Grid(
        "What a purpose may read", ("purpose", "personal categories", "of those who agree only"), rows
    )


def _masks(masks: Json) -> Grid:
    rows = tuple((name, one["shows"], one["keeps"], one["hides"]) for name, one in masks.items())
    return Grid("Masks", ("mask", "shows", "keeps", "hides"), rows)


def _comma(names: Iterable[str]) -> str:
    return ", ".join(names) or "-"
