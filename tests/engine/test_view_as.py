"""An administrator looks as every member of a realm: what is answered, the member is answered too, and so is the administrator alone."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.engine.arguments import asked
from tests.engine.asking import Ask, Below, Caller
from tests.engine.callers import PARTS, caller
from tests.engine.canaries import forbidden, opened, questions
from tests.engine.documents import cells
from tests.engine.graph import Kept, built, execution_of
from tests.engine.oracle import FIELDS, Seen
from tests.engine.proving import Proof
from tests.engine.realm import Realm

MEMBERS: Final = [
    name
    for name, part in PARTS.items()
    if part.person not in {None, "southerner"} and part.scopes is None and part.viewed is None
]
"""Everybody with a session, but for the administrator who looks."""


def looks(proof: Proof, realm: Realm, name: str) -> tuple[Caller, Caller, Caller]:
    """The member, an administrator, and the administrator as the member."""
    now = proof.store.clock.now()
    member = caller(realm, name, now)
    admin = caller(realm, "admin", now)
    actor = replace(admin.principal, person_id=realm["southerner"])
    viewed = replace(member.principal, viewed_by=actor)
    return member, Caller(f"admin {realm.tenant}", actor), Caller(f"{name} viewed {realm.tenant}", viewed)


@pytest.mark.parametrize("name", MEMBERS)
async def test_no_text_comes_out_that_the_member_or_the_administrator_is_not_shown(
    proof: Proof, ask_at_the_door: Ask, name: str
) -> None:
    """The administrator's own lists hold other rows, so of him it is asked what he is shown anywhere."""
    realm = proof.realms[0]
    member, admin, look = looks(proof, realm, name)
    kept = {one.text.lower().encode() for one in realm.canaries}
    hidden = {text.lower().encode() for who in (member, admin) for text in await forbidden(proof, who)}
    found, shown = [], set[bytes]()
    async for text, variables in questions(proof, realm, list(asked())[::6]):
        own = opened((await ask_at_the_door(member, text, variables)).body)
        seen = opened((await ask_at_the_door(look, text, variables)).body)
        of_look = {mark for mark in kept | hidden if mark in seen}
        found += [(text, mark) for mark in of_look if mark in hidden or mark not in own]
        shown |= of_look

    assert found == []
    assert bool(shown) is bool(kept - hidden)


@pytest.mark.parametrize("name", MEMBERS)
async def test_every_cell_is_the_members_where_the_administrator_sees_it_and_else_nothing(
    proof: Proof, ask: Ask, name: str
) -> None:
    _, core, catalogue = built()
    realm, oracle, now = proof.realms[0], proof.oracles[0], proof.store.clock.now()
    member, admin, look = looks(proof, realm, name)
    wrong: list[tuple[Any, ...]] = []
    for of in FIELDS:
        rows = await proof.rows(realm, oracle, of)
        ids = {"ids": [text for _, text in rows]}
        answers = [
            (await ask(who, cells(core, catalogue, of), ids)).data["nodes"] for who in (member, admin, look)
        ]
        for (row, _), mine, theirs, seen in zip(rows, *answers, strict=True):
            wrong += [] if seen is None or (mine and theirs) else [(of, "reached", seen)]
            for field, value in (seen or {}).items():
                if mine and theirs and value is not None and value not in (mine[field], pseudonym(value)):
                    wrong.append((of, field, value, mine[field]))
                told = field in FIELDS[of][1] and theirs and theirs[field] is None and value is not None
                if told and not (await oracle.seen(admin.principal, now, of, row, field) or Seen(None)).raw:
                    wrong.append((of, field, value, "hidden from the administrator"))

    assert wrong == []


def pseudonym(value: object) -> object:
    """The value, if it is what anybody may read in place of a name."""
    return value if isinstance(value, str) and " #" in value else None


async def test_a_look_is_on_record_with_both_and_with_the_members_own_data(proof: Proof) -> None:
    realm, kept = proof.realms[0], Kept()
    ask = Below(execution_of(proof.store, recorder=kept))
    member, admin, look = looks(proof, realm, "technician on orders")
    text = "{ viewer { name } }"

    await ask(member, text)
    own = list(kept.accesses)
    await ask(look, text)

    (access,) = kept.accesses
    assert own == []
    assert (access.viewer_id, access.viewer_kind) == (realm["southerner"], f"AS {realm['technician']}")
    assert dict(access.released) == {1: {realm["technician"].bytes}}
    assert admin.principal.person_id == realm["southerner"]


async def test_a_cursor_of_a_look_is_good_for_that_look_alone(proof: Proof, ask: Ask) -> None:
    realm = proof.realms[0]
    member, admin, look = looks(proof, realm, "technician on orders")
    _, _, other = looks(proof, realm, "quality manager")
    text = "query ($after: Cursor) { users(first: 2, after: $after) { nodes { id } pageInfo { endCursor } } }"
    cursors = [(await ask(one, text)).data["users"]["pageInfo"]["endCursor"] for one in (look, member, admin)]

    answers = {
        (at, one.name): (await ask(one, text, {"after": cursor})).codes
        for at, cursor in enumerate(cursors)
        for one in (look, member, admin, other)
    }

    good = {(0, look.name), (1, member.name), (2, admin.name)}
    assert {key for key, codes in answers.items() if codes == []} == good
    assert {code for codes in answers.values() for code in codes} == {"CURSOR_INVALID"}
