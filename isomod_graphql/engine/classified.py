"""What a type of the graph says of its own fields, in one line beside its class: what they write, reveal or tell. Refuses to say it twice, and has no default."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from isomod_graphql.core.columns import UnclassifiedColumn
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource

RULE: Final = "__classified__"
NEEDS: Final = "needs"
"""Under this name the metadata of a root field without an input or a source holds the action that it needs."""
CHOOSES: Final = "chooses"
"""Under this name it holds the arguments that choose how a field is told and compare nothing that is stored, with spaces between."""
T = TypeVar("T", bound=type)
Names = Mapping[Category, str]
"""The fields of each category, with spaces between their names in Python."""


@dataclass(frozen=True, slots=True)
class WriteRule:
    """Of an input: the category of what each field writes, and the action that this needs.

    `action` None: the mutation says it, because several take this input. `on` is the kind of row that the action is about;
    `row` the field that names the row whose values are replaced.
    """

    fields: Mapping[str, Category]
    action: Action | None
    on: Resource | None = None
    row: str | None = None
    also: Mapping[str, Action] = field(default_factory=dict)

    def action_of(self, name: str, taken_by: Action) -> Action:
        """What it takes to write this field, where a mutation with that action takes the input."""
        return self.also.get(name, self.action or taken_by)


@dataclass(frozen=True, slots=True)
class RevealRule:
    """Of a filter or a sort: the category that each field or value tells about rows of this kind."""

    fields: Mapping[str, Category]
    resource: Resource


@dataclass(frozen=True, slots=True)
class TellRule:
    """Of any other type: the category of each field."""

    fields: Mapping[str, Category]


Rule = WriteRule | RevealRule | TellRule


def writes(
    action: Action | None,
    fields: Names,
    *,
    on: Resource | None = None,
    row: str | None = None,
    also: Mapping[Action, str] | None = None,
) -> Callable[[T], T]:
    """On an input of a mutation. `also` names the fields that need another action than the rest."""
    others = {name: other for other, names in (also or {}).items() for name in names.split()}
    return _said(WriteRule(_by_name(fields), action, on, row, others))


def reveals(resource: Resource, fields: Names) -> Callable[[T], T]:
    """On a filter or sort."""
    return _said(RevealRule(_by_name(fields), resource))


def tells(fields: Names) -> Callable[[T], T]:
    """On a payload, a page, a range: a type that stands for no row."""
    return _said(TellRule(_by_name(fields)))


def rule_of(cls: object) -> Rule | None:
    """The class's own word: one that inherits fields does not inherit what is said of them."""
    rule: Rule | None = getattr(cls, "__dict__", {}).get(RULE)
    return rule


def _by_name(fields: Names) -> dict[str, Category]:
    found: dict[str, Category] = {}
    for category, names in fields.items():
        for name in names.split():
            if name in found:
                raise UnclassifiedColumn(f"{name} is classified twice")
            found[name] = category
    return found


def _said(rule: Rule) -> Callable[[T], T]:
    def decorate(cls: T) -> T:
        if rule_of(cls) is not None:
            raise UnclassifiedColumn(f"{cls.__name__} is classified twice")
        setattr(cls, RULE, rule)
        return cls

    return decorate


def origin_of(kind: Any) -> object:  # noqa: ANN401  graphql-core's type
    """The class behind a type of the built schema."""
    definition = kind.extensions.get("strawberry-definition")
    return getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)


def python_name(member: Any, name: str) -> str:  # noqa: ANN401  graphql-core's field
    """The name of a field in Python."""
    definition = member.extensions.get("strawberry-definition")
    return getattr(definition, "python_name", None) or name
