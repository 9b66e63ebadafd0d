"""Assets as the graph shows them: machines, their parts, where they stand and in whose care."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from isomod_graphql.assets import models
from isomod_graphql.assets.models import Asset as Row
from isomod_graphql.core.text import fold
from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.entities import graph_type, link, listed, personal
from isomod_graphql.engine.pages import Sort
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON
from schema.lists import Where, listed_page
from schema.locations import Location
from schema.people import Person
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize

if TYPE_CHECKING:
    from schema.work_orders import WorkOrder, WorkOrderFilter, WorkOrderOrder

AssetStatus = strawberry.enum(models.AssetStatus, description="Whether the asset can be used (EN 13306).")
AssetCriticality = strawberry.enum(models.AssetCriticality, description="How much depends on the asset.")


@reveals(Resource.ASSET)
@strawberry.enum(description="How assets are sorted.")
class AssetOrder(Enum):
    """Ties are broken by id."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


SORTS: Final = {
    "NAME_ASC": Sort(Row.__table__.c.name_key),
    "NAME_DESC": Sort(Row.__table__.c.name_key, descending=True),
}


@reveals(Resource.ASSET)
@strawberry.input(description="Every field that is given must hold.")
class AssetFilter:
    """Which assets."""

    status: list[models.AssetStatus] | None = None
    criticality: list[models.AssetCriticality] | None = None
    location_id: strawberry.ID | None = None
    site_id: strawberry.ID | None = None
    parent_id: strawberry.ID | None = None
    custodian_id: strawberry.ID | None = None
    tag: str | None = None
    name_prefix: str | None = None


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

    @listed(description="The parts directly inside this asset.")
    async def children(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        order_by: AssetOrder = AssetOrder.NAME_ASC,
    ) -> Connection[Annotated["Asset", strawberry.lazy("schema.assets")]]:
        """By name."""
        return await assets_of(info, "Asset.children", first, after, None, order_by, parent=self)

    @listed(description="The work done or planned on this asset.")
    async def work_orders(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: Annotated["WorkOrderFilter", strawberry.lazy("schema.work_orders")] | None = None,
        order_by: Annotated["WorkOrderOrder", strawberry.lazy("schema.work_orders")] | None = None,
    ) -> Connection[Annotated["WorkOrder", strawberry.lazy("schema.work_orders")]]:
        """By number unless asked otherwise."""
        from schema.work_orders import WorkOrderOrder, work_orders_of

        order = order_by or WorkOrderOrder.NUMBER_ASC
        return await work_orders_of(info, "Asset.workOrders", first, after, filter, order, asset=self)


async def assets_of(
    info: strawberry.Info,
    coordinate: str,
    first: int,
    after: str | None,
    given: AssetFilter | None,
    order_by: AssetOrder,
    *,
    location: Any = None,  # noqa: ANN401  a view
    parent: Any = None,  # noqa: ANN401  a view
) -> Any:  # noqa: ANN401  a page
    """A page of assets."""
    bound = {
        name: view.row_id for name, view in (("location", location), ("parent", parent)) if view is not None
    }
    where = Where(info.context, bound)
    if location is not None:
        where.predicates.append(Row.location_id == location.row_id)
    if parent is not None:
        where.predicates.append(Row.parent_id == parent.row_id)
    if given is not None:
        where.one_of("status", Row.status, given.status)
        where.one_of("criticality", Row.criticality, given.criticality)
        where.reference("locationId", Row.location_id, given.location_id, LOCATION)
        where.reference("siteId", Row.site_id, given.site_id, LOCATION)
        where.reference("parentId", Row.parent_id, given.parent_id, ASSET)
        where.reference("custodianId", Row.custodian_id, given.custodian_id, PERSON)
        where.equal("tag", Row.tag, given.tag)
        where.prefix("namePrefix", Row.name_key, fold(given.name_prefix) if given.name_prefix else None)
    return await listed_page(
        info.context, ASSET, coordinate, where, first=first, after=after, order=order_by, sorts=SORTS
    )
