"""An operation whose directives are decided, read into the shape of its answer. Refuses what it cannot read from declarations."""

from collections.abc import Mapping, Sequence
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
from isomod_graphql.engine.field_access import VIEWER_ACCESS, Asking, weighed_of
from isomod_graphql.engine.listing import Listing
from isomod_graphql.engine.shapes import (
    Access,
    Convert,
    Counted,
    Ends,
    Figure,
    Figures,
    Gathered,
    Id,
    Item,
    Keyed,
    Link,
    Named,
    NotCompiled,
    ObjectShape,
    Page,
    Part,
    Path,
    RootItem,
    Shape,
    Typename,
    Unsupported,
    Value,
)
from isomod_graphql.engine.sources import AnyNode, AnyNodes, ById, Children, TheViewer, Through, Told
from isomod_graphql.engine.statistics import Statistics

PLAIN_SCALARS: Final = frozenset({"String", "Int", "Float", "Boolean", "DateTime", "Date", "Cursor"})
"""Scalars whose values the JSON writer spells as the schema does."""


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
