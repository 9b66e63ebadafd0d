"""Counts of assets in the graph: by what they are grouped and filtered, and what is told of a group."""

from enum import Enum
from typing import Any, Final

import strawberry

from isomod_graphql.analytics import assets as counted_by
from isomod_graphql.assets import models
from isomod_graphql.engine.classified import reveals, tells
from isomod_graphql.engine.entities import listed
from isomod_graphql.engine.sources import SOURCES
from isomod_graphql.engine.statistics import SUPPRESSES, Statistics
from permissions.categories import Category
from permissions.reach import Resource
from schema.entities import ASSET, LOCATION, PERSON
from schema.locations import Location
from schema.people import Person
from schema.statistics import TOTAL, StatisticsRemainder, counted, exactly, the_site


@reveals(
    Resource.PERSON,
    {
        Category.EQUIPMENT: "STATUS CRITICALITY",
        Category.OPERATIONAL: "SITE",
        Category.IDENTITY: "CUSTODIAN",
    },
)
@strawberry.enum(description="By what assets are grouped.")
class AssetDimension(Enum):
    """See AssetGroup."""

    STATUS = "STATUS"
    CRITICALITY = "CRITICALITY"
    SITE = "SITE"
    CUSTODIAN = "CUSTODIAN"


@reveals(Resource.ASSET, {Category.EQUIPMENT: "status criticality", Category.OPERATIONAL: "site_id"})
@strawberry.input(description="One value of each; every one that is given must hold. Nobody is singled out.")
class AssetStatisticsFilter:
    """Which assets are counted."""

    status: models.AssetStatus | None = None
    criticality: models.AssetCriticality | None = None
    site_id: strawberry.ID | None = None


_AT: Final = counted_by
ASSET_STATISTICS: Final = Statistics(
    lambda: ASSET,
    _AT.DIMENSIONS,
    groupings={
        "STATUS": (_AT.STATUS, 1),
        "CRITICALITY": (_AT.CRITICALITY, 1),
        "SITE": (_AT.SITE, 1),
        "CUSTODIAN": (_AT.CUSTODIAN, 1),
    },
    filters={
        "status": (_AT.STATUS, exactly(1)),
        "criticality": (_AT.CRITICALITY, exactly(1)),
        "site_id": (_AT.SITE, the_site),
    },
    links={"site": lambda: LOCATION, "custodian": lambda: PERSON},
)


@tells({Category.EQUIPMENT: "status criticality", Category.OPERATIONAL: "count"})
@strawberry.type(description="Assets that are alike. What they are not told apart by is null.")
class AssetGroup:
    """See engine.statistics.Group."""

    status: models.AssetStatus | None
    criticality: models.AssetCriticality | None
    count: int

    @listed(description="Null also where the site is not reached.")
    async def site(self: Any, info: strawberry.Info) -> Location | None:
        """The key, as it is shown."""
        return await ASSET_STATISTICS.linked(info.context, self, "site")

    @listed(description="In whose care these are. People who are named to nobody are in the remainder.")
    async def custodian(self: Any, info: strawberry.Info) -> Person | None:
        """The key, as it is shown."""
        return await ASSET_STATISTICS.linked(info.context, self, "custodian")


@tells({Category.OPERATIONAL: "groups total remainder smallest_group"})
@strawberry.type(description="Counts of the assets that the viewer reaches.")
class AssetStatistics:
    """See engine.statistics.Breakdown."""

    groups: list[AssetGroup]
    remainder: StatisticsRemainder | None = strawberry.field(
        description="Null where every row is in a group."
    )
    smallest_group: int = strawberry.field(description="Nothing is told of fewer rows.")

    @strawberry.field(metadata={SUPPRESSES: Category.OPERATIONAL}, description=TOTAL)
    @staticmethod
    def total(root: strawberry.Parent[Any], info: strawberry.Info) -> int | None:
        """Told or listed as masked."""
        return counted(root.total, info)


@strawberry.type
class AssetStatisticsQueries:
    """Queries that count assets."""

    @strawberry.field(
        metadata={SOURCES: ASSET_STATISTICS},
        description="Counts of assets, in groups of at least `smallestGroup`. Groups and filters tell rows apart by four things at most.",
    )
    async def asset_statistics(
        self,
        info: strawberry.Info,
        group_by: list[AssetDimension] | None = None,
        filter: AssetStatisticsFilter | None = None,
    ) -> AssetStatistics:
        """As many groups as there are values; one of everything where nothing is said."""
        told: Any = await ASSET_STATISTICS.told(info.context, group_by or (), filter)
        return told
