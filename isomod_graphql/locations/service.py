"""Making, changing and moving locations. Refuses a place inside itself and a new site by somebody who is bound to sites."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.search import change_words, put_words
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.text import note
from isomod_graphql.core.trees import Cycle, hold_shape, levels_below
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.input import (
    LocationChanges,
    NewLocation,
    checked_changes,
    checked_position,
    checked_zone,
    named,
)
from isomod_graphql.locations.models import DEEPEST, Location
from isomod_graphql.locations.place import LOCATIONS
from isomod_graphql.locations.reach import LOCATION_SCOPE, require_every_site
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.models import Person
from permissions.grants import Action


async def create_location(
    tx: Transaction, viewer: Viewer, *, given: NewLocation, idempotency_key: str | None = None
) -> UUID:
    """Makes a location and returns its id.

    Raises Forbidden (a site, by somebody bound to sites), NotFound (parentId), BadInput, MaskedValueRejected, ContractEnded.
    """
    viewer.require(Action.LOCATION_CREATE)
    terms = await require_contract(tx)
    parent = None
    if given.parent_id is None:
        require_every_site(viewer, Action.LOCATION_CREATE)
    else:
        await hold_shape(tx, LOCATIONS)
        parent = await _found(tx, viewer, given.parent_id, Action.LOCATION_CREATE, field="parentId")
    done = await replayed(
        tx,
        principal_id=viewer.actor_id,
        operation="LOCATION_CREATE",
        key=idempotency_key,
        given=asdict(given),
    )
    if done is not None:
        return done
    location_id = tx.new_id()
    latitude, longitude = checked_position(given.latitude, given.longitude)
    row: dict[str, Any] = named(given.name) | {
        "address": note(given.address, field="address"), "latitude": latitude, "longitude": longitude,
        "time_zone": terms.time_zone if given.time_zone is None else checked_zone(given.time_zone),
        "parent_id": given.parent_id, "site_id": location_id, "depth": 0,
    }  # fmt: skip
    if parent is not None:
        row |= {"site_id": parent.site_id, "depth": _depth_below(parent, height=0)}
        row["time_zone"] = parent.time_zone if given.time_zone is None else row["time_zone"]
    row |= {"tenant_id": tx.tenant_id, "id": location_id, "created_at": tx.now, "updated_at": tx.now}
    await tx.run(insert(Location).values(row))
    await put_words(tx, Location, [row])
    await record(tx, viewer.principal, "LOCATION_CREATE", entity=("Location", location_id))
    await tell(tx, "location.created", location_id=location_id)
    await remember(
        tx,
        principal_id=viewer.actor_id,
        operation="LOCATION_CREATE",
        key=idempotency_key,
        result_id=location_id,
    )
    return location_id


async def update_location(
    tx: Transaction,
    viewer: Viewer,
    *,
    location_id: UUID,
    changes: LocationChanges,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Changes what is named. Raises NotFound (locationId), StaleVersion, BadInput, MaskedValueRejected, ContractEnded."""
    viewer.require(Action.LOCATION_UPDATE)
    await require_contract(tx)
    stored = await _found(tx, viewer, location_id, Action.LOCATION_UPDATE, field="locationId")
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="LOCATION_UPDATE", key=idempotency_key,
        given={"location_id": location_id, "changes": changes, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    require_version(stored.version, expected_version)
    columns = checked_changes(changes, stored._asdict())
    if columns:
        await _write(tx, location_id, columns)
        await change_words(tx, Location, location_id, columns)
        await record(
            tx, viewer.principal, "LOCATION_UPDATE", entity=("Location", location_id), fields=changes
        )
        await tell(tx, "location.updated", location_id=location_id)
    await remember(
        tx,
        principal_id=viewer.actor_id,
        operation="LOCATION_UPDATE",
        key=idempotency_key,
        result_id=location_id,
    )
    return location_id


async def move_location(
    tx: Transaction,
    viewer: Viewer,
    *,
    location_id: UUID,
    parent_id: UUID | None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Puts a location with all below it under another one, or makes it a site of its own (parent None).

    Places, assets and work orders below follow to the new site in the same statement; so do the people of a site that
    ceases to be one. A grant on such a site reaches nothing from then on, it does not widen.
    Raises Cycle, Forbidden, NotFound (locationId, parentId), StaleVersion, BadInput (too deep), ContractEnded.
    """
    viewer.require(Action.LOCATION_UPDATE)
    await require_contract(tx)
    await hold_shape(tx, LOCATIONS)
    moved = await _found(tx, viewer, location_id, Action.LOCATION_UPDATE, field="locationId")
    parent = await _new_parent(tx, viewer, moved, parent_id)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="LOCATION_MOVE", key=idempotency_key,
        given={"location_id": location_id, "parent_id": parent_id, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    require_version(moved.version, expected_version)
    if parent_id != moved.parent_id:
        await _put_below(tx, moved, parent)
        await record(
            tx, viewer.principal, "LOCATION_MOVE", entity=("Location", location_id), fields=["parent_id"]
        )
        await tell(tx, "location.moved", location_id=location_id)
    await remember(
        tx,
        principal_id=viewer.actor_id,
        operation="LOCATION_MOVE",
        key=idempotency_key,
        result_id=location_id,
    )
    return location_id


async def _new_parent(
    tx: Transaction, viewer: Viewer, moved: Row[Any], parent_id: UUID | None
) -> Row[Any] | None:
    """Asked also of the parent of now. Raises Forbidden where a site comes or goes, NotFound (parentId)."""
    if parent_id is None or moved.parent_id is None:
        require_every_site(viewer, Action.LOCATION_UPDATE)
    if parent_id is None:
        return None
    return await _found(tx, viewer, parent_id, Action.LOCATION_UPDATE, field="parentId")


async def _put_below(tx: Transaction, moved: Row[Any], parent: Row[Any] | None) -> None:
    parent_id = None if parent is None else parent.id
    levels = await levels_below(tx, LOCATIONS, moved.id)
    if parent_id in levels:
        raise Cycle(field="parentId")
    site_id, depth = moved.id, 0
    if parent is not None:
        site_id, depth = parent.site_id, _depth_below(parent, height=max(levels.values()))
    await _write(tx, moved.id, {"parent_id": parent_id, "site_id": site_id, "depth": depth})
    below = [at for at in levels if at != moved.id]
    if below and depth != moved.depth:
        deeper = update(Location).where(Location.tenant_id == tx.tenant_id, Location.id.in_(below))
        await tx.run(deeper.values(depth=Location.depth + (depth - moved.depth)))
    if moved.parent_id is None:
        people = update(Person).where(Person.tenant_id == tx.tenant_id, Person.site_id == moved.id)
        await tx.run(people.values(site_id=site_id))


async def _found(
    tx: Transaction, viewer: Viewer, location_id: UUID, action: Action, *, field: str
) -> Row[Any]:
    """The location, locked against a change of its place. Raises NotFound."""
    here = (Location.tenant_id == tx.tenant_id, Location.id == location_id)
    wanted = select(LOCATIONS).where(*here, LOCATION_SCOPE.reachable(viewer, action))
    row = await tx.first(wanted.with_for_update())
    if row is None:
        raise NotFound(field=field)
    return row


def _depth_below(parent: Row[Any], *, height: int) -> int:
    depth: int = parent.depth + 1
    if depth + height > DEEPEST:
        raise BadInput(f"A place lies at most {DEEPEST} levels below its site.", field="parentId")
    return depth


async def _write(tx: Transaction, location_id: UUID, columns: dict[str, Any]) -> None:
    here = (Location.tenant_id == tx.tenant_id, Location.id == location_id)
    await tx.run(
        update(Location)
        .where(*here)
        .values(columns | {"version": Location.version + 1, "updated_at": tx.now})
    )
