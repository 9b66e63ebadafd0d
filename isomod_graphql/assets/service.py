"""Recording, changing and moving assets. Refuses an asset inside itself and places, parents and people out of the caller's reach."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, insert, select, update

from isomod_graphql.assets.input import AssetChanges, NewAsset, checked_columns, said_of
from isomod_graphql.assets.models import Asset
from isomod_graphql.assets.reach import ASSET_SCOPE
from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, Conflict, NotFound
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.search import change_words, put_words
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.tenancy import ConstraintConflict
from isomod_graphql.core.trees import Cycle, hold_shape, levels_below
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.place import Place, keep_places, place_at
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.reach import reached_flags, require_usable
from permissions.grants import Action

ASSETS: Table = Asset.__table__  # type: ignore[assignment]  # a mapped class always has a Table here


async def create_asset(
    tx: Transaction, viewer: Viewer, *, given: NewAsset, idempotency_key: str | None = None
) -> UUID:
    """Records an asset and returns its id.

    Raises NotFound (locationId, parentId, custodianId), ProcessingRestricted (custodianId), Conflict (tag), BadInput,
    MaskedValueRejected, ContractEnded.
    """
    viewer.require(Action.ASSET_CREATE)
    await require_contract(tx)
    columns = checked_columns(said_of(given))
    await keep_places(tx)
    place = await place_at(tx, viewer, given.location_id, action=Action.ASSET_CREATE)
    parent_site = await _parent_site(tx, viewer, given.parent_id, Action.ASSET_CREATE)
    flags = await _custodian_flags(tx, viewer, given.custodian_id, Action.ASSET_CREATE)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="ASSET_CREATE", key=idempotency_key, given=asdict(given)
    )
    if done is not None:
        return done
    asset_id = tx.new_id()
    _require_custodian(viewer, flags)
    _require_same_site(parent_site, place)
    columns |= {
        "tenant_id": tx.tenant_id, "id": asset_id, "parent_id": given.parent_id, "created_by_id": viewer.person_id,
        "location_id": place.location_id, "site_id": place.site_id, "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    try:
        await tx.run(insert(Asset).values(columns))
        await put_words(tx, Asset, [columns])
    except ConstraintConflict as error:
        raise _tag_taken(error) from None
    await record(tx, viewer.principal, "ASSET_CREATE", entity=("Asset", asset_id))
    await tell(tx, "asset.created", asset_id=asset_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="ASSET_CREATE", key=idempotency_key, result_id=asset_id
    )
    return asset_id


async def update_asset(
    tx: Transaction,
    viewer: Viewer,
    *,
    asset_id: UUID,
    changes: AssetChanges,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Changes what is named; its place is changed by `move_asset`.

    Raises NotFound (assetId, custodianId), ProcessingRestricted (custodianId), StaleVersion, Conflict (tag), BadInput,
    MaskedValueRejected, ContractEnded.
    """
    viewer.require(Action.ASSET_UPDATE)
    await require_contract(tx)
    columns = checked_columns(changes)
    stored = await _found(tx, viewer, asset_id, Action.ASSET_UPDATE, field="assetId")
    # Asked also of the custodian of now: who is out of reach is not told apart from who is not.
    flags = await _custodian_flags(tx, viewer, changes.get("custodian_id"), Action.ASSET_UPDATE)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="ASSET_UPDATE", key=idempotency_key,
        given={"asset_id": asset_id, "changes": changes, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    if changes.get("custodian_id") != stored.custodian_id:
        _require_custodian(viewer, flags)
    require_version(stored.version, expected_version)
    if columns:
        try:
            await _write(tx, asset_id, columns)
            await change_words(tx, Asset, asset_id, columns)
        except ConstraintConflict as error:
            raise _tag_taken(error) from None
        await record(tx, viewer.principal, "ASSET_UPDATE", entity=("Asset", asset_id), fields=changes)
        await tell(tx, "asset.updated", asset_id=asset_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="ASSET_UPDATE", key=idempotency_key, result_id=asset_id
    )
    return asset_id


async def move_asset(
    tx: Transaction,
    viewer: Viewer,
    *,
    asset_id: UUID,
    location_id: UUID,
    parent_id: UUID | None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Puts an asset at a location, as a component of `parent_id` or on its own (None).

    Components that stand where the asset stood go along, the others stay; work orders stay where the work is.
    Raises Cycle, NotFound (assetId, locationId, parentId), StaleVersion, BadInput, ContractEnded.
    """
    viewer.require(Action.ASSET_UPDATE)
    await require_contract(tx)
    await keep_places(tx)
    await hold_shape(tx, ASSETS)
    moved = await _found(tx, viewer, asset_id, Action.ASSET_UPDATE, field="assetId")
    place = await place_at(tx, viewer, location_id, action=Action.ASSET_UPDATE)
    parent_site = await _parent_site(tx, viewer, parent_id, Action.ASSET_UPDATE)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="ASSET_MOVE", key=idempotency_key,
        given={
            "asset_id": asset_id, "location_id": location_id, "parent_id": parent_id, "expected_version": expected_version,
        },
    )  # fmt: skip
    if done is not None:
        return done
    require_version(moved.version, expected_version)
    if parent_id is not None and parent_id in await levels_below(tx, ASSETS, asset_id):
        raise Cycle(field="parentId")
    _require_same_site(parent_site, place)
    if (location_id, parent_id) != (moved.location_id, moved.parent_id):
        await _put(tx, moved, place, parent_id)
        await record(
            tx,
            viewer.principal,
            "ASSET_MOVE",
            entity=("Asset", asset_id),
            fields=["location_id", "parent_id"],
        )
        await tell(tx, "asset.moved", asset_id=asset_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="ASSET_MOVE", key=idempotency_key, result_id=asset_id
    )
    return asset_id


async def _put(tx: Transaction, moved: Row[Any], place: Place, parent_id: UUID | None) -> None:
    there = {"location_id": place.location_id, "site_id": place.site_id}
    along = await levels_below(tx, ASSETS, moved.id, along=Asset.location_id == moved.location_id)
    components = [at for at in along if at != moved.id]
    await _write(tx, moved.id, there | {"parent_id": parent_id})
    if components and place.location_id != moved.location_id:
        here = update(Asset).where(Asset.tenant_id == tx.tenant_id, Asset.id.in_(components))
        await tx.run(here.values(there | {"version": Asset.version + 1, "updated_at": tx.now}))


async def _found(tx: Transaction, viewer: Viewer, asset_id: UUID, action: Action, *, field: str) -> Row[Any]:
    here = (Asset.tenant_id == tx.tenant_id, Asset.id == asset_id)
    row = await tx.first(select(ASSETS).where(*here, ASSET_SCOPE.reachable(viewer, action)).with_for_update())
    if row is None:
        raise NotFound(field=field)
    return row


async def _parent_site(
    tx: Transaction, viewer: Viewer, parent_id: UUID | None, action: Action
) -> UUID | None:
    if parent_id is None:
        return None
    here = (Asset.tenant_id == tx.tenant_id, Asset.id == parent_id)
    row = await tx.first(select(Asset.site_id).where(*here, ASSET_SCOPE.reachable(viewer, action)))
    if row is None:
        raise NotFound(field="parentId")
    site: UUID = row.site_id
    return site


def _require_same_site(parent_site: UUID | None, place: Place) -> None:
    if parent_site not in {None, place.site_id}:
        raise BadInput("A component stands on the site of its assembly.", field="parentId")


async def _custodian_flags(
    tx: Transaction, viewer: Viewer, person_id: UUID | None, action: Action
) -> int | None:
    if person_id is None:
        return None
    return await reached_flags(tx, viewer, person_id, action=action, field="custodianId")


def _require_custodian(viewer: Viewer, flags: int | None) -> None:
    """Before anything stored is compared: the restricted and the erased are not told apart by what is answered first."""
    if flags is not None:
        told = Action.WORK_ORDER_ASSIGN in viewer.vector.actions
        require_usable(flags, field="custodianId", told=told)


async def _write(tx: Transaction, asset_id: UUID, columns: dict[str, Any]) -> None:
    here = (Asset.tenant_id == tx.tenant_id, Asset.id == asset_id)
    await tx.run(
        update(Asset).where(*here).values(columns | {"version": Asset.version + 1, "updated_at": tx.now})
    )


def _tag_taken(error: ConstraintConflict) -> Conflict:
    return (
        Conflict("Another asset has this tag.", field="tag") if error.constraint == "uq_assets_tag" else error
    )
