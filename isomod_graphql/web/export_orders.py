"""What an export asks for, and how it is planned: as a query of one list, for its caller. Refuses it as a whole before anything is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import ExecutionResult

from isomod_graphql.core.errors import BadInput
from isomod_graphql.engine.compiler import Asked
from isomod_graphql.engine.export_columns import Column, ListColumns, document_of
from isomod_graphql.engine.passage import PAGE
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.web.documents import DocumentCache
from isomod_graphql.web.sheets import Format
from permissions.principals import Principal
from schema.execution import Execution

NAME: Final = "Export"
MEMBERS: Final = frozenset({"list", "columns", "filter", "format"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The body of a request."""

    listing: str
    columns: list[str] | None = None
    filter: Mapping[str, Any] | None = field(default=None, repr=False)
    written: Format = Format.CSV


@dataclass(frozen=True, slots=True)
class Order:
    """An export that may begin. `asked` is its first page; `row` the graph type of its rows; `cost` the points of a page."""

    listing: str
    row: str
    columns: list[Column]
    written: Format
    asked: Asked
    digest: bytes
    cost: int
    filter: Mapping[str, Any] | None = field(repr=False)

    def variables(self, after: str | None = None) -> dict[str, Any]:
        """Those of a page; the first one counts the rows."""
        return _variables(self.filter, after)


def wanted_of(body: Mapping[str, Any]) -> Wanted:
    """`{"list": "workOrders", "columns": [...], "filter": {...}, "format": "CSV"|"JSONL"}`. Raises BadInput; a word that is not known is refused too."""
    if body.keys() - MEMBERS:
        raise BadInput("An export is asked for with list, columns, filter and format.")
    listing, columns, given = body.get("list"), body.get("columns"), body.get("filter")
    if not isinstance(listing, str):
        raise BadInput("list is the name of a list.", field="list")
    if columns is not None and not (
        isinstance(columns, list) and all(isinstance(one, str) for one in columns)
    ):
        raise BadInput("columns is a list of names.", field="columns")
    if given is not None and not isinstance(given, dict):
        raise BadInput("filter is an object.", field="filter")
    try:
        written = Format(body.get("format", Format.CSV))
    except ValueError:
        raise BadInput("format is CSV or JSONL.", field="format") from None
    return Wanted(listing, columns, given, written)


class Orders:
    """One per process."""

    def __init__(self, execution: Execution, documents: DocumentCache) -> None:
        """`documents` are those of the graph's endpoint: an export is one of its queries."""
        self.execution, self._documents = execution, documents

    def planned(self, wanted: Wanted, principal: Principal) -> Order:
        """Raises BadInput, ColumnNotReadable, FieldNotReadable, MaskedValueRejected and Unauthenticated, all before any SQL."""
        execution = self.execution
        fitting = execution.fitting(principal)
        viewer = Viewer.at(principal, execution.clock.now())
        listed = ListColumns.of(fitting.schema, execution.catalogue, Reader.of(viewer), wanted.listing)
        columns = listed.chosen(wanted.columns)
        if wanted.filter is not None and listed.filter_type is None:
            raise BadInput("This list has no filter.", field="filter")
        source = document_of(wanted.listing, columns, listed.filter_type)
        checked = self._documents.check(self._documents.find(source), fitting)
        shape, digest = checked.measured.shape, checked.measured.digest
        operation, variables = shape.choose(NAME), _variables(wanted.filter, None)
        asked = execution.asked(operation.node, shape.document, digest, variables, principal)
        if isinstance(asked, ExecutionResult):
            raise BadInput("The filter does not fit its type.", field="filter")
        execution.refuse(asked)
        cost = self._documents.cost(checked, operation, NAME, variables)
        return Order(
            wanted.listing, listed.row.name, columns, wanted.written, asked, digest, cost, wanted.filter
        )


def _variables(given: Mapping[str, Any] | None, after: str | None) -> dict[str, Any]:
    variables: dict[str, Any] = {"first": PAGE, "counted": after is None}
    if after is not None:
        variables["after"] = after
    if given is not None:
        variables["filter"] = given
    return variables
