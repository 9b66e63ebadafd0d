"""Two installations that differ only in what a caller may not see answer every generated request alike: status, headers, bytes, and the number of statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from math import ceil
from random import Random
from typing import Any, Final
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from isomod_graphql.core.flags import restriction_bits
from permissions.categories import Category
from permissions.disclosure import DISCLOSURE, Level
from permissions.principals import Assurance, Role
from schema import execution as execution_module
from tests.conftest import START
from tests.engine.asking import Answer, Caller
from tests.engine.callers import PARTS
from tests.engine.graph import built
from tests.permissions.test_policy_mutation import Mutant, in_force
from tests.proofs.questions import drawn, every_cell, post
from tests.proofs.twins import Twins

PER_ROLE: Final = 1_000
"""Requests of every role in `make proofs`, spread over the callers that hold it; `make test` has a tenth."""
TURNS: Final = 20
OFTEN: Final = settings(
    max_examples=TURNS,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ONCE: Final = settings(OFTEN, max_examples=TURNS // 10, derandomize=True)
SEEDS: Final = st.integers(0, 2**48)
# Where an argument is refused, graphql-core drops the resolvers that it had called before, and Python says so.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'GraphQLCoreConverter:RuntimeWarning")


def per_turn(name: str) -> int:
    """How many requests this caller makes in a turn, so that its rarest role comes to its number."""
    roles = [role for role, _ in PARTS[name].roles]
    holders = [sum(role in dict(part.roles) for part in PARTS.values()) for role in roles]
    return ceil(PER_ROLE / TURNS / min(holders, default=len(PARTS) // 5))


async def same(twins: Twins, name: str, seed: int) -> None:
    """One turn of this caller."""
    who = twins.caller(name)
    await twins.as_seen_by(who, name)
    asked = 0
    while asked < per_turn(name):
        more, wrong = await twins.differences(who, name, Random(f"{seed} {asked}"))  # noqa: S311  no secret
        asked += more
        print(*wrong, sep="\n", end="")
        assert wrong == []


@pytest.mark.parametrize("name", PARTS)
@ONCE
@given(seed=SEEDS)
async def test_what_a_caller_may_not_see_makes_no_difference(twins: Twins, name: str, seed: int) -> None:
    await same(twins, name, seed)


@pytest.mark.proof
@pytest.mark.parametrize("name", PARTS)
@OFTEN
@given(seed=SEEDS)
async def test_it_makes_none_over_and_over(twins: Twins, name: str, seed: int) -> None:
    await same(twins, name, seed)


async def found(twins: Twins, who: Caller, name: str) -> list[Any]:
    """The first difference among as many requests as a role makes in `make test`."""
    asked = 0
    while asked < PER_ROLE // 10:
        more, wrong = await twins.differences(who, name, Random(asked))  # noqa: S311  no secret
        asked += more
        if wrong:
            return wrong
    return []


@contextmanager
def arguments_are_not_refused(twins: Twins) -> Iterator[None]:
    """Filters and sorts reveal what they compare, and every caller has all of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution_module, "refuse_revealing_arguments", lambda *_: None)
        for twin in (twins.first, twins.second):
            execution = twin.house.parts.execution
            patch.setattr(execution, "_classes", None)
        yield


async def test_a_filter_or_a_sort_by_a_masked_value_is_noticed(twins: Twins) -> None:
    name = "viewer"
    who = twins.caller(name)
    await twins.as_seen_by(who, name)
    twins.vocabularies.pop(name, None)

    with arguments_are_not_refused(twins):
        wrong = await found(twins, who, name)
    twins.vocabularies.pop(name, None)

    assert wrong[1:2] != []
    assert await found(twins, who, name) == []


@pytest.mark.parametrize(
    ("name", "role", "category"),
    [
        ("viewer", Role.VIEWER, Category.CONTACT),
        ("requester", Role.REQUESTER, Category.NOTES),
        ("technician without an order", Role.TECHNICIAN, Category.DEVICE),
        ("partner", Role.PARTNER, Category.IDENTITY),
    ],
)
async def test_a_cell_that_shows_more_is_noticed(
    twins: Twins, name: str, role: Role, category: Category
) -> None:
    """The powers of a credential are worked out once, so the changed table gets a new one."""
    who = twins.caller(name)
    await twins.as_seen_by(who, name)
    cell = replace(DISCLOSURE[role][category], base=Level.FULL)
    anew = replace(who, name=f"{who.name} anew", principal=replace(who.principal, credential_id=uuid4()))

    twins.vocabularies.pop(name, None)

    with in_force(Mutant(role, category, "base FULL", cell)):
        wrong = await found(twins, anew, name)
    twins.vocabularies.pop(name)

    assert wrong[1:2] != []


RESTRICT: Final = """
mutation ($id: ID!) { restrictProcessing(input: {subjectId: $id, categories: [PAY, POSITION], ground: ACCURACY_CONTESTED}) {
  userErrors { code }
} }
"""


@pytest.mark.parametrize("name", ["viewer", "auditor", "partner"])
async def test_a_restriction_that_is_made_makes_no_difference_to_who_may_not_know(
    twins: Twins, name: str
) -> None:
    """Made as it is made, with whatever else that writes down."""
    who = twins.caller(name)
    await twins.as_seen_by(who, name)
    officer = twins.caller(name, PARTS["privacy officer"])
    until = START + timedelta(minutes=10)
    officer = replace(
        officer,
        name="officer",
        principal=replace(officer.principal, assurance=Assurance.STEPPED_UP, stepped_up_until=until),
    )
    realm = twins.realm(name)
    keys = await twins.second.store.keystore.tenant(realm.tenant)
    mate = keys.ids.seal(built()[2].entity_of_type["User"].code, realm["mate"])
    made = await twins.once(twins.second, officer, post(RESTRICT, {"id": mate}))
    assert Answer.of(made.body).data == {"restrictProcessing": {"userErrors": []}}
    eye = twins.second.main.eye
    await twins.second.main.anew()

    wrong = await found(twins, who, name)
    flags = await eye.fetchval("SELECT flags FROM people WHERE id = $1", realm["mate"])
    twins.present = None

    assert flags & restriction_bits([Category.PAY, Category.POSITION]) != 0
    assert wrong == []


async def test_what_is_asked_is_worth_asking(twins: Twins) -> None:
    """Most questions are answered with data, many changes take effect, and one in twenty reads all that there is."""
    name = "admin with a full token"
    who = twins.caller(name)
    vocabulary = twins.vocabulary(who, name)
    answered, changed, exported, whole = 0, 0, 0, []
    for seed in range(200):
        one = drawn(vocabulary, Random(seed))  # noqa: S311  no secret
        got = await twins.once(twins.first, who, one.sent)
        if one.sent.path == "/export":
            exported += got.status == 200
            continue
        answer = Answer.of(got.body)
        answered += not one.changes and answer.data is not None
        payloads = [payload for payload in (answer.data or {}).values() if isinstance(payload, dict)]
        changed += one.changes and any(payload.get("userErrors") == [] for payload in payloads)
        if one.operation.text == every_cell(vocabulary):
            whole.append((tuple(answer.codes), len(answer.data or {})))
        if one.changes:
            await twins.first.restore()

    print(answered, "answered,", changed, "changed,", exported, "exported")
    assert answered > 95
    assert changed > 4
    assert exported > 4
    assert set(whole) == {((), len(vocabulary.kinds))}


async def test_the_two_differ_in_every_kind_of_value(twins: Twins) -> None:
    """Else the proof above would compare a thing with itself."""
    kinds: dict[str, set[str]] = {}
    for name in PARTS:
        await twins.as_seen_by(twins.caller(name), name)
        at = twins.at(name)
        for (model, row), values in twins.changes[name][at].items():
            before = await twins.oracles[at].row(model, row)
            assert before is not None
            for attribute, value in values.items():
                how = "gone" if value is None else "there" if before[attribute] is None else "other"
                kinds.setdefault(f"{model.__tablename__}.{attribute}", set()).add(how)

    sealed = ("name", "job_title", "email", "phone", "address", "locale")
    both = {"gone", "other", "there"}
    assert {name: kinds.get(f"people.{name}") for name in sealed} == dict.fromkeys(sealed, both)
    assert kinds["people.flags"] == {"other"}
    assert kinds["users.last_seen_at"] >= {"gone", "other"}
    notes = (
        "assets.description",
        "work_orders.description",
        "work_orders.resolution",
        "work_order_history.reason",
    )
    assert all(kinds[name] >= {"gone", "other"} for name in notes)
    assert kinds["work_order_signatures.signer_name"] == {"gone", "other"}
    assert {"work_orders.title", "assets.name", "locations.name"} <= set(kinds)
