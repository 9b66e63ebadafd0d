"""How much of each personal category each role sees, and which relation raises it; it never says which rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from permissions.categories import PERSONAL_ORDER, ROW_RULED, Category
from permissions.principals import Kind, Role, Scope


class Level(IntEnum):
    """How much of a value is released."""

    HIDDEN = 0
    MASKED = 1
    FULL = 2


class Relation(StrEnum):
    """What ties the viewer to the row or to the person whose data it holds."""

    SELF = "SELF"
    """The person is the viewer."""
    OWN = "OWN"
    """The row was written or requested by the viewer."""
    ASSIGNED_TO_MINE = "ASSIGNED_TO_MINE"
    """The person is assigned to a work order that the viewer requested."""
    ASSIGNED_TO_MINE_OPEN = "ASSIGNED_TO_MINE_OPEN"
    """The same, and that work order is open."""
    SAME_OPEN_ORDER = "SAME_OPEN_ORDER"
    """The person requested, or is also assigned to, an open work order assigned to the viewer."""
    SAME_TEAM = "SAME_TEAM"
    """The person is in a team of the viewer's."""
    REQUEST_SUBJECT = "REQUEST_SUBJECT"
    """The person is the subject of an open data-subject request."""
    LOGGED_REASON = "LOGGED_REASON"
    """The viewer gave a reason for this look, and it is on record."""
    SUPPORT_GRANT = "SUPPORT_GRANT"
    """The tenant opened this person's data to support for a while; admits the row by itself."""


ADMITTING: Final = frozenset({Relation.SUPPORT_GRANT})
"""Relations that show what they raise even where no reach admits the row."""


class Form(StrEnum):
    """What MASKED means where a cell asks for another mask than the field's own."""

    AREA = "AREA"
    DAY_TOTAL = "DAY_TOTAL"
    SPANS_OUT = "SPANS_OUT"
    PSEUDONYM = "PSEUDONYM"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table: the level without ties, and what relations and scopes raise it to."""

    base: Level
    raised: tuple[tuple[Relation, Level], ...] = ()
    scoped: tuple[tuple[Scope, Level], ...] = ()
    form: Form | None = None

    def at(self, relations: frozenset[Relation]) -> Level:
        """The level for a viewer with these relations, scopes left aside."""
        return max((self.base, *(level for relation, level in self.raised if relation in relations)))


H: Final = Cell(Level.HIDDEN)
M: Final = Cell(Level.MASKED)
F: Final = Cell(Level.FULL)


def _plus(cell: Cell, *relations: Relation) -> Cell:
    return Cell(cell.base, tuple((relation, Level.FULL) for relation in relations), form=cell.form)


def _form(form: Form, *scopes: Scope) -> Cell:
    return Cell(Level.MASKED, scoped=tuple((scope, Level.FULL) for scope in scopes), form=form)


def _scope(scope: Scope) -> Cell:
    return Cell(Level.HIDDEN, scoped=((scope, Level.FULL),))


_ASKED = _plus(H, Relation.REQUEST_SUBJECT)
_HELPED = _plus(H, Relation.SUPPORT_GRANT)

_TABLE: Final[Mapping[Role, tuple[Cell, ...]]] = {
    # columns: IDENTITY CONTACT PAY TIME POSITION DEVICE COMMUNICATION NOTES AUDIT
    Role.ADMIN: (F, F, F, F, _plus(H, Relation.LOGGED_REASON), H, H, F, F),
    Role.MANAGER: (F, F, H, F, _form(Form.AREA), H, H, F, H),
    Role.TECHNICIAN: (F, _plus(H, Relation.SAME_OPEN_ORDER, Relation.SAME_TEAM), H, H, H, H, H, F, H),
    Role.REQUESTER: (
        _plus(M, Relation.ASSIGNED_TO_MINE),
        _plus(H, Relation.ASSIGNED_TO_MINE_OPEN),
        *(H, H, H, H, H),
        _plus(H, Relation.OWN),
        H,
    ),
    Role.VIEWER: (_plus(M, Relation.SAME_TEAM), H, H, H, H, H, H, H, H),
    Role.QUALITY_MANAGER: (F, M, H, _form(Form.DAY_TOTAL), H, H, H, F, H),
    Role.AUDITOR: (F, H, H, M, H, H, H, _form(Form.SPANS_OUT), H),
    Role.PRIVACY_OFFICER: (_plus(M, Relation.REQUEST_SUBJECT), *(_ASKED,) * 7, F),
    Role.PARTNER: (
        _form(Form.PSEUDONYM, Scope.PII_IDENTITY),
        _scope(Scope.PII_CONTACT),
        H,
        _scope(Scope.PII_TIME),
        *(H, H, H, H, H),
    ),
    Role.SUPPORT: (_HELPED, _HELPED, H, H, H, H, H, H, H),
}

DISCLOSURE: Final[Mapping[Role, Mapping[Category, Cell]]] = MappingProxyType(
    {
        role: MappingProxyType(
            {category: F if category in ROW_RULED else H for category in Category}
            | dict(zip(PERSONAL_ORDER, cells, strict=True))
        )
        for role, cells in _TABLE.items()
    }
)
"""Restriction, consent and erasure lower every cell; the subject sees everything; CREDENTIAL is H for all."""

OVERSEES_PRIVACY: Final = frozenset({Role.PRIVACY_OFFICER})
"""Keeps its cells while processing is restricted (GDPR Art. 18(2): storage and legal claims)."""

READS_EVIDENCE: Final = frozenset({Role.AUDITOR})
"""Keeps its cells on a signed record whose signer was erased (GDPR Art. 17(3)(b)); a restriction binds it like others."""

PII_SCOPES: Final[Mapping[Category, tuple[Scope, Level]]] = MappingProxyType(
    {
        Category.IDENTITY: (Scope.PII_IDENTITY, Level.MASKED),
        Category.CONTACT: (Scope.PII_CONTACT, Level.HIDDEN),
        Category.TIME: (Scope.PII_TIME, Level.HIDDEN),
    }
)
"""The scope that a bearer token needs for a category, and the most it sees without."""


def ceiling(kind: Kind, scopes: frozenset[Scope] | None, category: Category) -> Level:
    """The most that this kind of credential sees of a personal category, whatever the role behind it."""
    if category in PII_SCOPES:
        scope, without = PII_SCOPES[category]
        return Level.FULL if scopes is None or scope in scopes else without
    return Level.HIDDEN if kind == "CLIENT" else Level.FULL
