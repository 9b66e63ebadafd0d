"""The shape of an answer: an operation whose directives are decided, as a tree of objects, lists and values. Refuses what it cannot read from declarations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from isomod_graphql.engine.arguments import Arguments
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.classified import python_name
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import VIEWER_ACCESS, Asking, FieldAccess, Weighed, weighed_of
from isomod_graphql.engine.listing import Listing
from isomod_graphql.engine.sources import AnyNode, AnyNodes, ById, Children, TheViewer, Through, Told
from isomod_graphql.engine.statistics import Statistics

PLAIN_SCALARS: Final = frozenset({"String", "Int", "Float", "Boolean", "DateTime", "Date", "Cursor"})
"""Scalars whose values the JSON writer spells as the schema does."""

Path = tuple[str, ...]
Convert = Callable[[Any], Any]


class Unsupported(StrEnum):
    """Why an operation goes through the reference executor."""

    FORCED = "FORCED"
    NOBODY = "NOBODY"
    NOT_A_QUERY = "NOT_A_QUERY"
    INTROSPECTION = "INTROSPECTION"
    CUSTOM_RESOLVER = "CUSTOM_RESOLVER"
    FIELD_ERROR = "FIELD_ERROR"
    """A field of it fails: the reference executor says which, and what is left of the answer."""


class NotCompiled(Exception):
    """The compiler leaves this operation to the reference executor; `reason` says why."""

    def __init__(self, reason: Unsupported) -> None:
        """Counted by whoever falls back."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Typename:
    """The name of the object's type."""

    name: str


@dataclass(frozen=True, slots=True)
class Id:
    """The object's global id."""


@dataclass(frozen=True, slots=True)
class Value:
    """A leaf. `convert` turns what is stored into JSON; None where the writer does that by itself."""

    spec: FieldSpec
    coordinate: str
    convert: Convert | None


@dataclass(eq=False, slots=True)
class ObjectShape:
    """An object of one entity at one path: for each graph type that it may have, response keys and what stands under them."""

    entity: Entity
    path: Path
    types: "dict[str, list[tuple[str, Item]]]" = field(default_factory=dict)


def is_typeless(shape: ObjectShape) -> bool:
    """The rows may be of several types, and whichever they are, the answer is made of the same values."""
    if len(shape.types) < 2 or len(shape.types) != len(shape.entity.types):
        return False
    looks = [[(key, _plain(item)) for key, item in items] for items in shape.types.values()]
    return None not in [item for look in looks for _, item in look] and all(
        look == looks[0] for look in looks
    )


def _plain(item: "Item") -> str | None:
    """What an item shows, apart from the name of the type; None where it is more than a value of the row's own."""
    if isinstance(item, Id):
        return "id"
    return item.spec.name if isinstance(item, Value) else None


@dataclass(eq=False, slots=True)
class Link:
    """The row at the other end of a to-one link. `coordinate` where its category is personal."""

    spec: FieldSpec
    target: ObjectShape
    coordinate: str = ""


@dataclass(eq=False, slots=True)
class Ends:
    """A part of a page: `fields` are response keys and the names of page info or edge fields."""

    kind: str
    fields: list[tuple[str, "str | Typename | ObjectShape"]]


Part = Typename | ObjectShape | Ends | None
"""Of a connection: its type's name, its nodes, its edges or page info, or None for the total count."""


@dataclass(eq=False, slots=True)
class Page:
    """A connection."""

    listing: Listing
    definition: GraphQLField
    arguments: Arguments
    parts: list[tuple[str, Part]]

    @property
    def tells_more(self) -> bool:
        """Whether there is a next page is asked for."""
        return self._asks("hasNextPage")

    @property
    def tells_cursors(self) -> bool:
        """Some cursor is asked for."""
        return self._asks("cursor", "startCursor", "endCursor")

    def _asks(self, *names: str) -> bool:
        ends = (part for _, part in self.parts if isinstance(part, Ends))
        return any(name in names for end in ends for _, name in end.fields if isinstance(name, str))

    @property
    def objects(self) -> list[ObjectShape]:
        """Every look at the rows of the page."""
        nodes = [part for _, part in self.parts if isinstance(part, ObjectShape)]
        edges = [part for _, part in self.parts if isinstance(part, Ends)]
        return nodes + [one for edge in edges for _, one in edge.fields if isinstance(one, ObjectShape)]


@dataclass(eq=False, slots=True)
class Gathered:
    """A small set under a row, without pages. `spec` and `coordinate` where its category is personal."""

    source: Children | Through
    target: ObjectShape
    spec: FieldSpec | None = None
    coordinate: str = ""


@dataclass(eq=False, slots=True)
class Named:
    """What ids name, or the viewer, or an event: one object, or a list of them. Several entities where anything may be named."""

    source: ById | TheViewer | AnyNode | AnyNodes | Told
    definition: GraphQLField
    arguments: Arguments
    targets: dict[str, ObjectShape]
    """By the entity's name."""


@dataclass(eq=False, slots=True)
class Access:
    """What the viewer may do with fields of the row. `members`: response keys and the members of each entry."""

    type_name: str
    asking: Asking
    weighed: tuple[Weighed, ...]
    members: list[tuple[str, str | Typename]]

    def told(self, access: Mapping[str, FieldAccess], names: Sequence[str]) -> list[dict[str, Any]]:
        """One entry per name."""
        return [
            {
                key: member.name if isinstance(member, Typename) else access[name].member(member)
                for key, member in self.members
            }
            for name in names
        ]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a statistic, or what a group is told apart by; `name` is Python's."""

    name: str
    coordinate: str
    path: Path
    convert: Convert | None


@dataclass(eq=False, slots=True)
class Keyed:
    """The row that each group stands for."""

    name: str
    target: ObjectShape


@dataclass(eq=False, slots=True)
class Figures:
    """An object of figures, or a list of such."""

    name: str
    fields: "list[tuple[str, Typename | Figure | Figures | Keyed]]"

    @property
    def keyed(self) -> "list[Keyed]":
        """Wherever they stand."""
        found: list[Keyed] = []
        for _, part in self.fields:
            found += [part] if isinstance(part, Keyed) else part.keyed if isinstance(part, Figures) else []
        return found


@dataclass(eq=False, slots=True)
class Counted:
    """A field of the root that counts rows."""

    statistics: Statistics
    definition: GraphQLField
    arguments: Arguments
    figures: Figures


Item = Typename | Id | Value | Link | Page | Gathered | Access
RootItem = Typename | Page | Named | Counted


@dataclass(eq=False, slots=True)
class Shape:
    """The root: response keys in order."""

    items: list[tuple[str, RootItem]]


def shape_of(
    schema: GraphQLSchema,
    catalogue: Catalogue,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: VariableValues,
) -> Shape:
    """Reads the operation as it stands under these variables. Raises NotCompiled."""
    roots = {"query": schema.query_type, "subscription": schema.subscription_type}
    root = roots.get(operation.operation.value)
    if root is None:
        raise NotCompiled(Unsupported.NOT_A_QUERY)
    return _Reading(schema, catalogue, document, operation, variables).root(root)


class _Reading:
    def __init__(
        self,
        schema: GraphQLSchema,
        catalogue: Catalogue,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: VariableValues,
    ) -> None:
        self.schema, self.catalogue = schema, catalogue
        self.operation, self.variables = operation, variables
        self.fragments = {
            one.name.value: FragmentDetails(one)
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

    def root(self, of: GraphQLObjectType) -> Shape:
        fields = collect_fields(self.schema, self.fragments, self.variables, of, self.operation)
        return Shape(
            [(key, self._root_item(of, key, found)) for key, found in fields.grouped_field_set.items()]
        )

    def _root_item(self, of: GraphQLObjectType, key: str, found: list[FieldDetails]) -> RootItem:
        node = found[0].node
        name = node.name.value
        if name == "__typename":
            return Typename(of.name)
        if name.startswith("__"):
            raise NotCompiled(Unsupported.INTROSPECTION)
        definition = of.fields[name]
        listing = self.catalogue.listings.get((of.name, name))
        if listing is not None:
            return self._page(listing, definition, (key,), found)
        source = self.catalogue.sources.get((of.name, name))
        if isinstance(source, Statistics):
            figures = Figures(name, self._figures(source, definition, (key,), found))
            return Counted(source, definition, Arguments(definition, node), figures)
        if not isinstance(source, ById | TheViewer | AnyNode | AnyNodes | Told):
            raise NotCompiled(Unsupported.CUSTOM_RESOLVER)
        path = (key, "*") if isinstance(source, AnyNodes) else (key,)
        targets = self._targets(definition, path, found)
        return Named(source, definition, Arguments(definition, node), targets)

    def _figures(
        self, source: Statistics, definition: GraphQLField, path: Path, found: list[FieldDetails]
    ) -> "list[tuple[str, Typename | Figure | Figures | Keyed]]":
        of: Any = get_named_type(definition.type)
        parts: list[tuple[str, Typename | Figure | Figures | Keyed]] = []
        for key, inner in self._inside(of, found).items():
            name = inner[0].node.name.value
            if name == "__typename":
                parts.append((key, Typename(of.name)))
                continue
            field = of.fields[name]
            python, here = python_name(field, name), (*path, key)
            if python in source.links:
                parts.append(
                    (key, Keyed(python, self._object(source.links[python](), field.type, here, inner)))
                )
            elif is_composite_type(get_named_type(field.type)):
                below = (*here, "*") if isinstance(get_nullable_type(field.type), GraphQLList) else here
                parts.append((key, Figures(python, self._figures(source, field, below, inner))))
            else:
                parts.append((key, Figure(python, f"{of.name}.{name}", here, _converter(field.type))))
        return parts

    def _targets(
        self, definition: GraphQLField, path: Path, found: list[FieldDetails]
    ) -> dict[str, ObjectShape]:
        kinds = self._object_types(definition.type)
        entities = {self.catalogue.entity_of_type[kind.name].name: kind for kind in kinds}
        return {
            name: self._object(self.catalogue.entity_of_type[kind.name], definition.type, path, found)
            for name, kind in entities.items()
        }

    def _object_types(self, of: GraphQLOutputType) -> Sequence[GraphQLObjectType]:
        named: Any = get_named_type(of)
        return [named] if isinstance(named, GraphQLObjectType) else self.schema.get_possible_types(named)

    def _object(
        self, entity: Entity, of: GraphQLOutputType, path: Path, found: list[FieldDetails]
    ) -> ObjectShape:
        shape = ObjectShape(entity, path)
        for kind in self._object_types(of):
            if kind.name in entity.types:
                shape.types[kind.name] = [
                    (key, self._item(kind, (*path, key), inner))
                    for key, inner in self._inside(kind, found).items()
                ]
        return shape

    def _inside(self, of: GraphQLObjectType, found: list[FieldDetails]) -> Mapping[str, list[FieldDetails]]:
        return collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, of, found
        ).grouped_field_set

    def _item(self, of: GraphQLObjectType, path: Path, found: list[FieldDetails]) -> Item:
        name = found[0].node.name.value
        if name == "__typename":
            return Typename(of.name)
        definition = of.fields[name]
        spec = self.catalogue.fields_of_type[of.name].get(name)
        if spec is not None and not spec.gathered:
            return self._declared(spec, f"{of.name}.{name}", definition, path, found)
        listing = self.catalogue.listings.get((of.name, name))
        if listing is not None:
            return self._page(listing, definition, path, found)
        if name == VIEWER_ACCESS:
            return self._access(of, definition, found)
        source = self.catalogue.sources.get((of.name, name))
        if not isinstance(source, Children | Through):
            raise NotCompiled(Unsupported.CUSTOM_RESOLVER)
        target = self._object(source.entity(), definition.type, (*path, "*"), found)
        return Gathered(source, target, spec, f"{of.name}.{name}")

    def _access(self, of: GraphQLObjectType, definition: GraphQLField, found: list[FieldDetails]) -> Access:
        inner: Any = get_named_type(definition.type)
        members: list[tuple[str, str | Typename]] = []
        for key, nodes in self._inside(inner, found).items():
            name = nodes[0].node.name.value
            members.append((key, Typename(inner.name) if name == "__typename" else name))
        asking = Asking((of.name,), frozenset(of.fields), Arguments(definition, found[0].node))
        weighed = weighed_of([asking], self.catalogue.weighable)[of.name]
        return Access(of.name, asking, weighed, members)

    def _declared(
        self,
        spec: FieldSpec,
        coordinate: str,
        definition: GraphQLField,
        path: Path,
        found: list[FieldDetails],
    ) -> Item:
        if spec.name == "id":
            return Id()
        if spec.link is not None:
            return Link(spec, self._object(spec.link(), definition.type, path, found), coordinate)
        return Value(spec, coordinate, _converter(definition.type))

    def _page(
        self, listing: Listing, definition: GraphQLField, path: Path, found: list[FieldDetails]
    ) -> Page:
        of: Any = get_named_type(definition.type)
        parts = [
            (key, self._part(listing, of, (*path, key), inner))
            for key, inner in self._inside(of, found).items()
        ]
        return Page(listing, definition, Arguments(definition, found[0].node), parts)

    def _part(self, listing: Listing, of: GraphQLObjectType, path: Path, found: list[FieldDetails]) -> Part:
        name = found[0].node.name.value
        if name == "__typename":
            return Typename(of.name)
        if name == "totalCount":
            return None
        definition = of.fields[name]
        if name == "nodes":
            return self._object(listing.entity(), definition.type, (*path, "*"), found)
        inner_type: Any = get_named_type(definition.type)
        fields: list[tuple[str, str | Typename | ObjectShape]] = []
        for key, inner in self._inside(inner_type, found).items():
            field_name = inner[0].node.name.value
            if field_name == "__typename":
                fields.append((key, Typename(inner_type.name)))
            elif field_name == "node":
                node_type = inner_type.fields["node"].type
                fields.append((key, self._object(listing.entity(), node_type, (*path, "*", key), inner)))
            else:
                fields.append((key, field_name))
        return Ends(name, fields)


def _converter(of: GraphQLOutputType) -> Convert | None:
    """How a stored value becomes JSON; None where nothing is to be done."""
    if isinstance(of, GraphQLNonNull):
        return _converter(of.of_type)
    if isinstance(of, GraphQLList):
        inner = _converter(of.of_type)
        return None if inner is None else lambda values: [inner(value) for value in values]
    if isinstance(of, GraphQLEnumType):
        names = {getattr(member.value, "value", member.value): name for name, member in of.values.items()}
        return None if all(value == name for value, name in names.items()) else names.__getitem__
    if isinstance(of, GraphQLScalarType) and of.name in PLAIN_SCALARS:
        return None
    serialize: Convert = of.serialize  # type: ignore[union-attr]  # only leaves get here
    return serialize
