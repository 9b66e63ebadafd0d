"""Generated operations through both executors as everybody who may ask: data, masks, errors and what is recorded are the same, and as the oracles say."""

import os
from random import Random
from traceback import format_exc
from typing import Final

import pytest
from graphql import NullValueNode, parse, validate
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from tests.engine.agreeing import Agreement, agreement_of
from tests.engine.callers import PARTS
from tests.engine.graph import built
from tests.engine.proving import Proof
from tests.engine.realm import Canary
from tests.engine.weaving import ROOTS, Operation, Weaver, Words, woven

EACH: Final = 5
"""Operations per caller in `make test`; ten times as many in `make proofs`; of both, every caller has the same number."""
NIGHTLY: Final = int(os.environ.get("AGREEMENT_OPERATIONS", "0")) // len(PARTS)
ONCE: Final = settings(
    max_examples=EACH,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OFTEN: Final = settings(ONCE, max_examples=NIGHTLY or 10 * EACH, derandomize=False)
# Where an argument is refused, graphql-core drops the resolvers that it had called before, and Python says so.
pytestmark = pytest.mark.filterwarnings("ignore:coroutine 'GraphQLCoreConverter:RuntimeWarning")


@pytest.fixture(scope="session")
async def agreement(proof: Proof) -> Agreement:
    """Both executors, kept for the whole run: what they prepared for one caller is there for the next."""
    return await agreement_of(proof)


@pytest.fixture(scope="session")
async def words(proof: Proof) -> tuple[Words, ...]:
    """For each realm: half of the ids are its own, the rest another's or nothing's; cursors are somebody else's."""
    ids: list[list[str]] = []
    for realm, oracle in zip(proof.realms, proof.oracles, strict=True):
        kinds = (
            *("User", "Contact", "Location", "Asset", "WorkOrder", "WorkOrderChange", "RoleAssignment"),
            *("AccessLogEntry", "AccessRecord"),
        )
        ids.append([text for of in kinds for _, text in await proof.rows(realm, oracle, of)])
    nonsense = ["", "x", "é", ids[0][0][:-4] + "AAAA", ids[1][0].swapcase(), "nothing\n"]
    emails = [
        [f"{one.text}@{one.text}.example" for one in realm.canaries if _is_address(one)]
        for realm in proof.realms
    ]
    return tuple(
        Words([*ids[at], *ids[1 - at][::4], *nonsense], ["A" * 40, "zz" * 30], emails=emails[at])
        for at in (0, 1)
    )


def _is_address(one: Canary) -> bool:
    return one.attribute == "email"


def operations(words: Words) -> st.SearchStrategy[Operation]:
    """One in six is hypothesis-graphql's own."""
    _, core, _ = built()
    scalars = {
        "ID": st.sampled_from(words.ids).map(nodes.String),
        "PageSize": st.sampled_from([1, 2, 3, 100]).map(nodes.Int),
        "EmailAddress": st.sampled_from(words.emails).map(nodes.String),
        "SearchText": st.sampled_from(["g", "order 2", "kap QUI", "t", "%", ""]).map(nodes.String),
        "DateTime": st.sampled_from(words.instants).map(nodes.String),
        "Date": st.sampled_from(words.days).map(nodes.String),
        "Cursor": st.just(NullValueNode()),
        "CalendarPeriod": st.sampled_from(words.periods).map(nodes.String),
    }
    own = queries(core, fields=ROOTS, custom_scalars=scalars, allow_x00=False).map(Operation)
    woven_ones = woven(core, words)
    return st.integers(0, 5).flatmap(lambda turn: own if turn == 0 else woven_ones)


@pytest.fixture(scope="session")
def drawn(words: tuple[Words, ...]) -> tuple[st.SearchStrategy[Operation], ...]:
    """The operations of each realm, made once: hypothesis wants the same strategy for the same draw."""
    return tuple(operations(of) for of in words)


async def agrees(
    agreement: Agreement, drawn: tuple[st.SearchStrategy[Operation], ...], name: str, data: st.DataObject
) -> None:
    """One operation, by this caller in one of the realms."""
    at = data.draw(st.sampled_from((0, 1)))
    realm, oracle, who = list(agreement.proof.callers(name))[at]

    operation = data.draw(drawn[at])
    try:
        wrong = await agreement.differences(realm, oracle, who, operation)
    except Exception:
        # Hypothesis may lose the message when it cannot replay the example.
        print(operation, format_exc(), sep="\n")
        raise

    print(*wrong, sep="\n", end="")
    assert wrong == []


@pytest.mark.parametrize("name", PARTS)
@ONCE
@given(data=st.data())
async def test_both_executors_and_the_oracles_agree(
    agreement: Agreement, drawn: tuple[st.SearchStrategy[Operation], ...], name: str, data: st.DataObject
) -> None:
    await agrees(agreement, drawn, name, data)


async def test_what_is_compared_is_worth_comparing(agreement: Agreement, words: tuple[Words, ...]) -> None:
    """The woven documents are valid, few of them fail, and the oracles find what is put wrong."""
    realm, oracle, who = next(agreement.proof.callers("manager of gent"))
    _, core, _ = built()
    woven_ones = [Weaver(core, words[0], Random(seed)).operation() for seed in range(60)]  # noqa: S311  no secret
    before = agreement.asked, agreement.answered

    wrong = [await agreement.differences(realm, oracle, who, one) for one in woven_ones]
    judged = [await agreement.judged_wrongly(realm, oracle, who, one) for one in woven_ones]

    assert [validate(core, parse(one.text)) for one in woven_ones] == [[]] * 60
    assert wrong == [[]] * 60
    assert agreement.answered - before[1] > 0.7 * (agreement.asked - before[0])
    assert sum(judged) > 12


@pytest.mark.proof
@pytest.mark.parametrize("name", PARTS)
@OFTEN
@given(data=st.data())
async def test_they_agree_over_and_over(
    agreement: Agreement, drawn: tuple[st.SearchStrategy[Operation], ...], name: str, data: st.DataObject
) -> None:
    await agrees(agreement, drawn, name, data)
