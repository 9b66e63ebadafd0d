"""The schema of a class of callers: the one schema without what they can never use. Refuses to be more than is kept: few classes stay ready."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    specified_directives,
)

from isomod_graphql.engine.bounded import Bounded
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.visibility import Hidden, hidden_from

CLASS_BYTES: Final = 24 << 20
BYTES_PER_SCHEMA: Final = 600_000
"""Measured."""
MOST_VECTORS: Final = 4_096
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class ClassSchema:
    """What a class can use. `number` is never given twice: what was found out about an earlier class is not taken for it."""

    number: int
    schema: GraphQLSchema = field(repr=False)


_numbers = count(1)


def schema_of_all(schema: GraphQLSchema) -> ClassSchema:
    """The one schema, for callers who are not told apart."""
    return ClassSchema(next(_numbers), schema)


class ClassSchemas:
    """One per process. Callers who can use the same share a schema, whatever their roles are called."""

    def __init__(self, schema: GraphQLSchema, catalogue: Catalogue, most: int = CLASS_BYTES) -> None:
        """At most so many bytes of schemas."""
        self._schema, self._catalogue = schema, catalogue
        self._hidden: OrderedDict[int, Hidden] = OrderedDict()
        self._made: Bounded[ClassSchema] = Bounded(most)

    def of(self, viewer: Viewer) -> ClassSchema:
        """The schema of the viewer's class."""
        hidden = self._hidden.get(viewer.key)
        if hidden is None:
            hidden = self._hidden[viewer.key] = hidden_from(self._schema, self._catalogue, viewer.vector)
            if len(self._hidden) > MOST_VECTORS:
                self._hidden.popitem(last=False)
        made = self._made.find(hidden)
        if made is None:
            made = ClassSchema(next(_numbers), without(self._schema, hidden))
            self._made.keep(hidden, made, BYTES_PER_SCHEMA)
        return made


def without(schema: GraphQLSchema, hidden: Hidden) -> GraphQLSchema:
    """A copy that lacks these coordinates; resolvers and scalars are shared with the original."""
    copies = _Copies(hidden)
    query, mutation, subscription = (
        None if root is None or root.name in hidden else copies.named(root)
        for root in (schema.query_type, schema.mutation_type, schema.subscription_type)
    )
    copy = GraphQLSchema(
        query=query,
        mutation=mutation if mutation is not None and mutation.fields else None,
        subscription=subscription if subscription is not None and subscription.fields else None,
        types=[copies.named(kind) for kind in _implementing(schema, hidden)]
        if query and query.fields
        else [],
        directives=specified_directives,
        description=schema.description,
        extensions=schema.extensions,
        # It is as valid as the original; that a class may have no query at all is how it should be.
        assume_valid=True,
    )
    copy._strawberry_schema = schema._strawberry_schema  # type: ignore[attr-defined]  # noqa: SLF001  Strawberry's resolvers look for it
    return copy


def _implementing(schema: GraphQLSchema, hidden: Hidden) -> Iterator[GraphQLObjectType]:
    """Types that may be found only through an interface."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind.interfaces and kind.name not in hidden:
            yield kind


class _Copies:
    """Copies of named types, each made once; a type may be part of itself, so it is known before it is filled."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        self._known: dict[str, Any] = {}

    def named(self, kind: GraphQLNamedType) -> Any:  # noqa: ANN401  a type of the same kind
        known = self._known.get(kind.name)
        if known is not None:
            return known
        if isinstance(kind, GraphQLEnumType):
            return self._enum(kind)
        if not isinstance(
            kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType | GraphQLUnionType
        ):
            self._known[kind.name] = kind
            return kind
        copy = self._known[kind.name] = _shallow(kind)
        if isinstance(kind, GraphQLUnionType):
            copy.types = tuple(self.named(one) for one in kind.types if one.name not in self._hidden)
            return copy
        copy.fields = {
            name: self._field(f"{kind.name}.{name}", one)
            for name, one in kind.fields.items()
            if f"{kind.name}.{name}" not in self._hidden
        }
        if not isinstance(kind, GraphQLInputObjectType):
            copy.interfaces = tuple(
                self.named(one) for one in kind.interfaces if one.name not in self._hidden
            )
        return copy

    def _enum(self, kind: GraphQLEnumType) -> GraphQLEnumType:
        gone = {name for name in kind.values if f"{kind.name}.{name}" in self._hidden}
        copy: Any = kind
        if gone:
            copy = _shallow(kind)
            copy.values = {name: value for name, value in kind.values.items() if name not in gone}
            vars(copy).pop("_value_lookup", None)
        self._known[kind.name] = copy
        enum: GraphQLEnumType = copy
        return enum

    def _field(self, coordinate: str, one: Any) -> Any:  # noqa: ANN401  a field of any kind
        copy = _shallow(one)
        copy.type = self._typed(one.type)
        if hasattr(one, "args"):
            copy.args = {}
            for name, argument in one.args.items():
                if f"{coordinate}({name}:)" not in self._hidden:
                    copy.args[name] = _shallow(argument)
                    copy.args[name].type = self._typed(argument.type)
        return copy

    def _typed(self, kind: Any) -> Any:  # noqa: ANN401  a type, wrapped or not
        if isinstance(kind, GraphQLNonNull):
            return GraphQLNonNull(self._typed(kind.of_type))
        if isinstance(kind, GraphQLList):
            return GraphQLList(self._typed(kind.of_type))
        return self.named(kind)


def _shallow(one: T) -> Any:  # noqa: ANN401  the same kind of thing
    """The libraries' own copies go through constructors that a subclass of theirs does not have."""
    copy = object.__new__(type(one))
    vars(copy).update(vars(one))
    return copy
