"""The size of a document with its fragments expanded, counted without expanding them. It refuses what is over a bound.

Every definition is walked once; an operation then adds up its fragments, each times the number of ways it is reached,
in an order where a fragment comes after all that spread it. So 2^40 expansions cost as many steps as the text has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from graphql import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode, OperationType

from schema.limits.bounds import BOUNDS, CEILING, Bounds
from schema.limits.parts import Part, place_of, read_part
from schema.limits.refusals import (
    OperationAmbiguous,
    OperationNotFound,
    QueryTooDeep,
    QueryTooLarge,
    SignInRepeated,
    TooManyAliases,
    TooManyDirectives,
    ValidationFailed,
)

NOTHING: Final = "The document holds no operation."


@dataclass(frozen=True, slots=True)
class OperationShape:
    """One operation, fragments counted as often as they are reached."""

    node: OperationDefinitionNode
    kind: OperationType
    fields: int
    depth: int
    aliases: int
    directives: int
    root_fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class DocumentShape:
    """`visited` counts the nodes and spreads that were looked at: the work, which is linear in the text."""

    document: DocumentNode
    operations: Mapping[str | None, OperationShape]
    fragments: tuple[FragmentDefinitionNode, ...]
    """Every fragment stands before the fragments it spreads."""
    visited: int

    def choose(self, operation_name: str | None) -> OperationShape:
        """GraphQL specification section 6.1, GetOperation. Raises OperationAmbiguous or OperationNotFound."""
        if operation_name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if operation_name is None and self.operations:
            raise OperationAmbiguous
        found = self.operations.get(operation_name)
        if found is None:
            raise OperationNotFound if operation_name is not None else OperationNotFound(NOTHING)
        return found


@dataclass(slots=True)
class _Totals:
    """Counters of one operation; they stop at CEILING."""

    fields: int = 0
    depth: int = 0
    directives: int = 0
    root_fields: int = 0
    root_names: set[str] = field(default_factory=set)
    aliases: Counter[str] = field(default_factory=Counter)
    single_use: int = 0
    visited: int = 0


def measure(document: DocumentNode, bounds: Bounds = BOUNDS, single_use: Iterable[str] = ()) -> DocumentShape:
    """Measures every operation. `single_use` names the mutations that stand once in a document, without an alias."""
    once = frozenset(single_use)
    parts: dict[str, Part] = {}
    operations: list[tuple[OperationDefinitionNode, Part]] = []
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            if definition.name.value in parts:
                raise ValidationFailed("Two fragments have the same name.", places=place_of(definition))
            parts[definition.name.value] = read_part(definition, bounds)
        elif isinstance(definition, OperationDefinitionNode):
            operations.append((definition, read_part(definition, bounds)))
        else:
            raise ValidationFailed("Only operations and fragments can be run.", places=place_of(definition))
        if len(operations) > bounds.operations:
            raise QueryTooLarge(f"The document holds more than {bounds.operations} operations.")
    order = _ancestors_first(parts)
    visited = sum(part.visited for part in parts.values())
    shapes: dict[str | None, OperationShape] = {}
    sign_ins = 0
    for node, part in operations:
        totals = _add_up(
            part, parts, order, once if node.operation is OperationType.MUTATION else frozenset()
        )
        _refuse_excess(totals, bounds)
        sign_ins += totals.single_use
        visited += part.visited + totals.visited
        name = node.name.value if node.name else None
        if name in shapes:
            raise ValidationFailed("Two operations have the same name.", places=place_of(node))
        shapes[name] = _shape(node, totals)
    if sign_ins > 1:
        raise SignInRepeated
    fragments = tuple(parts[name].fragment for name in order)
    return DocumentShape(document, MappingProxyType(shapes), fragments, visited)


def _ancestors_first(parts: Mapping[str, Part]) -> list[str]:
    """Kahn's topological order; what never becomes free lies on a cycle."""
    waiting = Counter(spread for part in parts.values() for spread, _ in part.spreads)
    order = [name for name in parts if not waiting[name]]
    for name in order:  # grows while it is read
        for spread, _ in parts[name].spreads:
            waiting[spread] -= 1
            if not waiting[spread] and spread in parts:
                order.append(spread)
    if len(order) < len(parts):
        raise ValidationFailed("A fragment spreads itself.")
    return order


def _add_up(root: Part, parts: Mapping[str, Part], order: list[str], once: frozenset[str]) -> _Totals:
    totals = _Totals()
    times: Counter[str] = Counter()
    root_times: Counter[str] = Counter()
    offsets: Counter[str] = Counter()
    _add(totals, root, once, 1, 1)
    _pass_on(root, 1, 1, 0, times, root_times, offsets)
    for name in order:
        if times[name]:
            _add(totals, parts[name], once, times[name], root_times[name], offsets[name])
            _pass_on(parts[name], times[name], root_times[name], offsets[name], times, root_times, offsets)
    totals.visited += len(order)
    return totals


def _add(
    totals: _Totals, part: Part, once: frozenset[str], times: int, at_root: int, offset: int = 0
) -> None:
    totals.fields = min(CEILING, totals.fields + times * part.fields)
    totals.directives = min(CEILING, totals.directives + times * part.directives)
    totals.depth = max(totals.depth, offset + part.depth)
    for name, count in part.aliases.items():
        totals.aliases[name] = min(CEILING, totals.aliases[name] + times * count)
    totals.visited += len(part.aliases) + len(part.spreads)
    if not at_root:
        return
    totals.root_fields = min(CEILING, totals.root_fields + at_root * len(part.root_fields))
    totals.visited += len(part.root_fields)
    for node in part.root_fields:
        totals.root_names.add(node.name.value)
        if node.name.value in once:
            totals.single_use = min(CEILING, totals.single_use + at_root)
            if node.alias is not None:
                raise SignInRepeated(places=place_of(node))


def _pass_on(
    part: Part,
    times: int,
    at_root: int,
    offset: int,
    all_times: Counter[str],
    all_root_times: Counter[str],
    offsets: Counter[str],
) -> None:
    for spread, depth in part.spreads:
        all_times[spread] = min(CEILING, all_times[spread] + times)
        offsets[spread] = max(offsets[spread], offset + depth)
        if depth == 0:
            all_root_times[spread] = min(CEILING, all_root_times[spread] + at_root)


def _refuse_excess(totals: _Totals, bounds: Bounds) -> None:
    if totals.depth > bounds.depth:
        raise QueryTooDeep(f"The document is nested more than {bounds.depth} levels deep.")
    if totals.fields > bounds.fields:
        raise QueryTooLarge(f"The operation selects more than {bounds.fields:,} fields.")
    if totals.root_fields > bounds.root_fields:
        raise QueryTooLarge(f"The operation has more than {bounds.root_fields} root fields.")
    if totals.directives > bounds.directives:
        raise TooManyDirectives(f"The operation uses more than {bounds.directives} directives.")
    if totals.aliases.total() > bounds.aliases:
        raise TooManyAliases(f"The operation uses more than {bounds.aliases} aliases.")
    if max(totals.aliases.values(), default=0) > bounds.aliases_of_one_field:
        raise TooManyAliases(f"A field has more than {bounds.aliases_of_one_field} aliases.")


def _shape(node: OperationDefinitionNode, totals: _Totals) -> OperationShape:
    return OperationShape(
        node=node,
        kind=node.operation,
        fields=totals.fields,
        depth=totals.depth,
        aliases=totals.aliases.total(),
        directives=totals.directives,
        root_fields=frozenset(totals.root_names),
    )
