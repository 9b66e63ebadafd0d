"""Lists of assets: how they are filtered and sorted."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import strawberry

from isomod_graphql.assets import models
from isomod_graphql.engine.classified import reveals
from isomod_graphql.engine.listing import Criterion, Equal, Listing, OneOf, Prefix, Reference, Sort
from isomod_graphql.engine.searching import Words
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON
from schema.lists import SEARCHES
from schema.scalars import SearchText

AssetStatus = strawberry.enum(models.AssetStatus, description="Whether the asset can be used (EN 13306).")
AssetCriticality = strawberry.enum(models.AssetCriticality, description="How much depends on the asset.")


@reveals(Resource.ASSET, {Category.EQUIPMENT: "NAME_ASC NAME_DESC"})
@strawberry.enum(description="How assets are sorted.")
class AssetOrder(Enum):
    """Ties are broken by id."""

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@reveals(
    Resource.ASSET,
    {
        Category.EQUIPMENT: "status criticality location_id parent_id tag name_prefix search",
        Category.OPERATIONAL: "site_id custodian_id",
    },
)
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
    search: SearchText | None = strawberry.field(
        default=None, description=f"{SEARCHES} name, tag, serial number, manufacturer and model."
    )


_ROW: Final = models.Asset.__table__.c
_SORTS: Final = {"NAME_ASC": Sort(_ROW.name_key), "NAME_DESC": Sort(_ROW.name_key, descending=True)}
_CRITERIA: Final[Mapping[str, Criterion]] = {
    "status": OneOf(_ROW.status),
    "criticality": OneOf(_ROW.criticality),
    "location_id": Reference(_ROW.location_id, lambda: LOCATION),
    "site_id": Reference(_ROW.site_id, lambda: LOCATION),
    "parent_id": Reference(_ROW.parent_id, lambda: ASSET),
    "custodian_id": Reference(_ROW.custodian_id, lambda: PERSON),
    "tag": Equal(_ROW.tag),
    "name_prefix": Prefix(_ROW.name_key),
    "search": Words(models.Asset),
}

ASSETS: Final = Listing("Query.assets", lambda: ASSET, _SORTS, _CRITERIA)
LOCATION_ASSETS: Final = Listing("Location.assets", lambda: ASSET, _SORTS, _CRITERIA, under=_ROW.location_id)
ASSET_CHILDREN: Final = Listing("Asset.children", lambda: ASSET, _SORTS, {}, under=_ROW.parent_id)
