"""What a request costs: 1 + rows / 10 for every object level. It refuses more than the bound, before any SQL.

The rows of introspection are those that the schema has on average; a chain of `ofType` counts once, as it is short.

Rows multiply downwards, so the cost of a selection is `fixed + per_row * rows of the level above`: one pair of numbers
per fragment, computed once, however often it is spread. Numbers are tenths of a point.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeGuard

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    Undefined,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    value_from_ast_untyped,
)

from schema.limits.bounds import BOUNDS, CEILING, Bounds
from schema.limits.refusals import QueryTooComplex
from schema.limits.shape import DocumentShape, OperationShape


class SizeFrom(NamedTuple):
    """The rows of a level stand in a variable; `otherwise` counts when it is absent."""

    variable: str
    otherwise: int


Size = int | SizeFrom
META: Final = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class Level:
    """One field that returns objects, or the top of a definition; `charged` is false for the wrapping of a connection."""

    size: Size
    charged: bool
    levels: tuple["Level", ...]
    spreads: tuple[str, ...]


class Price(NamedTuple):
    """Tenths of a point: `fixed` whatever is above, `per_row` for each row above."""

    fixed: int
    per_row: int


MOST_PRICES = 32
"""Prices that a plan remembers: a client asks for few different sizes of a page."""


@dataclass(frozen=True, slots=True)
class CostPlan:
    """The object levels of one operation, ready to be priced with the variables of a request."""

    top: Level
    fragments: tuple[tuple[str, Level], ...]
    defaults: Mapping[str, Any]
    bounds: Bounds
    sizes: tuple[SizeFrom, ...]
    """Every size that stands in a variable, once."""
    known: dict[tuple[int, ...], int] = field(default_factory=dict, repr=False, compare=False)
    """The points by the numbers behind `sizes`, for operations within the bound."""

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Whole points, at least 1. Raises QueryTooComplex over the bound."""
        numbers = tuple([self._rows(size, variables) for size in self.sizes])
        points = self.known.get(numbers)
        if points is not None:
            return points
        points = self._points(variables)
        if points > self.bounds.cost:
            raise QueryTooComplex(
                f"The request costs more than {self.bounds.cost:,} points: ask for fewer rows."
            )
        if len(self.known) < MOST_PRICES:
            self.known[numbers] = points
        return points

    def _points(self, variables: Mapping[str, Any]) -> int:
        prices: dict[str, Price] = {}
        for name, level in self.fragments:
            prices[name] = self._inside(level, variables, prices)
        fixed, per_row = self._inside(self.top, variables, prices)
        return max(1, -(-(fixed + per_row) // 10))

    def _inside(self, level: Level, variables: Mapping[str, Any], prices: Mapping[str, Price]) -> Price:
        """Recursion is as deep as the levels of one definition, which the bound on depth has limited."""
        fixed = per_row = 0
        for spread in level.spreads:
            price = prices.get(spread, Price(0, 0))
            fixed, per_row = fixed + price.fixed, per_row + price.per_row
        for inner in level.levels:
            price = self._inside(inner, variables, prices)
            size = self._rows(inner.size, variables)
            fixed += price.fixed + (10 if inner.charged else 0)
            per_row += size * (price.per_row + (1 if inner.charged else 0))
        return Price(min(fixed, CEILING), min(per_row, CEILING))

    def _rows(self, size: Size, variables: Mapping[str, Any]) -> int:
        if isinstance(size, int):
            return size
        if size.variable in variables:
            return _rows_of(variables[size.variable], self.bounds.page)
        if size.variable in self.defaults:
            return _rows_of(self.defaults[size.variable], self.bounds.page)
        return size.otherwise


def plan_cost(
    schema: GraphQLSchema, shape: DocumentShape, operation: OperationShape, bounds: Bounds = BOUNDS
) -> CostPlan:
    """Reads a document that has been measured and validated; what the schema does not know costs nothing."""
    reader = _Reader(schema, bounds, _described(schema))
    fragments = tuple(
        (node.name.value, reader.top(schema.get_type(node.type_condition.name.value), node.selection_set))
        for node in reversed(shape.fragments)
    )
    top = reader.top(schema.get_root_type(operation.kind), operation.node.selection_set)
    sizes = dict.fromkeys(
        size for level in (top, *(level for _, level in fragments)) for size in _sizes(level)
    )
    return CostPlan(top, fragments, _defaults(operation.node), bounds, tuple(sizes))


@lru_cache(maxsize=8)
def _described(schema: GraphQLSchema) -> Mapping[str, int]:
    """Rounded up."""
    types = list(schema.type_map.values())
    fields = [field for one in types for field in getattr(one, "fields", {}).values()]
    inputs = [one for one in types if isinstance(one, GraphQLInputObjectType)]
    values = sum(len(one.values) for one in types if isinstance(one, GraphQLEnumType))
    args = sum(len(field.args) for field in fields if isinstance(field, GraphQLField))
    sums = {
        "types": (len(types), 1),
        "directives": (len(schema.directives), 1),
        "fields": (len(fields), len(types)),
        "args": (args, len(fields)),
        "inputFields": (sum(len(one.fields) for one in inputs), len(types)),
        "enumValues": (values, len(types)),
    }
    return {name: -(-many // of) for name, (many, of) in sums.items()}


def _sizes(level: Level) -> Iterator[SizeFrom]:
    for inner in level.levels:
        if isinstance(inner.size, SizeFrom):
            yield inner.size
        yield from _sizes(inner)


@dataclass(frozen=True, slots=True)
class _Reader:
    schema: GraphQLSchema
    bounds: Bounds
    described: Mapping[str, int]
    """By the field of introspection, how many of it a type, a field or the schema has on average."""

    def top(self, type_: GraphQLNamedType | None, selection_set: SelectionSetNode) -> Level:
        levels, spreads = self.selections(type_, selection_set)
        return Level(1, False, tuple(levels), tuple(spreads))

    def selections(
        self, type_: GraphQLNamedType | None, selection_set: SelectionSetNode
    ) -> tuple[list[Level], list[str]]:
        levels: list[Level] = []
        spreads: list[str] = []
        for selection in selection_set.selections:
            if isinstance(selection, FragmentSpreadNode):
                spreads.append(selection.name.value)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                inner = self.schema.get_type(condition.name.value) if condition else type_
                more_levels, more_spreads = self.selections(inner, selection.selection_set)
                levels += more_levels
                spreads += more_spreads
            elif isinstance(selection, FieldNode) and selection.selection_set is not None:
                level = self.field(type_, selection, selection.selection_set)
                if level is not None:
                    levels.append(level)
        return levels, spreads

    def field(
        self, parent: GraphQLNamedType | None, node: FieldNode, selection_set: SelectionSetNode
    ) -> Level | None:
        if node.name.value in META:
            definition: GraphQLField | None = META[node.name.value]
        else:
            definition = parent.fields.get(node.name.value) if _has_fields(parent) else None
        if definition is None or not is_composite_type(get_named_type(definition.type)):
            return None
        type_ = get_named_type(definition.type)
        levels, spreads = self.selections(type_, selection_set)
        wrapping = _is_connection(parent) or _is_edge(parent)
        size = 1 if wrapping else self.size(definition, type_, node)
        if parent is not None and parent.name.startswith("__"):
            return Level(
                self.described.get(node.name.value, 1),
                node.name.value != "ofType",
                tuple(levels),
                tuple(spreads),
            )
        return Level(size, not wrapping, tuple(levels), tuple(spreads))

    def size(self, definition: GraphQLField, type_: GraphQLNamedType, node: FieldNode) -> Size:
        """`first` of a connection or list, the number of `ids` or of named `fields`, or an assumption."""
        listed = is_list_type(get_nullable_type(definition.type))
        if not listed and not _is_connection(type_):
            return 1
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        for name in ("first", "ids", "fields"):
            argument = definition.args.get(name)
            if argument is not None:
                return _size_of(given.get(name), argument, self.bounds.page)
        return self.bounds.list_rows if listed else self.bounds.page


def _size_of(value: ValueNode | None, argument: GraphQLArgument, otherwise: int) -> Size:
    absent = _rows_of(_default(argument), otherwise)
    if value is None:
        return absent
    if isinstance(value, VariableNode):
        return SizeFrom(value.name.value, absent)
    if isinstance(value, ListValueNode):
        return len(value.values)
    if isinstance(value, IntValueNode):
        return _rows_of(int(value.value[:12]), otherwise)
    return otherwise


def _default(argument: GraphQLArgument) -> object:
    """Strawberry sets the value; a schema read from SDL carries the literal."""
    if argument.default_value is not Undefined:
        return argument.default_value
    if argument.default is None:
        return None
    return argument.default.value if argument.default.literal is None else _plain(argument.default.literal)


def _rows_of(value: object, otherwise: int) -> int:
    """A count is itself, a list its length; anything else is refused later, so the largest answer is assumed."""
    if isinstance(value, list):
        return min(len(value), CEILING)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return min(value, CEILING)
    return otherwise


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: _plain(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


def _plain(value: ValueNode) -> object:
    if isinstance(value, IntValueNode):
        return int(value.value[:12])
    return value_from_ast_untyped(value) if isinstance(value, ListValueNode) else None


def _has_fields(type_: GraphQLNamedType | None) -> TypeGuard[GraphQLObjectType | GraphQLInterfaceType]:
    return isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)


def _is_connection(type_: GraphQLNamedType | None) -> bool:
    return isinstance(type_, GraphQLObjectType) and "pageInfo" in type_.fields


def _is_edge(type_: GraphQLNamedType | None) -> bool:
    return isinstance(type_, GraphQLObjectType) and type_.fields.keys() >= {"node", "cursor"}
