"""The plan of one operation for one decision vector: which coordinates are read, and which arguments reveal what. Refuses what the catalogue does not know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)
from graphql.execution.values import get_argument_values

from isomod_graphql.core.errors import FieldNotReadable
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import Vector, unconditional_full

Coordinate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Governed:
    """A field of the document whose arguments can reveal values: filters and sorts."""

    definition: GraphQLField
    node: FieldNode


@dataclass(frozen=True, slots=True)
class Plan:
    """What was decided before the operation runs; the same for everybody with this vector."""

    vector: Vector
    coordinates: frozenset[Coordinate]
    fields: Mapping[str, Mapping[str, tuple[FieldSpec, ...]]]
    governed: tuple[Governed, ...]

    def covers(self, type_name: str, field_name: str) -> bool:
        """True when the coordinate belongs to this operation."""
        return (type_name, field_name) in self.coordinates

    def specs(self, entity: Entity) -> Mapping[str, tuple[FieldSpec, ...]]:
        """The planned fields of an entity, by graph type; every type of the entity has an entry."""
        known = self.fields.get(entity.name, {})
        return {name: known.get(name, ()) for name in entity.types}


def plan_operation(
    schema: GraphQLSchema,
    catalogue: Catalogue,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    vector: Vector,
) -> Plan:
    """Visits every selection once per (fragment, type): linear in the document."""
    visit = _Visit(
        schema, {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    )
    root = schema.get_root_type(operation.operation)
    if root is not None:
        visit.selections(root, operation.selection_set)
    fields: dict[str, dict[str, tuple[FieldSpec, ...]]] = {}
    for type_name, entity in catalogue.entity_of_type.items():
        names = catalogue.fields_of_type[type_name]
        specs = tuple(
            names[field] for of, field in sorted(visit.coordinates) if of == type_name and field in names
        )
        fields.setdefault(entity.name, {})[type_name] = specs
    return Plan(vector, frozenset(visit.coordinates), fields, tuple(visit.governed))


class _Visit:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.schema, self.fragments = schema, fragments
        self.coordinates: set[Coordinate] = set()
        self.governed: list[Governed] = []
        self._seen: set[tuple[str, str]] = set()

    def selections(self, of: GraphQLNamedType, selections: SelectionSetNode) -> None:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                self._field(of, selection)
                continue
            if isinstance(selection, InlineFragmentNode):
                inner = (
                    of
                    if selection.type_condition is None
                    else self.schema.type_map[selection.type_condition.name.value]
                )
                self.selections(inner, selection.selection_set)
                continue
            fragment = self.fragments[selection.name.value]  # type: ignore[attr-defined]  # the third kind is a spread
            on = self.schema.type_map[fragment.type_condition.name.value]
            if (fragment.name.value, on.name) not in self._seen:
                self._seen.add((fragment.name.value, on.name))
                self.selections(on, fragment.selection_set)

    def _field(self, of: GraphQLNamedType, node: FieldNode) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        definition: GraphQLField | None = getattr(of, "fields", {}).get(name)
        if definition is None:
            return
        self.coordinates.update((possible.name, name) for possible in _objects(self.schema, of))
        if node.arguments and definition.args:
            self.governed.append(Governed(definition, node))
        inner = get_named_type(definition.type)
        if node.selection_set is not None and is_composite_type(inner):
            self.selections(inner, node.selection_set)


def _objects(schema: GraphQLSchema, of: GraphQLNamedType) -> Iterator[GraphQLObjectType]:
    if isinstance(of, GraphQLObjectType):
        yield of
    else:
        composite: Any = of
        yield from schema.get_possible_types(composite)


def refuse_revealing_arguments(plan: Plan, catalogue: Catalogue, viewer: Viewer, variables: Any) -> None:  # noqa: ANN401  coerced values
    """Before any SQL: a filter or sort over anything that the viewer cannot read raw is refused, whatever the data.

    The same for null, for absence operators and for an input object nested in another. What a list does unasked is no
    question of the caller's. Raises FieldNotReadable.
    """
    for governed in plan.governed:
        values = get_argument_values(governed.definition, governed.node, variables)
        for key, argument in _asked(governed, variables):
            value = values.get(argument.out_name or key)
            for category, resource in catalogue.revealed_by(get_named_type(argument.type).name, value):
                if not unconditional_full(viewer.vector, category, resource):
                    raise FieldNotReadable


def _asked(governed: Governed, variables: Any) -> Iterator[tuple[str, GraphQLArgument]]:  # noqa: ANN401  coerced values
    """The arguments that the caller gave a value: a variable that is not given leaves the default."""
    for argument in governed.node.arguments or ():
        given = argument.value
        if not isinstance(given, VariableNode) or given.name.value in variables.coerced:
            yield argument.name.value, governed.definition.args[argument.name.value]
