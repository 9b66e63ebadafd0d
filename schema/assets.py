"""Assets as the graph shows them: machines, their parts, where they stand and in whose care."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from isomod_graphql.assets import models
from isomod_graphql.engine.entities import graph_type, link, listed, personal
from isomod_graphql.engine.listing import LISTING
from permissions.categories import Category
from schema.asset_lists import ASSET_CHILDREN, AssetOrder
from schema.entities import ASSET, LOCATION, PERSON
from schema.lists import listed_page
from schema.locations import Location
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize
from schema.work_order_lists import ASSET_WORK_ORDERS, WorkOrderFilter, WorkOrderOrder

if TYPE_CHECKING:
    from schema.work_orders import WorkOrder


@graph_type(
    ASSET, default=Category.EQUIPMENT, description="A machine, a system or a part of one (ISO 14224)."
)
class Asset(Node):
    """Something that is maintained."""

    name: str
    tag: str | None
    serial_number: str | None
    manufacturer: str | None
    model: str | None
    status: models.AssetStatus
    criticality: models.AssetCriticality
    version: int
    description: str | None = personal(Category.NOTES)
    location: Location | None = link(lambda: LOCATION, by="location_id")
    parent: Annotated["Asset", strawberry.lazy("schema.assets")] | None = link(lambda: ASSET, by="parent_id")
    custodian: Person | None = link(lambda: PERSON, by="custodian_id")

    @listed(metadata={LISTING: ASSET_CHILDREN}, description="The parts directly inside this asset.")
    async def children(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        order_by: AssetOrder = AssetOrder.NAME_ASC,
    ) -> Connection[Annotated["Asset", strawberry.lazy("schema.assets")]]:
        """By name."""
        return await listed_page(info, ASSET_CHILDREN, first, after, None, order_by, under=self)

    @listed(metadata={LISTING: ASSET_WORK_ORDERS}, description="The work done or planned on this asset.")
    async def work_orders(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: WorkOrderFilter | None = None,
        order_by: WorkOrderOrder = WorkOrderOrder.NUMBER_ASC,
    ) -> Connection[Annotated["WorkOrder", strawberry.lazy("schema.work_orders")]]:
        """By number unless asked otherwise."""
        return await listed_page(info, ASSET_WORK_ORDERS, first, after, filter, order_by, under=self)
