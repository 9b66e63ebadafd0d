"""What is asked: the three reads of the benchmark, as documents and the variables to draw from. It refuses to measure an answer with an error in it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from graphql import DocumentNode, OperationDefinitionNode, parse, validate

from permissions.principals import Principal
from schema.execution import Execution

QUERIES: Final = Path(__file__).parent / "queries"
WORKLOADS: Final = {
    "list": "50 work orders after a random cursor, with asset, its location, and two people",
    "detail": "one work order by id, with the same",
    "nested": "10 locations, 10 assets of each, 5 work orders of each, their assignee",
}
PAGE: Final = 50
PAGES: Final = 40


class WrongAnswer(Exception):
    """An answer that must not be measured: it has errors, or other rows than the others."""


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


async def answer(
    execution: Execution, asked: Question, principal: Principal, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """Data and extensions. Raises WrongAnswer."""
    result = await execution.run(
        asked.operation, asked.document, asked.digest, dict(variables), principal, None
    )
    if result.errors or result.data is None:
        raise WrongAnswer(str(result.errors))
    return {"data": result.data, "extensions": result.extensions}


async def variables_of(name: str, execution: Execution, principal: Principal) -> Sequence[Mapping[str, Any]]:
    """In random order, the same in every run; a cursor belongs to the one who got it."""
    if name == "nested":
        return [{}]
    asked = question("list", execution)
    pages, after = [], None
    for _ in range(PAGES):
        given = {"first": PAGE, "after": after}
        found = (await answer(execution, asked, principal, given))["data"]["workOrders"]
        pages.append((given, [edge["node"]["id"] for edge in found["edges"]]))
        after = found["pageInfo"]["endCursor"]
    draw = random.Random(1)  # noqa: S311  an order, not a secret
    if name == "list":
        return draw.sample([given for given, _ in pages], PAGES)
    return [{"id": one} for one in draw.sample([one for _, ids in pages for one in ids], 5 * PAGES)]
