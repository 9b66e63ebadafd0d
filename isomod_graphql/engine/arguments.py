"""Variables and arguments, prepared once per document: what can be known before a request is, the rest is looked up. Leaves every failure to graphql-core, which says what it is."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeInfo,
    Undefined,
    ValidationContext,
    VariableNode,
    coerce_input_value,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import (
    VariableValues,
    VariableValueSource,
    get_argument_values,
    get_variable_values,
)
from graphql.language import ValueNode, Visitor, visit

NO_VARIABLES: Final = VariableValues({}, {})
NULL: Final = "A value is needed where this variable is null."


class Variables:
    """The variables of one operation; `inputs` are those of one request."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        """Reads the definitions once. Only leaves without a default are taken the short way."""
        self._schema, self._definitions = schema, operation.variable_definitions or ()
        self._name = operation.name.value if operation.name else None
        self._nullable = [
            one.variable.name.value for one in self._definitions if not isinstance(one.type, NonNullTypeNode)
        ]
        self._needed: frozenset[str] | None = None
        self._known: list[tuple[str, GraphQLInputType, VariableValueSource, GraphQLVariableSignature]] = []
        self._simple = True
        for definition in self._definitions:
            signature = get_variable_signature(schema, definition)
            if (
                isinstance(signature, GraphQLError)
                or definition.default_value is not None
                or not _is_leaf(signature.type)
            ):
                self._simple = False
                return
            self._known.append((signature.name, signature.type, VariableValueSource(signature), signature))

    def values(self, inputs: dict[str, Any], document: DocumentNode) -> VariableValues | list[GraphQLError]:
        """Coerced, or why not; `document` is the one of the operation, which is not kept here.

        A variable that may be null and has a default may stand where a value is needed (GraphQL specification section
        5.8.5). Null is refused there before anything runs, whatever else the operation would do first.
        """
        found = (self._short(inputs) if self._simple else None) or get_variable_values(
            self._schema, self._definitions, inputs, hide_suggestions=True
        )
        if isinstance(found, list):
            return found
        nulls = [name for name in self._nullable if found.coerced.get(name, Undefined) is None]
        if nulls and self._needed is None:
            self._needed = frozenset(self._needing(document))
        if not nulls or self._needed is None or self._needed.isdisjoint(nulls):
            return found
        needed = self._needing(document)
        return [GraphQLError(NULL, needed[name]) for name in nulls if name in needed]

    def _needing(self, document: DocumentNode) -> Mapping[str, VariableNode]:
        """The variables that stand where a value is needed, and where first in this document."""
        operation = get_operation_ast(document, self._name)
        if operation is None:
            return {}
        context = ValidationContext(self._schema, document, TypeInfo(self._schema), lambda _: None)
        found: dict[str, VariableNode] = {}
        for usage in context.get_recursive_variable_usages(operation):
            if isinstance(usage.type, GraphQLNonNull):
                found.setdefault(usage.node.name.value, usage.node)
        return found

    def _short(self, inputs: Mapping[str, Any]) -> VariableValues | None:
        """None where anything does not fit."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, kind, absent, signature in self._known:
            value = inputs.get(name, Undefined)
            if value is Undefined:
                if isinstance(kind, GraphQLNonNull):
                    return None
                sources[name] = absent
                continue
            sources[name] = VariableValueSource(signature, value)
            found = coerce_input_value(value, kind)
            if found is Undefined:
                return None
            coerced[name] = found
        return VariableValues(sources, coerced)


class Arguments:
    """The arguments of one field as it is written: constants and defaults coerced, variables by name."""

    def __init__(self, definition: GraphQLField, node: FieldNode) -> None:
        """Arguments that hold variables inside of a list or an object are read anew for each request."""
        self._definition, self._node = definition, node
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        self._named = {
            name: value.name.value for name, value in given.items() if isinstance(value, VariableNode)
        }
        self._simple = not any(
            _holds_variable(value) for name, value in given.items() if name not in self._named
        )
        self._fixed: dict[str, Any] = {}
        self._required: frozenset[str] = frozenset()
        if self._simple:
            try:
                self._read()
            except GraphQLError:
                self._simple = False

    def _read(self) -> None:
        """Raises GraphQLError for what cannot be known before the request."""
        arguments = self._definition.args
        wanted = {
            name: argument
            for name, argument in arguments.items()
            if name not in self._named or not is_required_argument(argument)
        }
        constant = [one for one in self._node.arguments or () if one.name.value not in self._named]
        node = FieldNode(name=self._node.name, arguments=tuple(constant))
        self._fixed = get_argument_values(
            GraphQLField(self._definition.type, args=wanted), node, NO_VARIABLES
        )
        self._required = frozenset(
            name for name in self._named if isinstance(arguments[name].type, GraphQLNonNull)
        )

    @property
    def constant(self) -> dict[str, Any] | None:
        """The values that every request gives; None where they depend on one."""
        return dict(self._fixed) if self._simple and not self._named else None

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """By the names of the graph. Raises GraphQLError as graphql-core does."""
        if self._simple:
            found = dict(self._fixed)
            for name, variable in self._named.items():
                if variable in variables.coerced:
                    found[name] = variables.coerced[variable]
            if all(found.get(name) is not None for name in self._required):
                return found
        return get_argument_values(self._definition, self._node, variables)


def _is_leaf(of: GraphQLInputType) -> bool:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    return inner is get_named_type(of) and is_leaf_type(inner)


def _holds_variable(value: ValueNode) -> bool:
    search = _Search()
    visit(value, search)
    return search.found


class _Search(Visitor):
    found = False

    def enter_variable(self, *_: object) -> None:
        self.found = True
