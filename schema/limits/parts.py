"""What one definition holds, its fragments left closed. It refuses empty selections and literals nobody can store."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
)

from schema.limits.bounds import Bounds
from schema.limits.refusals import LiteralRefused, ParseFailed, Place, QueryTooDeep, QueryTooLarge

Definition = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(slots=True)
class Part:
    """Counts of one definition. A spread stands with the number of fields around it."""

    definition: Definition
    fields: int = 0
    depth: int = 0
    directives: int = 0
    visited: int = 0
    aliases: Counter[str] = field(default_factory=Counter)
    root_fields: list[FieldNode] = field(default_factory=list)
    spreads: list[tuple[str, int]] = field(default_factory=list)

    @property
    def fragment(self) -> FragmentDefinitionNode:
        if not isinstance(self.definition, FragmentDefinitionNode):
            raise TypeError("an operation is no fragment")
        return self.definition


def place_of(node: Node) -> list[Place]:
    """Where a node begins; nothing if it was not parsed from a text."""
    if node.loc is None:
        return []
    found = node.loc.source.get_location(node.loc.start)
    return [Place(found.line, found.column)]


def read_part(definition: Definition, bounds: Bounds) -> Part:
    """Walks the definition with a stack of its own, so that no nesting reaches the interpreter's."""
    part = Part(definition)
    _read_directives(part, definition.directives, bounds)
    for variable in definition.variable_definitions or ():
        part.visited += 1
        _read_directives(part, variable.directives, bounds)
        if variable.default_value is not None:
            _read_value(part, variable.default_value, bounds)
    pending: list[tuple[SelectionSetNode, int, int]] = [(definition.selection_set, 0, 1)]
    while pending:
        selection_set, depth, nesting = pending.pop()
        if nesting > bounds.nesting or depth >= bounds.depth:
            raise QueryTooDeep(places=place_of(selection_set))
        if not selection_set.selections:
            raise ParseFailed("A selection set is empty.", places=place_of(selection_set))
        pending.extend(
            (inner, below, nesting + 1) for inner, below in _read_level(part, selection_set, depth, bounds)
        )
    return part


def _read_level(
    part: Part, selection_set: SelectionSetNode, depth: int, bounds: Bounds
) -> Iterable[tuple[SelectionSetNode, int]]:
    """The selection sets inside, each with the number of fields around it."""
    for selection in selection_set.selections:
        part.visited += 1
        _read_directives(part, selection.directives, bounds)
        if isinstance(selection, FieldNode):
            _read_field(part, selection, depth, bounds)
            if selection.selection_set is not None:
                yield selection.selection_set, depth + 1
        elif isinstance(selection, FragmentSpreadNode):
            part.spreads.append((selection.name.value, depth))
        elif isinstance(selection, InlineFragmentNode):
            yield selection.selection_set, depth


def _read_field(part: Part, node: FieldNode, depth: int, bounds: Bounds) -> None:
    part.fields += 1
    part.depth = max(part.depth, depth + 1)
    if depth == 0:
        part.root_fields.append(node)
    if node.alias is not None and len(node.alias.value) > bounds.alias_characters:
        raise QueryTooLarge(
            f"An alias is longer than {bounds.alias_characters} characters.", places=place_of(node.alias)
        )
    if node.alias is not None and node.alias.value != node.name.value:
        part.aliases[node.name.value] += 1
    _read_arguments(part, node.arguments, bounds)


def _read_directives(part: Part, directives: Iterable[DirectiveNode] | None, bounds: Bounds) -> None:
    for directive in directives or ():
        part.visited += 1
        part.directives += 1
        _read_arguments(part, directive.arguments, bounds)


def _read_arguments(part: Part, arguments: Iterable[ArgumentNode] | None, bounds: Bounds) -> None:
    for argument in arguments or ():
        part.visited += 1
        _read_value(part, argument.value, bounds)


def _read_value(part: Part, value: ValueNode, bounds: Bounds) -> None:
    pending: list[tuple[ValueNode, int]] = [(value, 1)]
    while pending:
        node, depth = pending.pop()
        part.visited += 1
        if depth > bounds.literal_depth:
            raise QueryTooDeep(places=place_of(node))
        if isinstance(node, ListValueNode):
            pending.extend((item, depth + 1) for item in node.values)
        elif isinstance(node, ObjectValueNode):
            pending.extend((member.value, depth + 1) for member in node.fields)
        elif isinstance(node, StringValueNode):
            if "\0" in node.value:
                raise LiteralRefused("A text in the document holds a NUL character.", places=place_of(node))
        elif isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > bounds.number_characters:
            raise LiteralRefused("A number in the document is too long.", places=place_of(node))
