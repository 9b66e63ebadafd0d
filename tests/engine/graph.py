"""Runs a document as a viewer, below HTTP: parse, validate, plan, execute; and a small world of two tenants to run it in."""

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from graphql import ExecutionResult, OperationDefinitionNode, parse, validate
from sqlalchemy import insert

from isomod_graphql.core.store import Store
from isomod_graphql.engine.recording import Access, Recorder
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.identity.models import User
from isomod_graphql.locations.models import Location
from isomod_graphql.organisations.models import Tenant
from isomod_graphql.work_orders.models import WorkOrder, WorkOrderAssignee
from permissions.principals import Assurance, Principal, Role
from schema.execution import Answered, Execution
from schema.root import build_schema
from tests.people import add_person, viewer_of


@cache
def built() -> Any:  # noqa: ANN401  Strawberry's schema, graphql-core's and the catalogue
    """The schema, built once per process: entities are global."""
    return build_schema()


class Kept:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.accesses: list[Access] = []
        self.underway = 0

    async def record(self, access: Access) -> None:
        """At once."""
        self.accesses.append(access)


def execution_of(store: Store, *, compiles: bool = True, recorder: Recorder | None = None) -> Execution:
    """An executor on this store."""
    _, core, catalogue = built()
    return Execution(core, catalogue, store, store.clock, recorder or Kept(), compiles=compiles)


async def run(
    store: Store, viewer: Viewer | Principal, text: str, services: object = None, **variables: object
) -> ExecutionResult:
    """The result of the (only) operation; the document must be valid."""
    execution = execution_of(store)
    document = parse(text)
    assert validate(execution.schema, document) == []
    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    principal = viewer.principal if isinstance(viewer, Viewer) else viewer
    answer = await execution.run(
        operation, document, sha256(text.encode()).digest(), dict(variables), principal, services
    )
    return result_of(answer)


def result_of(answer: ExecutionResult | Answered) -> ExecutionResult:
    """What was answered, whichever way."""
    if isinstance(answer, ExecutionResult):
        return answer
    members = orjson.loads(answer.body)
    return ExecutionResult(members["data"], None, members.get("extensions"))


@dataclass(frozen=True)
class World:
    """One tenant: two sites, a technician on an open order of a requester at the first site."""

    tenant: UUID
    gent: UUID
    liege: UUID
    technician: UUID
    requester: UUID
    stranger: UUID
    order: UUID

    def viewer(self, store: Store, person: UUID, *roles: Role, **kwargs: Any) -> Viewer:  # noqa: ANN401
        """Somebody of this tenant."""
        return viewer_of(self.tenant, person, *roles, now=store.clock.now(), **kwargs)

    def stepped_up(self, store: Store, person: UUID, *roles: Role) -> Viewer:
        """The same with a fresh proof of identity."""
        plain = self.viewer(store, person, *roles).principal
        until = store.clock.now() + timedelta(minutes=10)
        return Viewer.at(
            replace(plain, assurance=Assurance.STEPPED_UP, stepped_up_until=until), store.clock.now()
        )


async def add_member(store: Store, tenant: UUID, person: UUID) -> None:
    """Makes a person a member (without an account)."""
    async with store.transaction(tenant, write=True) as tx:
        row = {
            "tenant_id": tenant,
            "id": person,
            "status": "INVITED",
            "access_since": tx.now,
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        await tx.run(insert(User).values(row))


async def add_site(store: Store, tenant: UUID, name: str) -> UUID:
    """A root location."""
    async with store.transaction(tenant, write=True) as tx:
        site = tx.new_id()
        row = {
            "tenant_id": tenant, "id": site, "site_id": site, "depth": 0, "name": name, "name_key": name.lower(),
            "time_zone": "Europe/Brussels", "created_at": tx.now, "updated_at": tx.now,
        }  # fmt: skip
        await tx.run(insert(Location).values(row))
    return site


async def add_order(store: Store, tenant: UUID, site: UUID, number: int, **columns: Any) -> UUID:  # noqa: ANN401
    """An open order at this site."""
    async with store.transaction(tenant, write=True) as tx:
        order = tx.new_id()
        row = {
            "tenant_id": tenant, "id": order, "number": number, "title": f"Order {number}", "status": "OPEN",
            "priority": "NONE", "type": "CORRECTIVE", "location_id": site, "site_id": site,
            "created_at": tx.now + timedelta(minutes=number), "updated_at": tx.now, **columns,
        }  # fmt: skip
        await tx.run(insert(WorkOrder).values(row))
        if columns.get("assignee_id"):
            link = {"tenant_id": tenant, "work_order_id": order, "person_id": columns["assignee_id"]}
            await tx.run(insert(WorkOrderAssignee).values(link))
    return order


async def make_world(store: Store, tenant: UUID) -> World:
    """See World."""
    async with store.transaction(tenant, write=True) as tx:
        row = {
            "id": tenant, "slug": f"t-{tenant.hex[-12:]}", "name": "Acme", "locale": "nl", "time_zone": "Europe/Brussels",
            "four_eyes": False, "contract_start": tx.now.date(), "created_at": tx.now, "updated_at": tx.now,
        }  # fmt: skip
        await tx.run(insert(Tenant).values(row))
    gent, liege = await add_site(store, tenant, "Gent"), await add_site(store, tenant, "Liège")
    technician = await add_person(
        store, tenant, name="Tom Claes", email="tom@acme.example", phone="+32470000001", job_title="Fitter"
    )
    requester = await add_person(
        store, tenant, kind="REQUESTER", name="Rita Maes", email="rita@acme.example", phone="+32470000002"
    )
    stranger = await add_person(
        store, tenant, kind="COLLEAGUE", name="Sam Wouters", email="sam@acme.example", phone="+32470000003"
    )
    for person in (technician, requester, stranger):
        await add_member(store, tenant, person)
    order = await add_order(
        store, tenant, gent, 1, assignee_id=technician, requester_id=requester, created_by_id=requester,
        description="The pump leaks.",
    )  # fmt: skip
    return World(tenant, gent, liege, technician, requester, stranger, order)
