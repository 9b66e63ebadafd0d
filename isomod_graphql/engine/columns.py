"""Rows of one statement seen as columns, and as the parts that belong to each parent. Refuses to know what a row holds."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from isomod_graphql.engine.projectors import Columns

Bounds = list[tuple[int, int]]
"""Per parent: where its rows begin and end."""


def turned(records: Sequence[Any], width: int) -> Columns:
    """A value of each row per column; a record that stands for nothing is as wide as the others, or wider."""
    return list(zip(*records, strict=False)) if records else [()] * width


def bounds_of(places: Sequence[int], parents: int) -> Bounds:
    """Where the rows of each parent begin and end; places count from 1 and rise."""
    ends = [0]
    for parent in range(1, parents + 1):
        ends.append(bisect_right(places, parent, ends[-1]))
    return list(pairwise(ends))


def trimmed(rows: list[Any], bounds: Bounds, first: int) -> tuple[list[Any], Bounds, list[bool]]:
    """Without the row per parent that only says that there are more."""
    more = [end - begin > first for begin, end in bounds]
    if not any(more):
        return rows, bounds, more
    kept: list[Any] = []
    cut: Bounds = []
    for begin, end in bounds:
        at = len(kept)
        kept += rows[begin : min(end, begin + first)]
        cut.append((at, len(kept)))
    return kept, cut, more


def spread(origins: list[int] | None, bounds: Bounds) -> list[int] | None:
    """The origin of each row, from those of the parents."""
    if origins is None:
        return None
    return [origin for origin, (begin, end) in zip(origins, bounds, strict=True) for _ in range(begin, end)]
