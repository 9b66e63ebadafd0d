"""The numbers of the catalogue of bypasses, the principle behind each, and the road where the product has none. It holds no test."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from isomod_graphql.cli.program import verbs
from tests.architecture.sources import python_sources
from tests.catalogue.roads import found, names_of
from tests.engine.graph import built

LEAST_TYPES: Final = 3
"""The type of the case and two others."""


@dataclass(frozen=True)
class Case:
    """`road`: the product has no such road, which the test pins. `typeless`: why the principle is about no types."""

    principle: str
    road: str | None = None
    typeless: str | None = None


CASES: Final[Mapping[str, Case]] = {
    "A01": Case("a filter over what is masked is refused alike, before any row is looked at"),
    "A02": Case("a sort over what is masked is refused, and absent from the schema of the class"),
    "A03": Case("grouping by what is masked is refused"),
    "A04": Case(
        "an aggregate of what is masked is refused, never masked",
        typeless="minutes of orders are all that is summed",
    ),
    "A05": Case("a group below k is not told apart"),
    "A06": Case("the difference of two answers tells of nobody"),
    "A07": Case("a search looks into what the class reads raw, only"),
    "A09": Case("a picker compares one pinned column"),
    "A11": Case("a cursor holds nothing readable"),
    "A12": Case("a cursor is bound to its viewer and its list"),
    "A13": Case("every hop of a filter is decided; none is offered"),
    "A14": Case("what somebody else wrote down runs with the rights of who runs it", road="saved views"),
    "A17": Case("what is unique is so within an organisation, and a neighbour's row does not exist"),
    "A18": Case(
        "an unknown caller takes the time and the answer of a known one", typeless="roads of sign-in"
    ),
    "A20": Case("a mask keeps no length, and a pseudonym ties to no other organisation or purpose"),
    "A22": Case("whether there is a value is a value"),
    "A23": Case("coarse values are not combined until one row is left"),
    "B25": Case("the coordinate decides, not the response key"),
    "B27": Case("types and directives are what they are, not what they are called"),
    "B28": Case("an id says its type, and no other reads it"),
    "B29": Case("node and nodes have the row rule of the lists"),
    "B31": Case("a payload is a view like any other"),
    "B32": Case("an input field that may not be written is refused, and nothing is"),
    "B33": Case("nobody gives himself a right, or more than he has"),
    "B34": Case("what is derived is no input; there is one policy for writing"),
    "B35": Case("there is one gate, for a look as another member too", typeless="addresses of the product"),
    "B37": Case("a permission is synchronous and refuses what was not planned"),
    "B38": Case("what is deprecated is classified like what is not"),
    "B39": Case(
        "introspection shows the schema of the class, and no description names a scope that it lacks"
    ),
    "B40": Case("nothing suggests a name"),
    "B41": Case("guessing many times in one request is refused or paid for"),
    "B43": Case("every part of an answer has its own list of masks", road="deferred parts"),
    "C46": Case("an error of the database is a code and a field"),
    "C47": Case("a refused value is repeated neither in the answer nor in the log"),
    "C48": Case("who may not explain gets no explanation, timing or trace"),
    "C49": Case("no answer is kept by a shared cache"),
    "C50": Case("nothing that was loaded for one caller is shown to another"),
    "C52": Case("what was taken away is gone at the next request"),
    "C54": Case("a socket is refused before it opens, and so is a stream", typeless="a protocol"),
    "C55": Case("a subscription ends with the rights of the subscriber"),
    "C57": Case("a text that came along registers nothing"),
    "D59": Case("an export holds what the query would"),
    "D60": Case("a cell of a sheet is no formula"),
    "D61": Case("a webhook is planned as its subscriber", road="webhooks"),
    "D63": Case("what runs on a schedule runs as somebody", road="scheduled reports"),
    "D65": Case("a file is stripped of what it says of people", road="files"),
    "D67": Case("who is erased is named nowhere"),
    "D68": Case("what comes back from a copy stays unreadable"),
    "D69": Case("a mask is not written back"),
    "D71": Case("a credential makes no wider one"),
}


@cache
def addresses() -> tuple[str, ...]:
    """Paths that are served, as the source has them, and verbs of the program."""
    calls = [
        node
        for source in python_sources()
        if source.within("isomod_graphql/web/")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Route", "Mount"))
    ]
    named = [call.args[0] for call in calls if call.args]
    return (*(str(one.value) for one in named if isinstance(one, ast.Constant)), *verbs())


def no_such_road(number: str, also: str | None = None) -> None:
    """Fails as soon as the road is there, and says what is to be done then. `also`: a second road of the case."""
    case, road = CASES[number], also or CASES[number].road
    assert road is not None
    shown = found(road, [*names_of(built()[1]), *addresses()])
    assert shown == [], (
        f"{', '.join(shown)}: the product has {road} now. Test case {number} on it, over HTTP and on at least "
        f"{LEAST_TYPES} types: {case.principle}. Then take the road out of tests/catalogue/table.py."
    )
