"""The plan of one operation for one decision vector: which coordinates are read, and which arguments reveal what. Refuses what the catalogue does not know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)
from graphql.execution.values import VariableValues

from isomod_graphql.core.errors import FieldNotReadable, MaskedValueRejected
from isomod_graphql.engine.arguments import Arguments, Variables
from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import VIEWER_ACCESS, Asking, Weighed, weighed_of
from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import Vector, unconditional_full
from permissions.grants import Action
from permissions.masks import is_masked_text
from permissions.writing import may_reach

Coordinate = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Governed:
    """A field of the document whose arguments can reveal values: filters and sorts."""

    definition: GraphQLField
    node: FieldNode


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What was decided before the operation runs; the same for everybody with this vector. Equal to itself only."""

    vector: Vector
    coordinates: frozenset[Coordinate]
    fields: Mapping[str, Mapping[str, tuple[FieldSpec, ...]]]
    governed: tuple[Governed, ...]
    """Those of whose arguments the policy has something to say."""
    switches: tuple[str, ...]
    """The variables on which `@include` and `@skip` depend, wherever they stand."""
    variables: Variables
    asking: tuple[Asking, ...] = ()
    """Where it is asked what the viewer may do with fields."""
    weighed: Mapping[str, tuple[Weighed, ...]] = field(default_factory=dict)
    """By graph type, the fields of which that is asked."""
    lacking: tuple[Action, ...] = ()
    """What it takes to ask for the rows of its root fields, and these callers do not hold."""
    unreadable: bool = False
    """It measures what the caller does not read raw of everybody: a mask of many would be no mask."""

    def covers(self, type_name: str, field_name: str) -> bool:
        """True when the coordinate belongs to this operation."""
        return (type_name, field_name) in self.coordinates

    def specs(self, entity: Entity) -> Mapping[str, tuple[FieldSpec, ...]]:
        """The planned fields of an entity, by graph type; every type of the entity has an entry."""
        known = self.fields.get(entity.name, {})
        return {name: known.get(name, ()) for name in entity.types}

    def weighed_in(self, entity: Entity) -> Mapping[str, tuple[Weighed, ...]]:
        """The fields of an entity that are asked about, by graph type."""
        return {name: self.weighed[name] for name in entity.types if name in self.weighed}


def plan_operation(
    schema: GraphQLSchema,
    catalogue: Catalogue,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    vector: Vector,
    *,
    inputs: GraphQLSchema | None = None,
) -> Plan:
    """Visits every selection once per (fragment, type): linear in the document. `inputs`: the schema of the caller."""
    visit = _Visit(
        schema,
        inputs or schema,
        {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)},
    )
    root = schema.get_root_type(operation.operation)
    if root is not None:
        visit.selections(root, operation.selection_set)
    fields: dict[str, dict[str, tuple[FieldSpec, ...]]] = {}
    for type_name, entity in catalogue.entity_of_type.items():
        names = catalogue.fields_of_type[type_name]
        specs = tuple(names[one] for of, one in sorted(visit.coordinates) if of == type_name and one in names)
        fields.setdefault(entity.name, {})[type_name] = specs
    governed = tuple(one for one in visit.governed if any(_named_types(one, catalogue.governed_inputs)))
    return Plan(
        vector,
        frozenset(visit.coordinates),
        fields,
        governed,
        tuple(sorted(visit.switches)),
        Variables(inputs or schema, operation),
        tuple(visit.asking),
        weighed_of(visit.asking, catalogue.weighable),
        tuple(_lacking(catalogue, visit.coordinates, vector)),
        any(
            not unconditional_full(vector, catalogue.measures[one])
            for one in catalogue.measures.keys() & visit.coordinates
        ),
    )


def _lacking(catalogue: Catalogue, coordinates: set[Coordinate], vector: Vector) -> Iterator[Action]:
    """Other root fields ask for what they need themselves, when they are reached."""
    looked_for = (at for at in sorted(coordinates) if at in catalogue.listings or at in catalogue.sources)
    needed = (catalogue.needs[at] for at in looked_for if at in catalogue.needs)
    yield from (action for action in needed if action not in vector.actions)


def _named_types(governed: Governed, known: Mapping[str, object]) -> Iterator[bool]:
    for argument in governed.node.arguments or ():
        yield get_named_type(governed.definition.args[argument.name.value].type).name in known


class _Visit:
    def __init__(
        self, schema: GraphQLSchema, own: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        """`own`: the schema of the caller, which may lack some of it."""
        self.schema, self.own, self.fragments = schema, own, fragments
        self.coordinates: set[Coordinate] = set()
        self.governed: list[Governed] = []
        self.asking: list[Asking] = []
        self.switches: set[str] = set()
        self._seen: set[tuple[str, str]] = set()

    def selections(self, of: GraphQLNamedType, selections: SelectionSetNode) -> None:
        for selection in selections.selections:
            self._switched(selection)
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

    def _switched(self, selection: SelectionNode) -> None:
        for directive in selection.directives or ():
            values = (argument.value for argument in directive.arguments or ())
            self.switches.update(value.name.value for value in values if isinstance(value, VariableNode))

    def _field(self, of: GraphQLNamedType, node: FieldNode) -> None:
        name = node.name.value
        if name.startswith("__"):
            return
        definition: GraphQLField | None = getattr(of, "fields", {}).get(name)
        if definition is None:
            return
        self.coordinates.update((possible.name, name) for possible in _objects(self.schema, of))
        if name == VIEWER_ACCESS:
            types = tuple(possible.name for possible in _objects(self.schema, of))
            known = frozenset(getattr(self.own.type_map.get(of.name), "fields", ()))
            self.asking.append(Asking(types, known, Arguments(definition, node)))
        elif node.arguments and definition.args:
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


def refuse_revealing_arguments(
    plan: Plan, catalogue: Catalogue, viewer: Viewer, variables: VariableValues
) -> None:
    """Before any SQL: a filter or sort over anything that the viewer cannot read raw is refused, whatever the data, and so is
    one that names a row of a kind of which the viewer reaches none.

    The same for null, for absence operators and for an input object nested in another. What a list does unasked is no
    question of the caller's. Raises FieldNotReadable, and MaskedValueRejected for a mask that would be compared.
    """
    for governed in plan.governed:
        for argument in governed.node.arguments or ():
            named = get_named_type(governed.definition.args[argument.name.value].type).name
            for name in spelled(argument.value, variables):
                if not may_ask(catalogue, viewer.vector, named, name):
                    raise FieldNotReadable
            for text in texts(argument.value, variables):
                if is_masked_text(text):
                    raise MaskedValueRejected(field=argument.name.value)


def may_ask(catalogue: Catalogue, vector: Vector, input_type: str, name: str) -> bool:
    """Whether callers of this vector may filter or sort by this field: they read what it tells of every row, raw, and reach
    some row of the kind that it names.
    """
    told = catalogue.revealed_by(input_type, [name])
    return all(unconditional_full(vector, category, resource) for category, resource in told) and all(
        may_reach(vector, entity.scope.resource) for entity in catalogue.named_by(input_type, [name])
    )


def spelled(value: ValueNode, variables: VariableValues) -> Iterator[str]:
    """The input fields and enum values that the caller wrote, wherever they stand; an absent variable writes nothing.

    Coerced values would not do: they also hold the defaults of everything that was left out.
    """
    if isinstance(value, VariableNode):
        source = variables.sources.get(value.name.value)
        default = source.signature.default if source is not None else None
        if source is not None and source.value is not Undefined:
            yield from _sent(source.value)
        elif default is not None and default.literal is not None:
            yield from spelled(default.literal, variables)
    elif isinstance(value, ListValueNode):
        for item in value.values:
            yield from spelled(item, variables)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            if not isinstance(field.value, VariableNode) or field.value.name.value in variables.coerced:
                yield field.name.value
    elif isinstance(value, EnumValueNode):
        yield value.value


def texts(value: ValueNode, variables: VariableValues) -> Iterator[str]:
    """Every text that the caller wrote, wherever it stands."""
    if isinstance(value, VariableNode):
        source = variables.sources.get(value.name.value)
        default = source.signature.default if source is not None else None
        if source is not None and source.value is not Undefined:
            yield from _texts(source.value)
        elif default is not None and default.literal is not None:
            yield from texts(default.literal, variables)
    elif isinstance(value, StringValueNode):
        yield value.value
    elif isinstance(value, ListValueNode):
        for item in value.values:
            yield from texts(item, variables)
    elif isinstance(value, ObjectValueNode):
        for field in value.fields:
            yield from texts(field.value, variables)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401  the JSON of a variable
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


def _sent(value: Any) -> Iterator[str]:  # noqa: ANN401  the JSON of a variable
    if isinstance(value, list | tuple):
        for item in value:
            yield from _sent(item)
    elif isinstance(value, Mapping):
        yield from map(str, value)
    elif value is not None:
        yield str(value)
