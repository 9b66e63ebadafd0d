"""The limits that a document meets before any other code sees it. They refuse without running and without echoing."""

from schema.limits.bounds import BOUNDS, Bounds
from schema.limits.cost import CostPlan, plan_cost
from schema.limits.shape import DocumentShape, OperationShape, measure
from schema.limits.source import check_source, parse_document

__all__ = [
    "BOUNDS",
    "Bounds",
    "CostPlan",
    "DocumentShape",
    "OperationShape",
    "check_source",
    "measure",
    "parse_document",
    "plan_cost",
]
