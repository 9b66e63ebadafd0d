"""The place that a record is put at: its id and its site, held until the record is written. Refuses a place out of reach."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, Uuid, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from isomod_graphql.core.errors import NotFound
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.trees import share_shape
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.models import Location
from isomod_graphql.locations.reach import LOCATION_SCOPE
from permissions.grants import Action

LOCATIONS: Table = Location.__table__  # type: ignore[assignment]  # a mapped class always has a Table here


@dataclass(frozen=True, slots=True)
class Place:
    """A location and the site that it belongs to."""

    location_id: UUID
    site_id: UUID


async def keep_places(tx: Transaction) -> None:
    """No location changes its site until the transaction ends; comes before any row is locked."""
    await share_shape(tx, LOCATIONS)


async def require_places(
    tx: Transaction, viewer: Viewer, location_ids: Collection[UUID], *, field: str
) -> None:
    """Every one of them is within reach; one statement for all. Raises NotFound."""
    if location_ids:
        wanted = set(location_ids)
        here = (
            Location.tenant_id == tx.tenant_id,
            Location.id == any_(literal(sorted(wanted), ARRAY(Uuid()))),
        )
        reached = select(func.count()).select_from(Location).where(*here, LOCATION_SCOPE.reachable(viewer))
        if await tx.value(reached) < len(wanted):
            raise NotFound(field=field)


async def place_at(
    tx: Transaction, viewer: Viewer, location_id: UUID, *, action: Action, field: str = "locationId"
) -> Place:
    """The place, which cannot change its site before the transaction ends; `keep_places` comes first. Raises NotFound."""
    here = (Location.tenant_id == tx.tenant_id, Location.id == location_id)
    wanted = select(Location.id, Location.site_id).where(*here, LOCATION_SCOPE.reachable(viewer, action))
    row = await tx.first(wanted.with_for_update(read=True, key_share=True, of=Location))
    if row is None:
        raise NotFound(field=field)
    return Place(row.id, row.site_id)
