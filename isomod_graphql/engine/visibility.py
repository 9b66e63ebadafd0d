"""What callers of one decision vector can never use of the graph. Refuses to hide what is only masked, or depends on a row."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from isomod_graphql.engine.catalogue import Catalogue
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.plan import may_ask
from isomod_graphql.engine.sources import AnyNode, AnyNodes
from permissions.categories import PERSONAL
from permissions.decisions import Vector, unconditional_full
from permissions.grants import Action
from permissions.writing import AUTHORED, may_act, may_add, may_overwrite, may_reach

Hidden = frozenset[str]
"""Coordinates: `Type`, `Type.field` (also of inputs and enums), `Type.field(argument:)`."""
NOTHING: Final[Hidden] = frozenset()


def hidden_from(schema: GraphQLSchema, catalogue: Catalogue, vector: Vector) -> Hidden:
    """Everything that is of no use to these callers; equal for all that can use the same."""
    look = _Look(schema, catalogue, vector)
    look.rows()
    look.inputs()
    look.fields()
    return frozenset(look.hidden)


@dataclass(slots=True)
class _Look:
    schema: GraphQLSchema
    catalogue: Catalogue
    vector: Vector
    hidden: set[str] = field(default_factory=set)
    writable: set[str] = field(default_factory=set)

    def reaches(self, entity: Entity) -> bool:
        return may_reach(self.vector, entity.scope.resource)

    def rows(self) -> None:
        """The types of rows that are never reached, and interfaces that nothing reached implements."""
        for name, entity in self.catalogue.entity_of_type.items():
            if not self.reaches(entity):
                self.hidden.add(name)
        for kind in self.schema.type_map.values():
            if isinstance(kind, GraphQLInterfaceType):
                possible = self.schema.get_possible_types(kind)
                if possible and all(one.name in self.hidden for one in possible):
                    self.hidden.add(kind.name)

    def inputs(self) -> None:
        """Filters and sorts over what is not read raw everywhere, or by what is never reached; what may not be written."""
        for name, reveals in self.catalogue.governed_inputs.items():
            for member in reveals.fields:
                if not may_ask(self.catalogue, self.vector, name, member):
                    self.hidden.add(f"{name}.{member}")
        for name, one in self._mutations():
            action = self.catalogue.needs[self._root_name, name]
            if self._acts(one, action):
                for argument in one.args.values():
                    self._write(get_named_type(argument.type), action, replaces=False)
        for name, written in self.catalogue.written_inputs.items():
            self.hidden |= {f"{name}.{member}" for member in written.fields} - self.writable
        for kind in self.schema.type_map.values():
            if isinstance(kind, GraphQLInputObjectType):
                self._unusable(kind)

    @property
    def _root_name(self) -> str:
        return self.schema.mutation_type.name if self.schema.mutation_type is not None else ""

    def _mutations(self) -> Iterator[tuple[str, GraphQLField]]:
        root = self.schema.mutation_type
        yield from root.fields.items() if root is not None else ()

    def _write(self, kind: GraphQLNamedType, action: Action, *, replaces: bool) -> None:
        """What may be written by a mutation with this action; an input that several take is of use if it is to one."""
        rule = self.catalogue.written_inputs.get(kind.name)
        if rule is None or not isinstance(kind, GraphQLInputObjectType):
            return
        over = replaces or rule.row is not None
        for member, category in rule.fields.items():
            needed = rule.action_of(member, action)
            may = may_overwrite if over and category not in AUTHORED else may_add
            allowed = may_act(self.vector, needed, rule.on)
            if allowed and (category not in PERSONAL or may(self.vector, category, needed, rule.on)):
                self.writable.add(f"{kind.name}.{member}")
            self._write(get_named_type(kind.fields[member].type), action, replaces=over)

    def _unusable(self, kind: GraphQLInputObjectType) -> bool:
        """An input of which something required is hidden, or everything, is of no use."""
        for name, member in kind.fields.items():
            inner = get_named_type(member.type)
            if isinstance(inner, GraphQLInputObjectType) and inner is not kind and self._unusable(inner):
                self.hidden.add(f"{kind.name}.{name}")
        gone = {name for name in kind.fields if f"{kind.name}.{name}" in self.hidden}
        required = {name for name, member in kind.fields.items() if is_required_input_field(member)}
        if gone & required or len(gone) == len(kind.fields):
            self.hidden.add(kind.name)
        return kind.name in self.hidden

    def fields(self) -> None:
        """Arguments, then fields, then what has no field left, until nothing more follows."""
        for kind in self._composites():
            for name, one in kind.fields.items():
                self._arguments(f"{kind.name}.{name}", one)
                if not self._is_usable(kind.name, name, one):
                    self.hidden.add(f"{kind.name}.{name}")
        while more := set(self._empty()):
            self.hidden |= more

    def _composites(self) -> Iterator[Any]:
        for kind in self.schema.type_map.values():
            if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not kind.name.startswith("__"):
                yield kind

    def _arguments(self, coordinate: str, one: GraphQLField) -> None:
        for name, argument in one.args.items():
            kind = get_named_type(argument.type)
            if kind.name in self.hidden or (
                isinstance(kind, GraphQLEnumType)
                and kind.name in self.catalogue.governed_inputs
                and all(f"{kind.name}.{value}" in self.hidden for value in kind.values)
            ):
                self.hidden.add(f"{coordinate}({name}:)")

    def _is_usable(self, of: str, name: str, one: GraphQLField) -> bool:
        coordinate = f"{of}.{name}"
        measured = self.catalogue.measures.get((of, name))
        if measured is not None and not unconditional_full(self.vector, measured):
            return False
        for key, argument in one.args.items():
            if f"{coordinate}({key}:)" in self.hidden and is_required_argument(argument):
                return False
        action = self.catalogue.needs.get((of, name))
        if action is not None and not self._acts(one, action):
            return False
        for kept in (self.catalogue.listings, self.catalogue.sources):
            source: Any = kept.get((of, name))
            if isinstance(source, AnyNode | AnyNodes):
                return any(self.reaches(entity) for entity in self.catalogue.entity_of_type.values())
            if source is not None:
                entity: Callable[[], Entity] = source.entity
                return self.reaches(entity())
        return True

    def _acts(self, one: GraphQLField, action: Action) -> bool:
        rules = [
            self.catalogue.written_inputs.get(get_named_type(argument.type).name)
            for argument in one.args.values()
        ]
        resources = [rule.on for rule in rules if rule is not None] or [None]
        return all(may_act(self.vector, action, resource) for resource in resources)

    def _empty(self) -> Iterator[str]:
        for kind in self._composites():
            for name, one in kind.fields.items():
                if f"{kind.name}.{name}" not in self.hidden and get_named_type(one.type).name in self.hidden:
                    yield f"{kind.name}.{name}"
            roots = {self.schema.query_type, self.schema.mutation_type, self.schema.subscription_type}
            gone = all(f"{kind.name}.{name}" in self.hidden for name in kind.fields)
            if gone and kind.name not in self.hidden and kind not in roots:
                yield kind.name
