"""The root of the graph: every query and mutation, one line per domain, and the built schema. Refuses to build while anything is unclassified."""

from typing import Annotated, Final

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from isomod_graphql.engine.catalogue import Catalogue, build_catalogue
from isomod_graphql.engine.listing import LISTING
from isomod_graphql.engine.resolvers import default_resolver, install
from isomod_graphql.engine.sources import SOURCES, AnyNode, AnyNodes, ById, TheViewer
from schema.access_records import AccessQueries
from schema.account import AccountQueries
from schema.account_changes import AccountChanges
from schema.asset_changes import AssetChanges
from schema.asset_lists import ASSETS, AssetFilter, AssetOrder
from schema.asset_statistics import AssetStatisticsQueries
from schema.assets import Asset
from schema.consent_changes import ConsentChanges, ConsentQueries
from schema.entities import ASSET, ENTITIES, LOCATION, PERSON, WORK_ORDER
from schema.lists import listed_page
from schema.location_changes import LocationChanges
from schema.locations import LOCATIONS, Location, LocationFilter, LocationOrder
from schema.member_changes import MemberChanges
from schema.partner_changes import PartnerChanges
from schema.partners import PartnerQueries
from schema.people import Contact, Person, User
from schema.people_lists import USERS, UserFilter, UserOrder
from schema.policy import PolicyQueries
from schema.policy_diff import PolicyDiffQueries
from schema.privacy_changes import PrivacyChanges
from schema.relay import Connection, Node
from schema.scalars import SCALARS, Cursor, PageSize
from schema.silence import SilentSchema
from schema.subscriptions import Subscription
from schema.team_changes import TeamChanges
from schema.teams import TEAM_BY_ID, TEAMS, Team, TeamFilter, TeamOrder
from schema.view_as_changes import ViewAsChanges
from schema.work_order_changes import WorkOrderChanges
from schema.work_order_lists import WORK_ORDERS, WorkOrderFilter, WorkOrderOrder
from schema.work_order_statistics import WorkOrderStatisticsQueries
from schema.work_order_steps import WorkOrderSteps
from schema.work_orders import WorkOrder

Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
VIEWER: Final = TheViewer(lambda: PERSON)
NODE: Final = AnyNode()
NODES: Final = AnyNodes()
USER_BY_ID: Final = ById(lambda: PERSON, "User")
LOCATION_BY_ID: Final = ById(lambda: LOCATION, "Location")
ASSET_BY_ID: Final = ById(lambda: ASSET, "Asset")
WORK_ORDER_BY_ID: Final = ById(lambda: WORK_ORDER, "WorkOrder")


@strawberry.type(description="Everything that can be asked.")
class Query(
    AccountQueries,
    PartnerQueries,
    ConsentQueries,
    PolicyQueries,
    PolicyDiffQueries,
    AccessQueries,
    WorkOrderStatisticsQueries,
    AssetStatisticsQueries,
):
    """Singular by id, plural as a connection."""

    @strawberry.field(metadata={SOURCES: VIEWER}, description="Who is asking; null for a client.")
    async def viewer(self, info: strawberry.Info) -> User | None:
        """The caller's own person."""
        return await VIEWER.view(info.context)

    @strawberry.field(
        metadata={SOURCES: NODE}, description="Anything by its id; null when nothing is reached under it."
    )
    async def node(self, info: strawberry.Info, id: Id) -> Node | None:
        """Relay's node."""
        return await NODE.view(info.context, id)

    @strawberry.field(
        metadata={SOURCES: NODES},
        description="Several by their ids, at most 100; null in the place of each that is not reached.",
    )
    async def nodes(self, info: strawberry.Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Relay's nodes."""
        return await NODES.views(info.context, ids)

    @strawberry.field(metadata={SOURCES: USER_BY_ID}, description="A person with a membership.")
    async def user(self, info: strawberry.Info, id: Id) -> User | None:
        """By id."""
        return await USER_BY_ID.view(info.context, id)

    @strawberry.field(
        metadata={LISTING: USERS},
        description="People with a membership. Filters and sorts on personal fields need the right to read them in full.",
    )
    async def users(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: UserFilter | None = None,
        order_by: UserOrder = UserOrder.PSEUDONYM_ASC,
    ) -> Connection[User]:
        """A page."""
        return await listed_page(info, USERS, first, after, filter, order_by)

    @strawberry.field(metadata={SOURCES: TEAM_BY_ID}, description="A team.")
    async def team(self, info: strawberry.Info, id: Id) -> Team | None:
        """By id."""
        return await TEAM_BY_ID.view(info.context, id)

    @strawberry.field(metadata={LISTING: TEAMS}, description="Teams. None of them lists its people.")
    async def teams(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: TeamFilter | None = None,
        order_by: TeamOrder = TeamOrder.NAME_ASC,
    ) -> Connection[Team]:
        """A page."""
        return await listed_page(info, TEAMS, first, after, filter, order_by)

    @strawberry.field(metadata={SOURCES: LOCATION_BY_ID}, description="A site or a place.")
    async def location(self, info: strawberry.Info, id: Id) -> Location | None:
        """By id."""
        return await LOCATION_BY_ID.view(info.context, id)

    @strawberry.field(metadata={LISTING: LOCATIONS}, description="Sites and places.")
    async def locations(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: LocationFilter | None = None,
        order_by: LocationOrder = LocationOrder.NAME_ASC,
    ) -> Connection[Location]:
        """A page."""
        return await listed_page(info, LOCATIONS, first, after, filter, order_by)

    @strawberry.field(metadata={SOURCES: ASSET_BY_ID}, description="An asset.")
    async def asset(self, info: strawberry.Info, id: Id) -> Asset | None:
        """By id."""
        return await ASSET_BY_ID.view(info.context, id)

    @strawberry.field(metadata={LISTING: ASSETS}, description="Assets.")
    async def assets(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: AssetFilter | None = None,
        order_by: AssetOrder = AssetOrder.NAME_ASC,
    ) -> Connection[Asset]:
        """A page."""
        return await listed_page(info, ASSETS, first, after, filter, order_by)

    @strawberry.field(metadata={SOURCES: WORK_ORDER_BY_ID}, description="A work order.")
    async def work_order(self, info: strawberry.Info, id: Id) -> WorkOrder | None:
        """By id."""
        return await WORK_ORDER_BY_ID.view(info.context, id)

    @strawberry.field(metadata={LISTING: WORK_ORDERS}, description="Work orders.")
    async def work_orders(
        self,
        info: strawberry.Info,
        first: PageSize,
        after: Cursor | None = None,
        filter: WorkOrderFilter | None = None,
        order_by: WorkOrderOrder = WorkOrderOrder.NUMBER_ASC,
    ) -> Connection[WorkOrder]:
        """A page."""
        return await listed_page(info, WORK_ORDERS, first, after, filter, order_by)


@strawberry.type(description="Everything that can be done. Each root field is a transaction of its own.")
class Mutation(
    AccountChanges,
    MemberChanges,
    PrivacyChanges,
    PartnerChanges,
    LocationChanges,
    AssetChanges,
    WorkOrderChanges,
    WorkOrderSteps,
    TeamChanges,
    ConsentChanges,
    ViewAsChanges,
):
    """One line per domain."""


def build_schema() -> tuple[SilentSchema, GraphQLSchema, Catalogue]:
    """Strawberry's schema, graphql-core's with planned resolvers, and the catalogue. Raises UnclassifiedColumn."""
    schema = SilentSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[User, Contact, Person],
        config=StrawberryConfig(default_resolver=default_resolver, scalar_map=SCALARS),
    )
    core: GraphQLSchema = schema._schema  # noqa: SLF001  there is no public door to graphql-core's schema
    catalogue = build_catalogue(core, ENTITIES)
    install(core, catalogue)
    return schema, core, catalogue
