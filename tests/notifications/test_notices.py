"""Notices: for the right person, once, in ids; never for the erased or the restricted; read and marked by their owner alone."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import BadInput, Unauthenticated
from isomod_graphql.core.events import Event
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.jobs.queue import Queue
from isomod_graphql.jobs.wiring import product_consumers
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import FolderMail
from isomod_graphql.notifications.notices import (
    NoticeInfo,
    forget_notices,
    list_notices,
    mark_read,
    write_notices,
)
from isomod_graphql.subjects.facts import ERASED, restriction_bits
from isomod_graphql.work_orders.input import StepInput
from isomod_graphql.work_orders.rules import Outcome, Transition
from permissions.categories import Category
from permissions.principals import NOBODY, Role
from tests.people import add_person, viewer_of
from tests.worlds import World, a_world

RESTRICTED = restriction_bits([Category.CONTACT])


async def told(store: Store, tenant: UUID, *people: UUID, kind: str = "work_order.assigned") -> UUID:
    """Writes the notices of an event about some order; the order's id."""
    order = uuid4()
    event = Event(tenant, uuid4(), kind, {"work_order_id": order}, 1, store.clock.now())
    async with store.transaction(tenant, write=True) as tx:
        await write_notices(tx, event, people)
        await write_notices(tx, event, people)
    return order


async def notices_of(
    store: Store,
    tenant: UUID,
    person: UUID,
    *,
    first: int = 50,
    before: tuple[datetime, UUID] | None = None,
    unread: bool = False,
) -> list[NoticeInfo]:
    """What the person sees."""
    viewer = viewer_at(store, tenant, person)
    async with store.transaction(tenant) as tx:
        return await list_notices(tx, viewer, first=first, before=before, unread=unread)


def viewer_at(store: Store, tenant: UUID, person: UUID) -> Viewer:
    """The person, signed in."""
    return viewer_of(tenant, person, Role.TECHNICIAN, now=store.clock.now())


async def test_a_notice_is_written_once_with_ids_only(store: Store, tenant: UUID) -> None:
    ann = await add_person(store, tenant)

    order = await told(store, tenant, ann)

    (notice,) = await notices_of(store, tenant, ann)
    assert (notice.kind, notice.ids, notice.read_at) == (
        "work_order.assigned",
        {"work_order_id": order},
        None,
    )


@pytest.mark.parametrize("flags", [ERASED, RESTRICTED, restriction_bits([Category.IDENTITY])])
async def test_the_erased_and_the_restricted_get_no_notice(store: Store, tenant: UUID, flags: int) -> None:
    ann, bob = await add_person(store, tenant, flags=flags), await add_person(store, tenant)

    await told(store, tenant, ann, bob)

    assert await notices_of(store, tenant, ann) == []
    assert len(await notices_of(store, tenant, bob)) == 1


async def test_a_restriction_of_something_else_does_not_silence(store: Store, tenant: UUID) -> None:
    ann = await add_person(store, tenant, flags=restriction_bits([Category.POSITION]))

    await told(store, tenant, ann)

    assert len(await notices_of(store, tenant, ann)) == 1


async def test_notices_come_newest_first_in_pages_and_unread_alone(
    store: Store, tenant: UUID, clock: SettableClock
) -> None:
    ann = await add_person(store, tenant)
    orders = []
    for _ in range(5):
        orders.append(await told(store, tenant, ann))
        clock.advance(timedelta(seconds=1))

    first = await notices_of(store, tenant, ann, first=2)
    rest = await notices_of(store, tenant, ann, before=(first[-1].created_at, first[-1].id))
    async with store.transaction(tenant, write=True) as tx:
        assert await mark_read(tx, viewer_at(store, tenant, ann), notice_ids=[n.id for n in first]) == 2
        assert await mark_read(tx, viewer_at(store, tenant, ann), notice_ids=[n.id for n in first]) == 0

    assert [n.ids["work_order_id"] for n in [*first, *rest]] == orders[::-1]
    unread = await notices_of(store, tenant, ann, unread=True)
    assert [n.id for n in unread] == [n.id for n in rest]


async def test_the_notices_of_another_cannot_be_read_or_marked(store: Store, tenant: UUID) -> None:
    ann, eve = await add_person(store, tenant), await add_person(store, tenant)
    await told(store, tenant, ann)
    (notice,) = await notices_of(store, tenant, ann)

    async with store.transaction(tenant, write=True) as tx:
        marked = await mark_read(tx, viewer_at(store, tenant, eve), notice_ids=[notice.id])

    assert (marked, await notices_of(store, tenant, eve)) == (0, [])
    assert (await notices_of(store, tenant, ann))[0].read_at is None


async def test_nobody_has_no_notices(store: Store, tenant: UUID) -> None:
    nobody = Viewer.at(NOBODY, store.clock.now())

    async with store.transaction(tenant, write=True) as tx:
        with pytest.raises(Unauthenticated):
            await list_notices(tx, nobody)
        with pytest.raises(Unauthenticated):
            await mark_read(tx, nobody, notice_ids=[])


@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_its_limits(store: Store, tenant: UUID, first: int) -> None:
    with pytest.raises(BadInput):
        await notices_of(store, tenant, tenant, first=first)


async def test_all_notices_of_a_person_go_with_the_person(store: Store, tenant: UUID) -> None:
    ann, bob = await add_person(store, tenant), await add_person(store, tenant)
    await told(store, tenant, ann, bob)

    async with store.transaction(tenant, write=True) as tx:
        assert await forget_notices(tx, ann) == 1

    assert [len(await notices_of(store, tenant, person)) for person in (ann, bob)] == [0, 1]


async def deliver_all(world: World, folder: Path) -> None:
    """Delivers what waits in this tenant."""
    post = Post(FolderMail(folder, "IsoMod <a@isomod.example>", world.store.clock), "https://isomod.example")
    queue = Queue(world.store, product_consumers(post))
    for waiting in await queue.due(5_000):
        if waiting.tenant_id == world.tenant:
            await queue.deliver(waiting)


async def test_who_is_put_on_an_order_hears_of_it_and_not_again_until_it_is_read(
    store: Store, tenant: UUID, tmp_path: Path
) -> None:
    world = await a_world(store, tenant)
    order = await world.order(requester=world.requester)
    await world.assign(order, world.technician)
    await deliver_all(world, tmp_path)
    await world.assign(order, world.technician, world.colleague)
    await deliver_all(world, tmp_path)

    heard = {
        person: await notices_of(store, tenant, person) for person in (world.technician, world.colleague)
    }

    assert [[(n.kind, n.ids) for n in notices] for notices in heard.values()] == [
        [("work_order.assigned", {"work_order_id": order})]
    ] * 2
    assert await notices_of(store, tenant, world.requester) == []


async def test_who_asked_for_an_order_hears_when_it_is_completed(
    store: Store, tenant: UUID, tmp_path: Path
) -> None:
    world = await a_world(store, tenant)
    order = await world.order(requester=world.requester)
    await world.assign(order, world.technician)
    for step in (Transition.OPEN, Transition.START):
        await world.step(order, step)
    await world.step(order, Transition.COMPLETE, given=StepInput(outcome=Outcome.RESOLVED))
    await deliver_all(world, tmp_path)

    (notice,) = await notices_of(store, tenant, world.requester)

    assert (notice.kind, notice.ids) == ("work_order.completed", {"work_order_id": order})
