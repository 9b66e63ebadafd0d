"""Rows become sealed views: decided once per combination of facts, masked, immutable. It refuses to hand out a row itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from isomod_graphql.core.flags import is_erased, restricted_categories
from isomod_graphql.engine.entities import Entity, FieldSpec, Shown
from permissions.decisions import Decision, Facts, Vector, decide
from permissions.disclosure import Form, Level, Relation
from permissions.masks import NULL, PSEUDONYM, Mask

FORM_MASKS: Mapping[Form, Mask] = {
    Form.PSEUDONYM: PSEUDONYM,
    Form.AREA: NULL,
    Form.DAY_TOTAL: NULL,
    Form.SPANS_OUT: NULL,
}
"""What a form of the disclosure table means for a plain value; typed siblings show areas and totals."""


class View:
    """A row as one viewer may see it. Only this enters GraphQL; it holds planned fields and cannot be changed."""

    __slots__ = ("_values", "code", "decisions", "row_id", "type_name")
    _values: dict[str, Any]
    code: int
    decisions: "Decisions"
    row_id: UUID
    type_name: str

    def __init__(
        self, code: int, type_name: str, row_id: UUID, values: dict[str, Any], decisions: "Decisions"
    ) -> None:
        """Made by a Layout only."""
        for name, value in zip(View.__slots__, (values, code, decisions, row_id, type_name), strict=True):
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
Pick = Callable[[Any, Mapping[str, Any]], Any]
"""Takes the row's columns and its opened sealed values."""


@dataclass(frozen=True, slots=True)
class RowFacts:
    """Everything about a row on which a decision depends, hashable: equal facts, equal layout."""

    type_name: str
    admitted: frozenset[int]
    relations: frozenset[Relation]
    flags: tuple[tuple[str, int, bool], ...]
    """Per subject column: its name, the person's flags, whether the person is the viewer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows with these facts are shown. `opens`: the sealed values it needs; empty means nothing is decrypted."""

    code: int
    type_name: str
    picks: tuple[tuple[str, Pick], ...]
    opens: frozenset[str]
    decisions: Decisions

    def view(self, row: RowMapping, opened: Mapping[str, Any]) -> View:
        """The row as it is shown."""
        values = {name: pick(row, opened) for name, pick in self.picks}
        return View(self.code, self.type_name, row["id"], values, self.decisions)


def layout_of(entity: Entity, specs: tuple[FieldSpec, ...], vector: Vector, facts: RowFacts) -> Layout:
    """Decides every planned field once for all rows with these facts."""
    picks: list[tuple[str, Pick]] = []
    opens: set[str] = set()
    withheld: dict[str, Withheld] = {}
    for spec in specs:
        if spec.name == "id":
            continue
        decision = _decide(entity, spec, vector, facts)
        pick, needs = _pick(entity, spec, decision, concerned=_is_concerned(spec, vector, facts))
        picks.append((spec.name, pick))
        opens |= needs
        if spec.personal and decision.level is not Level.FULL:
            withheld[spec.name] = Withheld(_mask_name(spec, decision), (decision.reason or "ROLE"))
    return Layout(entity.code, facts.type_name, tuple(picks), frozenset(opens), MappingProxyType(withheld))


def _decide(entity: Entity, spec: FieldSpec, vector: Vector, facts: RowFacts) -> Decision:
    flags, is_viewer = next(
        ((flags, me) for name, flags, me in facts.flags if name == spec.subject), (0, False)
    )
    relations = facts.relations
    if entity.subject is None:
        relations = relations | {Relation.SELF} if is_viewer else relations - {Relation.SELF}
    # A plain value is not destroyed with its author: an erased author does not take the work's record along, and the
    # restriction that goes before an erasure ends with it.
    of_the_person = spec.sealed or spec.compute is not None or entity.subject is not None
    erased = is_erased(flags) and of_the_person
    restricted = restricted_categories(flags) if erased or not is_erased(flags) else frozenset()
    return decide(vector, spec.category, Facts(facts.admitted, relations, restricted, erased))


def _mask_of(spec: FieldSpec, decision: Decision) -> Mask:
    own = spec.permission.mask
    return own if decision.form is None or own is NULL else FORM_MASKS[decision.form]


def _mask_name(spec: FieldSpec, decision: Decision) -> str:
    return (_mask_of(spec, decision) if decision.level is Level.MASKED else spec.hidden).name


def _is_concerned(spec: FieldSpec, vector: Vector, facts: RowFacts) -> bool:
    overseers = (tier for tier in vector.tiers if tier.oversees_privacy and tier.slot in facts.admitted)
    return any(me for name, _, me in facts.flags if name == spec.subject) or any(overseers)


def _pick(entity: Entity, spec: FieldSpec, decision: Decision, *, concerned: bool) -> tuple[Pick, set[str]]:
    if spec.compute is not None:
        return _computed(entity, spec, decision, concerned=concerned)
    if decision.level is Level.HIDDEN:
        return (lambda _row, _opened: None), set()
    raw = _opened(spec.name) if spec.sealed else _stored(spec.name)
    needs = {spec.name} if spec.sealed else set()
    if decision.level is Level.FULL:
        return raw, needs
    mask = _mask_of(spec, decision)
    if mask is PSEUDONYM:
        return (lambda row, _opened: PSEUDONYM.apply(row["pseudonym_number"])), set()
    if mask.output == "null":
        return (lambda _row, _opened: None), set()
    return (lambda row, opened: mask.apply(raw(row, opened))), needs


def _stored(name: str) -> Pick:
    return lambda row, _opened: row[name]


def _opened(name: str) -> Pick:
    return lambda _row, opened: opened[name]


def _computed(
    entity: Entity, spec: FieldSpec, decision: Decision, *, concerned: bool
) -> tuple[Pick, set[str]]:
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

    return pick, sealed
