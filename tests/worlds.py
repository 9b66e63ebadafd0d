"""A small organisation for tests: two sites, a hall in the first, a pump in the hall, and somebody for every part to play."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from isomod_graphql.assets.input import NewAsset
from isomod_graphql.assets.service import create_asset
from isomod_graphql.core.store import Store
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.input import NewLocation
from isomod_graphql.locations.service import create_location
from isomod_graphql.work_orders.input import NewWorkOrder, StepInput
from isomod_graphql.work_orders.rules import Transition
from isomod_graphql.work_orders.service import assign_work_order, create_work_order
from isomod_graphql.work_orders.transitions import transition_work_order
from permissions.principals import Role
from tests.people import add_organisation, add_person, viewer_of


@dataclass(frozen=True)
class World:
    """The manager plans the north; the technicians, the requester and the administrator belong to no site."""

    store: Store
    tenant: UUID
    north: UUID
    south: UUID
    hall: UUID
    pump: UUID
    admin: UUID
    manager: UUID
    technician: UUID
    colleague: UUID
    requester: UUID

    def viewer(self, person: UUID, *roles: Role, sites: frozenset[UUID] | None = None) -> Viewer:
        return viewer_of(self.tenant, person, *roles, now=self.store.clock.now(), sites=sites)

    @property
    def as_admin(self) -> Viewer:
        return self.viewer(self.admin, Role.ADMIN)

    @property
    def as_manager(self) -> Viewer:
        return self.viewer(self.manager, Role.MANAGER, sites=frozenset({self.north}))

    @property
    def as_technician(self) -> Viewer:
        return self.viewer(self.technician, Role.TECHNICIAN)

    @property
    def as_colleague(self) -> Viewer:
        return self.viewer(self.colleague, Role.TECHNICIAN)

    @property
    def as_requester(self) -> Viewer:
        return self.viewer(self.requester, Role.REQUESTER)

    async def location(self, name: str, parent: UUID | None = None) -> UUID:
        async with self.store.transaction(self.tenant, write=True) as tx:
            return await create_location(tx, self.as_admin, given=NewLocation(name=name, parent_id=parent))

    async def asset(self, name: str, location: UUID, parent: UUID | None = None) -> UUID:
        async with self.store.transaction(self.tenant, write=True) as tx:
            given = NewAsset(name=name, location_id=location, parent_id=parent)
            return await create_asset(tx, self.as_admin, given=given)

    async def order(
        self, title: str = "Replace seal", *, at: UUID | None = None, requester: UUID | None = None
    ) -> UUID:
        """A draft, in the hall unless said otherwise."""
        async with self.store.transaction(self.tenant, write=True) as tx:
            given = NewWorkOrder(title=title, location_id=at or self.hall, requester_id=requester)
            return await create_work_order(tx, self.as_admin, given=given)

    async def assign(self, order: UUID, lead: UUID, *others: UUID) -> None:
        async with self.store.transaction(self.tenant, write=True) as tx:
            await assign_work_order(
                tx, self.as_admin, work_order_id=order, assignee_id=lead, assignee_ids=others
            )

    async def step(
        self,
        order: UUID,
        transition: Transition,
        viewer: Viewer | None = None,
        *,
        given: StepInput | None = None,
    ) -> None:
        async with self.store.transaction(self.tenant, write=True) as tx:
            await transition_work_order(
                tx,
                viewer or self.as_admin,
                work_order_id=order,
                transition=transition,
                given=given or StepInput(),
            )


async def a_world(
    store: Store, tenant: UUID, *, four_eyes: bool = False, contract_end: date | None = None
) -> World:
    """Built through the services, as an administrator would; move the clock to see the contract end."""
    await add_organisation(store, tenant, four_eyes=four_eyes, contract_end=contract_end)
    people = [await add_person(store, tenant) for _ in range(5)]
    admin = viewer_of(tenant, people[0], Role.ADMIN, now=store.clock.now())
    async with store.transaction(tenant, write=True) as tx:
        north = await create_location(tx, admin, given=NewLocation(name="North"))
        south = await create_location(tx, admin, given=NewLocation(name="South"))
        hall = await create_location(tx, admin, given=NewLocation(name="Hall 1", parent_id=north))
        pump = await create_asset(tx, admin, given=NewAsset(name="Pump 1", location_id=hall, tag="P-1"))
    return World(store, tenant, north, south, hall, pump, *people)


async def rows_of(eye: asyncpg.Connection, tenant: UUID, *tables: str) -> list[asyncpg.Record]:
    """Every row of the tenant in these tables as text, for a proof that nothing happened."""
    parts = " UNION ALL ".join(f"SELECT t::text FROM {name} t WHERE tenant_id = $1" for name in tables)
    found: list[asyncpg.Record] = await eye.fetch(f"{parts} ORDER BY 1", tenant)
    return found
