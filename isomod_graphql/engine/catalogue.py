"""What the built schema shows and accepts, field by field. Refuses to be built while anything is unclassified or a list is not declared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.listing import LISTING, Listing
from isomod_graphql.engine.sources import SOURCES, Source
from permissions.categories import Category
from permissions.reach import Resource

Reveals = tuple[Category, Resource]
Coordinate = tuple[str, str]
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


class UndeclaredList(TypeError):
    """A connection field without a listing, or with one that does not cover what the field takes."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Read-only facts of the schema, made once at start-up."""

    entity_of_type: Mapping[str, Entity]
    fields_of_type: Mapping[str, Mapping[str, FieldSpec]]
    entity_of_code: Mapping[int, Entity]
    governed_inputs: Mapping[str, tuple[Resource, Category, Mapping[str, Category]]]
    written_inputs: Mapping[str, Mapping[str, Category]]
    """By input type and its field in the graph: the category that a mutation writes."""
    listings: Mapping[Coordinate, Listing]
    """Every connection field, by its type and its name in the graph."""
    sources: Mapping[Coordinate, Source]
    """The other fields that say where their rows come from, likewise."""

    def revealed_by(self, input_type: str, names: Iterable[str]) -> Iterator[Reveals]:
        """What an argument of this type would tell about the rows it selects or orders, when it names these fields or sorts."""
        rule = self.governed_inputs.get(input_type)
        if rule is None:
            return
        resource, default, fields = rule
        for name in names:
            yield fields.get(name, default), resource


def build_catalogue(schema: GraphQLSchema, entities: Iterable[Entity]) -> Catalogue:
    """Checks and collects.

    Raises UnclassifiedColumn for a filter or sort type that says not what it reveals, UndeclaredList for a connection.
    """
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
    return Catalogue(
        entity_of_type,
        fields_of_type,
        codes,
        _governed(schema),
        _written(schema),
        dict(_listings(schema)),
        dict(_declared(schema, SOURCES)),
    )


def _declared(schema: GraphQLSchema, key: str) -> Iterator[tuple[Coordinate, Any]]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                definition = field.extensions.get("strawberry-definition")
                found = getattr(definition, "metadata", {}).get(key)
                if found is not None:
                    yield (kind.name, name), found


def _listings(schema: GraphQLSchema) -> Iterator[tuple[Coordinate, Listing]]:
    """Every list of the schema with its declaration, checked. Raises UndeclaredList."""
    declared = dict(_declared(schema, LISTING))
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for name, field in kind.fields.items():
            if "pageInfo" in getattr(get_named_type(field.type), "fields", {}):
                _refuse_undeclared(f"{kind.name}.{name}", field, declared.get((kind.name, name)))
    yield from declared.items()


def _refuse_undeclared(coordinate: str, field: Any, listing: Listing | None) -> None:  # noqa: ANN401  graphql-core's field
    if listing is None:
        raise UndeclaredList(f"{coordinate} has no listing")
    if listing.name != coordinate:
        raise UndeclaredList(f"{coordinate} has the listing of {listing.name}")
    if (listing.under is None) is not coordinate.startswith("Query."):
        raise UndeclaredList(f"{coordinate} does not hang where its listing says")
    hook = listing.in_memory
    fields, sorts = _taken(field, "filter"), _taken(field, "orderBy")
    if fields != set(listing.criteria):
        raise UndeclaredList(f"{coordinate} filters by what its listing does not, or not by what it does")
    known = set(listing.sorts) | (hook.orders if hook is not None else set())
    if (sorts or set(listing.sorts)) != known:
        raise UndeclaredList(f"{coordinate} sorts by what its listing does not, or not by what it does")


def _taken(field: Any, argument: str) -> set[str]:  # noqa: ANN401  graphql-core's field
    """The fields of a filter by Python's names, or the members of a sort; none where there is no such argument."""
    given = field.args.get(argument)
    named: Any = None if given is None else get_named_type(given.type)
    if isinstance(named, GraphQLEnumType):
        return set(named.values)
    return set() if named is None else {_python_name(one, name) for name, one in named.fields.items()}


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
