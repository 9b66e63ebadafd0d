"""The powers of a caller, as values: what each grant contributes, and all of them together. It makes none, and knows no row and no role."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from permissions.categories import PERSONAL, PERSONAL_ORDER, Category
from permissions.disclosure import Cell, Level
from permissions.grants import PUBLIC_ACTIONS, Action
from permissions.purposes import Purpose
from permissions.reach import Reach, Resource

_COLUMN: Final[Mapping[Category, int]] = MappingProxyType({c: at for at, c in enumerate(PERSONAL_ORDER)})
_ROW: Final[Mapping[Resource, int]] = MappingProxyType({r: at for at, r in enumerate(Resource)})


@dataclass(frozen=True, slots=True)
class Tier:
    """What one grant (or several equal ones) contributes, without its name and its sites.

    `slot` is its place in the vector and in `site_slots`, which holds the sites that SITES means here.
    Reaches are in the order of Resource, cells in the order of PERSONAL_ORDER.
    """

    slot: int
    reaches: tuple[Reach, ...]
    cells: tuple[Cell, ...]
    actions: frozenset[Action]
    oversees_privacy: bool
    reads_evidence: bool

    def cell(self, category: Category) -> Cell:
        """The cell of a personal category."""
        return self.cells[_COLUMN[category]]

    def reach(self, resource: Resource) -> Reach:
        """How far this tier's rows of that kind reach."""
        return self.reaches[_ROW[resource]]


@dataclass(frozen=True, slots=True)
class Vector:
    """The powers of a caller as a cache key: equal powers give equal vectors, and no tenant, site or address is in it.

    `site_bound`: every row-scoped read is also limited to `site_bound(principal)`, whatever its slot says.
    """

    actions: frozenset[Action]
    self_actions: frozenset[Action]
    self_rights: bool
    purpose: Purpose
    readable: frozenset[Category]
    ceilings: tuple[Level, ...]
    tiers: tuple[Tier, ...]
    site_bound: bool
    held: frozenset[Resource] = frozenset()
    """The kinds of rows about oneself that are reached whatever the roles."""
    viewed: bool = False
    """Somebody else looks: being the subject lifts no restriction, and what is shown is shown to another."""

    def ceiling(self, category: Category) -> Level:
        """The most that scopes and caveats leave of a personal category, the subject's own look included."""
        return self.ceilings[_COLUMN[category]]


POWERLESS: Final = Vector(
    actions=PUBLIC_ACTIONS,
    self_actions=frozenset(),
    self_rights=False,
    purpose=Purpose.SERVICE,
    readable=PERSONAL,
    ceilings=(Level.HIDDEN,) * len(PERSONAL_ORDER),
    tiers=(),
    site_bound=False,
)
"""What a caller without a credential, or with one that has ended, may do."""
