"""Which coordinate of the graph a refused input stands at. It knows names of the caller's schema only, and refuses to repeat a value or a word of the client."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLSchema,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    is_required_argument,
    is_required_input_field,
    visit,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.utilities.validate_input_value import validate_input_value

COORDINATE: Final = "coordinate"
MISSING: Final = "A required value is missing"
UNKNOWN: Final = "A field does not exist on its input"
NULL: Final = "A variable is null where a value is needed"
WRONG: Final = "A value does not fit its type"


class Misfit(NamedTuple):
    """What is wrong, in our words, and where: `Type.field(argument:)`, `Input.field`, or the type where neither is known."""

    what: str
    coordinate: str

    @property
    def message(self) -> str:
        """One sentence."""
        return f"{self.what}: {self.coordinate}."


def misfits_of(
    schema: GraphQLSchema, document: DocumentNode, faulty: Collection[Node]
) -> dict[int, list[Misfit]]:
    """By the identity of a node that a rule of validation named: what is wrong with it, once for each thing."""
    look = _Look(schema, {id(node) for node in faulty})
    visit(document, TypeInfoVisitor(look.types, look))
    return look.found


def misfits_in(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    inputs: Mapping[str, Any],
) -> list[GraphQLError]:
    """The variables that do not fit, as errors whose extensions hold the coordinate; what a scalar raised stays their cause."""
    found: list[GraphQLError] = []
    definitions = operation.variable_definitions or ()
    uses = _uses(schema, document) if definitions else {}
    for definition in definitions:
        signature = get_variable_signature(schema, definition)
        value = inputs.get(definition.variable.name.value, Undefined)
        if isinstance(signature, GraphQLError) or (value is Undefined and definition.default_value):
            continue
        start = uses.get(signature.name, get_named_type(signature.type).name)
        seen = _errors(definition, value, signature.type, start, found)
        try:
            validate_input_value(value, signature.type, seen, hide_suggestions=True)
        except RecursionError:
            return []
    return found


def nulls_in(
    schema: GraphQLSchema, document: DocumentNode, errors: Iterable[GraphQLError]
) -> list[GraphQLError]:
    """Those that name the use of a variable which is null where a value is needed, with the coordinate."""
    nodes = [node for error in errors for node in error.nodes or () if isinstance(node, VariableNode)]
    found = misfits_of(schema, document, nodes) if nodes else {}
    told = [(one, node) for node in nodes for one in found.get(id(node), ())]
    return [
        GraphQLError(f"{NULL}: {one.coordinate}.", node, extensions={COORDINATE: one.coordinate})
        for one, node in told
    ]


def _errors(
    definition: VariableDefinitionNode, value: object, of: Any, start: str, found: list[GraphQLError]  # noqa: ANN401
) -> Callable[[GraphQLError, list[str | int]], None]:  # fmt: skip
    """Takes an error of the library with its path; what is missing on one object is told one by one, in the order of its type."""
    ended: dict[tuple[str | int, ...], Iterator[Misfit]] = {}

    def seen(error: GraphQLError, path: list[str | int]) -> None:
        place = tuple(path)
        if place not in ended:
            ended[place] = _at(value, of, start, path)
        misfit = next(ended[place])
        cause = error if error.original_error is None else error.original_error
        told = {COORDINATE: misfit.coordinate}
        found.append(GraphQLError(misfit.message, definition, original_error=cause, extensions=told))

    return seen


def _at(value: Any, of: Any, start: str, path: Iterable[str | int]) -> Iterator[Misfit]:  # noqa: ANN401  JSON, and a type
    """What is wrong with the value under this path, without an end."""
    coordinate = start
    for step in path:
        named: Any = get_named_type(of)
        if isinstance(step, str):
            coordinate, of = f"{named.name}.{step}", named.fields[step].type
        value = value[step] if not isinstance(step, int) or isinstance(value, list | tuple) else value
    named = get_named_type(of)
    if isinstance(named, GraphQLInputObjectType) and isinstance(value, Mapping):
        yield from _in_object(named, value)
    while True:
        yield Misfit(MISSING if value is Undefined else WRONG, coordinate)


def _in_object(named: GraphQLInputObjectType, given: Collection[str]) -> Iterator[Misfit]:
    """First what is missing, then what is not there, as the library tells it."""
    for name, member in named.fields.items():
        if is_required_input_field(member) and name not in given:
            yield Misfit(MISSING, f"{named.name}.{name}")
    for name in given:
        if name not in named.fields:
            yield Misfit(UNKNOWN, named.name)


def _uses(schema: GraphQLSchema, document: DocumentNode) -> dict[str, str]:
    """By the name of a variable: the coordinate at which it is used first."""
    look = _Look(schema, frozenset())
    visit(document, TypeInfoVisitor(look.types, look))
    return look.uses


class _Look(Visitor):
    """One pass over a document. A coordinate is taken down where the schema knows the name."""

    def __init__(self, schema: GraphQLSchema, wanted: Collection[int]) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.found: dict[int, list[Misfit]] = {}
        self.uses: dict[str, str] = {}
        self._wanted = wanted
        self._places: list[str | None] = []
        self._fields: list[str] = []

    def enter(self, node: Node, *_args: object) -> None:
        if isinstance(node, FieldNode):
            self._fields.append(node.name.value)
        elif isinstance(node, ArgumentNode):
            self._places.append(self._argument(node))
        elif isinstance(node, ObjectFieldNode):
            self._places.append(self._member(node))
        elif isinstance(node, VariableDefinitionNode):
            self._places.append(None)
        elif isinstance(node, VariableNode) and self._places and self._places[-1] is not None:
            self.uses.setdefault(node.name.value, self._places[-1])
        if id(node) in self._wanted:
            self.found[id(node)] = list(self._misfits(node))

    def leave(self, node: Node, *_args: object) -> None:
        if isinstance(node, FieldNode):
            self._fields.pop()
        elif isinstance(node, ArgumentNode | ObjectFieldNode | VariableDefinitionNode):
            self._places.pop()

    def _argument(self, node: ArgumentNode) -> str | None:
        if self.types.get_argument() is None:
            return None
        directive, parent = self.types.get_directive(), self.types.get_parent_type()
        if directive is not None:
            return f"@{directive.name}({node.name.value}:)"
        return None if parent is None else f"{parent.name}.{self._fields[-1]}({node.name.value}:)"

    def _member(self, node: ObjectFieldNode) -> str | None:
        of: Any = get_named_type(self.types.get_parent_input_type())
        known = isinstance(of, GraphQLInputObjectType) and node.name.value in of.fields
        return f"{of.name}.{node.name.value}" if known else None

    def _misfits(self, node: Node) -> Iterator[Misfit]:
        of: Any = get_named_type(self.types.get_input_type())
        place = self._places[-1] if self._places else None
        if isinstance(node, FieldNode):
            definition, parent = self.types.get_field_def(), self.types.get_parent_type()
            given = {one.name.value for one in node.arguments or ()}
            if definition is None or parent is None:
                return
            for name, argument in definition.args.items():
                if is_required_argument(argument) and name not in given:
                    yield Misfit(MISSING, f"{parent.name}.{node.name.value}({name}:)")
            return
        if isinstance(node, ObjectFieldNode) and place is None:
            of = get_named_type(self.types.get_parent_input_type())
            yield from () if of is None else (Misfit(UNKNOWN, of.name),)
        elif isinstance(node, ObjectValueNode) and isinstance(of, GraphQLInputObjectType):
            told = _in_object(of, [one.name.value for one in node.fields])
            yield from (one for one in told if one.what is MISSING)
        if place is not None:
            yield Misfit(WRONG, place)
        elif of is not None:
            yield Misfit(WRONG, of.name)
