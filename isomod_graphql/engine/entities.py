"""What a graph type shows and where it comes from: one declaration per field. Refuses a field without a category or one that disagrees with its column."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import ColumnElement, FromClause
from strawberry.permission import PermissionExtension
from strawberry.schema_directive import Location

from isomod_graphql.core.columns import Base, Held, UnclassifiedColumn
from isomod_graphql.engine.reach import RowScope
from permissions.categories import PERSONAL, Category, Keep
from permissions.classes import Discloses
from permissions.disclosure import Form, Level
from permissions.grants import Action
from permissions.masks import NULL, Mask

SPEC = "spec"
strawberry.enum(Category, name="Category", description="Whose data a field shows, and of what kind.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="The category of data that the field shows."
)
class Classified:
    """Printed in the SDL, so that clients and auditors read it there."""

    category: Category


@dataclass(frozen=True, slots=True)
class Shown:
    """What a computed field is told: the raw values it needs (None where hidden) and how much may be shown."""

    values: Mapping[str, Any]
    level: Level
    form: Form | None
    concerns_viewer: bool = False
    """The viewer is the subject or oversees privacy."""


Compute = Callable[[Shown], Any]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """Where a field's value comes from. `subject` is the column with the person, None when it is about nobody."""

    name: str
    permission: Discloses
    column: ColumnElement[Any] | None = None
    sealed: bool = False
    subject: str | None = None
    needs: tuple[str, ...] = ()
    compute: Compute | None = None
    link: "Callable[[], Entity] | None" = None
    hidden: Mask = NULL
    """What stands in place of a hidden value."""
    pseudonym: bool = False
    """It is the pseudonym of the subject, which depends on who asks and is stored nowhere."""
    sibling: bool = False
    """It shows its mask of the value and never more, in a type of its own."""
    evidence: bool = False
    """It is kept for the record of the work: its key outlives the person's erasure."""
    gathered: bool = False
    """It is a small set of other rows; that there are any tells of the subject."""

    @property
    def category(self) -> Category:
        """The category that decides."""
        return self.permission.category

    @property
    def personal(self) -> bool:
        """True when the disclosure table decides, False when the row rule does."""
        return self.permission.category in PERSONAL


@dataclass(frozen=True, slots=True)
class Join:
    """A table beside the main one, at most one row of it per row."""

    target: FromClause
    on: ColumnElement[bool]


@dataclass(eq=False, slots=True)
class Entity:
    """A kind of row that the graph shows: its table, how rows are reached, which graph type a row is.

    `code` is the type byte of global ids and never changes. `subject` is "id" where the row is a person; `people` is the
    table whose `flags` say what is restricted or erased. `type_of` reads the few values that `type_columns` can have.
    `changing`: how rows are reached by whoever changes them, where that is not how they are read.
    `sought`: the action that it takes to ask for rows by themselves, in a list of all or by an id; links show them without.
    """

    name: str
    code: int
    scope: RowScope
    people: type[Base]
    joins: tuple[Join, ...] = ()
    subject: str | None = None
    type_of: Callable[[Mapping[str, Any]], str] | None = None
    type_columns: tuple[ColumnElement[Any], ...] = ()
    types: dict[str, dict[str, FieldSpec]] = field(default_factory=dict)
    changing: RowScope | None = None
    sought: Action | None = None

    def may_seek(self, actions: frozenset[Action], *, own: bool) -> bool:
        """Whether whoever holds these actions may ask for a row by itself; everybody may for him- or herself (`own`)."""
        return self.sought is None or self.sought in actions or (own and self.subject == "id")

    @property
    def model(self) -> type[Base]:
        """The main table's model."""
        return self.scope.model

    def type_name(self, row: Mapping[str, Any]) -> str:
        """The graph type of a row."""
        return self.type_of(row) if self.type_of is not None else next(iter(self.types))


def personal(
    category: Category, *, mask: Mask = NULL, column: ColumnElement[Any] | None = None, description: str = ""
) -> Any:  # noqa: ANN401  a field
    """A field with personal data: nullable, and masked as the tables say."""
    return _declare(_Draft(Discloses(category, mask), column=column), description)


def shows(category: Category, *, column: ColumnElement[Any] | None = None, description: str = "") -> Any:  # noqa: ANN401  a field
    """A field whose category is not the type's default, or whose column has another name."""
    return _declare(_Draft(Discloses(category), column=column), description)


def computed(
    category: Category,
    *,
    needs: tuple[str, ...],
    compute: Compute,
    mask: Mask = NULL,
    hidden: Mask = NULL,
    subject: str | None = None,
    description: str = "",
) -> Any:  # noqa: ANN401  a field
    """A field made of others. `compute` gets the raw values only as far as the decision releases them.

    `hidden` names what it gives where nothing is released; `subject` the column with the person, where the row is not one.
    """
    draft = _Draft(Discloses(category, mask), needs=needs, compute=compute, hidden=hidden, subject=subject)
    return _declare(draft, description)


def generalised(category: Category, *, mask: Mask, column: ColumnElement[Any], description: str = "") -> Any:  # noqa: ANN401  a field
    """The typed sibling of a field that a mask turns to null: what the mask leaves of the value, wherever any of it is shown."""
    return _declare(_Draft(Discloses(category, mask), column=column, sibling=True), description)


def pseudonymous(*, description: str = "") -> Any:  # noqa: ANN401  a field
    """The pseudonym of the person that the row is, for the purpose of whoever asks. It follows the row: it names nobody."""
    return _declare(_Draft(Discloses(Category.OPERATIONAL), pseudonym=True), description)


def link(
    to: Callable[[], Entity],
    *,
    by: str | ColumnElement[Any],
    category: Category = Category.OPERATIONAL,
    subject: str | None = None,
    description: str = "",
) -> Any:  # noqa: ANN401  a field
    """A to-one link through `by` to a row with a reach of its own; `subject` says of whom one of a personal category tells."""
    return _declare(_Draft(Discloses(category), link=to, by=by, subject=subject), description)


def listed(
    category: Category = Category.OPERATIONAL,
    *,
    metadata: Mapping[str, object] | None = None,
    description: str = "",
) -> Any:  # noqa: ANN401  a decorator
    """A field of a graph type with a resolver and arguments, such as a connection; it carries its category like all others.

    `metadata` says where its rows come from. A small set with a personal category is nullable, and hidden as a value is.
    """
    return partial(
        strawberry.field,
        description=description or None,
        metadata=metadata,
        extensions=[PermissionExtension([Discloses(category)])],
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    permission: Discloses
    column: ColumnElement[Any] | None = None
    needs: tuple[str, ...] = ()
    compute: Compute | None = None
    link: Callable[[], Entity] | None = None
    by: str | ColumnElement[Any] | None = None
    hidden: Mask = NULL
    pseudonym: bool = False
    sibling: bool = False
    subject: str | None = None


def _declare(draft: _Draft, description: str) -> Any:  # noqa: ANN401  a Strawberry field
    directives = (
        [Classified(category=draft.permission.category)] if draft.permission.category in PERSONAL else []
    )
    return strawberry.field(description=description or None, directives=directives, metadata={SPEC: draft})


T = TypeVar("T", bound=type)


@dataclass_transform(
    kw_only_default=True,
    field_specifiers=(strawberry.field, personal, shows, computed, generalised, pseudonymous, link),
)
def graph_type(
    entity: Entity, *, default: Category, description: str, interface: bool = False
) -> Callable[[T], T]:
    """Makes a Strawberry type of a class whose annotations are fields of `entity`.

    Raises UnclassifiedColumn for a field without a column, or one that disagrees with its column's category.
    """

    def decorate(cls: T) -> T:
        for name in vars(cls).get("__annotations__", {}):
            if name not in vars(cls):
                setattr(cls, name, _declare(_Draft(Discloses(default)), ""))
        make = strawberry.interface if interface else strawberry.type
        made: Any = make(cls, description=description)
        if not interface:
            definition = made.__strawberry_definition__
            entity.types[definition.name] = dict(_specs(entity, definition.fields))
        typed: T = made
        return typed

    return decorate


def _specs(entity: Entity, fields: Iterable[Any]) -> Iterator[tuple[str, FieldSpec]]:
    for field_ in fields:
        name = field_.python_name
        if name == "id":
            yield name, FieldSpec("id", Discloses(Category.OPERATIONAL))
        elif SPEC in field_.metadata:
            yield name, _spec(entity, name, field_.metadata[SPEC])
        else:
            permission = _permission(field_)
            if permission is None:
                raise UnclassifiedColumn(f"{entity.name}.{name} has no category")
            if permission.category in PERSONAL:
                yield name, _gathered(entity, name, permission)


def _permission(field_: Any) -> Discloses | None:  # noqa: ANN401  a Strawberry field
    guards = (one for one in field_.extensions if isinstance(one, PermissionExtension))
    return next((one for guard in guards for one in guard.permissions if isinstance(one, Discloses)), None)


def _gathered(entity: Entity, name: str, permission: Discloses) -> FieldSpec:
    if entity.subject is None:
        raise UnclassifiedColumn(f"{entity.name}.{name} is about somebody, and its rows are about nobody")
    return FieldSpec(name, permission, subject=entity.subject, gathered=True)


def _spec(entity: Entity, name: str, draft: _Draft) -> FieldSpec:
    if draft.compute is not None:
        made = FieldSpec(name, draft.permission, needs=draft.needs, compute=draft.compute)
        return replace(made, subject=draft.subject or entity.subject, hidden=draft.hidden)
    model = entity.model
    if draft.pseudonym:
        if entity.subject is None:
            raise UnclassifiedColumn(f"{entity.name}.{name} is of somebody, and its rows are about nobody")
        return FieldSpec(name, draft.permission, subject=entity.subject, pseudonym=True)
    if draft.link is not None:
        if draft.permission.category in PERSONAL and draft.subject is None:
            raise UnclassifiedColumn(f"{entity.name}.{name} tells of somebody, and does not say of whom")
        by = draft.by if isinstance(draft.by, ColumnElement) else model.__table__.c[draft.by or ""]
        return FieldSpec(name, draft.permission, column=by, subject=draft.subject, link=draft.link)
    sealed = model.sealed_fields.get(name)
    if sealed is not None:
        _agree(model, name, draft, sealed.category)
        evidence = sealed.keep is Keep.EVIDENCE
        return FieldSpec(name, draft.permission, sealed=True, subject=sealed.subject, evidence=evidence)
    column = draft.column if draft.column is not None else model.__table__.c.get(name)
    if column is None:
        raise UnclassifiedColumn(f"{entity.name}.{name} has no column")
    info: Held | None = getattr(column, "info", {}).get("held")
    if info is None:
        raise UnclassifiedColumn(f"{entity.name}.{name} shows an unclassified column")
    _agree(model, name, draft, info.category)
    return FieldSpec(name, draft.permission, column=column, subject=info.subject, sibling=draft.sibling)


def _agree(model: type[Base], name: str, draft: _Draft, stored: Category) -> None:
    shown = draft.permission.category
    if stored is Category.CREDENTIAL or ((stored in PERSONAL or shown in PERSONAL) and stored is not shown):
        raise UnclassifiedColumn(f"{model.__tablename__}.{name} is {stored} and cannot be shown as {shown}")
