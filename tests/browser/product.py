"""A small organisation on a served product, for tests with a browser: people who sign in, work they see differently, their letters."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from isomod_graphql.core.clock import SystemClock
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.installation import Urls, open_store
from isomod_graphql.core.settings import Settings
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.desk import Desk
from isomod_graphql.identity.invitations import join
from isomod_graphql.identity.memberships import add_member
from isomod_graphql.identity.passwords import Argon2Passwords
from isomod_graphql.identity.roles import GivenRole
from isomod_graphql.jobs.queue import Queue
from isomod_graphql.jobs.wiring import product_consumers
from isomod_graphql.locations.input import NewLocation
from isomod_graphql.locations.service import create_location
from isomod_graphql.notifications.handlers import Post
from isomod_graphql.notifications.mail import FolderMail
from isomod_graphql.work_orders.input import NewWorkOrder, StepInput
from isomod_graphql.work_orders.rules import Outcome, Transition
from isomod_graphql.work_orders.service import create_work_order
from isomod_graphql.work_orders.transitions import transition_work_order
from permissions.principals import Role
from tests.people import viewer_of
from tests.web.serving import PASSWORD, Served, serve

T = TypeVar("T")
SENDER = "IsoMod <no-reply@isomod.example>"
MOST = 1_000
PEOPLE = {
    "Vera Smets": Role.VIEWER,
    "Rita Jacobs": Role.REQUESTER,
    "Tom Maes": Role.TECHNICIAN,
    "Uma Claes": Role.TECHNICIAN,
    "Ben Aerts": Role.TECHNICIAN,
    "Els Goos": Role.TECHNICIAN,
}
PHONES = {"Tom Maes": "+32470110011", "Uma Claes": "+32470220022"}


@dataclass(frozen=True)
class Product:
    """A served organisation of seven people; everybody's password is PASSWORD, letters go into a folder."""

    urls: Urls
    served: Served
    slug: str
    letters: Path

    def address(self, first_name: str) -> str:
        """Where a person signs in: an (administrator), vera, rita, tom, uma, ben, els, or whoever is invited."""
        return f"{first_name}@{self.slug}.example"

    def deliver_letters(self) -> None:
        """Runs the worker's consumers once over what is due in this organisation and for its accounts."""
        elsewhere(_deliver(self))

    def link_to(self, address: str) -> str:
        """The link of the one letter to this address that has one. Raises ValueError for none or several."""
        links = []
        for file in self.letters.glob("*.eml"):
            letter = message_from_bytes(file.read_bytes(), policy=default)
            if letter["To"] == address:
                links += re.findall(r"https?://\S+", letter.get_content())
        (link,) = links
        return str(link)


@contextmanager
def open_product(urls: Urls, slug: str, letters: Path) -> Iterator[Product]:
    """Rita asked for orders 1 and 2: the first is under way with Tom, the second done by Uma. Order 3 is not hers, with Tom.

    Ben and Els have no work: their sign-in may be changed.
    """
    with serve(urls, slug) as served:
        product = Product(urls, served, slug, letters)
        elsewhere(_put_people_and_work(product))
        yield product


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Runs it on a thread of its own: while a browser is open, this thread has a loop already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _put_people_and_work(product: Product) -> None:
    settings = Settings(pool_size=2)
    store = open_store(settings, product.urls, SystemClock())
    try:
        desk = Desk(store, settings, Argon2Passwords())
        people = [await _member(store, product, name, role) for name, role in PEOPLE.items()]
        for person in people:
            await join(desk, product.served.tenant, person, password=PASSWORD)
        _, rita, tom, uma, *_ = people
        await _put_work(store, product.served, rita, tom, uma)
    finally:
        await store.close()


async def _member(store: Store, product: Product, name: str, role: Role) -> UUID:
    email = product.address(name.partition(" ")[0].lower())
    values: dict[str, str | None] = {
        "name": name, "email": email, "phone": PHONES.get(name), "locale": "en",
    }  # fmt: skip
    async with store.transaction(product.served.tenant, write=True) as tx:
        return await add_member(tx, values=values, roles=[GivenRole(role)])


async def _put_work(store: Store, served: Served, requester: UUID, tom: UUID, uma: UUID) -> None:
    admin = viewer_of(served.tenant, served.admin, Role.ADMIN, now=datetime.now(UTC))
    async with store.transaction(served.tenant, write=True) as tx:
        hall = await create_location(tx, admin, given=NewLocation(name="Hall 1"))
    await _started(store, admin, "Replace the seal", hall, tom, requester)
    belt = await _started(store, admin, "Tension the belt", hall, uma, requester)
    await _started(store, admin, "Grease the bearing", hall, tom, None)
    async with store.transaction(served.tenant, write=True) as tx:
        done = StepInput(outcome=Outcome.RESOLVED, resolution="Done")
        await transition_work_order(tx, admin, work_order_id=belt, transition=Transition.COMPLETE, given=done)


async def _started(
    store: Store, admin: Viewer, title: str, hall: UUID, technician: UUID, requester: UUID | None
) -> UUID:
    tenant = admin.tenant_id
    given = NewWorkOrder(title=title, location_id=hall, assignee_id=technician, requester_id=requester)
    async with store.transaction(tenant, write=True) as tx:
        order = await create_work_order(tx, admin, given=given)
    for step in (Transition.OPEN, Transition.START):
        async with store.transaction(tenant, write=True) as tx:
            await transition_work_order(tx, admin, work_order_id=order, transition=step)
    return order


async def _deliver(product: Product) -> None:
    clock = SystemClock()
    store = open_store(Settings(pool_size=2), product.urls, clock)
    try:
        post = Post(FolderMail(product.letters, SENDER, clock), product.served.origin)
        queue = Queue(store, product_consumers(post))
        for waiting in await queue.due(MOST):
            if waiting.tenant_id in {product.served.tenant, PLATFORM_TENANT}:
                await queue.deliver(waiting)
    finally:
        await store.close()
