"""Lists of assets: how they are filtered and sorted."""

from enum import Enum
from typing import Any, Final

import strawberry

from isomod_graphql.assets import models
from isomod_graphql.assets.models import Asset as Row
from isomod_graphql.core.text import fold
from isomod_graphql.engine.catalogue import reveals
from isomod_graphql.engine.pages import Sort
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON
from schema.lists import Where, listed_page

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
    where = Where(info.context)
    where.under(Row.__table__.c.location_id, location)
    where.under(Row.__table__.c.parent_id, parent)
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
