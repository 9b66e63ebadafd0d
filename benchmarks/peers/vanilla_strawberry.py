"""The usual way in Python: Strawberry, SQLAlchemy ORM, dataloaders, permission classes. It refuses nobody a row: that is what is compared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import strawberry
from aiodataloader import DataLoader
from sqlalchemy import DateTime, func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.permission import BasePermission

engine = create_async_engine("postgresql+asyncpg://", pool_size=8, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)


class Row(DeclarativeBase):
    type_annotation_map = {dt.datetime: DateTime(timezone=True)}  # noqa: RUF012  as SQLAlchemy declares it
    __table_args__ = {"schema": "app"}  # noqa: RUF012  as SQLAlchemy declares it
    id: Mapped[int] = mapped_column(primary_key=True)


class LocationRow(Row):
    __tablename__ = "location"
    name: Mapped[str]


class PersonRow(Row):
    __tablename__ = "person"
    name: Mapped[str]
    email: Mapped[str]
    job_title: Mapped[str | None]
    phone: Mapped[str | None]


class AssetRow(Row):
    __tablename__ = "asset"
    name: Mapped[str]
    serial_number: Mapped[str | None]
    status: Mapped[str]
    location_id: Mapped[int]


class WorkOrderRow(Row):
    __tablename__ = "work_order"
    number: Mapped[int]
    title: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str]
    priority: Mapped[str]
    asset_id: Mapped[int]
    assignee_id: Mapped[int | None]
    requester_id: Mapped[int | None]
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime | None]


class ById(DataLoader[int, Any]):
    """Rows by primary key."""

    def __init__(self, model: type[Row]) -> None:
        super().__init__()
        self.model = model

    async def batch_load_fn(self, keys: list[int]) -> list[Any]:
        async with Session() as session:
            rows = await session.scalars(select(self.model).where(self.model.id.in_(keys)))
            found = {row.id: row for row in rows}
        return [found.get(key) for key in keys]


class FirstOf(DataLoader[tuple[int, int], list[Any]]):
    """The first rows of each parent; a key is (parent id, how many)."""

    def __init__(self, model: type[Row], parent: InstrumentedAttribute[int]) -> None:
        super().__init__()
        self.model = model
        self.parent = parent

    async def batch_load_fn(self, keys: list[tuple[int, int]]) -> list[list[Any]]:
        rank = func.row_number().over(partition_by=self.parent, order_by=self.model.id)
        ranked = (
            select(self.model.id, rank.label("rank"))
            .where(self.parent.in_([parent for parent, _ in keys]))
            .subquery()
        )
        rows = (
            select(self.model)
            .join(ranked, ranked.c.id == self.model.id)
            .where(ranked.c.rank <= max(first for _, first in keys))
            .order_by(self.model.id)
        )
        children: dict[int, list[Any]] = {parent: [] for parent, _ in keys}
        async with Session() as session:
            for row in await session.scalars(rows):
                children[getattr(row, self.parent.key)].append(row)
        return [children[parent][:first] for parent, first in keys]


def loaders() -> dict[str, Any]:
    return {
        "role": "manager",
        "location": ById(LocationRow),
        "person": ById(PersonRow),
        "asset": ById(AssetRow),
        "assets": FirstOf(AssetRow, AssetRow.location_id),
        "work_orders": FirstOf(WorkOrderRow, WorkOrderRow.asset_id),
    }


class CanSeePersonal(BasePermission):
    message = "not allowed"

    def has_permission(self, source: object, info: strawberry.Info, **kwargs: object) -> bool:  # noqa: ARG002  Strawberry's signature
        return str(info.context["role"]) == "manager"


@strawberry.type
class Person:
    id: int
    name: str
    email: str | None = strawberry.field(permission_classes=[CanSeePersonal])
    job_title: str | None = strawberry.field(permission_classes=[CanSeePersonal])


@strawberry.type
class Location:
    id: int
    name: str

    @strawberry.field
    async def assets(self, info: strawberry.Info, first: int) -> list[Asset]:
        found: list[Asset] = await info.context["assets"].load((self.id, first))
        return found


@strawberry.type
class Asset:
    id: int
    name: str
    serial_number: str | None
    location_id: strawberry.Private[int]

    @strawberry.field
    async def location(self, info: strawberry.Info) -> Location:
        found: Location = await info.context["location"].load(self.location_id)
        return found

    @strawberry.field
    async def work_orders(self, info: strawberry.Info, first: int) -> list[WorkOrder]:
        found: list[WorkOrder] = await info.context["work_orders"].load((self.id, first))
        return found


@strawberry.type
class WorkOrder:
    id: int
    number: int
    title: str
    status: str
    priority: str
    created_at: dt.datetime
    due_at: dt.datetime | None
    asset_id: strawberry.Private[int]
    assignee_id: strawberry.Private[int]
    requester_id: strawberry.Private[int]

    @strawberry.field
    async def asset(self, info: strawberry.Info) -> Asset:
        found: Asset = await info.context["asset"].load(self.asset_id)
        return found

    @strawberry.field
    async def assignee(self, info: strawberry.Info) -> Person | None:
        found: Person | None = await info.context["person"].load(self.assignee_id)
        return found

    @strawberry.field
    async def requester(self, info: strawberry.Info) -> Person | None:
        found: Person | None = await info.context["person"].load(self.requester_id)
        return found


@strawberry.type
class PageInfo:
    end_cursor: str | None
    has_next_page: bool


@strawberry.type
class WorkOrders:
    nodes: list[WorkOrder]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def work_orders(self, first: int, after: str | None = None) -> WorkOrders:
        query = select(WorkOrderRow).where(WorkOrderRow.id > int(after or 0))
        async with Session() as session:
            rows = list(await session.scalars(query.order_by(WorkOrderRow.id).limit(first + 1)))
        nodes: list[Any] = rows[:first]
        cursor = str(nodes[-1].id) if nodes else None
        return WorkOrders(nodes=nodes, page_info=PageInfo(end_cursor=cursor, has_next_page=len(rows) > first))

    @strawberry.field
    async def work_order(self, id: int) -> WorkOrder | None:  # noqa: A002  the argument of the graph
        async with Session() as session:
            row: Any = await session.get(WorkOrderRow, id)
            found: WorkOrder | None = row
            return found

    @strawberry.field
    async def locations(self, first: int) -> list[Location]:
        async with Session() as session:
            rows: Any = await session.scalars(select(LocationRow).order_by(LocationRow.id).limit(first))
            return list(rows)


class Server(GraphQL[Any, None]):
    async def get_context(self, request: object, response: object) -> dict[str, Any]:  # noqa: ARG002  Strawberry's signature
        return loaders()


schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
app = Starlette()
app.add_route("/graphql", Server(schema))  # type: ignore[arg-type]
