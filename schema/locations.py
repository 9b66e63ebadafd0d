"""Locations as the graph shows them: sites and the places inside them."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.entities import Shown, computed, graph_type, link, listed
from isomod_graphql.engine.listing import LISTING, Criterion, Listing, Prefix, Reference, Sort
from isomod_graphql.engine.searching import Words
from isomod_graphql.locations.models import Location as Row
from permissions import masks
from permissions.categories import Category
from permissions.reach import Resource
from schema.asset_lists import LOCATION_ASSETS, AssetFilter, AssetOrder
from schema.entities import LOCATION
from schema.lists import SEARCHES, listed_page
from schema.relay import Connection, Node
from schema.scalars import Cursor, GeoArea, PageSize, SearchText

if TYPE_CHECKING:
    from schema.assets import Asset


@reveals(Resource.LOCATION, {Category.OPERATIONAL: "NAME_ASC NAME_DESC"})
@strawberry.enum(description="How locations are sorted.")
class LocationOrder(Enum):
    """Ties are broken by id."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@reveals(Resource.LOCATION, {Category.OPERATIONAL: "parent_id site_id name_prefix search"})
@strawberry.input(description="Every field that is given must hold.")
class LocationFilter:
    """Which locations."""

    parent_id: strawberry.ID | None = None
    site_id: strawberry.ID | None = None
    name_prefix: str | None = None
    search: SearchText | None = strawberry.field(default=None, description=f"{SEARCHES} name.")


_ROW: Final = Row.__table__.c
_SORTS: Final = {"NAME_ASC": Sort(_ROW.name_key), "NAME_DESC": Sort(_ROW.name_key, descending=True)}
_CRITERIA: Final[Mapping[str, Criterion]] = {
    "parent_id": Reference(_ROW.parent_id, lambda: LOCATION),
    "site_id": Reference(_ROW.site_id, lambda: LOCATION),
    "name_prefix": Prefix(_ROW.name_key),
    "search": Words(Row),
}
LOCATIONS: Final = Listing("Query.locations", lambda: LOCATION, _SORTS, _CRITERIA)
CHILDREN: Final = Listing("Location.children", lambda: LOCATION, _SORTS, {}, under=_ROW.parent_id)


def area(shown: Shown) -> str | None:
    """Where a place is, to about a kilometre; None where nobody said."""
    latitude, longitude = shown.values["latitude"], shown.values["longitude"]
    return None if latitude is None or longitude is None else masks.area_text((latitude, longitude))


@graph_type(LOCATION, default=Category.OPERATIONAL, description="A site, or a place inside one.")
class Location(Node):
    """A workplace."""

    name: str
    address: str | None
    latitude: float | None
    longitude: float | None
    area: GeoArea | None = computed(
        Category.OPERATIONAL,
        needs=("latitude", "longitude"),
        compute=area,
        description="Where the place is, to about a kilometre: what to keep or to publish instead of the coordinates.",
    )
    time_zone: str
    version: int
    parent: Annotated["Location", strawberry.lazy("schema.locations")] | None = link(
        lambda: LOCATION, by="parent_id"
    )
    site: Annotated["Location", strawberry.lazy("schema.locations")] | None = link(
        lambda: LOCATION, by="site_id"
    )

    @listed(metadata={LISTING: CHILDREN}, description="The places directly inside this one.")
    async def children(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        order_by: LocationOrder = LocationOrder.NAME_ASC,
    ) -> Connection[Annotated["Location", strawberry.lazy("schema.locations")]]:
        """By name."""
        return await listed_page(info, CHILDREN, first, after, None, order_by, under=self)

    @listed(metadata={LISTING: LOCATION_ASSETS}, description="The assets that stand here.")
    async def assets(
        self: Any,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: AssetFilter | None = None,
        order_by: AssetOrder = AssetOrder.NAME_ASC,
    ) -> Connection[Annotated["Asset", strawberry.lazy("schema.assets")]]:
        """Those directly here, by name unless asked otherwise."""
        return await listed_page(info, LOCATION_ASSETS, first, after, filter, order_by, under=self)
