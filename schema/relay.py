"""Relay's types: pages of a connection and the node interface. An unknown id is null, never an error that nulls its neighbours."""

from typing import Annotated, Any, Generic, TypeVar

import strawberry

from isomod_graphql.engine.classified import CHOOSES, tells
from isomod_graphql.engine.entities import listed
from isomod_graphql.engine.field_access import Reading
from permissions.categories import Category
from permissions.decisions import Reason
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


strawberry.enum(
    Reading, name="FieldReading", description="How much of a field is shown: all of it, a mask, nothing."
)
strawberry.enum(
    Reason,
    name="MaskingReason",
    description="Why less than everything is shown, as in `extensions.masking`; PRIVACY covers several grounds alike.",
)
Fields = Annotated[
    list[str],
    strawberry.argument(description="Names of fields that can be selected where viewerAccess is selected."),
]


@tells({Category.OPERATIONAL: "field read write reason"})
@strawberry.type(description="What the viewer may do with one field of one object.")
class FieldAccess:
    """Made by the engine, from the decision on the field itself."""

    field: str = strawberry.field(description="The name of the field.")
    read: Reading = strawberry.field(description="How much of it is shown.")
    write: bool = strawberry.field(
        description=(
            "A mutation takes a change of it on this object from the viewer, as far as rights go: the state of the object "
            "may still refuse one, and a fresh proof of identity may be asked for."
        )
    )
    reason: Reason | None = strawberry.field(
        description="Why not all of it is shown; null where everything is."
    )


@tells({Category.OPERATIONAL: "id"})
@strawberry.interface(description="Anything with a global id.")
class Node:
    """See Relay's global object identification."""

    id: strawberry.ID

    @listed(
        metadata={CHOOSES: "fields"},
        description="What the viewer may do with fields of this object, in the order in which they are named; for forms.",
    )
    def viewer_access(self: Any, fields: Fields) -> list[FieldAccess]:
        """A name that the type does not have refuses the whole request: BAD_USER_INPUT."""
        return [self.access[name] for name in fields]
