"""The ties that work makes between people, and which people and orders they let somebody reach."""

from uuid import UUID

import pytest
from sqlalchemy import ColumnElement, select

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.ids import new_id
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.subjects.models import Person
from isomod_graphql.work_orders.models import WorkOrder
from isomod_graphql.work_orders.reach import WORK_ORDER_SCOPE
from isomod_graphql.work_orders.relations import OPEN_STATUSES, PERSON_SCOPE
from isomod_graphql.work_orders.rules import Transition
from permissions.disclosure import Relation
from permissions.principals import Role
from tests.people import add_person
from tests.work_orders.steps import DONE
from tests.worlds import World, a_world


async def people(world: World, predicate: ColumnElement[bool]) -> set[UUID]:
    async with world.store.transaction(world.tenant) as tx:
        rows = await tx.all(select(Person.id).where(Person.tenant_id == world.tenant, predicate))
    return {row.id for row in rows}


async def tied(world: World, relation: Relation, person: UUID) -> set[UUID]:
    assert PERSON_SCOPE.relations is not None
    return await people(world, PERSON_SCOPE.relations[relation](person))


async def orders(world: World, viewer: Viewer) -> set[UUID]:
    async with world.store.transaction(world.tenant) as tx:
        mine = (WorkOrder.tenant_id == world.tenant, WORK_ORDER_SCOPE.reachable(viewer))
        return {row.id for row in await tx.all(select(WorkOrder.id).where(*mine))}


async def shared(world: World, requester: UUID | None = None) -> UUID:
    """An open order that the requester asked for and the technician and the colleague are on."""
    order = await world.order(requester=requester or world.requester)
    await world.assign(order, world.technician, world.colleague)
    await world.step(order, Transition.OPEN)
    return order


def test_open_is_neither_a_draft_nor_done() -> None:
    assert OPEN_STATUSES == ("OPEN", "SCHEDULED", "IN_PROGRESS", "ON_HOLD")


async def test_who_asked_is_tied_to_who_works_on_it(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    await shared(world)

    workers = {world.technician, world.colleague}
    assert await tied(world, Relation.ASSIGNED_TO_MINE, world.requester) == workers
    assert await tied(world, Relation.ASSIGNED_TO_MINE_OPEN, world.requester) == workers
    assert await tied(world, Relation.ASSIGNED_TO_MINE, world.technician) == set()
    assert await tied(world, Relation.SELF, world.requester) == {world.requester}


async def test_who_works_on_it_is_tied_to_who_asked_and_to_each_other(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    await shared(world)

    everybody = {world.requester, world.technician, world.colleague}
    assert await tied(world, Relation.SAME_OPEN_ORDER, world.technician) == everybody
    assert await tied(world, Relation.SAME_OPEN_ORDER, world.requester) == set()


async def test_the_open_ties_end_with_the_work(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await shared(world)
    await world.step(order, Transition.START)

    await world.step(order, Transition.COMPLETE, given=DONE)

    assert await tied(world, Relation.SAME_OPEN_ORDER, world.technician) == set()
    assert await tied(world, Relation.ASSIGNED_TO_MINE_OPEN, world.requester) == set()
    assert await tied(world, Relation.ASSIGNED_TO_MINE, world.requester) == {
        world.technician,
        world.colleague,
    }


async def test_a_draft_ties_nobody_openly(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    order = await world.order(requester=world.requester)
    await world.assign(order, world.technician, world.colleague)

    assert await tied(world, Relation.SAME_OPEN_ORDER, world.technician) == set()
    assert await tied(world, Relation.ASSIGNED_TO_MINE_OPEN, world.requester) == set()


async def test_somebody_who_asks_reaches_those_on_the_orders_and_nobody_else(
    store: Store, tenant: UUID
) -> None:
    world = await a_world(store, tenant)
    outsider = await add_person(store, tenant)
    await shared(world)

    reached = await people(world, PERSON_SCOPE.reachable(world.as_requester))

    assert reached == {world.requester, world.technician, world.colleague}
    assert outsider not in reached


async def test_each_reaches_their_own_orders(store: Store, tenant: UUID) -> None:
    world = await a_world(store, tenant)
    asked, far = await shared(world), await world.order(at=world.south)

    assert await orders(world, world.as_admin) == {asked, far}
    assert await orders(world, world.as_manager) == {asked}
    assert await orders(world, world.as_technician) == {asked}
    assert await orders(world, world.as_requester) == {asked}
    assert await orders(world, world.viewer(world.manager, Role.REQUESTER)) == set()


@pytest.mark.parametrize("relation", [*(PERSON_SCOPE.relations or {})])
async def test_no_tie_crosses_the_border_of_a_tenant(
    store: Store, tenant: UUID, clock: SettableClock, relation: Relation
) -> None:
    world = await a_world(store, tenant)
    await shared(world)
    other = new_id(clock.now())
    await store.keystore.create_tenant(other)
    theirs = await a_world(store, other)

    for person in (world.requester, world.technician):
        assert await tied(theirs, relation, person) == set()
