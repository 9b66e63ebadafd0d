"""`viewerAccess` says of every field of every row what the decision on the field itself is, whoever asks; it reads, opens and records nothing of it."""

from typing import Any

import orjson
import pytest

from isomod_graphql.core.columns import UnclassifiedColumn
from isomod_graphql.engine.classified import writes
from isomod_graphql.engine.field_access import Change, changed_by, changes
from isomod_graphql.engine.shapes import Unsupported
from permissions.categories import Category
from permissions.grants import Action
from permissions.reach import Resource
from schema.entities import PERSON
from tests.engine.arguments import statements
from tests.engine.asking import Below, Caller
from tests.engine.callers import PARTS
from tests.engine.documents import objects
from tests.engine.graph import Kept, built, execution_of
from tests.engine.oracle import FIELDS
from tests.engine.oracle_access import CHANGED_BY, access_of
from tests.engine.overhearing import overheard
from tests.engine.proving import Proof

ENTRY = "{ field read write reason }"
PEOPLE = 'viewerAccess(fields: ["phone", "name"]) { field read write reason }'


@pytest.fixture(scope="module")
def both(proof: Proof) -> tuple[Below, Below]:
    """The compiled path and the reference path."""
    return Below(execution_of(proof.store)), Below(execution_of(proof.store, compiles=False))


def names_of(of: str) -> list[str]:
    """Every field that the graph has on this type."""
    kind: Any = built()[1].type_map[of]
    return list(kind.fields)


@pytest.mark.parametrize("name", PARTS)
async def test_every_field_of_every_row_is_told_as_it_is_decided(
    proof: Proof, both: tuple[Below, Below], name: str
) -> None:
    now = proof.store.clock.now()
    chosen = " ".join(
        f"... on {of} {{ of{of}: viewerAccess(fields: {orjson.dumps(names_of(of)).decode()}) {ENTRY} }}"
        for of in FIELDS
    )
    for realm, oracle, who in proof.callers(name):
        rows = [(of, *row) for of in FIELDS for row in await proof.rows(realm, oracle, of)]
        for begin in range(0, len(rows), 100):
            asked = rows[begin : begin + 100]
            text = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {chosen} }} }}"
            answers = [await ask(who, text, {"ids": [text for *_, text in asked]}) for ask in both]

            expected: list[Any] = []
            for of, row, _ in asked:
                found = await oracle.found(who.principal, now, of, row) is not None
                told = [await access_of(oracle, who.principal, now, of, row, field) for field in names_of(of)]
                expected.append({f"of{of}": told} if found else None)
            assert [answer.data for answer in answers] == [{"nodes": expected}] * 2
            assert [answer.errors for answer in answers] == [[], []]
    assert both[0].execution.compiler.fallbacks == {}


async def test_what_the_oracle_lets_change_is_what_the_inputs_declare() -> None:
    weighable = built()[2].weighable

    declared = {
        of: {name: one.actions for name, one in fields.items() if one.actions}
        for of, fields in weighable.items()
    }

    assert {of: fields for of, fields in declared.items() if fields} == {
        of: {name: {action} for name, action in fields.items()} for of, fields in CHANGED_BY.items()
    }


def test_an_input_that_changes_what_is_not_shown_fails_the_build() -> None:
    @changes(PERSON, telephone="mobile")
    @writes(
        Action.PERSON_RECTIFY, {Category.CONTACT: "telephone", Category.IDENTITY: "name"}, on=Resource.PERSON
    )
    class Corrections:
        telephone: str
        name: str

    with pytest.raises(UnclassifiedColumn, match="Corrections cannot change mobile"):
        changed_by([(Corrections, ["telephone"])], {"person": {"phone", "name"}})

    assert changed_by([(Corrections, ["telephone", "name"])], {"person": {"mobile", "name"}}) == {
        "person": {
            "mobile": {Change(Action.PERSON_RECTIFY, Category.CONTACT, Resource.PERSON)},
            "name": {Change(Action.PERSON_RECTIFY, Category.IDENTITY, Resource.PERSON)},
        }
    }


def test_an_input_that_changes_and_does_not_say_which_action_it_takes_fails_the_build() -> None:
    @changes(PERSON)
    @writes(None, {Category.IDENTITY: "name"}, on=Resource.PERSON)
    class Corrections:
        name: str

    with pytest.raises(UnclassifiedColumn, match="Corrections does not say which action it takes"):
        changed_by([(Corrections, ["name"])], {"person": {"name"}})


def told_of(data: Any, key: str = "viewerAccess") -> list[Any]:  # noqa: ANN401  JSON
    """Every answer under this key, in document order."""
    return [value[key] for _, value in objects(data) if key in value]


async def test_to_whom_the_role_hides_a_phone_everybody_is_alike_restricted_or_not(proof: Proof) -> None:
    _, _, who = next(proof.callers("viewer"))
    ask = Below(proof.execution)

    told = told_of((await ask(who, f"{{ users(first: 100) {{ nodes {{ {PEOPLE} }} }} }}")).data)

    by_role = [
        {"field": "phone", "read": "HIDDEN", "write": False, "reason": "ROLE"},
        {"field": "name", "read": "MASKED", "write": False, "reason": "RELATION"},
    ]
    in_the_team = [by_role[0], {"field": "name", "read": "FULL", "write": False, "reason": None}]
    own = [
        {"field": "phone", "read": "FULL", "write": True, "reason": None},
        {"field": "name", "read": "FULL", "write": True, "reason": None},
    ]
    restricted_names = [by_role[0], {"field": "name", "read": "HIDDEN", "write": False, "reason": "PRIVACY"}]
    assert {orjson.dumps(one) for one in told} == {
        orjson.dumps(one) for one in (by_role, in_the_team, own, restricted_names)
    }


@pytest.mark.parametrize("caller", ["admin", "privacy officer"])
async def test_a_restriction_takes_no_right_to_write_and_of_who_is_erased_nothing_changes(
    proof: Proof, both: tuple[Below, Below], caller: str
) -> None:
    realm, _, who = next(proof.callers(caller))
    ids = [await proof.global_id(realm, "User", realm[name]) for name in ("restricted", "erased", "shredded")]
    fields = '["phone", "name", "roles", "teams"]'
    text = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on User {{ viewerAccess(fields: {fields}) {ENTRY} }} }} }}"

    for ask in both:
        restricted, *erased = told_of((await ask(who, text, {"ids": ids})).data)

        gives = caller == "admin"
        assert {one["field"]: one["write"] for one in restricted} == {
            "phone": True, "name": True, "roles": gives, "teams": gives,
        }  # fmt: skip
        assert [[one["write"] for one in told] for told in erased] == [[False] * 4] * 2


async def test_a_partner_is_told_that_its_scope_is_missing(proof: Proof, both: tuple[Below, Below]) -> None:
    realm, _, who = next(proof.callers("partner"))
    fields = '["name", "phone", "email", "lastSeenAt"]'
    text = f"query ($id: ID!) {{ user(id: $id) {{ name phone email lastSeenAt viewerAccess(fields: {fields}) {ENTRY} }} }}"
    given = {"id": await proof.global_id(realm, "User", realm["technician"])}

    for ask in both:
        answer = await ask(who, text, given)

        (told,) = told_of(answer.data)
        assert told == [
            {"field": "name", "read": "MASKED", "write": False, "reason": "SCOPE"},
            {"field": "phone", "read": "HIDDEN", "write": False, "reason": "SCOPE"},
            {"field": "email", "read": "HIDDEN", "write": False, "reason": "SCOPE"},
            {"field": "lastSeenAt", "read": "HIDDEN", "write": False, "reason": "ROLE"},
        ]
        assert {
            (one["coordinate"], one["mask"], one["reason"]) for one in answer.extensions["masking"]["fields"]
        } == {
            ("User.name", "PSEUDONYM", "SCOPE"),
            ("User.phone", "NULL", "SCOPE"),
            ("User.email", "NULL", "SCOPE"),
            ("User.lastSeenAt", "NULL", "ROLE"),
        }


@pytest.mark.parametrize(
    ("on", "head", "names"),
    [
        ("User", "", '["phone", "passwordHash"]'),
        ("Person", "", '["phone", "lastSeenAt"]'),
        ("Node", "", '["name"]'),
        ("WorkOrder", "", '[""]'),
        ("User", '($names: [String!]! = ["id", "no"])', "$names"),
    ],
)
async def test_a_field_that_cannot_be_selected_here_refuses_the_request_before_any_sql(
    proof: Proof, on: str, head: str, names: str
) -> None:
    _, _, who = next(proof.callers("admin"))
    for compiles in (True, False):
        store, texts = overheard(proof.store)
        kept = Kept()
        ask = Below(execution_of(store, compiles=compiles, recorder=kept))
        text = (
            f"query {head} {{ __typename users(first: 5) {{ nodes {{ phone }} }}"
            f' node(id: "x") {{ ... on {on} {{ viewerAccess(fields: {names}) {ENTRY} }} }} }}'
        )

        with statements(store) as seen:
            answer = await ask(who, text)

        assert (answer.data, answer.codes) == (None, ["BAD_USER_INPUT"])
        assert (texts, seen.texts, kept.accesses) == ([], [], [])
        assert "passwordHash" not in answer.body.decode()


async def test_names_may_come_in_a_variable_stand_twice_or_not_at_all(
    proof: Proof, both: tuple[Below, Below]
) -> None:
    realm, _, who = next(proof.callers("quality manager"))
    text = """query ($id: ID!, $names: [String!]!) {
        user(id: $id) { viewerAccess(fields: $names) { f: field __typename read } } }"""
    given = {"id": await proof.global_id(realm, "User", realm["technician"])}

    for ask in both:
        twice = await ask(who, text, given | {"names": ["email", "lastSeenAt", "email"]})
        never = await ask(who, text, given | {"names": []})

        email = {"f": "email", "__typename": "FieldAccess", "read": "MASKED"}
        seen = {"f": "lastSeenAt", "__typename": "FieldAccess", "read": "HIDDEN"}
        assert twice.data == {"user": {"viewerAccess": [email, seen, email]}}
        assert never.data == {"user": {"viewerAccess": []}}
    assert both[0].execution.compiler.fallbacks[Unsupported.CUSTOM_RESOLVER] == 0


async def test_a_list_with_it_takes_one_statement_opens_nothing_and_leaves_no_record(proof: Proof) -> None:
    store, texts = overheard(proof.store)
    kept = Kept()
    ask = Below(execution_of(store, recorder=kept))
    _, _, who = next(proof.callers("technician with a token for contacts"))

    answer = await ask(who, f"{{ users(first: 50) {{ nodes {{ id {PEOPLE} }} }} }}")

    (sql,) = texts
    assert "sealed" not in sql
    assert kept.accesses == []
    assert "masking" not in answer.extensions
    assert {entry["read"] for told in told_of(answer.data) for entry in told} == {"FULL", "MASKED", "HIDDEN"}


async def test_it_stands_beside_the_values_of_the_same_rows(proof: Proof, both: tuple[Below, Below]) -> None:
    """The field is shown as the form says, in one answer."""
    _, _, who = next(proof.callers("technician on orders"))
    person = f"id phone {PEOPLE}"
    text = f"{{ workOrders(first: 50) {{ nodes {{ requester {{ {person} }} assignees {{ {person} }} }} }} }}"
    for ask in both:
        answer = await ask(who, text)

        found = [value for _, value in objects(answer.data) if "phone" in value]
        hidden = [one["viewerAccess"][0]["read"] == "HIDDEN" for one in found]
        masked = {
            tuple(entry["path"][:-1]): entry["rows"] for entry in answer.extensions["masking"]["fields"]
        }
        assert [one["phone"] is None for one, mask in zip(found, hidden, strict=True) if mask] == [
            True
        ] * sum(hidden)
        assert all(one["phone"] for one, mask in zip(found, hidden, strict=True) if not mask)
        assert 0 < sum(hidden) < len(hidden)
        assert set(masked) == {
            ("workOrders", "nodes", "*", "requester"),
            ("workOrders", "nodes", "*", "assignees", "*"),
        }


async def test_nobody_in_particular_is_told_nothing(proof: Proof) -> None:
    _, _, who = next(proof.callers("partner without a scope"))
    ask = Below(proof.execution)

    answer = await ask(Caller(who.name, who.principal), f"{{ users(first: 5) {{ nodes {{ {PEOPLE} }} }} }}")

    assert (answer.data, answer.codes) == (None, ["FORBIDDEN"])
