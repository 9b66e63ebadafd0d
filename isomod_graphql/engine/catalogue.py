"""What the built schema shows and accepts, field by field. Refuses to be built while anything is unclassified or a list is not declared."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.classified import (
    NEEDS,
    RevealRule,
    Rule,
    WriteRule,
    origin_of,
    python_name,
    rule_of,
)
from isomod_graphql.engine.coverage import classification, in_graph_names
from isomod_graphql.engine.entities import Entity, FieldSpec
from isomod_graphql.engine.field_access import Weighed, changed_by
from isomod_graphql.engine.listing import LISTING, Criterion, Listing, Reference
from isomod_graphql.engine.sources import SOURCES, ById, Source, Told
from isomod_graphql.engine.statistics import MEASURES, SUPPRESSES
from permissions.categories import Category
from permissions.classes import Discloses
from permissions.grants import Action
from permissions.reach import Resource

Reveals = tuple[Category, Resource]
Coordinate = tuple[str, str]


class UndeclaredList(TypeError):
    """A connection field without a listing, or with one that does not cover what the field takes."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Read-only facts of the schema, made once at start-up."""

    entity_of_type: Mapping[str, Entity]
    fields_of_type: Mapping[str, Mapping[str, FieldSpec]]
    entity_of_code: Mapping[int, Entity]
    governed_inputs: Mapping[str, RevealRule]
    """By filter or sort, with names of the graph."""
    written_inputs: Mapping[str, WriteRule]
    """By input of a mutation, with names of the graph."""
    listings: Mapping[Coordinate, Listing]
    """Every connection field, by its type and its name in the graph."""
    sources: Mapping[Coordinate, Source]
    """The other fields that say where their rows come from, likewise."""
    needs: Mapping[Coordinate, Action]
    """Root fields that need an action, likewise."""
    referred: Mapping[str, Mapping[str, Entity]]
    """By filter and field, with names of the graph: the kind of row that the field names by its id."""
    measures: Mapping[Coordinate, Category]
    """Fields that are told of many rows at once, and the category of what they measure, likewise."""
    suppressed: Mapping[Coordinate, Category]
    """Counts that may be too small to be told, likewise."""
    classified: Mapping[str, str]
    """Every coordinate of the graph and its class, as `coverage` finds it."""
    weighable: Mapping[str, Mapping[str, Weighed]]
    """By type and name in the graph: every field of a row, and who changes it."""

    def revealed_by(self, input_type: str, names: Iterable[str]) -> Iterator[Reveals]:
        """What an argument of this type would tell about the rows it selects or orders, when it names these fields or sorts."""
        rule = self.governed_inputs.get(input_type)
        if rule is None:
            return
        for name in names:
            yield rule.fields[name], rule.resource

    def named_by(self, input_type: str, names: Iterable[str]) -> Iterator[Entity]:
        """The kinds of rows that an argument of this type names, when it says these fields."""
        known = self.referred.get(input_type, {})
        yield from (known[name] for name in names if name in known)


def build_catalogue(schema: GraphQLSchema, entities: Iterable[Entity]) -> Catalogue:
    """Checks and collects.

    Raises UnclassifiedColumn for anything that is not classified exactly once, UndeclaredList for a connection.
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
            by_python = {python_name(field, name): name for name, field in core.items()}
            fields_of_type[type_name] = {by_python[name]: spec for name, spec in specs.items()}
    listings = dict(_listings(schema))
    return Catalogue(
        entity_of_type,
        fields_of_type,
        codes,
        {name: rule for name, rule in _ruled(schema) if isinstance(rule, RevealRule)},
        {name: rule for name, rule in _ruled(schema) if isinstance(rule, WriteRule)},
        listings,
        dict(_sources(schema)),
        dict(_needs(schema)),
        _referred(schema, listings),
        dict(_declared(schema, MEASURES)),
        dict(_declared(schema, SUPPRESSES)),
        classification(schema),
        _weighable(schema, entity_of_type, fields_of_type),
    )


def _weighable(
    schema: GraphQLSchema,
    entity_of_type: Mapping[str, Entity],
    fields_of_type: Mapping[str, Mapping[str, FieldSpec]],
) -> dict[str, dict[str, Weighed]]:
    """A list counts as a field of its category. Raises UnclassifiedColumn."""
    named: dict[str, dict[str, str]] = {}
    shown: dict[str, set[str]] = {}
    for of, entity in entity_of_type.items():
        core: Any = schema.type_map[of]
        named[of] = {name: python_name(field, name) for name, field in core.fields.items()}
        shown.setdefault(entity.name, set()).update(named[of].values())
    changed = changed_by(_inputs(schema), shown)
    found: dict[str, dict[str, Weighed]] = {}
    for of, entity in entity_of_type.items():
        core = schema.type_map[of]
        ways = changed.get(entity.name, {})
        found[of] = {
            name: Weighed(
                name,
                fields_of_type[of].get(name) or _listed(core.fields[name], python),
                ways.get(python, frozenset()),
            )
            for name, python in named[of].items()
        }
    return found


def _listed(field: Any, name: str) -> FieldSpec:  # noqa: ANN401  graphql-core's field
    """The specification of a field with a resolver of its own: its category, and no value."""
    definition = field.extensions["strawberry-definition"]
    permission = next(
        one
        for extension in definition.extensions
        for one in getattr(extension, "permissions", ())
        if isinstance(one, Discloses)
    )
    return FieldSpec(name, permission)


def _inputs(schema: GraphQLSchema) -> Iterator[tuple[type, list[str]]]:
    """The class of every input type, and its fields by Python's names."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            origin = getattr(kind.extensions.get("strawberry-definition"), "origin", None)
            if origin is not None:
                yield origin, [python_name(field, name) for name, field in kind.fields.items()]


def _declared(schema: GraphQLSchema, key: str) -> Iterator[tuple[Coordinate, Any]]:
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for name, field in kind.fields.items():
                definition = field.extensions.get("strawberry-definition")
                found = getattr(definition, "metadata", {}).get(key)
                if found is not None:
                    yield (kind.name, name), found


def _sources(schema: GraphQLSchema) -> Iterator[tuple[Coordinate, Source]]:
    """Every source, and that what is followed takes the filter of its list. Raises UndeclaredList."""
    for (of, name), source in _declared(schema, SOURCES):
        core: Any = schema.type_map[of]
        if isinstance(source, Told) and _taken(core.fields[name], "filter") != set(source.listing.criteria):
            raise UndeclaredList(f"{of}.{name} filters by what its list does not, or not by what it does")
        yield (of, name), source


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
    for name, taken, criterion in _filters(field, listing):
        if (get_named_type(taken.type).name == "ID") is not isinstance(criterion, Reference):
            raise UndeclaredList(f"{coordinate} does not say what kind of row its filter names as {name}")
        if isinstance(criterion, Reference):
            rule: Any = rule_of(origin_of(get_named_type(field.args["filter"].type)))
            told = rule.fields[python_name(taken, name)]
            _refuse_unlike_link(f"{coordinate}({name})", listing.entity(), criterion, told)


def _refuse_unlike_link(coordinate: str, listed: Entity, criterion: Reference, told: Category) -> None:
    """Where a link shows the column, the filter names what the link shows, to whom it shows it; `told`: what the filter tells."""
    for spec in (spec for specs in listed.types.values() for spec in specs.values()):
        if spec.link is None or spec.column is not criterion.column:
            continue
        if spec.link() is not criterion.entity() or (spec.personal and spec.category is not told):
            raise UndeclaredList(f"{coordinate} names another kind of row than the link {spec.name} shows")


def _filters(field: Any, listing: Listing) -> Iterator[tuple[str, Any, Criterion]]:  # noqa: ANN401  graphql-core's field
    """The fields of the filter that a list takes, with what each asks."""
    given = field.args.get("filter")
    named: Any = None if given is None else get_named_type(given.type)
    for name, one in getattr(named, "fields", {}).items():
        yield name, one, listing.criteria[python_name(one, name)]


def _referred(schema: GraphQLSchema, listings: Mapping[Coordinate, Listing]) -> dict[str, dict[str, Entity]]:
    found: dict[str, dict[str, Entity]] = {}
    for (of, name), listing in listings.items():
        field = schema.type_map[of].fields[name]  # type: ignore[attr-defined]  # it has a field with a list
        for member, _, criterion in _filters(field, listing):
            if isinstance(criterion, Reference):
                kind = get_named_type(field.args["filter"].type).name
                found.setdefault(kind, {})[member] = criterion.entity()
    return found


def _taken(field: Any, argument: str) -> set[str]:  # noqa: ANN401  graphql-core's field
    """The fields of a filter by Python's names, or the members of a sort; none where there is no such argument."""
    given = field.args.get(argument)
    named: Any = None if given is None else get_named_type(given.type)
    if isinstance(named, GraphQLEnumType):
        return set(named.values)
    return set() if named is None else {python_name(one, name) for name, one in named.fields.items()}


def _ruled(schema: GraphQLSchema) -> Iterator[tuple[str, Rule]]:
    """What types say of their fields, by the names that clients send."""
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLInputObjectType | GraphQLEnumType):
            rule = rule_of(origin_of(kind))
            if rule is not None:
                yield name, in_graph_names(kind, rule)


def _needs(schema: GraphQLSchema) -> Iterator[tuple[Coordinate, Action]]:
    """What root fields need: their own word, that of their input, or that of the kind of row for which they are asked."""
    yield from _declared(schema, NEEDS)
    for at, source in (*_declared(schema, LISTING), *_declared(schema, SOURCES)):
        asks = isinstance(source, ById) or (isinstance(source, Listing) and source.under is None)
        if asks and source.entity().sought is not None:
            yield at, source.entity().sought
    for root in (schema.mutation_type, schema.subscription_type):
        for name, field in root.fields.items() if root is not None else ():
            for argument in field.args.values():
                rule = rule_of(origin_of(get_named_type(argument.type)))
                if isinstance(rule, WriteRule) and rule.action is not None:
                    yield (root.name, name), rule.action  # type: ignore[union-attr]  # it has fields
