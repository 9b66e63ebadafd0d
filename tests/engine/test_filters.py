"""Filters of real lists: each finds what it asks for, an id that names nothing finds nothing, and a structure has one statement."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, update

from isomod_graphql.core.crypto import keyed_hash
from isomod_graphql.core.store import Store
from isomod_graphql.locations.models import Location
from isomod_graphql.subjects.models import Person
from permissions.principals import Role
from tests.engine.asking import Ask, Below, Caller
from tests.engine.graph import World, add_member, add_order, execution_of, make_world
from tests.engine.overhearing import overheard
from tests.people import add_person

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIST = "query ($filter: WorkOrderFilter) { workOrders(first: 9, filter: $filter) { totalCount nodes { number } } }"


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant with three orders."""
    world = await make_world(store, tenant)
    lead = world.technician
    more = {"status": "DRAFT", "due_at": NOON, "priority": "HIGH"}
    await add_order(store, tenant, world.liege, 2, assignee_id=lead, **more)
    await add_order(store, tenant, world.liege, 3, assignee_id=lead, due_at=NOON + timedelta(hours=1))
    return world


@pytest.fixture
def fresh(store: Store) -> Ask:
    """Asks on the test's own store."""
    return Below(execution_of(store))


def admin(store: Store, world: World) -> Caller:
    """Somebody who reaches everything."""
    return Caller("admin", world.viewer(store, world.stranger, Role.ADMIN).principal)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ({"number": 2}, [2]),
        ({"number": 9}, []),
        ({"status": ["OPEN"]}, [1, 3]),
        ({"status": ["OPEN", "DRAFT"], "priority": ["HIGH"]}, [2]),
        ({"status": []}, []),
        ({"dueAt": {"gte": "2026-05-04T12:00:00Z"}}, [2, 3]),
        ({"dueAt": {"lt": "2026-05-04T13:00:00Z"}}, [2]),
        ({"dueAt": {"gte": "2026-05-04T12:00:00Z", "lt": "2026-05-04T12:00:00Z"}}, []),
        ({"dueAt": {}}, [1, 2, 3]),
        ({}, [1, 2, 3]),
        (None, [1, 2, 3]),
    ],
)
async def test_a_list_and_its_count_hold_what_the_filter_asks(
    store: Store, world: World, fresh: Ask, given: object, numbers: list[int]
) -> None:
    answer = await fresh(admin(store, world), LIST, {"filter": given})

    assert answer.data["workOrders"] == {
        "totalCount": len(numbers),
        "nodes": [{"number": number} for number in numbers],
    }


async def test_an_id_that_names_nothing_matches_nothing(store: Store, world: World, fresh: Ask) -> None:
    who = admin(store, world)
    here = (await fresh(who, "{ viewer { id } locations(first: 9) { nodes { id } } }")).data
    gent, liege = [node["id"] for node in here["locations"]["nodes"]]
    mine, forged = here["viewer"]["id"], gent[:-4] + "AAAA"

    found = [
        (await fresh(who, LIST, {"filter": {"siteId": one}})).data["workOrders"]["nodes"]
        for one in (gent, liege, mine, forged, "", "nothing")
    ]

    assert [[node["number"] for node in nodes] for nodes in found] == [[1], [2, 3], [], [], [], []]


@pytest.mark.parametrize(
    ("prefix", "names"),
    [("g", ["Gent"]), ("  GÉN", ["Gent"]), ("gents", []), (" ", ["Gent", "Liège"]), ("", ["Gent", "Liège"])],
)
async def test_a_prefix_is_folded_like_the_names(
    store: Store, world: World, fresh: Ask, prefix: str, names: list[str]
) -> None:
    text = "query ($prefix: String) { locations(first: 9, filter: {namePrefix: $prefix}) { nodes { name } } }"

    answer = await fresh(admin(store, world), text, {"prefix": prefix})

    assert [node["name"] for node in answer.data["locations"]["nodes"]] == names


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"email": "tom@acme.example"}, ["Tom Claes"]),
        ({"email": "nobody@acme.example"}, []),
        ({"namePrefix": "r"}, ["Rita Maes"]),
        ({"namePrefix": " "}, ["Tom Claes", "Rita Maes", "Sam Wouters"]),
        ({"status": ["ACTIVE"]}, []),
        ({"status": ["INVITED"], "namePrefix": "TOM"}, ["Tom Claes"]),
    ],
)
async def test_people_are_found_by_what_is_not_stored_in_the_clear(
    store: Store, world: World, fresh: Ask, given: object, names: list[str]
) -> None:
    async with store.transaction(world.tenant, write=True) as tx:
        index = {"email_index": keyed_hash(tx.keys.index, "email", "tom@acme.example")}
        await tx.run(update(Person).where(Person.id == world.technician).values(index))
    text = "query ($filter: UserFilter) { users(first: 9, filter: $filter) { totalCount nodes { name } } }"

    answer = await fresh(admin(store, world), text, {"filter": given})

    assert answer.data["users"] == {"totalCount": len(names), "nodes": [{"name": name} for name in names]}


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("PSEUDONYM_ASC", ["Ada Zorn", "Ada Abel", "Ada Moor"]),
        ("NAME_ASC", ["Ada Abel", "Ada Moor", "Ada Zorn"]),
        ("NAME_DESC", ["Ada Zorn", "Ada Moor", "Ada Abel"]),
    ],
)
async def test_people_who_are_found_by_name_stand_in_the_order_asked_for(
    store: Store, world: World, fresh: Ask, order: str, names: list[str]
) -> None:
    for number, name in enumerate(("Ada Zorn", "Ada Abel", "Ada Moor"), 101):
        person = await add_person(store, world.tenant, kind="COLLEAGUE", name=name)
        await add_member(store, world.tenant, person)
        async with store.transaction(world.tenant, write=True) as tx:
            await tx.run(update(Person).where(Person.id == person).values(pseudonym_number=number))
    text = "query ($f: UserFilter, $o: UserOrder!) { users(first: 9, filter: $f, orderBy: $o) { nodes { name } } }"

    answer = await fresh(admin(store, world), text, {"f": {"namePrefix": "ada"}, "o": order})

    assert [node["name"] for node in answer.data["users"]["nodes"]] == names


@contextmanager
def executed(store: Store) -> Iterator[list[Any]]:
    """The statements themselves, as SQLAlchemy was given them."""
    seen: list[Any] = []

    def note(_connection: object, statement: Any, *_more: object) -> None:  # noqa: ANN401  the listener's
        seen.append(statement)

    engine = store.main.engine.sync_engine
    event.listen(engine, "before_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_execute", note)


async def test_equal_structure_is_the_identical_statement(store: Store, world: World) -> None:
    """Whatever the values, whatever the size of the page; another structure is another statement."""
    who = admin(store, world)
    listened, texts = overheard(store)
    compiled, reference = Below(execution_of(listened)), Below(execution_of(store, compiles=False))
    asks = [{"status": ["OPEN"]}, {"status": ["DRAFT", "OPEN"]}, {"status": []}, {"number": 1}]
    text = LIST.replace("($filter", "($first: PageSize!, $filter").replace("first: 9", "first: $first")

    with executed(store) as seen:
        for first, given in enumerate(asks, 1):
            await reference(who, text, {"first": first, "filter": given})
            await compiled(who, text, {"first": first, "filter": given})

    for one in (seen, texts):
        lists, counts = one[0::2], one[1::2]
        assert lists[0] is lists[1] is lists[2] is not lists[3]
        assert counts[0] is counts[1] is counts[2] is not counts[3]


async def test_later_pages_and_nested_lists_have_one_statement_each(store: Store, world: World) -> None:
    who = admin(store, world)
    listened, texts = overheard(store)
    compiled, reference = Below(execution_of(listened)), Below(execution_of(store, compiles=False))
    async with store.transaction(world.tenant, write=True) as tx:
        inside = {"parent_id": world.gent, "site_id": world.gent, "depth": 1}
        await tx.run(update(Location).where(Location.id == world.liege).values(inside))
    text = """query ($after: Cursor) { workOrders(first: 1, after: $after) { pageInfo { endCursor } nodes {
        history(first: 1) { totalCount } assignees { id } location { children(first: 2) { nodes { id } } } } } }"""
    after = None

    with executed(store) as seen:
        for _ in range(3):
            answer = await reference(who, text, {"after": after})
            assert answer.errors == []
            assert (await compiled(who, text, {"after": after})).data == answer.data
            after = answer.data["workOrders"]["pageInfo"]["endCursor"]

    for one in (seen, texts):
        levels = len(one) // 3
        first, second, third = one[:levels], one[levels : 2 * levels], one[2 * levels :]
        assert first[0] is not second[0]
        assert all(there is here for there, here in zip(first[1:], second[1:], strict=True))
        assert all(there is here for there, here in zip(second, third, strict=True))
    assert (len(seen), len(texts)) == (3 * 7, 3 * 5)
