"""What a run has read: rows by level with what was decided of them, pages, figures. Refuses an opened value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from isomod_graphql.engine.listing import Demand
from isomod_graphql.engine.projectors import Columns, Variant
from isomod_graphql.engine.stages import Stage
from isomod_graphql.engine.statistics import Breakdown


@dataclass(eq=False, slots=True)
class Loaded:
    """The rows of a level and, per table, the variant of each; None where there is no row, or none to be seen.

    `origin` is the place of the root object that each row belongs to, where several kinds of them share a path.
    """

    stage: Stage
    records: Sequence[Any]
    columns: Columns
    """The records, turned: what is looked at row by row is looked at in one go."""
    variants: list[list[Variant | None]]
    kinds: list[set[Variant | None]]
    origin: list[int] | None
    nested: "dict[int, Under]" = field(default_factory=dict)
    """By the identity of the item."""


@dataclass(eq=False, slots=True)
class Under:
    """What hangs under the rows at `places`: for each of them the part of `loaded` from one bound to the next."""

    loaded: Loaded
    places: list[int]
    bounds: list[tuple[int, int]]
    page: "Paged | None" = None


@dataclass(eq=False, slots=True)
class Paged:
    """What a page says of itself: one entry per parent."""

    demand: Demand
    parents: Sequence[bytes | None]
    more: list[bool]
    totals: list[int] | None
    key_at: int
    """Where the sort key stands in a record, when cursors are asked for."""


@dataclass(eq=False, slots=True)
class Root:
    """What a root field found: a page, objects by their place, or figures."""

    under: Under | None = None
    named: list[tuple[list[int], Loaded]] = field(default_factory=list)
    told: Breakdown | None = None
    keyed: dict[int, tuple[list[int], Loaded]] = field(default_factory=dict)
    """Of statistics, by the identity of what stands for groups: which groups have a row, and these."""
    many: bool = False
    size: int = 1
