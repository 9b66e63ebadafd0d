"""Rows become sealed views: decided once per combination of facts, masked, immutable. It refuses to hand out a row itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from isomod_graphql.core.flags import consented_purposes, is_erased, restricted_categories
from isomod_graphql.engine.entities import Entity, FieldSpec, Shown
from isomod_graphql.engine.field_access import FieldAccess, Weighed
from permissions.categories import PERSONAL_ORDER
from permissions.decisions import Decision, Facts, Reason, Vector, decide
from permissions.disclosure import Form, Level, Relation
from permissions.grants import Action
from permissions.masks import NULL, PSEUDONYM, Mask
from permissions.writing import may_replace

FORM_MASKS: Mapping[Form, Mask] = {
    Form.PSEUDONYM: PSEUDONYM,
    Form.AREA: NULL,
    Form.DAY_TOTAL: NULL,
    Form.SPANS_OUT: NULL,
}
"""What a form of the disclosure table means for a plain value; typed siblings show areas and totals."""

BITS = {category: 1 << at for at, category in enumerate(PERSONAL_ORDER)}
"""The bit of a personal category in the record of an access."""

Released = tuple[int, UUID | None]
"""A bit of BITS, and the subject whose value is shown to somebody else."""


class View:
    """A row as one viewer may see it. Only this enters GraphQL; it holds planned fields and cannot be changed."""

    __slots__ = ("_values", "access", "code", "decisions", "released", "row_id", "type_name")
    _values: dict[str, Any]
    access: Mapping[str, FieldAccess]
    code: int
    decisions: "Decisions"
    released: Mapping[str, Released]
    row_id: UUID
    type_name: str

    def __init__(
        self, layout: "Layout", row_id: UUID, values: dict[str, Any], released: Mapping[str, Released]
    ) -> None:
        """Made by a Layout only."""
        given = (values, layout.access, layout.code, layout.decisions, released, row_id, layout.type_name)
        for name, value in zip(View.__slots__, given, strict=True):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        """Always raises AttributeError."""
        raise AttributeError("a view is immutable")

    def __delattr__(self, name: str) -> None:
        """Always raises AttributeError."""
        raise AttributeError("a view is immutable")

    def value(self, name: str) -> Any:  # noqa: ANN401  a field's own type
        """The released value. Raises KeyError for a field that was not planned."""
        return self._values[name]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Why a value is not shown in full, and the mask in its place."""

    mask: str
    reason: str


Decisions = Mapping[str, Withheld]
Pseudonym = Callable[[Any], str | None]
"""The pseudonym of the person with this id, None for nobody."""
Compute = Callable[[Any, Mapping[str, Any]], Any]
"""Takes the row's columns and its opened sealed values."""
Pick = Callable[[Any, Mapping[str, Any], Pseudonym], Any]
"""Takes these, and what makes pseudonyms."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Everything about a row on which a decision depends, hashable: equal facts, equal layout."""

    type_name: str
    admitted: frozenset[int]
    relations: frozenset[Relation]
    flags: tuple[tuple[str, int, bool], ...]
    """Per subject column: its name, the person's flags, whether the person is the viewer."""
    actions: frozenset[Action] = frozenset()
    """Those of the actions asked about that the viewer may take on the row."""


class Kind(Enum):
    """Where the value of a cell comes from, before its mask."""

    NOTHING = auto()
    STORED = auto()
    OPENED = auto()
    PSEUDONYM = auto()
    """The pseudonym of the subject, under the mask in place of the value."""
    COMPUTED = auto()
    GATHERED = auto()
    """A set of other rows, each decided by itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one planned field is shown in all rows with equal facts.

    `mask` changes the value of the kinds STORED, OPENED and PSEUDONYM; `compute` gives that of COMPUTED. `opens`: the
    sealed values it needs. `releases`: something of the subject reaches somebody else.
    """

    spec: FieldSpec
    kind: Kind
    mask: Mask | None = None
    compute: Compute | None = None
    opens: frozenset[str] = frozenset()
    withheld: Withheld | None = None
    releases: bool = False

    @property
    def pick(self) -> Pick:
        """The value of a row; of a set of other rows, whether it is shown."""
        name, mask, compute = self.spec.name, self.mask, self.compute
        if self.kind is Kind.STORED:
            return _masked(lambda row, _opened, _of: row[name], mask)
        if self.kind is Kind.OPENED:
            return _masked(lambda _row, opened, _of: opened[name], mask)
        if self.kind is Kind.PSEUDONYM:
            subject = self.spec.subject
            return _masked(lambda row, _opened, of: of(row[subject]), mask)
        if self.kind is Kind.GATHERED:
            return lambda _row, _opened, _of: True
        return lambda row, opened, _of: None if compute is None else compute(row, opened)


def _masked(raw: Pick, mask: Mask | None) -> Pick:
    return raw if mask is None else lambda row, opened, of: mask.apply(raw(row, opened, of))


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows with these facts are shown. `opens`: the sealed values it needs; empty means nothing is decrypted.

    `releases`: by field, the bit of its category and the column with its subject. `access`: what is told of fields, by
    their names in the graph.
    """

    code: int
    type_name: str
    cells: tuple[Cell, ...]
    picks: tuple[tuple[str, Pick], ...]
    opens: frozenset[str]
    decisions: Decisions
    releases: Mapping[str, tuple[int, str]]
    access: Mapping[str, FieldAccess]

    def view(self, row: RowMapping, opened: Mapping[str, Any], pseudonym: Pseudonym) -> View:
        """The row as it is shown."""
        values = {name: pick(row, opened, pseudonym) for name, pick in self.picks}
        released = {name: (bit, row[subject]) for name, (bit, subject) in self.releases.items()}
        return View(self, row["id"], values, released)


def layout_of(
    entity: Entity,
    specs: tuple[FieldSpec, ...],
    vector: Vector,
    facts: RowFacts,
    weighed: tuple[Weighed, ...] = (),
) -> Layout:
    """Decides every planned field once for all rows with these facts, and every one that is only asked about."""
    cells = tuple(_cell(entity, spec, vector, facts) for spec in specs if spec.name != "id")
    withheld = {cell.spec.name: cell.withheld for cell in cells if cell.withheld is not None}
    releases = {
        cell.spec.name: (BITS[cell.spec.category], cell.spec.subject)
        for cell in cells
        if cell.releases and cell.spec.subject is not None
    }
    return Layout(
        entity.code,
        facts.type_name,
        cells,
        tuple((cell.spec.name, cell.pick) for cell in cells),
        frozenset().union(*(cell.opens for cell in cells)),
        MappingProxyType(withheld),
        MappingProxyType(releases),
        MappingProxyType({one.name: _access(entity, one, vector, facts) for one in weighed}),
    )


def _access(entity: Entity, one: Weighed, vector: Vector, facts: RowFacts) -> FieldAccess:
    """By the decision on the field itself, and what the gate of changes asks (engine/writing.py).

    A restriction does not take the right to write: that is the answer of the change itself. Of who is erased nothing changes.
    """
    withheld = _withheld(one.spec, _decided(entity, one.spec, vector, facts))
    mask, reason = (None, None) if withheld is None else (withheld.mask, withheld.reason)
    shown = reason in {None, Reason.PRIVACY}
    write = not _is_gone(entity, one.spec, facts) and any(
        may_replace(vector, change.category, change.action, change.on, shown=shown)
        for change in one.changes
        if change.action in facts.actions
    )
    return FieldAccess.of(one.name, mask, reason, write=write)


def _decided(entity: Entity, spec: FieldSpec, vector: Vector, facts: RowFacts) -> Decision:
    """The decision; a typed sibling shows all it ever shows where a mask is shown."""
    decision = _decide(entity, spec, vector, facts)
    return Decision(Level.FULL) if spec.sibling and decision.level is Level.MASKED else decision


def withheld_in(entity: Entity, spec: FieldSpec, vector: Vector, facts: RowFacts) -> Withheld | None:
    """Why the field is not shown in full in a row with these facts, if it is not."""
    return _withheld(spec, _decided(entity, spec, vector, facts))


def _withheld(spec: FieldSpec, decision: Decision) -> Withheld | None:
    if not spec.personal or decision.level is Level.FULL:
        return None
    return Withheld(_mask_name(spec, decision), (decision.reason or "ROLE"))


def _cell(entity: Entity, spec: FieldSpec, vector: Vector, facts: RowFacts) -> Cell:
    decision = _decided(entity, spec, vector, facts)
    withheld = _withheld(spec, decision)
    if spec.compute is not None:
        concerned = _is_concerned(spec, vector, facts)
        compute, opens = _computed(entity, spec, decision, concerned=concerned)
        cell = Cell(spec, Kind.COMPUTED, None, compute, opens, withheld)
        shown = decision.level is not Level.HIDDEN and decision.form is not Form.PSEUDONYM
    else:
        cell = _plain(spec, decision, withheld)
        shown = cell.kind in {Kind.STORED, Kind.OPENED, Kind.GATHERED}
    elsewhere = vector.viewed or not any(me for name, _, me in facts.flags if name == spec.subject)
    return replace(cell, releases=spec.personal and shown and elsewhere)


def _plain(spec: FieldSpec, decision: Decision, withheld: Withheld | None) -> Cell:
    if decision.level is Level.HIDDEN:
        return Cell(spec, Kind.NOTHING, withheld=withheld)
    kind, opens = (Kind.OPENED, frozenset({spec.name})) if spec.sealed else (_kind(spec), frozenset[str]())
    if decision.level is Level.FULL:
        return Cell(spec, kind, spec.permission.mask if spec.sibling else None, opens=opens)
    mask = _mask_of(spec, decision)
    if mask is PSEUDONYM:
        named = Kind.NOTHING if spec.subject is None else Kind.PSEUDONYM
        return Cell(spec, named, mask, withheld=withheld)
    if mask.output == "null":
        return Cell(spec, Kind.NOTHING, withheld=withheld)
    return Cell(spec, kind, mask, opens=opens, withheld=withheld)


def _kind(spec: FieldSpec) -> Kind:
    if spec.pseudonym:
        return Kind.PSEUDONYM
    return Kind.GATHERED if spec.gathered else Kind.STORED


def _decide(entity: Entity, spec: FieldSpec, vector: Vector, facts: RowFacts) -> Decision:
    return decide(vector, spec.category, facts_of(entity, spec, facts))


def facts_of(entity: Entity, spec: FieldSpec, facts: RowFacts) -> Facts:
    """What the decision on this field may know of a row with these facts."""
    flags, is_viewer = next(
        ((flags, me) for name, flags, me in facts.flags if name == spec.subject), (0, False)
    )
    relations = facts.relations
    if entity.subject is None:
        relations = relations | {Relation.SELF} if is_viewer else relations - {Relation.SELF}
    # A plain value is not destroyed with its author: an erased author does not take the work's record along, and the
    # restriction that goes before an erasure ends with it.
    erased = is_erased(flags) and _is_of_the_person(entity, spec)
    restricted = restricted_categories(flags) if erased or not is_erased(flags) else frozenset()
    consents = consented_purposes(flags)
    return Facts(facts.admitted, relations, restricted, erased, spec.evidence, consents)


def _is_of_the_person(entity: Entity, spec: FieldSpec) -> bool:
    sealed = spec.sealed or not entity.model.sealed_fields.keys().isdisjoint(spec.needs)
    return sealed or entity.subject is not None


def _is_gone(entity: Entity, spec: FieldSpec, facts: RowFacts) -> bool:
    """Whose value it is was erased; of the row of a person, that is the person, whatever the field."""
    subject = entity.subject or (spec.subject if _is_of_the_person(entity, spec) else None)
    return any(is_erased(flags) for name, flags, _ in facts.flags if name == subject)


def _mask_of(spec: FieldSpec, decision: Decision) -> Mask:
    own = spec.permission.mask
    return own if decision.form is None or own is NULL else FORM_MASKS[decision.form]


def _mask_name(spec: FieldSpec, decision: Decision) -> str:
    return (_mask_of(spec, decision) if decision.level is Level.MASKED else spec.hidden).name


def _is_concerned(spec: FieldSpec, vector: Vector, facts: RowFacts) -> bool:
    overseers = (tier for tier in vector.tiers if tier.oversees_privacy and tier.slot in facts.admitted)
    own = not vector.viewed and any(me for name, _, me in facts.flags if name == spec.subject)
    return own or any(overseers)


def _computed(
    entity: Entity, spec: FieldSpec, decision: Decision, *, concerned: bool
) -> tuple[Compute, frozenset[str]]:
    compute = spec.compute
    sealed = (
        {name for name in spec.needs if name in entity.model.sealed_fields}
        if decision.level is not Level.HIDDEN
        else set()
    )
    if decision.form is Form.PSEUDONYM:
        sealed = set()
    plain = [name for name in spec.needs if name not in entity.model.sealed_fields]
    secret = [name for name in spec.needs if name in entity.model.sealed_fields]

    def pick(row: Mapping[str, Any], opened: Mapping[str, Any]) -> Any:  # noqa: ANN401  the field's own type
        values = {name: row[name] for name in plain}
        values.update((name, opened[name] if name in sealed else None) for name in secret)
        return (
            compute(Shown(values, decision.level, decision.form, concerned)) if compute is not None else None
        )

    return pick, frozenset(sealed)
