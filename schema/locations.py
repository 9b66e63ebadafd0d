"""Locations as the graph shows them: sites and the places inside them."""

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from isomod_graphql.core.text import fold
from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.entities import graph_type, link, listed
from isomod_graphql.engine.pages import Sort
from isomod_graphql.locations.models import Location as Row
from permissions.categories import Category
from permissions.reach import Resource
from schema.asset_lists import AssetFilter, AssetOrder, assets_of
from schema.entities import LOCATION
from schema.lists import Where, listed_page
from schema.relay import Connection, Node
from schema.scalars import Cursor, PageSize

if TYPE_CHECKING:
    from schema.assets import Asset


@reveals(Resource.LOCATION)
@strawberry.enum(description="How locations are sorted.")
class LocationOrder(Enum):
    """Ties are broken by id."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


SORTS: Final = {
    "NAME_ASC": Sort(Row.__table__.c.name_key),
    "NAME_DESC": Sort(Row.__table__.c.name_key, descending=True),
}


@reveals(Resource.LOCATION)
@strawberry.input(description="Every field that is given must hold.")
class LocationFilter:
    """Which locations."""

    parent_id: strawberry.ID | None = None
    site_id: strawberry.ID | None = None
    name_prefix: str | None = None


@graph_type(LOCATION, default=Category.OPERATIONAL, description="A site, or a place inside one.")
class Location(Node):
    """A workplace."""

    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str
    version: int
    parent: Annotated["Location", strawberry.lazy("schema.locations")] | None = link(
        lambda: LOCATION, by="parent_id"
    )
    site: Annotated["Location", strawberry.lazy("schema.locations")] | None = link(
        lambda: LOCATION, by="site_id"
    )

    @listed(description="The places directly inside this one.")
    async def children(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        order_by: LocationOrder = LocationOrder.NAME_ASC,
    ) -> Connection[Annotated["Location", strawberry.lazy("schema.locations")]]:
        """By name."""
        return await locations_of(info, "Location.children", first, after, None, order_by, parent=self)

    @listed(description="The assets that stand here.")
    async def assets(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: AssetFilter | None = None,
        order_by: AssetOrder = AssetOrder.NAME_ASC,
    ) -> Connection[Annotated["Asset", strawberry.lazy("schema.assets")]]:
        """Those directly here, by name unless asked otherwise."""
        return await assets_of(info, "Location.assets", first, after, filter, order_by, location=self)


async def locations_of(
    info: strawberry.Info,
    coordinate: str,
    first: int,
    after: str | None,
    given: LocationFilter | None,
    order_by: LocationOrder,
    *,
    parent: Any = None,  # noqa: ANN401  a view
) -> Any:  # noqa: ANN401  a page
    """A page of locations."""
    where = Where(info.context)
    where.under(Row.__table__.c.parent_id, parent)
    if given is not None:
        where.reference("parentId", Row.parent_id, given.parent_id, LOCATION)
        where.reference("siteId", Row.site_id, given.site_id, LOCATION)
        where.prefix("namePrefix", Row.name_key, fold(given.name_prefix) if given.name_prefix else None)
    return await listed_page(
        info.context, LOCATION, coordinate, where, first=first, after=after, order=order_by, sorts=SORTS
    )
