"""Pages: complete, disjoint, in order, while rows come in; a cursor works for one viewer, one list, one filter and one order."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from isomod_graphql.core.store import Store
from isomod_graphql.work_orders.models import WorkOrder
from permissions.decisions import may
from permissions.grants import Action
from permissions.principals import Role
from tests.engine.asking import Ask, Below, Caller
from tests.engine.callers import PARTS
from tests.engine.graph import World, built, execution_of, make_world
from tests.engine.oracle import FIELDS
from tests.engine.proving import Proof

LISTS = {"users": "User", "locations": "Location", "assets": "Asset", "workOrders": "WorkOrder"}
PAGE = "query ($after: Cursor) { workOrders(first: 2, after: $after%s) { nodes { id } edges { cursor } pageInfo { endCursor hasNextPage } } }"


def sorts(enum: str) -> list[str]:
    """The values of a sort."""
    return list(built()[1].type_map[enum].values)


async def pages(ask: Ask, who: Caller, text: str, of: str, **variables: Any) -> list[list[str]]:  # noqa: ANN401  JSON
    """The ids of every page until there is no next one."""
    found: list[list[str]] = []
    after = None
    while True:
        answer = await ask(who, text, {"after": after, **variables})
        assert answer.errors == []
        page = answer.data[of]
        found.append([node["id"] for node in page["nodes"]])
        assert [edge["cursor"] for edge in page["edges"]][-1:] == (
            [page["pageInfo"]["endCursor"]] if found[-1] else []
        )
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("name", PARTS)
async def test_the_count_is_what_all_pages_hold_and_what_the_viewer_reaches(
    proof: Proof, ask: Ask, name: str
) -> None:
    realm, oracle, who = next(proof.callers(name))
    for of, type_name in LISTS.items():
        text = (
            f"query ($after: Cursor) {{ {of}(first: 3, after: $after)"
            " { totalCount nodes { id } edges { cursor } pageInfo { endCursor hasNextPage } } }"
        )
        now = proof.store.clock.now()
        reached = {
            text_
            for row, text_ in await proof.rows(realm, oracle, type_name)
            if await oracle.reached(who.principal, now, FIELDS[type_name][0], row) is not None
        }

        counted = await ask(who, f"{{ {of}(first: 1) {{ totalCount }} }}")
        if of == "users" and not may(who.principal, Action.USER_READ, now=now):
            assert (counted.data, counted.codes) == (None, ["FORBIDDEN"])
            continue
        found = [one for page in await pages(ask, who, text, of) for one in page]

        assert counted.data[of]["totalCount"] == len(found) == len(set(found)), of
        assert set(found) == reached, of


@pytest.fixture
async def world(store: Store, tenant: UUID) -> World:
    """A fresh tenant whose orders tie under every sort."""
    world = await make_world(store, tenant)
    await add_orders(store, world, range(2, 13))
    return world


@pytest.fixture
def fresh(store: Store) -> Ask:
    """Asks on the test's own store."""
    return Below(execution_of(store))


async def add_orders(store: Store, world: World, numbers: range) -> list[UUID]:
    """Three by three they share creation, due date (or none) and priority."""
    made = []
    async with store.transaction(world.tenant, write=True) as tx:
        for number in numbers:
            made.append(tx.new_id())
            kind = number % 3
            row = {
                "tenant_id": world.tenant, "id": made[-1], "number": number, "title": "Tie", "status": "OPEN",
                "priority": ("LOW", "HIGH", "NONE")[kind], "type": "CORRECTIVE", "location_id": world.gent,
                "site_id": world.gent, "created_at": tx.now + timedelta(minutes=kind), "updated_at": tx.now,
                "due_at": None if kind == 2 else tx.now + timedelta(days=kind),
            }  # fmt: skip
            await tx.run(insert(WorkOrder).values(row))
    return made


def admin(store: Store, world: World, person: UUID | None = None) -> Caller:
    """Somebody who reaches everything."""
    return Caller("admin", world.viewer(store, person or world.stranger, Role.ADMIN).principal)


@pytest.mark.parametrize("order", sorts("WorkOrderOrder"))
async def test_pages_are_complete_and_disjoint_under_every_sort_with_ties(
    store: Store, world: World, fresh: Ask, order: str
) -> None:
    who = admin(store, world)
    whole = await fresh(who, f"{{ workOrders(first: 100, orderBy: {order}) {{ nodes {{ id }} }} }}")

    found = await pages(fresh, who, PAGE % f", orderBy: {order}", "workOrders")

    assert [len(page) for page in found] == [2] * 6
    assert [one for page in found for one in page] == [
        node["id"] for node in whole.data["workOrders"]["nodes"]
    ]


@pytest.mark.parametrize("order", sorts("WorkOrderOrder"))
async def test_rows_that_come_in_between_pages_move_nothing(
    store: Store, world: World, fresh: Ask, order: str
) -> None:
    who = admin(store, world)
    text = PAGE % f", orderBy: {order}"
    before = {one for page in await pages(fresh, who, text, "workOrders") for one in page}
    found: list[str] = []
    after, number, more = None, 100, True
    while more:
        page = (await fresh(who, text, {"after": after})).data["workOrders"]
        found += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        if number < 109:
            await add_orders(store, world, range(number, number + 3))
            number += 3

    assert len(found) == len(set(found))
    assert before <= set(found)


@pytest.mark.parametrize("order", sorts("UserOrder"))
async def test_pages_of_people_are_complete_and_disjoint(proof: Proof, ask: Ask, order: str) -> None:
    _, _, who = next(proof.callers("admin"))
    text = f"""query ($after: Cursor) {{ users(first: 2, after: $after, orderBy: {order})
        {{ nodes {{ id }} edges {{ cursor }} pageInfo {{ endCursor hasNextPage }} }} }}"""
    whole = await ask(who, f"{{ users(first: 100, orderBy: {order}) {{ totalCount nodes {{ id }} }} }}")

    found = [one for page in await pages(ask, who, text, "users") for one in page]

    assert found == [node["id"] for node in whole.data["users"]["nodes"]]
    assert len(found) == whole.data["users"]["totalCount"] == 12


async def first_cursor(ask: Ask, who: Caller, text: str, of: str = "workOrders") -> str:
    """The cursor behind the first row."""
    cursor: str = (await ask(who, text, {"after": None})).data[of]["edges"][0]["cursor"]
    return cursor


async def test_a_cursor_is_deterministic_and_says_nothing(store: Store, world: World, fresh: Ask) -> None:
    who = admin(store, world)

    cursors = {await first_cursor(fresh, who, PAGE % "") for _ in range(3)}
    other = await first_cursor(Below(execution_of(store)), admin(store, world), PAGE % " ")

    (cursor,) = cursors
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert other == cursor
    assert world.order.bytes not in raw
    assert world.order.hex.encode() not in raw


async def test_a_cursor_that_is_forged_or_cut_is_refused(store: Store, world: World, fresh: Ask) -> None:
    who = admin(store, world)
    cursor = await first_cursor(fresh, who, PAGE % "")
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(len(raw))]
    forged += [raw[:-1], raw[1:], raw + b"\0", raw[:16], bytes(32), raw * 2]
    texts = [urlsafe_b64encode(one).decode().rstrip("=") for one in forged]
    texts += [cursor[:-1], cursor + "A", "A" * 16, cursor.swapcase()]

    codes = {tuple((await fresh(who, PAGE % "", {"after": text})).codes) for text in texts}

    assert codes == {("CURSOR_INVALID",)}


async def test_a_cursor_of_another_viewer_list_filter_or_order_is_refused(
    store: Store, world: World, fresh: Ask
) -> None:
    who = admin(store, world)
    cursor = await first_cursor(fresh, who, PAGE % "")
    users = "query ($after: Cursor) { users(first: 2, after: $after) { nodes { id } edges { cursor } } }"
    other_lists = {
        "another order": PAGE % ", orderBy: NUMBER_DESC",
        "a filter": PAGE % ", filter: {status: [OPEN]}",
        "an empty filter with another order": PAGE % ", filter: {}, orderBy: CREATED_AT_ASC",
        "another list": users,
    }

    codes = {name: (await fresh(who, text, {"after": cursor})).codes for name, text in other_lists.items()}
    codes["another viewer"] = (
        await fresh(admin(store, world, world.requester), PAGE % "", {"after": cursor})
    ).codes
    same = await fresh(who, PAGE % ", filter: {}, orderBy: NUMBER_ASC", {"after": cursor})

    assert codes == {name: ["CURSOR_INVALID"] for name in codes}
    assert (same.errors, len(same.data["workOrders"]["nodes"])) == ([], 2)


async def test_a_cursor_of_another_organisation_is_refused(proof: Proof, ask: Ask) -> None:
    (_, _, here), (_, _, there) = proof.callers("admin")
    cursor = await first_cursor(ask, here, PAGE % "")

    answer = await ask(there, PAGE % "", {"after": cursor})

    assert answer.codes == ["CURSOR_INVALID"]


async def test_a_nested_cursor_belongs_to_its_row(proof: Proof, ask: Ask) -> None:
    realm, _, who = next(proof.callers("admin"))
    text = """query ($id: ID!, $after: Cursor) { asset(id: $id) { workOrders(first: 1, after: $after)
        { edges { cursor } nodes { number } } } }"""
    pump, valve = [await proof.global_id(realm, "Asset", realm[name]) for name in ("pump", "valve")]
    whole = await ask(who, text, {"id": pump})
    cursor = whole.data["asset"]["workOrders"]["edges"][0]["cursor"]

    mine, other = await asyncio.gather(
        ask(who, text, {"id": pump, "after": cursor}), ask(who, text, {"id": valve, "after": cursor})
    )

    assert (whole.data["asset"]["workOrders"]["nodes"], mine.data["asset"]["workOrders"]["nodes"]) == (
        [{"number": 1}],
        [{"number": 2}],
    )
    assert other.codes == ["CURSOR_INVALID"]
