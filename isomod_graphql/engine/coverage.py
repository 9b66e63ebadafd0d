"""Every coordinate of the graph and its class: fields, arguments, input fields, sorts. Refuses a schema in which one has none, or more than one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from strawberry.permission import PermissionExtension

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.classified import (
    CHOOSES,
    NEEDS,
    RevealRule,
    Rule,
    WriteRule,
    origin_of,
    python_name,
    rule_of,
)
from isomod_graphql.engine.entities import SPEC
from isomod_graphql.engine.listing import LISTING
from isomod_graphql.engine.sources import SOURCES
from permissions.classes import Discloses

PLAIN_ARGUMENTS: Final = frozenset({"PageSize", "Cursor", "ID"})
"""Where a page begins and ends, and which rows: they compare nothing but ids."""


def classification(schema: GraphQLSchema) -> dict[str, str]:
    """By coordinate (`Type.field`, `Type.field(argument:)`, `Sort.VALUE`): a category, or for an argument what it is.

    Raises UnclassifiedColumn with every coordinate that is classified not at all or more than once.
    """
    found: dict[str, list[str]] = {}
    for kind in schema.type_map.values():
        if not kind.name.startswith("__"):
            for coordinate, classes in _of(schema, kind):
                found.setdefault(coordinate, []).extend(classes)
    wrong = [
        f"{at} ({' and '.join(classes) or 'nothing'})" for at, classes in found.items() if len(classes) != 1
    ]
    if wrong:
        raise UnclassifiedColumn(f"not classified exactly once: {', '.join(sorted(wrong))}")
    return {coordinate: classes[0] for coordinate, classes in found.items()}


def in_graph_names(kind: Any, rule: Rule) -> Rule:  # noqa: ANN401  a type with members
    """The rule by the names that clients send. Raises UnclassifiedColumn for a rule about a member that is not there."""
    named = {python_name(member, name): name for name, member in members_of(kind).items()}
    said = set(rule.fields)
    if isinstance(rule, WriteRule):
        said |= rule.also.keys() | ({rule.row} if rule.row is not None else set())
    if not said <= named.keys():
        raise UnclassifiedColumn(f"{kind.name} has no {', '.join(sorted(said - named.keys()))}")
    fields = {named[name]: category for name, category in rule.fields.items()}
    if isinstance(rule, WriteRule):
        also = {named[name]: action for name, action in rule.also.items()}
        return replace(rule, fields=fields, also=also, row=named[rule.row] if rule.row is not None else None)
    return replace(rule, fields=fields)


def members_of(kind: Any) -> dict[str, Any]:  # noqa: ANN401  a type with members
    """The fields of a type, or the values of an enum."""
    return dict(kind.values if isinstance(kind, GraphQLEnumType) else kind.fields)


def _of(schema: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[tuple[str, list[str]]]:
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        root = kind in {schema.query_type, schema.mutation_type, schema.subscription_type}
        _said_of(kind)
        for name, field in kind.fields.items():
            classes = list(_classes(field, name, root=root))
            yield f"{kind.name}.{name}", classes
            for key, argument in field.args.items():
                chosen = [CHOOSES] if key in _choosing(field) else []
                yield f"{kind.name}.{name}({key}:)", chosen + list(_of_argument(argument))
    elif isinstance(kind, GraphQLInputObjectType):
        told = _said_of(kind)
        yield from ((f"{kind.name}.{name}", list(_named(told, name))) for name in kind.fields)
    elif isinstance(kind, GraphQLEnumType) and (_is_sort(schema, kind) or rule_of(origin_of(kind))):
        told = _said_of(kind)
        yield from ((f"{kind.name}.{name}", list(_named(told, name))) for name in kind.values)


def _said_of(kind: Any) -> Rule | None:  # noqa: ANN401  a type with members
    rule = rule_of(origin_of(kind))
    return None if rule is None else in_graph_names(kind, rule)


def _named(rule: Rule | None, name: str) -> Iterator[str]:
    if rule is not None and name in rule.fields:
        yield rule.fields[name].value


def _classes(field: Any, name: str, *, root: bool) -> Iterator[str]:  # noqa: ANN401  graphql-core's field
    """What is said of the field: the category that it shows; at the root, where its rows come from or what it needs."""
    definition = field.extensions.get("strawberry-definition")
    rule = rule_of(getattr(definition, "origin", None))
    if rule is not None and python_name(field, name) in rule.fields:
        yield rule.fields[python_name(field, name)].value
    metadata = getattr(definition, "metadata", {})
    if SPEC in metadata:
        yield metadata[SPEC].permission.category.value
    for extension in getattr(definition, "extensions", ()):
        if isinstance(extension, PermissionExtension):
            yield from (one.category.value for one in extension.permissions if isinstance(one, Discloses))
    if root:
        yield from (f"rows of {key}" for key in (LISTING, SOURCES) if key in metadata)
        if NEEDS in metadata:
            yield metadata[NEEDS].value
        for argument in field.args.values():
            rule = rule_of(origin_of(get_named_type(argument.type)))
            if isinstance(rule, WriteRule) and rule.action is not None:
                yield rule.action.value


def _choosing(field: Any) -> list[str]:  # noqa: ANN401  graphql-core's field
    definition = field.extensions.get("strawberry-definition")
    chosen: str = getattr(definition, "metadata", {}).get(CHOOSES, "")
    return chosen.split()


def _of_argument(argument: GraphQLArgument) -> Iterator[str]:
    named = get_named_type(argument.type)
    rule = rule_of(origin_of(named))
    if named.name in PLAIN_ARGUMENTS:
        yield named.name
    if isinstance(rule, RevealRule):
        yield "reveals"
    if isinstance(rule, WriteRule):
        yield "writes"


def _is_sort(schema: GraphQLSchema, kind: GraphQLEnumType) -> bool:
    """An enum that is an argument decides which rows come, or in which order."""
    return any(
        get_named_type(argument.type) is kind
        for of in schema.type_map.values()
        if isinstance(of, GraphQLObjectType | GraphQLInterfaceType) and not of.name.startswith("__")
        for field in of.fields.values()
        for argument in field.args.values()
    )
