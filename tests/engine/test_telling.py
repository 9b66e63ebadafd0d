"""What a subscriber is told of a row is what a query by its id answers at that moment, in both executors; of a row out of reach, or out of the filter, there is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import ExecutionResult, OperationDefinitionNode, get_named_type, parse, validate

from isomod_graphql.core.errors import IsoModError
from isomod_graphql.core.events import News
from isomod_graphql.engine.request import Telling
from isomod_graphql.engine.shapes import Unsupported
from isomod_graphql.engine.telling import Topic
from schema.execution import Answered, Execution
from tests.engine.arguments import asked, literal
from tests.engine.asking import Answer, Below, Caller, answer_of
from tests.engine.callers import PARTS
from tests.engine.documents import cell_fields
from tests.engine.graph import Kept, built, execution_of
from tests.engine.proving import Proof

FOLLOWED: Final = {
    "WorkOrder": ("workOrderChanged", "workOrder"),
    "Asset": ("assetChanged", "asset"),
    "Location": ("locationChanged", "location"),
}
PERSON: Final = "{ __typename id ... on User { displayName name email phone lastSeenAt } ... on Contact { displayName name email } }"
FILTERS: Final = (
    ("workOrderChanged", "workOrders", "WorkOrder", "{status: [OPEN, IN_PROGRESS]}"),
    ("workOrderChanged", "workOrders", "WorkOrder", "{siteId: $site}"),
    ("workOrderChanged", "workOrders", "WorkOrder", "{assigneeId: $technician, siteId: $site}"),
    ("assetChanged", "assets", "Asset", "{siteId: $site}"),
    ("assetChanged", "assets", "Asset", '{namePrefix: "p"}'),
    ("locationChanged", "locations", "Location", "{siteId: $site}"),
    ("workOrderChanged", "workOrders", "WorkOrder", "{}"),
)


def chosen(of: str) -> str:
    """Every value of the type, and the people beside it."""
    _, core, catalogue = built()
    kind: Any = core.type_map[of]
    parts = []
    for name in cell_fields(core, catalogue, of):
        named = get_named_type(kind.fields[name].type).name
        link = name in {one for one, spec in catalogue.fields_of_type[of].items() if spec.link is not None}
        parts.append(f"{name} {PERSON if named == 'Person' else '{ __typename id }'}" if link else name)
    return " ".join(parts)


@dataclass
class Teller:
    """One executor that answers subscriptions, and what it takes down."""

    execution: Execution
    kept: Kept
    documents: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, proof: Proof, *, compiles: bool) -> "Teller":
        kept = Kept()
        return cls(execution_of(proof.store, compiles=compiles, recorder=kept), kept)

    async def __call__(
        self, who: Caller, text: str, row_id: UUID | None, variables: Mapping[str, Any] | None = None
    ) -> tuple[bool, Answer]:
        """Whether anything is told, and the answer; no row: not an event but a query."""
        if text not in self.documents:
            self.documents[text] = parse(text)
            assert validate(self.execution.schema, self.documents[text]) == []
        document = self.documents[text]
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        digest, given = sha256(text.encode()).digest(), dict(variables or {})
        planned = self.execution.asked(operation, document, digest, given, who.principal)
        assert not isinstance(planned, ExecutionResult)
        telling = None if row_id is None else Telling(row_id)
        self.kept.accesses.clear()
        result: Answered | ExecutionResult = await self.execution.answer(
            planned, digest, given, None, telling=telling
        )
        return telling is not None and telling.seen, answer_of(result)

    def refusal(self, who: Caller, text: str) -> str | None:
        """The code with which the operation is refused before it runs."""
        document = parse(text)
        assert validate(self.execution.schema, document) == []
        operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
        asked_for = self.execution.asked(
            operation, document, sha256(text.encode()).digest(), {}, who.principal
        )
        assert not isinstance(asked_for, ExecutionResult)
        try:
            self.execution.refuse(asked_for)
        except IsoModError as refusal:
            return refusal.code
        return None

    @property
    def released(self) -> dict[bytes, int]:
        """By subject, the categories of which something was shown."""
        found: dict[bytes, int] = {}
        for access in self.kept.accesses:
            for bits, subjects in access.released.items():
                found |= {subject: found.get(subject, 0) | bits for subject in subjects}
        return found


@pytest.fixture(scope="module")
def tellers(proof: Proof) -> tuple[Teller, Teller]:
    """The compiled path and the reference path."""
    return Teller.of(proof, compiles=True), Teller.of(proof, compiles=False)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("of", FOLLOWED)
async def test_an_event_is_answered_as_a_query_by_the_id_of_its_row(
    proof: Proof, tellers: tuple[Teller, Teller], of: str, name: str
) -> None:
    changed, by_id = FOLLOWED[of]
    realm, oracle, who = next(proof.callers(name))
    event = f"subscription {{ row: {changed} {{ {chosen(of)} }} }}"
    query = f"query ($id: ID!) {{ row: {by_id}(id: $id) {{ {chosen(of)} }} }}"
    wrong = []

    for row_id, global_id in await proof.rows(realm, oracle, of):
        _, found = await tellers[0](who, query, None, {"id": global_id})
        shown = tellers[0].released
        for teller in tellers:
            seen, told = await teller(who, event, row_id)
            if (seen, told.data, told.extensions, told.errors, teller.released) != (
                found.data["row"] is not None, found.data, found.extensions, [], shown,
            ):  # fmt: skip
                wrong.append((row_id, told, found))

    assert wrong == []


async def test_no_row_of_another_organisation_is_told(proof: Proof, tellers: tuple[Teller, Teller]) -> None:
    _, _, who = next(proof.callers("admin"))
    other, oracle = proof.realms[1], proof.oracles[1]

    told = [
        await teller(who, "subscription { workOrderChanged { id number } }", row_id)
        for row_id, _ in await proof.rows(other, oracle, "WorkOrder")
        for teller in tellers
    ]

    assert len(told) > 8
    assert {(seen, str(answer.data)) for seen, answer in told} == {(False, "{'workOrderChanged': None}")}
    assert [teller.released for teller in tellers] == [{}, {}]


@pytest.mark.parametrize(("changed", "listed", "of", "given"), FILTERS)
@pytest.mark.parametrize("name", ["admin", "manager of gent", "technician on orders", "viewer of liege"])
async def test_a_filter_holds_for_the_rows_that_its_list_has(
    proof: Proof, tellers: tuple[Teller, Teller], name: str, changed: str, listed: str, of: str, given: str
) -> None:
    realm, oracle, who = next(proof.callers(name))
    site = await proof.global_id(realm, "Location", realm["gent"])
    technician = await proof.global_id(realm, "User", realm["technician"])
    ids = {"site": site, "technician": technician}
    used = {key: value for key, value in ids.items() if f"${key}" in given}
    head = "(" + ", ".join(f"${key}: ID" for key in used) + ")" if used else ""
    event = f"subscription {head} {{ {changed}(filter: {given}) {{ id }} }}"
    query = f"query {head} {{ {listed}(first: 100, filter: {given}) {{ nodes {{ id }} }} }}"
    _, page = await tellers[0](who, query, None, used)

    for teller in tellers:
        told = {
            global_id
            for row_id, global_id in await proof.rows(realm, oracle, of)
            if (await teller(who, event, row_id, used))[0]
        }

        assert told == {node["id"] for node in page.data[listed]["nodes"]}


ROOTS: Final = {"Asset": "assets", "Location": "locations", "WorkOrder": "workOrders"}


@pytest.mark.parametrize("name", PARTS)
def test_a_filter_is_refused_where_that_of_the_list_is(
    proof: Proof, tellers: tuple[Teller, Teller], name: str
) -> None:
    """Before any SQL and with the same code, whatever the data."""
    _, _, who = next(proof.callers(name))
    differing = []
    for one in asked(followed=True):
        given = f"filter: {literal(one, {})}"
        listed = ROOTS[one.place.input_type.removesuffix("Filter")]
        event = f"subscription {{ {one.place.field}({given}) {{ id }} }}"
        query = f"{{ {listed}(first: 1, {given}) {{ nodes {{ id }} }} }}"
        codes = [tellers[0].refusal(who, text) for text in (event, query)]
        if codes[0] != codes[1]:
            differing.append((one.name, codes))

    assert differing == []


async def test_an_id_limits_the_stream_to_its_row_and_one_that_names_nothing_to_none(
    proof: Proof, tellers: tuple[Teller, Teller]
) -> None:
    realm, oracle, who = next(proof.callers("admin"))
    (row, mine), (other, _), *_ = await proof.rows(realm, oracle, "WorkOrder")
    foreign = (await proof.rows(proof.realms[1], proof.oracles[1], "WorkOrder"))[0][1]
    asset = (await proof.rows(realm, oracle, "Asset"))[0][1]
    text = "subscription ($id: ID) { workOrderChanged(id: $id) { id } }"

    for teller in tellers:
        found = [
            (await teller(who, text, of, {"id": named}))[0]
            for of, named in (
                (row, mine),
                (other, mine),
                (row, None),
                (row, foreign),
                (row, asset),
                (row, "x"),
            )
        ]

        assert found == [True, False, True, False, False, False]


async def test_a_subscription_runs_compiled_and_tells_nothing_without_an_event(proof: Proof) -> None:
    _, _, who = next(proof.callers("admin"))
    below = Below(execution_of(proof.store))

    answer = await below(who, "subscription { workOrderChanged(filter: {status: [OPEN]}) { id } }")

    assert answer.data == {"workOrderChanged": None}
    assert (
        below.execution.compiler.answers,
        below.execution.compiler.fallbacks[Unsupported.NOT_A_QUERY],
    ) == (1, 0)


def test_a_topic_is_about_one_kind_of_row_of_one_organisation() -> None:
    mine, other, order = UUID(int=1), UUID(int=2), UUID(int=3)
    news = News(mine, "work_order.completed", {"work_order_id": order})

    assert Topic(mine, "work_order").row_of(news) == order
    assert Topic(mine, "work_order", order).row_of(news) == order
    assert Topic(mine, "work_order", other).row_of(news) is None
    assert Topic(other, "work_order").row_of(news) is None
    assert Topic(mine, "asset").row_of(news) is None
    assert Topic(mine, "work").row_of(news) is None
    assert Topic(mine, "work_order").row_of(News(mine, "work_order.lost", {})) is None
