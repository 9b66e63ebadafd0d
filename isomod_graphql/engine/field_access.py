"""What a viewer may do with named fields of a row: how much is read, whether it may be changed, why not more. Refuses a name that the type does not have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from graphql import GraphQLError
from graphql.execution.values import VariableValues

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.arguments import Arguments
from isomod_graphql.engine.classified import WriteRule, rule_of
from permissions.categories import Category
from permissions.decisions import Reason
from permissions.grants import Action
from permissions.masks import NULL
from permissions.reach import Resource

if TYPE_CHECKING:
    from isomod_graphql.engine.entities import Entity, FieldSpec

VIEWER_ACCESS: Final = "viewerAccess"
"""The field by which every row is asked; its argument holds names of the fields of the type on which it stands."""
CHANGES: Final = "__changes__"
T = TypeVar("T", bound=type)


class Reading(StrEnum):
    """How much of a field is shown."""

    FULL = "FULL"
    MASKED = "MASKED"
    HIDDEN = "HIDDEN"


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """The answer for one field of one row. `reason` is that of the mask, None where the field is read in full."""

    field: str
    read: Reading
    write: bool
    reason: Reason | None

    @classmethod
    def of(cls, field: str, mask: str | None, reason: str | None, *, write: bool) -> "FieldAccess":
        """From what `extensions.masking` would say of the field: no mask, everything is shown; NULL, nothing."""
        if mask is None or reason is None:
            return cls(field, Reading.FULL, write, None)
        return cls(field, Reading.HIDDEN if mask == NULL.name else Reading.MASKED, write, Reason(reason))

    def member(self, name: str) -> Any:  # noqa: ANN401  JSON
        """A member by its name in the graph, as JSON."""
        value = getattr(self, name)
        return value.value if isinstance(value, StrEnum) else value


@dataclass(frozen=True, slots=True)
class Change:
    """A way to replace a stored value, as the input says that takes it: the action, and the category of what is written."""

    action: Action
    category: Category
    on: Resource | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A field of which it may be asked: its name in the graph, what decides on reading it, the ways to change it."""

    name: str
    spec: "FieldSpec"
    changes: frozenset["Change"]

    @property
    def actions(self) -> frozenset[Action]:
        """Of which it is asked whether the viewer may take them on the row."""
        return frozenset(change.action for change in self.changes)


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """One place of a document where it is asked. `known`: the fields of the type on which it stands."""

    types: tuple[str, ...]
    known: frozenset[str]
    arguments: Arguments

    @property
    def constant(self) -> frozenset[str] | None:
        """The names, where they are known before a request is."""
        given = self.arguments.constant
        return None if given is None else frozenset(given["fields"])

    def names(self, variables: VariableValues) -> list[str]:
        """The names of one request. Raises BadInput."""
        try:
            names: list[str] = self.arguments.values(variables)["fields"]
        except GraphQLError:
            raise BadInput("Name the fields.", field="fields") from None
        if not self.known.issuperset(names):
            raise BadInput("The type on which viewerAccess stands has no such field.", field="fields")
        return names


def refuse_unknown_fields(asked: Iterable[Asking], variables: VariableValues) -> None:
    """Before any SQL, and whatever is reached: only a field that could be selected here may be asked about. Raises BadInput."""
    for one in asked:
        one.names(variables)


def weighed_of(
    asked: Iterable[Asking], weighable: Mapping[str, Mapping[str, Weighed]]
) -> dict[str, tuple[Weighed, ...]]:
    """By graph type, what has to be decided: the named fields, every one where a variable brings the names."""
    found: dict[str, dict[str, Weighed]] = {}
    for one in asked:
        constant = one.constant
        for of in one.types:
            fields = weighable.get(of, {})
            wanted = fields.keys() if constant is None else fields.keys() & constant
            found.setdefault(of, {}).update((name, fields[name]) for name in sorted(wanted))
    return {of: tuple(fields.values()) for of, fields in found.items()}


def changes(entity: "Entity", **renamed: str) -> Any:  # noqa: ANN401  a decorator
    """On an input type that says what it writes: whoever may, changes fields of rows of this kind with it.

    Those are the fields of the same names, and for a name of `renamed` the field that it gives.
    """

    def decorate(cls: T) -> T:
        setattr(cls, CHANGES, (entity, renamed))
        return cls

    return decorate


def changed_by(
    inputs: Iterable[tuple[type, Iterable[str]]], shown: Mapping[str, set[str]]
) -> dict[str, dict[str, frozenset[Change]]]:
    """By the name of an entity and of its field: the ways to change it.

    `inputs` are input types with their fields, `shown` the fields of each entity. Raises UnclassifiedColumn for a change
    of a field that is not shown, and for an input that does not say which action it takes.
    """
    found: dict[str, dict[str, frozenset[Change]]] = {}
    for origin, fields in inputs:
        # The type's own word: one that inherits fields does not inherit what is said of them.
        said, rule = vars(origin).get(CHANGES), rule_of(origin)
        if said is None:
            continue
        if not isinstance(rule, WriteRule) or rule.action is None:
            raise UnclassifiedColumn(f"{origin.__name__} does not say which action it takes")
        entity, renamed = said
        known = found.setdefault(entity.name, {})
        for field, target in _changed(origin.__name__, fields, renamed, shown[entity.name]):
            change = Change(rule.action_of(field, rule.action), rule.fields[field], rule.on)
            known[target] = known.get(target, frozenset()) | {change}
    return found


def _changed(
    name: str, fields: Iterable[str], renamed: Mapping[str, str], shown: set[str]
) -> Iterator[tuple[str, str]]:
    unknown = sorted(set(renamed) - set(fields)) + sorted(set(renamed.values()) - shown)
    if unknown:
        raise UnclassifiedColumn(f"{name} cannot change {', '.join(unknown)}")
    for field in fields:
        target = renamed.get(field, field)
        if target in shown:
            yield field, target
