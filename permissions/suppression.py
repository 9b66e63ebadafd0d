"""Which groups of a statistic are told: those that are large enough, and from which no smaller one follows. It knows keys and counts, never a row.

The law, for everything that `Tables` releases of the same rows: a set of rows that one answer, or two answers together,
describe as a difference holds none of them, or at least k (docs/decisions/0015-statistics.md says why).
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from permissions.masks import SMALLEST_GROUP

Key = tuple[Hashable, ...]
Levels = tuple[int, ...]
"""How finely each axis tells rows apart; 0 is not at all."""
Step = Callable[[Any], Hashable]
EVERYTHING: Final = "*"
"""Stands in a key where an axis does not tell rows apart."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing by which rows are told apart. `steps` lead from the finest value to the next coarser one, and so on.

    `people`: its values are people, or None for nobody.
    """

    steps: tuple[Step, ...] = ()
    people: bool = False

    @property
    def depth(self) -> int:
        """Its finest level."""
        return len(self.steps) + 1

    def up(self, value: Hashable, level: int) -> Hashable:
        """From a value of this level to the one above."""
        return EVERYTHING if level == 1 else self.steps[self.depth - level](value)

    def at(self, value: Hashable, level: int) -> Hashable:
        """From a value of the finest level to that of another."""
        for below in range(self.depth, level, -1):
            value = self.up(value, below)
        return value


@dataclass(eq=False)
class Tables:
    """Every table that the cells can be folded to, and which of its cells are told.

    `cells` are counts of rows at the finest level of every axis; `hidden` people whom no group may stand for. What is told
    depends on these alone and not on what a caller filters by, so that no two filters tell of each other.
    """

    axes: Sequence[Axis]
    cells: Mapping[Key, int]
    hidden: frozenset[Hashable] = frozenset()
    smallest: int = SMALLEST_GROUP
    _rows: dict[Levels, Mapping[Key, int]] = field(default_factory=dict)
    _told: dict[Levels, frozenset[Key]] = field(default_factory=dict)

    def finest(self) -> Levels:
        """The levels of the cells."""
        return tuple(axis.depth for axis in self.axes)

    def rows(self, levels: Levels) -> Mapping[Key, int]:
        """The count of every cell at these levels; a cell without a row is not there."""
        if levels == self.finest():
            return self.cells
        found = self._rows.get(levels)
        if found is None:
            at = next(number for number, axis in enumerate(self.axes) if levels[number] < axis.depth)
            below = (*levels[:at], levels[at] + 1, *levels[at + 1 :])
            folded: dict[Key, int] = {}
            for key, count in self.rows(below).items():
                upper = self._up(key, below, at)
                folded[upper] = folded.get(upper, 0) + count
            found = self._rows[levels] = folded
        return found

    def told(self, levels: Levels) -> frozenset[Key]:
        """The cells at these levels whose counts are told."""
        found = self._told.get(levels)
        if found is None:
            found = self._told[levels] = frozenset(self._released(levels))
        return found

    def _up(self, key: Key, levels: Levels, at: int) -> Key:
        return (*key[:at], self.axes[at].up(key[at], levels[at]), *key[at + 1 :])

    def _released(self, levels: Levels) -> set[Key]:
        rows = self.rows(levels)
        directions = [at for at, level in enumerate(levels) if level]
        above = {at: self.told((*levels[:at], levels[at] - 1, *levels[at + 1 :])) for at in directions}
        told = {
            key
            for key, count in rows.items()
            if count >= self.smallest
            and not self._stands_for_hidden(key)
            and all(self._up(key, levels, at) in above[at] for at in directions)
        }
        if len(told) == len(rows):
            return told
        lines = [
            _Line(told, rows, cells, at if self.axes[at].people else None)
            for at in directions
            for cells in self._lines(levels, at, above[at])
        ]
        changed = True
        while changed:
            # What one line gives up may be what another one must not be left with.
            changed = False
            for line in lines:
                changed = line.give_up(self.smallest) or changed
        return told

    def _stands_for_hidden(self, key: Key) -> bool:
        return bool(self.hidden) and any(
            axis.people and value in self.hidden for axis, value in zip(self.axes, key, strict=True)
        )

    def _lines(self, levels: Levels, at: int, above: frozenset[Key]) -> list[list[Key]]:
        """The cells that only this axis tells apart, under each cell above that is told.

        In an order of their own: whichever way the cells came, the same ones are given up.
        """
        lines: dict[Key, list[Key]] = {}
        for key in self.rows(levels):
            upper = self._up(key, levels, at)
            if upper in above:
                lines.setdefault(upper, []).append(key)
        return [lines[upper] for upper in sorted(lines, key=str)]


@dataclass(eq=False, slots=True)
class _Line:
    """Cells whose sum is told. `people`: the place in the key that holds a person."""

    told: set[Key]
    rows: Mapping[Key, int]
    cells: list[Key]
    people: int | None

    def give_up(self, smallest: int) -> bool:
        """Takes the smallest cells back until what is not told is as large as a group, and is no cell alone."""
        rest = [key for key in self.cells if key not in self.told]
        if not rest or not self._is_small(rest, smallest):
            return False
        given = False
        for key in sorted(self.told.intersection(self.cells), key=self._size):
            if not self._is_small(rest, smallest):
                break
            rest.append(key)
            self.told.discard(key)
            given = True
        return given

    def _size(self, key: Key) -> tuple[int, str]:
        return self.rows[key], str(key)

    def _is_small(self, rest: Sequence[Key], smallest: int) -> bool:
        if len(rest) == 1 or sum(self.rows[key] for key in rest) < smallest:
            return True
        people = self.people
        return people is not None and 0 < sum(key[people] is not None for key in rest) < smallest


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of the rows that a caller asks for. `total` and `rest` are None where they are not told."""

    groups: tuple[Key, ...]
    total: int | None
    remains: bool
    """Rows are left that belong to no group."""
    rest: int | None


NOTHING_TOLD: Final = Answer((), None, remains=False, rest=None)
Within = Sequence[tuple[int, int, Hashable]]
"""A filter: for each place of an axis a level and the only value wanted there."""


def answer(tables: Tables, within: Within = ()) -> Answer:
    """The groups inside of a filter. With a filter, what remains is not told: it would be the difference of two."""
    finest = tables.finest()
    levels = [0] * len(finest)
    slice_key: list[Hashable] = [EVERYTHING] * len(finest)
    for at, level, value in within:
        if level > levels[at]:
            levels[at], slice_key[at] = level, value
    if tuple(slice_key) not in tables.told(tuple(levels)):
        return NOTHING_TOLD

    def inside(key: Key) -> bool:
        return all(tables.axes[at].at(key[at], level) == value for at, level, value in within)

    rows = tables.rows(finest)
    keys = [key for key in rows if inside(key)]
    if not keys:
        return NOTHING_TOLD
    told = tables.told(finest)
    groups = sorted((key for key in keys if key in told), key=_order)
    whole, shown = sum(rows[key] for key in keys), sum(rows[key] for key in groups)
    plain = not within
    return Answer(
        tuple(groups),
        whole if plain or whole == shown else None,
        remains=whole > shown,
        rest=whole - shown if plain and whole > shown else None,
    )


def _order(key: Key) -> list[tuple[bool, Any]]:
    return [(value is None, 0 if value is None else value) for value in key]
