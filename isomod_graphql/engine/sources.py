"""Declared sources: where the other fields of the graph find their rows, as data. Refuses nothing itself: every row comes through the viewer's reach."""

from asyncio import gather
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.store import Transaction
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.listing import Listing
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.statistics import Statistics

if TYPE_CHECKING:
    from isomod_graphql.engine.request import Request

SOURCES: Final = "source"
"""Under this name the metadata of a field holds its `Source`."""


@dataclass(frozen=True, eq=False, slots=True)
class ById:
    """The row of this kind that the argument `id` names; nothing for a row of another graph type."""

    entity: Callable[[], Entity]
    type_name: str

    async def view(self, request: "Request", global_id: str) -> Any:  # noqa: ANN401  a view stands in for a type of the graph
        """None when nothing is reached under the id."""
        return await request.one(global_id, self.entity(), self.type_name)


@dataclass(frozen=True, eq=False, slots=True)
class TheViewer:
    """The caller's own person; nothing for a client."""

    entity: Callable[[], Entity]

    async def view(self, request: "Request") -> Any:  # noqa: ANN401  a view stands in for a type of the graph
        """None for a client."""
        person = request.viewer.person_id
        return None if person is None else await request.load(self.entity(), person)


@dataclass(frozen=True, eq=False, slots=True)
class AnyNode:
    """Whatever the argument `id` names."""

    async def view(self, request: "Request", global_id: str) -> Any:  # noqa: ANN401  a view stands in for a type of the graph
        """None when nothing is reached under the id."""
        return await request.node(global_id)


@dataclass(frozen=True, eq=False, slots=True)
class AnyNodes:
    """Whatever each of the argument `ids` names."""

    async def views(self, request: "Request", global_ids: Sequence[str]) -> Any:  # noqa: ANN401  views stand in for types of the graph
        """None in the place of each that is not reached. Raises BadInput for too many."""
        return await request.nodes(global_ids)


@dataclass(frozen=True, eq=False, slots=True)
class Children:
    """The rows whose column `by` holds the parent's id, oldest first: a small set without pages."""

    entity: Callable[[], Entity]
    by: ColumnElement[Any]

    async def views(self, request: "Request", parent: View) -> Any:  # noqa: ANN401  views stand in for types of the graph
        """Those that the viewer reaches."""
        return await request.children(self.entity(), self.by, parent)


@dataclass(frozen=True, eq=False)
class Through:
    """The rows that a table of links ties to the parent, in the order of their ids: a small set without pages."""

    entity: Callable[[], Entity]
    table: FromClause
    parent: ColumnElement[Any]
    child: ColumnElement[Any]

    @cached_property
    def _links(self) -> Select[Any]:
        tenant = self.table.c.tenant_id == bindparam("tenant", type_=Uuid())
        linked = self.parent == any_(bindparam("parents", type_=ARRAY(Uuid())))
        pairs = select(self.parent.label("parent_key"), self.child.label("child_key"))
        return pairs.where(tenant, linked).order_by(self.child)

    async def views(self, request: "Request", parent: View) -> Any:  # noqa: ANN401  views stand in for types of the graph
        """Those that the viewer reaches."""
        ids = await request.grouped(f"through {self.parent}", parent.row_id, self._read)
        found = await gather(*(request.load(self.entity(), row_id) for row_id in ids))
        return [view for view in found if view is not None]

    async def _read(self, tx: Transaction, parents: list[UUID]) -> dict[UUID, list[Any]]:
        found: dict[UUID, list[Any]] = {}
        for row in await tx.all(self._links, {"tenant": tx.tenant_id, "parents": parents}):
            found.setdefault(row.parent_key, []).append(row.child_key)
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Told:
    """The row that the running event names, where the argument `id` names it too and the filter of `listing` holds.

    Kinds of events begin with `about`, and the id of the row stands in them under `<about>_id`.
    """

    listing: Listing
    about: str

    def entity(self) -> Entity:
        """The kind of row."""
        return self.listing.entity()


Source = ById | TheViewer | AnyNode | AnyNodes | Children | Through | Statistics | Told
