"""What can be followed as it changes, one root field per kind of row. Refuses to carry a value in an event: each row is read anew, as its subscriber may see it then."""

from typing import Annotated, Final

import strawberry

from isomod_graphql.engine.sources import SOURCES, Told
from isomod_graphql.engine.telling import told_view
from schema.asset_lists import ASSETS, AssetFilter
from schema.assets import Asset
from schema.locations import LOCATIONS, Location, LocationFilter
from schema.work_order_lists import WORK_ORDERS, WorkOrderFilter
from schema.work_orders import WorkOrder

Only = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="This one only; an id that names nothing is one that never changes."),
]
WORK_ORDER_TOLD: Final = Told(WORK_ORDERS, "work_order")
ASSET_TOLD: Final = Told(ASSETS, "asset")
LOCATION_TOLD: Final = Told(LOCATIONS, "location")


@strawberry.type(
    description="What can be followed, as server-sent events. The row is read when it has changed: whoever does not reach it hears nothing."
)
class Subscription:
    """A filter must hold after the change; what several changes of a moment left of a row may come as one."""

    @strawberry.field(
        metadata={SOURCES: WORK_ORDER_TOLD},
        description="A work order was written, changed, assigned, signed, or took a step.",
    )
    async def work_order_changed(
        self, info: strawberry.Info, id: Only = None, filter: WorkOrderFilter | None = None
    ) -> WorkOrder | None:
        """As it is now."""
        return await told_view(info.context, WORK_ORDER_TOLD, id, filter)

    @strawberry.field(metadata={SOURCES: ASSET_TOLD}, description="An asset was made, changed or moved.")
    async def asset_changed(
        self, info: strawberry.Info, id: Only = None, filter: AssetFilter | None = None
    ) -> Asset | None:
        """As it is now."""
        return await told_view(info.context, ASSET_TOLD, id, filter)

    @strawberry.field(
        metadata={SOURCES: LOCATION_TOLD}, description="A site or a place was made, changed or moved."
    )
    async def location_changed(
        self, info: strawberry.Info, id: Only = None, filter: LocationFilter | None = None
    ) -> Location | None:
        """As it is now."""
        return await told_view(info.context, LOCATION_TOLD, id, filter)
