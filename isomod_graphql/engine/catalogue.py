"""What the built schema shows and accepts, field by field. Refuses to be built while an output field, input field or sort is unclassified."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.entities import Entity, FieldSpec
from permissions.categories import Category
from permissions.reach import Resource

Reveals = tuple[Category, Resource]
REVEALS = "__reveals__"
WRITES = "__writes__"
T = TypeVar("T", bound=type)


def reveals(resource: Resource, default: Category = Category.OPERATIONAL, /, **fields: Category) -> Any:  # noqa: ANN401  a decorator
    """On a filter or sort enum: the category that each field (or enum value) tells about rows of this kind."""

    def decorate(cls: T) -> T:
        setattr(cls, REVEALS, (resource, default, fields))
        return cls

    return decorate


def writes(default: Category, /, **fields: Category) -> Any:  # noqa: ANN401  a decorator
    """On an input type: the category of what each field writes. An `*Input` type without it is not accepted."""

    def decorate(cls: T) -> T:
        setattr(cls, WRITES, (default, fields))
        return cls

    return decorate


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Read-only facts of the schema, made once at start-up."""

    entity_of_type: Mapping[str, Entity]
    fields_of_type: Mapping[str, Mapping[str, FieldSpec]]
    entity_of_code: Mapping[int, Entity]
    governed_inputs: Mapping[str, tuple[Resource, Category, Mapping[str, Category]]]
    written_inputs: Mapping[str, Mapping[str, Category]]
    """By input type and its field in the graph: the category that a mutation writes."""

    def revealed_by(self, input_type: str, names: Iterable[str]) -> Iterator[Reveals]:
        """What an argument of this type would tell about the rows it selects or orders, when it names these fields or sorts."""
        rule = self.governed_inputs.get(input_type)
        if rule is None:
            return
        resource, default, fields = rule
        for name in names:
            yield fields.get(name, default), resource


def build_catalogue(schema: GraphQLSchema, entities: Iterable[Entity]) -> Catalogue:
    """Checks and collects. Raises UnclassifiedColumn for a filter or sort type that says not what it reveals."""
    entity_of_type: dict[str, Entity] = {}
    fields_of_type: dict[str, dict[str, FieldSpec]] = {}
    codes: dict[int, Entity] = {}
    for entity in entities:
        if codes.setdefault(entity.code, entity) is not entity:
            raise UnclassifiedColumn(f"type byte {entity.code} is used twice")
        for type_name, specs in entity.types.items():
            entity_of_type[type_name] = entity
            core = schema.type_map[type_name].fields  # type: ignore[attr-defined]  # an object type
            by_python = {_python_name(field, name): name for name, field in core.items()}
            fields_of_type[type_name] = {by_python[name]: spec for name, spec in specs.items()}
    return Catalogue(entity_of_type, fields_of_type, codes, _governed(schema), _written(schema))


def _python_name(field: Any, name: str) -> str:  # noqa: ANN401  graphql-core's field
    definition = field.extensions.get("strawberry-definition")
    return getattr(definition, "python_name", None) or name


def _governed(schema: GraphQLSchema) -> dict[str, tuple[Resource, Category, Mapping[str, Category]]]:
    found = {}
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLInputObjectType | GraphQLEnumType):
            continue
        definition = kind.extensions.get("strawberry-definition")
        origin = getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)
        rule = getattr(origin, REVEALS, None)
        if rule is not None:
            found[name] = _in_graph_names(kind, rule)
        elif name.endswith(("Filter", "Order")):
            raise UnclassifiedColumn(f"{name} does not say what it reveals")
    return found


def _written(schema: GraphQLSchema) -> dict[str, dict[str, Category]]:
    found: dict[str, dict[str, Category]] = {}
    for name, kind in schema.type_map.items():
        if not isinstance(kind, GraphQLInputObjectType) or name.endswith(("Filter", "Range")):
            continue
        definition = kind.extensions.get("strawberry-definition")
        # The type's own word: one that inherits fields does not inherit what is said of them.
        rule = getattr(getattr(definition, "origin", None), "__dict__", {}).get(WRITES)
        if rule is None:
            raise UnclassifiedColumn(f"{name} does not say what it writes")
        default, named = rule
        by_python = {_python_name(field, key): key for key, field in kind.fields.items()}
        if not set(named) <= set(by_python):
            raise UnclassifiedColumn(f"{name} classifies a field that it does not have")
        found[name] = {key: named.get(python, default) for python, key in by_python.items()}
    return found


def _in_graph_names(
    kind: GraphQLInputObjectType | GraphQLEnumType, rule: tuple[Resource, Category, Mapping[str, Category]]
) -> tuple[Resource, Category, Mapping[str, Category]]:
    """The rule by the names that clients send. Raises UnclassifiedColumn for a rule about a field that is not there."""
    resource, default, fields = rule
    members: Mapping[str, Any] = kind.values if isinstance(kind, GraphQLEnumType) else kind.fields
    named = {_python_name(member, name): name for name, member in members.items()}
    unknown = sorted(fields.keys() - named.keys())
    if unknown:
        raise UnclassifiedColumn(f"{kind.name} has no {', '.join(unknown)}")
    return resource, default, {named[name]: category for name, category in fields.items()}
