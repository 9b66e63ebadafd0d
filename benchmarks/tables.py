"""Tables of Markdown. It refuses to round: whoever fills a cell has done so."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """One row per line."""
    rows = [head, ["-"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
