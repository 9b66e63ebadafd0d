"""What is asked: the three reads of the benchmark, as documents. It refuses a document that the schema refuses."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from graphql import DocumentNode, OperationDefinitionNode, parse, validate

from schema.execution import Execution

QUERIES: Final = Path(__file__).parent / "queries"
WORKLOADS: Final = {
    "list": "50 work orders after a random cursor, with asset, its location, and two people",
    "detail": "one work order by id, with the same",
    "nested": "10 locations, 10 assets of each, 5 work orders of each, their assignee",
}
PAGE: Final = 50


class WrongAnswer(Exception):
    """Something that must not be measured: an answer with errors, or with other rows than the others."""


@dataclass(frozen=True, slots=True)
class Question:
    """A document as the endpoint hands it over: parsed, valid, hashed."""

    source: str
    document: DocumentNode
    operation: OperationDefinitionNode
    digest: bytes


def question(name: str, execution: Execution) -> Question:
    """The document of this name. Raises WrongAnswer when the schema refuses it."""
    source = (QUERIES / f"{name}.graphql").read_text(encoding="utf-8")
    document = parse(source)
    faults = validate(execution.schema, document)
    if faults:
        raise WrongAnswer(str(faults))
    operation = next(part for part in document.definitions if isinstance(part, OperationDefinitionNode))
    return Question(source, document, operation, sha256(source.encode()).digest())
