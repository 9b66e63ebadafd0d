"""How every list is asked for: filters become predicates, sorts become keys, both become part of the cursor's binding."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from sqlalchemy import ColumnElement, false
from sqlalchemy.sql.elements import SQLCoreOperations

from isomod_graphql.core.errors import NotFound
from isomod_graphql.engine.entities import Entity
from isomod_graphql.engine.pages import Asked, Sort, page
from isomod_graphql.engine.projection import View
from isomod_graphql.engine.request import Request


@strawberry.input(description="From (inclusive) to (exclusive).")
class DateTimeRange:
    """Half-open, so that ranges can be laid end to end."""

    gte: datetime | None = None
    lt: datetime | None = None


class Where:
    """Collects the predicates of a filter and their canonical form; an absent field filters nothing."""

    def __init__(self, request: Request) -> None:
        """Everything that the viewer reaches."""
        self.request = request
        self.predicates: list[ColumnElement[bool]] = []
        self.shape: dict[str, Any] = {}
        self.parent: tuple[ColumnElement[Any], UUID] | None = None

    def under(self, column: ColumnElement[Any], parent: View | None) -> None:
        """The rows that hang on this one, if one is given; the lists of its siblings are read in the same statement."""
        if parent is not None:
            self.parent = column, parent.row_id

    def equal(self, name: str, column: SQLCoreOperations[Any], value: object) -> None:
        """Column = value."""
        if value is not None:
            self.predicates.append(column == value)
            self.shape[name] = str(value)

    def one_of(self, name: str, column: SQLCoreOperations[Any], values: Sequence[Enum] | None) -> None:
        """Column in values."""
        if values is not None:
            texts = sorted({value.value for value in values})
            self.predicates.append(column.in_(texts))
            self.shape[name] = texts

    def reference(
        self, name: str, column: SQLCoreOperations[Any], global_id: str | None, entity: Entity
    ) -> None:
        """Column = the row that an id names; an id that names nothing here matches nothing, like one out of reach."""
        if global_id is None:
            return
        try:
            self.equal(name, column, self.request.row_id(global_id, entity, field=name))
        except NotFound:
            self.predicates.append(false())
            self.shape[name] = global_id

    def between(self, name: str, column: SQLCoreOperations[Any], given: DateTimeRange | None) -> None:
        """Column in a half-open range."""
        if given is None:
            return
        if given.gte is not None:
            self.predicates.append(column >= given.gte)
        if given.lt is not None:
            self.predicates.append(column < given.lt)
        self.shape[name] = [str(given.gte), str(given.lt)]

    def prefix(self, name: str, column: SQLCoreOperations[Any], folded: str | None) -> None:
        """Column starts with a folded text: two comparisons that an index answers under row security."""
        if folded:
            self.predicates += [column >= folded, column < folded + "\U0010ffff"]
            self.shape[name] = folded


async def listed_page(
    request: Request,
    entity: Entity,
    coordinate: str,
    where: Where,
    *,
    first: int,
    after: str | None,
    order: Enum,
    sorts: Mapping[str, Sort],
) -> Any:  # noqa: ANN401  a page stands in for a connection
    """One page of an entity; `order.name` picks the sort."""
    shape = {**where.shape, "order": order.name}
    asked = Asked(coordinate, first, after, tuple(where.predicates), sorts[order.name], shape, where.parent)
    return await page(request, entity, asked)
