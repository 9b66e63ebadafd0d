"""A filter or sort over what the viewer cannot read raw is refused before any SQL, in every spelling; whoever may ask gets the right rows."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from isomod_graphql.core.flags import is_erased, restricted_categories
from isomod_graphql.core.text import fold
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.models import Person
from permissions.categories import ROW_RULED, Category
from permissions.decisions import Facts, decide, may
from permissions.disclosure import Level, Relation
from permissions.grants import Action
from permissions.reach import Reach, Resource
from tests.engine.arguments import Asked, asked, document, literal, places, statements
from tests.engine.asking import Ask, Caller
from tests.engine.callers import PARTS
from tests.engine.proving import Proof
from tests.engine.realm import PEOPLE, Realm

SPELLINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "literal": ('{ users(first: 5, filter: {email: "a@b.example"}) { totalCount } }', {}),
    "null": ("{ users(first: 5, filter: {email: null}) { totalCount } }", {}),
    "beside what is allowed": ('{ users(first: 5, filter: {status: [ACTIVE], email: "a@b.example"}) { totalCount } }', {}),
    "whole variable": (
        "query ($given: UserFilter) { users(first: 5, filter: $given) { totalCount } }",
        {"given": {"email": "a@b.example"}},
    ),
    "null in a variable": (
        "query ($given: UserFilter) { users(first: 5, filter: $given) { totalCount } }",
        {"given": {"email": None}},
    ),
    "variable inside": (
        "query ($email: EmailAddress) { users(first: 5, filter: {email: $email}) { totalCount } }",
        {"email": "a@b.example"},
    ),
    "variable inside that is null": (
        "query ($email: EmailAddress) { users(first: 5, filter: {email: $email}) { totalCount } }",
        {"email": None},
    ),
    "default of a variable": (
        'query ($given: UserFilter = {email: "a@b.example"}) { users(first: 5, filter: $given) { totalCount } }',
        {},
    ),
    "sort": ("{ users(first: 5, orderBy: NAME_DESC) { totalCount } }", {}),
    "sort in a variable": (
        "query ($by: UserOrder!) { users(first: 5, orderBy: $by) { totalCount } }",
        {"by": "NAME_ASC"},
    ),
    "sort as a default": (
        "query ($by: UserOrder! = NAME_ASC) { users(first: 5, orderBy: $by) { totalCount } }",
        {},
    ),
    "alias": ('{ plain: users(first: 5) { totalCount } other: users(first: 5, filter: {email: "a@b.example"}) { totalCount } }', {}),
    "fragment": (
        'query { ...Here } fragment Here on Query { users(first: 5, filter: {namePrefix: "a"}) { totalCount } }',
        {},
    ),
    "inline fragment": ('{ ... on Query { users(first: 5, filter: {namePrefix: "a"}) { totalCount } } }', {}),
    "empty prefix": ('{ users(first: 5, filter: {namePrefix: ""}) { totalCount } }', {}),
    "skipped by nobody": (
        'query ($on: Boolean = false) { users(first: 5, filter: {email: "a@b.example"}) @include(if: $on) { totalCount } }',
        {},
    ),
}  # fmt: skip

NAMES = {
    "siteId": Resource.LOCATION, "locationId": Resource.LOCATION, "assetId": Resource.ASSET, "parentId": Resource.ASSET,
    "custodianId": Resource.PERSON, "assigneeId": Resource.PERSON, "requesterId": Resource.PERSON,
    "subjectId": Resource.PERSON, "viewerId": Resource.PERSON,
}  # fmt: skip
"""The kind of row that each filter by an id names."""


def readable_everywhere(who: Caller, proof: Proof, one: Asked) -> bool:
    """Whether a stranger's row, reached by one grant alone and by nothing that ties, would be shown raw to the viewer."""
    vector = replace(Viewer.at(who.principal, proof.store.clock.now()).vector, self_rights=False)
    if one.category in ROW_RULED:
        # Told by every row that is reached; where none is, there is nothing to tell. What it names is reached as well.
        return one.member not in NAMES or reaches_some(who, proof, kind_named(one))
    if one.resource is Resource.ACCESS_LOG:  # nothing but the viewer's own rows
        own = Facts(relations=frozenset({Relation.SELF}))
        shown = decide(replace(vector, self_rights=True), one.category, own).level is Level.FULL
        return one.resource in vector.held and shown
    needed = Reach.ALL
    return any(
        tier.reach(one.resource) >= needed
        and decide(vector, one.category, Facts(frozenset({tier.slot}))).level is Level.FULL
        for tier in vector.tiers
    )


def kind_named(one: Asked) -> Resource:
    """The kind of row that a filter by an id names."""
    places = one.place.input_type == "LocationFilter"
    return Resource.LOCATION if one.member == "parentId" and places else NAMES[one.member]


def reaches_some(who: Caller, proof: Proof, kind: Resource) -> bool:
    """Whether there can be a row of this kind that the caller is shown; people are shown themselves."""
    vector = Viewer.at(who.principal, proof.store.clock.now()).vector
    # So may the vendor be, somebody whose data was opened to it.
    own = kind is Resource.PERSON and (vector.self_rights or who.principal.kind == "SUPPORT")
    return own or any(tier.reach(kind) is not Reach.NONE for tier in vector.tiers)


async def ids_of(proof: Proof, realm: Realm) -> dict[str, str]:
    """An id for every input field that takes one."""
    site, asset = (
        await proof.global_id(realm, "Location", realm["gent"]),
        await proof.global_id(realm, "Asset", realm["pump"]),
    )
    person = await proof.global_id(realm, "User", realm["technician"])
    return {"siteId": site, "locationId": site, "parentId": asset, "assetId": asset} | dict.fromkeys(
        ("custodianId", "assigneeId", "requesterId", "subjectId", "viewerId"), person
    )


@pytest.mark.parametrize("name", PARTS)
async def test_what_cannot_be_read_raw_is_refused_before_any_statement(
    proof: Proof, ask: Ask, name: str
) -> None:
    realm, _, who = next(proof.callers(name))
    ids, now = await ids_of(proof, realm), proof.store.clock.now()
    wrong: list[tuple[object, ...]] = []
    for one in asked():
        if one.place.field in {"locations", "children"} and one.place.input_type == "LocationFilter":
            ids["parentId"] = ids["siteId"]
        else:
            ids["parentId"] = ids["assetId"]
        text = document(one.place, f"{one.place.argument}: {literal(one, ids)}")
        row = {"Asset": ids["assetId"], "Location": ids["siteId"]}.get(one.place.type_name)
        with statements(proof.store) as seen:
            answer = await ask(who, text, {"id": row} if row else {})
        if one.place.field in {"users", "teams"} and not may(who.principal, Action.USER_READ, now=now):
            wrong += [] if (answer.data, seen.texts) == (None, []) else [(one.name, "was listed", answer)]
        elif readable_everywhere(who, proof, one):
            wrong += [(one.name, answer.errors)] if answer.errors else []
        elif answer.codes != ["FIELD_NOT_READABLE"] or answer.data is not None or seen.texts:
            wrong.append((one.name, "was not refused", answer.codes, len(seen.texts)))

    assert wrong == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "name", ["viewer", "requester", "manager of gent", "partner", "admin with a token for users"]
)
async def test_no_spelling_helps(proof: Proof, ask: Ask, name: str, spelling: str) -> None:
    _, _, who = next(proof.callers(name))
    text, variables = SPELLINGS[spelling]

    with statements(proof.store) as seen:
        answer = await ask(who, text, variables)

    assert (answer.data, answer.codes, seen.texts) == (None, ["FIELD_NOT_READABLE"], [])


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_whoever_reads_everything_may_spell_it_in_any_way(
    proof: Proof, ask: Ask, spelling: str
) -> None:
    _, _, who = next(proof.callers("admin"))
    text, variables = SPELLINGS[spelling]

    answer = await ask(who, text, variables)

    assert answer.errors == []


async def test_a_list_asked_without_filter_or_sort_is_not_refused(proof: Proof, ask: Ask) -> None:
    """What a list does unasked is no question of the caller's."""
    _, _, who = next(proof.callers("requester without an order"))
    bare = await ask(who, "{ users(first: 5) { totalCount nodes { id } } }")
    unset = await ask(
        who,
        """query ($status: [MembershipStatus!], $email: EmailAddress, $given: UserFilter) {
            users(first: 5, filter: {status: $status, email: $email}) { totalCount }
            others: users(first: 5, filter: $given) { totalCount } }""",
    )

    assert (bare.errors, bare.data["users"]["totalCount"]) == ([], 1)
    assert (unset.errors, unset.data) == ([], {"users": {"totalCount": 1}, "others": {"totalCount": 1}})


def readable(category: Category, flags: int) -> bool:
    """Neither restricted in this category nor erased."""
    return not is_erased(flags) and category not in restricted_categories(flags)


async def test_a_name_prefix_finds_exactly_the_readable_person(proof: Proof, ask: Ask) -> None:
    realm, oracle, who = next(proof.callers("technician without an order"))
    found = {}
    for person, (_, _, member, _) in PEOPLE.items():
        row = await oracle.row(Person, realm[person])
        if member and row is not None and row["name"] is not None:
            prefix = row["name"].split()[0].upper()
            text = "query ($prefix: String) { users(first: 5, filter: {namePrefix: $prefix}) { totalCount nodes { id } } }"
            answer = await ask(who, text, {"prefix": prefix})
            found[person] = [node["id"] for node in answer.data["users"]["nodes"]]
            assert answer.data["users"]["totalCount"] == len(found[person])

    ids = {person: await proof.global_id(realm, "User", realm[person]) for person in found}
    assert "shredded" not in found
    assert found == {
        person: [ids[person]] if readable(Category.IDENTITY, PEOPLE[person][3]) else [] for person in found
    }


@pytest.mark.parametrize("name", ["admin", "partner with names and contacts", "manager"])
async def test_an_address_finds_exactly_the_readable_person(proof: Proof, ask: Ask, name: str) -> None:
    realm, _, who = next(proof.callers(name))
    text = "query ($email: EmailAddress) { users(first: 5, filter: {email: $email}) { totalCount nodes { id } } }"
    marks = {one.row: one.text for one in realm.canaries if one.attribute == "email"}
    found, expected = {}, {}
    for person, (_, _, member, flags) in PEOPLE.items():
        if member and person != "nameless":
            mark = marks[realm[person]]
            answer = await ask(who, text, {"email": f"{mark.upper()}@{mark}.example"})
            found[person] = [node["id"] for node in answer.data["users"]["nodes"]]
            mine = await proof.global_id(realm, "User", realm[person])
            expected[person] = [mine] if readable(Category.CONTACT, flags) else []

    assert found == expected
    assert sum(map(len, found.values())) == 7


@pytest.mark.parametrize("order", ["NAME_ASC", "NAME_DESC"])
async def test_a_sort_by_name_keeps_the_unreadable_out_of_the_comparison(
    proof: Proof, ask: Ask, order: str
) -> None:
    realm, oracle, who = next(proof.callers("quality manager"))
    named: list[tuple[str, UUID]] = []
    unnamed: list[UUID] = []
    for person, (_, _, member, flags) in PEOPLE.items():
        row = await oracle.row(Person, realm[person])
        if member and row is not None:
            if row["name"] is not None and readable(Category.IDENTITY, flags):
                named.append((fold(row["name"]), realm[person]))
            else:
                unnamed.append(realm[person])
    ordered = [row for _, row in sorted(named, reverse=order == "NAME_DESC")] + sorted(unnamed)

    answer = await ask(who, f"{{ users(first: 50, orderBy: {order}) {{ nodes {{ id }} }} }}")

    assert [node["id"] for node in answer.data["users"]["nodes"]] == [
        await proof.global_id(realm, "User", row) for row in ordered
    ]


def test_the_proof_covers_every_filter_and_sort_of_the_schema() -> None:
    assert {place.input_type for place in places()} == {
        *("AssetFilter", "AssetOrder", "LocationFilter", "LocationOrder", "TeamFilter", "TeamOrder"),
        *(
            "UserFilter",
            "UserOrder",
            "WorkOrderFilter",
            "WorkOrderOrder",
            "AccessLogFilter",
            "AccessRecordFilter",
        ),
    }
    personal = {one.name for one in asked() if one.category not in ROW_RULED}
    by_id = {one.member for one in asked() if one.member.endswith("Id")}
    assert by_id == set(NAMES)
    assert personal == {
        *("Query.users filter email", "Query.users filter namePrefix", "Query.users filter search"),
        *("Query.users orderBy NAME_ASC", "Query.users orderBy NAME_DESC"),
        *(f"Query.myAccessLog filter {name}" for name in ("day", "category", "purpose")),
        *(
            f"Query.accessRecords filter {name}"
            for name in ("day", "category", "purpose", "subjectId", "viewerId")
        ),
    }
