"""An explanation says of every field what its answers show, of every level the statements that are sent, and never a value."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, OperationDefinitionNode, parse, validate

from isomod_graphql.core.errors import FieldNotReadable
from isomod_graphql.engine.explaining import Coordinate, Explanation
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.engine.watching import Watch
from schema.execution import Answered
from schema.explaining import Explainer, beside
from tests.engine.asking import Caller
from tests.engine.callers import PARTS
from tests.engine.documents import cells, deep
from tests.engine.graph import built, execution_of
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof

ORDERS = """query ($first: PageSize!, $filter: WorkOrderFilter) {
  workOrders(first: $first, filter: $filter, orderBy: NUMBER_DESC) {
    totalCount nodes { number title assignee { displayName email } assignees { name } asset { name custodian { phone } } } } }"""


async def explained(
    proof: Proof, who: Caller, text: str, variables: Mapping[str, Any] | None = None, *, timed: bool = False
) -> tuple[Any, Explanation]:
    """The body of the answer, and how it came about."""
    explainer = Explainer(proof.execution)
    operation, document, digest = _read(proof, text)
    answer, explanation = await explainer.run(
        operation, document, digest, dict(variables or {}), who.principal, None, points=7, timed=timed
    )
    assert explanation is not None
    told = beside(answer, explanation)
    if isinstance(told, Answered):
        return orjson.loads(told.body), explanation
    return {"data": told.data, "extensions": told.extensions}, explanation


def _read(proof: Proof, text: str) -> tuple[OperationDefinitionNode, Any, bytes]:
    document = parse(text)
    assert validate(proof.execution.schema, document) == []
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return operation, document, sha256(text.encode()).digest()


def planned(proof: Proof, who: Caller, text: str, variables: Mapping[str, Any] | None = None) -> Explanation:
    """How it would be answered; nothing runs."""
    operation, document, digest = _read(proof, text)
    asked = proof.execution.asked(operation, document, digest, dict(variables or {}), who.principal)
    assert not isinstance(asked, ExecutionResult)
    return Explainer(proof.execution).plan(asked, 7)


def coordinates(explanation: Explanation) -> list[Coordinate]:
    return [one for level in explanation.levels for part in level.parts for one in part.coordinates]


def disagreements(body: Any, explanation: Explanation) -> list[object]:  # noqa: ANN401  JSON
    """Where the answer masks what the explanation says is shown, or otherwise; and the other way round."""
    masked = body["extensions"].get("masking", {}).get("fields", [])
    told = {(one.path, one.coordinate): one for one in coordinates(explanation)}
    found: list[object] = []
    for entry in masked:
        one = told[tuple(entry["path"]), entry["coordinate"]]
        if (entry["mask"], entry["reason"]) not in {(may.mask, may.reason) for may in one.possible}:
            found.append(entry)
    places = {(tuple(entry["path"]), entry["coordinate"]) for entry in masked}
    for key, one in told.items():
        if len(one.possible) == 1 and one.possible[0].level == "FULL" and key in places:
            found.append(one)
    return found


def unexplained(explanation: Explanation, *, is_person: bool) -> list[str]:
    """Fields of rows that the viewer may reach, of which nothing is said."""
    return [
        one.coordinate
        for level in explanation.levels
        for part in level.parts
        for one in part.coordinates
        if not one.possible and (part.facts.slots or (is_person and part.entity == "person"))
    ]


@pytest.mark.parametrize("name", PARTS)
async def test_what_an_answer_masks_is_what_the_explanation_says_may_be_masked(
    proof: Proof, name: str
) -> None:
    _, core, catalogue = built()
    realm, oracle, who = next(proof.callers(name))
    everything = deep(core, catalogue, tuple(FIELDS), brief=False)
    ids = [text for of in FIELDS for _, text in await proof.rows(realm, oracle, of)]

    for text, variables in [
        (everything, {}),
        *((cells(core, catalogue, of), {"ids": ids[:100]}) for of in FIELDS),
    ]:
        body, explanation = await explained(proof, who, text, variables)

        assert explanation.answered == "COMPILED"
        assert disagreements(body, explanation) == []
        assert all(one.complete for one in coordinates(explanation))
        held = Viewer.at(who.principal, proof.store.clock.now()).vector.held
        assert unexplained(explanation, is_person=bool(held)) == []


async def test_what_only_its_author_reads_is_hidden_for_everybody_else(proof: Proof) -> None:
    _, _, who = next(proof.callers("viewer"))

    body, explanation = await explained(proof, who, "{ workOrders(first: 50) { nodes { description } } }")

    (one,) = coordinates(explanation)
    (entry,) = body["extensions"]["masking"]["fields"]
    assert {may.level for may in one.possible} == {"FULL", "HIDDEN"}
    assert ("not SELF",) in next(may.when for may in one.possible if may.reason == "ROLE")
    assert (entry["mask"], entry["reason"]) == ("NULL", "ROLE")


async def test_conditions_say_on_which_facts_a_decision_depends(proof: Proof) -> None:
    _, _, who = next(proof.callers("technician on orders"))

    explanation = planned(proof, who, "{ users(first: 5) { nodes { email } } }")

    (email,) = coordinates(explanation)
    assert [(may.level, may.mask, may.reason) for may in email.possible] == [
        ("FULL", None, None),
        ("HIDDEN", "NULL", "PRIVACY"),
        ("HIDDEN", "NULL", "RELATION"),
    ]
    assert email.possible[0].when == (
        ("SELF", "not ERASED"),
        ("SAME_TEAM", "neither RESTRICTED nor ERASED"),
        ("SAME_OPEN_ORDER", "neither RESTRICTED nor ERASED"),
    )
    assert email.possible[2].when == (("not SAME_OPEN_ORDER", "not SAME_TEAM", "not SELF"),)


async def test_the_statements_are_those_that_are_sent(proof: Proof) -> None:
    realm, _, who = next(proof.callers("manager of gent"))
    site = await proof.global_id(realm, "Location", realm["gent"])
    variables = {"first": 3, "filter": {"siteId": site}}
    execution = execution_of(proof.store)
    operation, document, digest = _read(proof, ORDERS)
    asked = execution.asked(operation, document, digest, variables, who.principal)
    assert not isinstance(asked, ExecutionResult)
    watch = Watch()

    explanation = Explainer(execution).plan(asked, 7)
    await execution.answer(asked, digest, variables, None, watch)

    planned_texts = [one.sql for level in explanation.levels for one in level.statements]
    assert sorted(planned_texts) == sorted(sql.text for sql, _ in watch.statements)
    assert [(level.path, level.batched) for level in explanation.levels] == [
        (("workOrders", "nodes", "*"), False),
        (("workOrders", "nodes", "*", "assignees", "*"), True),
    ]
    assert [one.rows for level in explanation.levels for one in level.statements] == [
        "page",
        "count",
        "gathered",
    ]
    assert [(part.entity, part.joined) for part in explanation.levels[0].parts] == [
        ("work_order", False),
        ("person", True),
        ("asset", True),
        ("person", True),
    ]


async def test_times_are_told_only_of_a_run_that_was_timed(proof: Proof) -> None:
    _, _, who = next(proof.callers("admin"))

    _, plain = await explained(proof, who, ORDERS, {"first": 3})
    _, timed = await explained(proof, who, ORDERS, {"first": 3}, timed=True)

    assert (plain.microseconds, {level.microseconds for level in plain.levels}) == (None, {None})
    spent = [level.microseconds for level in timed.levels]
    assert all(one is not None and one.sql > 0 and one.projection > 0 for one in spent)
    assert sum(one.sql + one.rows + one.projection for one in spent if one) <= (timed.microseconds or 0)


@pytest.mark.parametrize("name", ["admin", "manager", "requester", "viewer", "partner"])
async def test_an_explanation_holds_no_value_of_a_row_and_none_of_the_caller(proof: Proof, name: str) -> None:
    realm, _, who = next(proof.callers(name))
    site = await proof.global_id(realm, "Location", realm["gent"])
    _, core, catalogue = built()
    name, email = (
        next(one.text for one in realm.canaries if one.row == realm["boss"] and one.attribute == attribute)
        for attribute in ("name", "email")
    )
    asking: tuple[tuple[str, dict[str, Any]], ...] = (
        (deep(core, catalogue, tuple(FIELDS), brief=False), {}),
        (ORDERS, {"first": 3, "filter": {"siteId": site}}),
        (f'{{ users(first: 2, filter: {{email: "{email}@{email}.example"}}) {{ nodes {{ name }} }} }}', {}),
        (f'{{ users(first: 2, filter: {{namePrefix: "{name}"}}) {{ nodes {{ name }} }} }}', {}),
        (
            "query ($f: UserFilter) { users(first: 2, filter: $f) { totalCount } }",
            {"f": {"namePrefix": name}},
        ),
    )

    for text, variables in asking:
        explanation = planned(proof, who, text, variables)
        if explanation.answered != "REFUSED":
            _, explanation = await explained(proof, who, text, variables, timed=True)

        told = orjson.dumps(explanation.as_json()).lower()
        assert explanation.arguments or explanation.levels
        assert [one.text for one in realm.canaries if one.text.lower().encode() in told] == []
        assert [row for row in (*realm.ids.values(), realm.tenant) if str(row).encode() in told] == []
        assert site.lower().encode() not in told


async def test_arguments_are_told_with_what_they_reveal(proof: Proof) -> None:
    _, _, admin = next(proof.callers("admin"))
    _, _, partner = next(proof.callers("partner"))
    text = 'query ($by: UserOrder!) { users(first: 2, filter: {email: "a@b.example"}, orderBy: $by) { totalCount } }'

    allowed = planned(proof, admin, text, {"by": "NAME_ASC"})
    refused = planned(proof, partner, text, {"by": "NAME_ASC"})

    assert [
        (one.coordinate, one.argument, one.name, one.category, one.readable) for one in allowed.arguments
    ] == [
        ("Query.users", "filter", "email", "CONTACT", True),
        ("Query.users", "orderBy", "NAME_ASC", "IDENTITY", True),
    ]
    assert (refused.answered, refused.reason, refused.levels) == ("REFUSED", "FIELD_NOT_READABLE", ())
    assert [one.readable for one in refused.arguments] == [False, False]
    with pytest.raises(FieldNotReadable):
        await explained(proof, partner, text, {"by": "NAME_ASC"})


async def test_what_the_compiler_leaves_is_explained_with_its_reason(proof: Proof) -> None:
    _, _, who = next(proof.callers("requester"))

    inspected = planned(proof, who, "{ __schema { queryType { name } } users(first: 2) { nodes { name } } }")
    body, _ = await explained(proof, who, "{ assets(first: 1) { pageInfo { endCursor } } }")
    of_assets = body["data"]["assets"]["pageInfo"]["endCursor"]
    failing, explanation = await explained(
        proof, who, f'{{ users(first: 2, after: "{of_assets}") {{ nodes {{ name }} }} }}'
    )

    assert (inspected.answered, inspected.reason) == ("REFERENCE", "INTROSPECTION")
    assert [part.entity for level in inspected.levels for part in level.parts] == ["person"]
    (name,) = coordinates(inspected)
    assert (name.coordinate, name.path) == ("User.name", None)
    assert ("MASKED", "INITIALS", "RELATION") in {(may.level, may.mask, may.reason) for may in name.possible}
    assert failing["data"] is None
    assert (explanation.answered, explanation.reason) == ("REFERENCE", "FIELD_ERROR")
