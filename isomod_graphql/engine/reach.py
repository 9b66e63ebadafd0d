"""Row rules as SQL: which rows a viewer reaches, per slot of the decision vector. Refuses what it does not know: no rule, no row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.elements import SQLCoreOperations

from isomod_graphql.core.columns import Base
from isomod_graphql.engine.readers import Reader
from isomod_graphql.engine.viewer import Viewer
from permissions.decisions import Sites, reach_of
from permissions.disclosure import Relation
from permissions.grants import Action
from permissions.reach import Reach, Resource

THIS_TENANT = select(cast(func.current_setting("app.tenant_id"), Uuid)).scalar_subquery()
"""The tenant of the running transaction, computed once per statement: the sets of predicates are limited to it."""

Predicate = Callable[[UUID], ColumnElement[bool]]
"""Takes the viewer's person id; a membership test against one uncorrelated set, never a correlated subquery."""

Who = Viewer | Reader
"""Rules are written for a viewer, or for all viewers of one structure."""


@dataclass(frozen=True, slots=True)
class RowScope:
    """How the rows of one table are reached.

    `site`: the column with the row's root location; None when the rows belong to no site.
    `siteless`: rows without a site belong to the whole organisation and are reached from every site.
    `own`, `assigned`: predicates for the rows of a person; `relations`: ties to the row's subject that raise a cell.
    """

    resource: Resource
    model: type[Base]
    site: SQLCoreOperations[Any] | None = None
    siteless: bool = False
    own: Predicate | None = None
    assigned: Predicate | None = None
    relations: Mapping[Relation, Predicate] | None = None

    def reachable(self, viewer: Who, action: Action | None = None) -> ColumnElement[bool]:
        """The rows that the viewer reaches (for a write: through a grant that carries the action)."""
        slots = [
            self.slot(viewer, slot, reach) for slot, reach in reach_of(viewer.vector, self.resource, action)
        ]
        if self.resource in viewer.vector.held and action is None:
            # Whoever may see nobody else still sees what is held about him- or herself (GDPR Article 15).
            person: Any = viewer.person_id
            slots.append(self.own(person) if self.own and person is not None else false())
        return and_(self.bound(viewer), or_(false(), *slots))

    def slot(self, viewer: Who, slot: int, reach: Reach) -> ColumnElement[bool]:
        """The rows that one slot of the vector reaches."""
        if reach is Reach.ALL:
            return true()
        person: Any = viewer.person_id
        parts: list[ColumnElement[bool]] = []
        if reach >= Reach.OWN and self.own is not None and person is not None:
            parts.append(self.own(person))
        if reach >= Reach.ASSIGNED and self.assigned is not None and person is not None:
            parts.append(self.assigned(person))
        if reach >= Reach.SITES:
            parts.append(self._in_sites(viewer.slots[slot]))
        return or_(false(), *parts)

    def _in_sites(self, sites: Sites | BindParameter[Any]) -> ColumnElement[bool]:
        if self.site is None:
            return false()
        inside = within(self.site, sites) if sites is not None else self.site.is_not(None)
        return or_(inside, self.site.is_(None)) if self.siteless or sites is None else inside

    def bound(self, viewer: Who) -> ColumnElement[bool]:
        """The rows that a site-bound credential may touch at all."""
        if viewer.bound is None or self.site is None:
            return true()
        return within(self.site, viewer.bound)


def within(site: SQLCoreOperations[Any], sites: frozenset[UUID] | BindParameter[Any]) -> ColumnElement[bool]:
    """The column holds one of these sites."""
    return site == any_(sites) if isinstance(sites, BindParameter) else site.in_(sites)


@dataclass(frozen=True, slots=True)
class ChildScope(RowScope):
    """Rows that are reached with the row they belong to, through the column `key`; both are of one resource."""

    parent: RowScope | None = None
    key: SQLCoreOperations[Any] | None = None

    def slot(self, viewer: Who, slot: int, reach: Reach) -> ColumnElement[bool]:
        """The rows whose parent the slot reaches; nothing without a parent."""
        if self.parent is None or self.key is None:
            return false()
        if reach is Reach.ALL:
            return true()
        return self.key.in_(self._parents(self.parent.slot(viewer, slot, reach)))

    def bound(self, viewer: Who) -> ColumnElement[bool]:
        """The rows whose parent a site-bound credential may touch."""
        if viewer.bound is None or self.parent is None or self.key is None:
            return true()
        return self.key.in_(self._parents(self.parent.bound(viewer)))

    def _parents(self, predicate: ColumnElement[bool]) -> Select[Any]:
        table = self.parent.model.__table__ if self.parent is not None else self.model.__table__
        return select(table.c.id).where(table.c.tenant_id == THIS_TENANT, predicate)
