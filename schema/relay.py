"""Relay's types: pages of a connection and the node interface. An unknown id is null, never an error that nulls its neighbours."""

from typing import Any, Generic, TypeVar

import strawberry

from isomod_graphql.engine.classified import tells
from permissions.categories import Category
from schema.scalars import Cursor

T = TypeVar("T")


@tells({Category.OPERATIONAL: "has_next_page has_previous_page start_cursor end_cursor"})
@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """See Relay's cursor connections."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: Cursor | None
    end_cursor: Cursor | None


@tells({Category.OPERATIONAL: "node cursor"})
@strawberry.type(description="A row of a list and the cursor behind it.")
class Edge(Generic[T]):
    """See Relay's cursor connections."""

    node: T
    cursor: Cursor


@tells({Category.OPERATIONAL: "edges nodes page_info total_count"})
@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Filled from engine.pages.Page."""

    edges: list[Edge[T]]
    nodes: list[T]
    page_info: PageInfo

    @strawberry.field(description="How many rows the viewer reaches with this filter.")
    @staticmethod
    async def total_count(root: strawberry.Parent[Any]) -> int:
        """Asked of the database only when it is selected."""
        count: int = await root.total_count()
        return count


@tells({Category.OPERATIONAL: "id"})
@strawberry.interface(description="Anything with a global id.")
class Node:
    """See Relay's global object identification."""

    id: strawberry.ID
