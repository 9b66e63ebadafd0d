"""Schemathesis as the administrator: generated documents for every root field end in data, never in an error of ours."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from graphql import (
    ArgumentNode,
    FieldNode,
    ListValueNode,
    NameNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.graphql import nodes

from isomod_graphql.core.installation import Urls
from tests.web.serving import Served, serve

SCALARS = {
    "PageSize": st.integers(1, 100).map(nodes.Int),
    # A cursor is bound to viewer, list, filter and order: none can be invented, so the only valid one is none.
    "Cursor": st.just(nodes.Null),
    "EmailAddress": st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True).map(nodes.String),
    "PhoneNumber": st.from_regex(r"\+32[0-9]{8}", fullmatch=True).map(nodes.String),
    "CalendarPeriod": st.from_regex(r"20[0-9]{2}(-Q[1-4]|-0[1-9])?", fullmatch=True).map(nodes.String),
    "SearchText": st.from_regex(r"[a-z%]{0,8}( [a-z]{1,8}){0,3}", fullmatch=True).map(nodes.String),
    "Date": st.dates().map(lambda day: nodes.String(day.isoformat())),
    "DateTime": st.datetimes().map(lambda at: nodes.String(f"{at.isoformat(timespec='seconds')}Z")),
}
for name, strategy in SCALARS.items():
    schemathesis.graphql.scalar(name, strategy)


class _Naming(Visitor):
    """Asks `viewerAccess` about a field that every row has: other names are a negative case, which tests of its own cover."""

    def leave_field(self, node: FieldNode, *_: object) -> FieldNode:
        if node.name.value != "viewerAccess":
            return node
        names = ListValueNode(values=(StringValueNode(value="id"),))
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=(ArgumentNode(name=NameNode(value="fields"), value=names),),
            directives=node.directives,
            selection_set=node.selection_set,
        )


@pytest.fixture(scope="module")
def served(urls: Urls) -> Iterator[Served]:
    """The product with one organisation."""
    with serve(urls, "generated") as running:
        yield running


def hit_every_root_field(served: Served, examples: int) -> tuple[Counter[str], Counter[str]]:
    """How often each root field was asked for and accepted; any failure raises."""
    headers = {"Authorization": f"Bearer {served.token}"}
    # PostgreSQL text holds no NUL: such a text is a negative case, which the tests of the door cover.
    config = SchemathesisConfig.from_dict({"generation": {"allow-x00": False}})
    schema = schemathesis.graphql.from_url(f"{served.origin}/graphql", headers=headers, config=config)
    asked: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        probe(found.ok(), headers, examples, asked, kept)
    return asked, kept


REFUSED: Final = {"explainAccess": "NOT_FOUND", "policyDiff": "BAD_USER_INPUT"}
"""Who asks why about nothing is told so, and what is woven is no policy; pages of pages of pages may ask for more rows than anybody gets."""

MAY_BE: Final = {"MASKED_VALUE_REJECTED"}
"""A text that is woven may hold the sign of masks, and no field takes one."""

ALIKE: Final = {"Query.policyText"}
"""One value without arguments: there are hardly two documents that ask for it."""


def probe(
    operation: Any,  # noqa: ANN401  Schemathesis' own
    headers: dict[str, str],
    examples: int,
    asked: Counter[str],
    kept: Counter[str],
) -> None:
    """Asks for one root field as often as `examples`; counts the documents that were answered with data alone."""
    label = operation.label

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def hit(case: Any) -> None:  # noqa: ANN401  Schemathesis' own
        asked[label] += 1
        case.body = print_ast(visit(parse(case.body), _Naming()))
        response = case.call(headers=headers)
        answer = response.json()
        right = REFUSED.get(label.rpartition(".")[2], "QUERY_TOO_COMPLEX")
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        if not codes or not codes <= {right, *MAY_BE}:
            case.validate_response(response, headers=headers)
        kept[label] += "errors" not in answer

    hit()


def test_generated_documents_are_answered_with_data(served: Served) -> None:
    asked, kept = hit_every_root_field(served, 2)

    assert min(asked.values()) >= 2
    assert sum(kept.values()) >= 0.7 * sum(asked.values())


@pytest.mark.proof
def test_every_root_field_is_hit_twenty_times(served: Served) -> None:
    asked, kept = hit_every_root_field(served, 25)

    print(f"root fields: {len(asked)}, documents: {sum(asked.values())}, kept: {sum(kept.values())}")
    assert min(times for label, times in asked.items() if label not in ALIKE) >= 20
    assert {label for label, times in asked.items() if times < 20} <= ALIKE
    assert sum(kept.values()) >= 0.7 * sum(asked.values())
