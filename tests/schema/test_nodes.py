"""Anything by its id: what is not reached is null and leaves its neighbours alone; an id tells neither its row nor its age."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

import pytest

from schema.root import build_schema
from tests.engine.asking import Ask
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof

NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
SINGULAR = {"user": "User", "location": "Location", "asset": "Asset", "workOrder": "WorkOrder"}
GARBAGE = (
    "",
    "x",
    "User:1",
    "VXNlcjox",
    "•••",
    "A" * 44,
    "A" * 5000,
    "\u00e9" * 44,
    "-" * 44,
    "J•• P••",
    "' OR 1=1 --",
)


async def test_what_is_not_reached_is_null_and_its_neighbours_are_there(proof: Proof, ask: Ask) -> None:
    (realm, oracle, who), (elsewhere, other, _) = proof.callers("admin")
    mine = [text for of in FIELDS for _, text in await proof.rows(realm, oracle, of)]
    foreign = [text for of in FIELDS for _, text in await proof.rows(elsewhere, other, of)]
    raw = [urlsafe_b64decode(text) for text in mine]
    forged = [bytes([code]) + one[1:] for one in raw[:5] for code in (0, 99, 255, 1 if one[0] != 1 else 2)]
    forged += [one[:17] + bytes(16) for one in raw[:5]]
    mixed = [
        text
        for group in zip(
            mine[:14], foreign[:14], [urlsafe_b64encode(one).decode() for one in forged[:14]], strict=True
        )
        for text in (*group, GARBAGE[len(group[0]) % len(GARBAGE)])
    ]

    answer = await ask(who, NODES, {"ids": mixed})

    assert answer.errors == []
    assert [node and node["id"] for node in answer.data["nodes"]] == [
        text if at % 4 == 0 else None for at, text in enumerate(mixed)
    ]


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage_names_nothing(proof: Proof, ask: Ask, garbage: str) -> None:
    _, _, who = next(proof.callers("admin"))
    singular = " ".join(f"{name}(id: $id) {{ id }}" for name in SINGULAR)

    answer = await ask(who, f"query ($id: ID!) {{ node(id: $id) {{ id }} {singular} }}", {"id": garbage})

    assert (answer.errors, answer.data) == ([], dict.fromkeys(("node", *SINGULAR)))


async def test_an_id_of_another_kind_is_no_answer_to_a_question_for_one_kind(proof: Proof, ask: Ask) -> None:
    realm, oracle, who = next(proof.callers("admin"))
    for of in FIELDS:
        _, text = (await proof.rows(realm, oracle, of))[0]

        answer = await ask(
            who,
            "query ($id: ID!) { user(id: $id) { id } location(id: $id) { id } asset(id: $id) { id } workOrder(id: $id) { id } }",
            {"id": text},
        )

        assert answer.errors == []
        assert answer.data == {name: {"id": text} if kind == of else None for name, kind in SINGULAR.items()}


async def test_a_row_beyond_reach_and_no_row_at_all_are_one_answer(proof: Proof, ask: Ask) -> None:
    realm, _, who = next(proof.callers("manager of liege"))
    beyond = await proof.global_id(realm, "Asset", realm["pump"])
    nothing = await proof.global_id(realm, "Asset", UUID(int=realm["pump"].int ^ 1))

    answers = [await ask(who, NODES, {"ids": [text]}) for text in (beyond, nothing)]

    assert answers[0].body == answers[1].body
    assert answers[0].data == {"nodes": [None]}


async def test_an_id_holds_nothing_of_its_row_and_differs_between_organisations(proof: Proof) -> None:
    here, there = proof.realms
    row = here["technician"]

    texts = [await proof.global_id(realm, of, row) for realm in (here, there) for of in ("User", "Asset")]

    assert len(set(texts)) == 4
    blocks = [urlsafe_b64decode(text)[17:] for text in texts]
    assert (blocks[0], blocks[2]) == (blocks[1], blocks[3])
    assert blocks[0] != blocks[2]
    for text in texts:
        raw = urlsafe_b64decode(text)
        assert row.bytes not in raw
        assert not any(row.bytes[at : at + 4] in raw[17:] for at in range(13))
        assert row.hex not in text.lower() + raw.hex()[34:]


async def test_no_answer_holds_a_raw_uuid(proof: Proof, ask: Ask) -> None:
    """Of any row, in any form: ids, cursors and links are opaque."""
    realm, oracle, who = next(proof.callers("admin"))
    text = """{ workOrders(first: 50) { edges { cursor node { id asset { id } location { id site { id } } requester { id }
        assignees { id } history(first: 5) { edges { cursor node { id actor { id } } } } } } }
        users(first: 50) { edges { cursor node { id roles { id site { id } } } } } }"""

    answer = await ask(who, text)

    rows = [row for of in FIELDS for row, _ in await proof.rows(realm, oracle, of)]
    body = answer.body.decode().lower()
    assert answer.errors == []
    assert [row for row in rows if row.hex in body or str(row) in body] == []


async def test_at_most_100_ids_at_once(proof: Proof, ask: Ask) -> None:
    _, _, who = next(proof.callers("admin"))

    answer = await ask(who, NODES, {"ids": ["x"] * 101})

    assert answer.codes == ["BAD_USER_INPUT"]


def test_the_same_classes_build_two_schemas_that_are_alike() -> None:
    first, second = build_schema()[0].as_str(), build_schema()[0].as_str()

    assert first == second
