"""The documents that were parsed, measured and validated already. It refuses to keep more bytes than it may.

Invalid documents are not kept: whoever sends them could push out everybody else's.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from graphql import GraphQLSchema

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.engine.class_schemas import ClassSchema
from schema.limits import Bounds, CostPlan, DocumentShape, OperationShape, measure, parse_document, plan_cost
from schema.limits.refusals import QueryTooLarge, ValidationFailed
from schema.limits.validation import ABORTED, Fault, validate_document

BYTES_PER_NODE = 1_200
BYTES_PER_CHARACTER = 4
"""Measured: a syntax tree takes 500 to 1,100 bytes for each node that is looked at."""

MOST_CLASSES = 64
"""Classes that are remembered per document; beyond, they are asked again."""


class DocumentFaulty(IsoModError):
    """The document does not fit the schema; `faults` says why and where, without its words."""

    code = ValidationFailed.code
    message = ValidationFailed.message

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__()
        self.faults = faults


@dataclass(frozen=True, slots=True)
class MeasuredDocument:
    """A document within the limits. Whether it fits the schema is not known yet."""

    source: str = field(repr=False)
    digest: bytes
    shape: DocumentShape = field(repr=False)

    @property
    def weight(self) -> int:
        return BYTES_PER_CHARACTER * len(self.source) + BYTES_PER_NODE * self.shape.visited


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document that can be run, and what its operations cost."""

    measured: MeasuredDocument
    plans: dict[str | None, CostPlan] = field(default_factory=dict, repr=False)
    fits: set[int] = field(default_factory=set, repr=False)
    """The classes of callers whose schema it fits, by number."""


class DocumentCache:
    """By source, least recently used first out, bounded in bytes. `checks` counts validations, one per document and class."""

    def __init__(
        self, schema: GraphQLSchema, *, most: int, bounds: Bounds, single_use: Collection[str]
    ) -> None:
        self._schema = schema
        self._most = most
        self._bounds = bounds
        self._single_use = frozenset(single_use)
        self._kept: OrderedDict[str, CheckedDocument] = OrderedDict()
        self.weight = 0
        self.checks = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, source: str) -> MeasuredDocument | CheckedDocument:
        """What is kept, or a document parsed and measured now. Raises the refusals of schema.limits."""
        kept = self._kept.get(source)
        if kept is not None:
            self._kept.move_to_end(source)
            return kept
        document = parse_document(source, self._bounds)
        digest = sha256(source.encode()).digest()
        return MeasuredDocument(source, digest, measure(document, self._bounds, self._single_use))

    def check(
        self, found: MeasuredDocument | CheckedDocument, fitting: ClassSchema | None = None
    ) -> CheckedDocument:
        """Validates what this class has not sent yet, and keeps it. None is the whole schema. Raises DocumentFaulty and QueryTooLarge."""
        number = 0 if fitting is None else fitting.number
        if isinstance(found, CheckedDocument) and number in found.fits:
            return found
        self.checks += 1
        shape = found.measured.shape if isinstance(found, CheckedDocument) else found.shape
        faults = validate_document(self._schema if fitting is None else fitting.schema, shape.document)
        if faults and faults[0].rule == ABORTED:
            raise QueryTooLarge(faults[0].message)
        if faults:
            raise DocumentFaulty(faults)
        checked = found if isinstance(found, CheckedDocument) else CheckedDocument(found)
        if len(checked.fits) >= MOST_CLASSES:
            checked.fits.clear()
        checked.fits.add(number)
        self._keep(checked)
        return checked

    def cost(
        self,
        checked: CheckedDocument,
        operation: OperationShape,
        operation_name: str | None,
        variables: Mapping[str, Any],
    ) -> int:
        """Whole points. Raises QueryTooComplex."""
        plan = checked.plans.get(operation_name)
        if plan is None:
            plan = plan_cost(self._schema, checked.measured.shape, operation, self._bounds)
            checked.plans[operation_name] = plan
        return plan.cost(variables)

    def _keep(self, checked: CheckedDocument) -> None:
        measured = checked.measured
        if measured.weight > self._most or measured.source in self._kept:
            return
        self._kept[measured.source] = checked
        self.weight += measured.weight
        while self.weight > self._most:
            _, oldest = self._kept.popitem(last=False)
            self.weight -= oldest.measured.weight
