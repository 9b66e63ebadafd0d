"""GraphQL validation that says which rule and where, and of inputs which coordinate of the caller's schema. It refuses to repeat a word of the document."""

from collections.abc import Sequence
from copy import copy
from typing import Any, NamedTuple, cast

from graphql import (
    SKIP,
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    specified_rules,
    validate,
)
from graphql.utilities.validate_input_value import validate_input_literal
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.limits.misfits import WRONG, misfits_of
from schema.limits.refusals import Place

MERGE_BUDGET = 50_000
"""Steps of the rule on overlapping fields, a tenth of the library's: 1,000 repeated fields took it a second."""

ABORTED = "Aborted"
"""The library gave up: the document is too large for its rules, whether or not it fits."""

OTHER = "The document does not fit the schema."
SENTENCES = {
    ABORTED: "Checking the document would take too many steps.",
    "DeferStreamDirectiveLabel": "The label of a deferred part must be its own.",
    "DeferStreamDirectiveOnRootField": "A root field cannot be deferred or streamed here.",
    "DeferStreamDirectiveOnValidOperationsRule": "This operation cannot be deferred or streamed.",
    "ExecutableDefinitionsRule": "Only operations and fragments can be run.",
    "FieldsOnCorrectTypeRule": "A field does not exist on its type.",
    "FragmentsOnCompositeTypesRule": "A fragment is on a type that has no fields.",
    "KnownArgumentNamesRule": "An argument does not exist.",
    "KnownDirectivesRule": "A directive does not exist or does not belong here.",
    "KnownFragmentNamesRule": "A fragment that is spread does not exist.",
    "KnownOperationTypesRule": "The schema has no operation of this kind.",
    "KnownTypeNamesRule": "A type does not exist.",
    "LoneAnonymousOperationRule": "An operation without a name must stand alone.",
    "MaxIntrospectionDepthRule": "The introspection is nested too deeply.",
    "MaybeNullValidationRule": "An argument that may be left out cannot be null.",
    "NoFragmentCyclesRule": "A fragment spreads itself.",
    "NoUndefinedVariablesRule": "A variable is used that is not declared.",
    "NoUnusedFragmentsRule": "A fragment is never used.",
    "NoUnusedVariablesRule": "A variable is never used.",
    "OneOfInputValidationRule": "This input takes exactly one of its fields.",
    "OverlappingFieldsCanBeMergedRule": "Two fields under one name differ; give one an alias.",
    "PossibleFragmentSpreadsRule": "A fragment can never apply here.",
    "ProvidedRequiredArgumentsRule": "A required argument is missing.",
    "ScalarLeafsRule": "A field lacks a selection, or has one where none belongs.",
    "SingleFieldSubscriptionsRule": "A subscription has exactly one root field.",
    "StreamDirectiveOnListField": "Only a list can be streamed.",
    "UniqueArgumentNamesRule": "An argument is given twice.",
    "UniqueDirectivesPerLocationRule": "A directive is given twice.",
    "UniqueFragmentNamesRule": "Two fragments have the same name.",
    "UniqueInputFieldNamesRule": "An input field is given twice.",
    "UniqueOperationNamesRule": "Two operations have the same name.",
    "UniqueVariableNamesRule": "A variable is declared twice.",
    "ValuesOfCorrectTypeRule": "A value does not fit its type.",
    "VariablesAreInputTypesRule": "A variable has a type that is not for input.",
    "VariablesInAllowedPositionRule": "A variable is used where its type does not fit.",
}


OF_INPUTS = frozenset(
    {
        "MaybeNullValidationRule",
        "OneOfInputValidationRule",
        "ProvidedRequiredArgumentsRule",
        "ValuesOfCorrectTypeRule",
        "VariablesInAllowedPositionRule",
    }
)
"""The rules on what is given, which say to which coordinate."""


class Fault(NamedTuple):
    """One thing wrong, in our words, and where; of an input also which."""

    rule: str
    message: str
    places: tuple[Place, ...]
    coordinate: str | None = None


class _Merging(OverlappingFieldsCanBeMergedRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MERGE_BUDGET


class _Locating(ValuesOfCorrectTypeRule):
    """Scalars of our own raise errors without a node, and the library passes them on as they are: here they get theirs."""

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        def located(error: GraphQLError, path: list[str | int]) -> None:
            self.report_error(error if error.nodes else GraphQLError(error.message, _literal(node, path)))

        if input_type:
            validate_input_literal(node, input_type, located, hide_suggestions=True)
        return SKIP


def _literal(node: ValueNode, path: Sequence[str | int]) -> ValueNode:
    """What stands at this path of a literal; one value may stand for a list of it."""
    for step in path:
        if isinstance(node, ObjectValueNode):
            node = next(one.value for one in node.fields if one.name.value == step)
        elif isinstance(node, ListValueNode) and isinstance(step, int):
            node = node.values[step]
    return node


def _saying_its_name(rule: type[ASTValidationRule], name: str) -> type[ASTValidationRule]:
    """graphql-core's errors do not say which rule found them; a subclass of each rule does.

    Some rules report to the context itself, so the rule gets a context of its own, which shares all that it knows.
    """

    def __init__(self: ASTValidationRule, context: ValidationContext) -> None:  # noqa: N807 - it becomes a method
        report = context.on_error

        def tell(error: GraphQLError) -> None:
            error.extensions = {"rule": name}
            report(error)

        own = copy(context)
        vars(own)["on_error"] = tell
        cast("Any", rule).__init__(self, own)

    return cast("type[ASTValidationRule]", type(name, (rule,), {"__init__": __init__}))


def _rules() -> tuple[type[ASTValidationRule], ...]:
    plain: list[Any] = [*specified_rules, OneOfInputValidationRule, MaybeNullValidationRule]
    ours: dict[Any, type[ASTValidationRule]] = {
        OverlappingFieldsCanBeMergedRule: _Merging,
        ValuesOfCorrectTypeRule: _Locating,
    }
    return tuple(_saying_its_name(ours.get(rule, rule), rule.__name__) for rule in plain)


RULES = _rules()


def validate_document(schema: GraphQLSchema, document: DocumentNode, most: int = 10) -> tuple[Fault, ...]:
    """At most `most` faults; none means that the document can be run."""
    errors = validate(schema, document, RULES, max_errors=most, hide_suggestions=True)[:most]
    return _located(schema, document, [(_fault(error), error) for error in errors]) if errors else ()


def _fault(error: GraphQLError) -> Fault:
    unnamed = ABORTED if isinstance(error, ValidationAbortedError) else "Other"
    rule = str((error.extensions or {}).get("rule", unnamed))
    places = tuple(Place(place.line, place.column) for place in error.locations or ())
    return Fault(rule, SENTENCES.get(rule, OTHER), places)


def _located(
    schema: GraphQLSchema, document: DocumentNode, faults: Sequence[tuple[Fault, GraphQLError]]
) -> tuple[Fault, ...]:
    """With the coordinates of inputs. The last node of such an error is where the input stands."""
    nodes = [error.nodes[-1] for fault, error in faults if fault.rule in OF_INPUTS and error.nodes]
    misfits = misfits_of(schema, document, nodes) if nodes else {}
    located: list[Fault] = []
    for fault, error in faults:
        left = misfits.get(id(error.nodes[-1]), []) if fault.rule in OF_INPUTS and error.nodes else []
        if not left:
            located.append(fault)
            continue
        misfit = left.pop(0) if len(left) > 1 else left[0]
        if misfit.what is WRONG:
            misfit = misfit._replace(what=fault.message.removesuffix("."))
        located.append(fault._replace(message=misfit.message, coordinate=misfit.coordinate))
    return tuple(located)
