"""Writing work orders, changing what they say and who is on them. Refuses to touch a status; that is what transitions are for."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from isomod_graphql.assets.models import Asset
from isomod_graphql.assets.reach import ASSET_SCOPE
from isomod_graphql.audit.service import record
from isomod_graphql.core.counters import next_number
from isomod_graphql.core.errors import BadInput, NotFound
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.place import Place, keep_places, place_at
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.reach import require_usable
from isomod_graphql.work_orders.assignees import people_on, put_on, team_of
from isomod_graphql.work_orders.errors import AssigneeRequired
from isomod_graphql.work_orders.input import NewWorkOrder, WorkOrderChanges, checked_columns, said_of
from isomod_graphql.work_orders.models import WorkOrder
from isomod_graphql.work_orders.order import add_history, locked_order, require_thawed, write_order
from isomod_graphql.work_orders.relations import PERSON_SCOPE
from isomod_graphql.work_orders.rules import WorkOrderStatus
from permissions.grants import Action

NUMBERS = "work_order"
"""The counter of work order numbers."""


async def create_work_order(
    tx: Transaction, viewer: Viewer, *, given: NewWorkOrder, idempotency_key: str | None = None
) -> UUID:
    """Writes a draft with the next number and returns its id.

    Raises NotFound (locationId, assetId, requesterId, assigneeId, assigneeIds), ProcessingRestricted, BadInput,
    MaskedValueRejected, ContractEnded; Forbidden when people are named by somebody who may not assign them.
    """
    viewer.require(Action.WORK_ORDER_CREATE)
    team = team_of(given.assignee_id, given.assignee_ids)
    if team:
        viewer.require(Action.WORK_ORDER_ASSIGN)
    await require_contract(tx)
    done = await replayed(
        tx,
        principal_id=viewer.actor_id,
        operation="WORK_ORDER_CREATE",
        key=idempotency_key,
        given=asdict(given),
    )
    if done is not None:
        return done
    work_order_id = tx.new_id()
    columns = checked_columns(said_of(given))
    await keep_places(tx)
    place = await _place(tx, viewer, given.location_id, given.asset_id, Action.WORK_ORDER_CREATE)
    if given.requester_id not in {None, viewer.person_id}:
        await _check_requester(tx, viewer, given.requester_id)
    columns |= {
        "tenant_id": tx.tenant_id, "id": work_order_id, "status": WorkOrderStatus.DRAFT, "asset_id": given.asset_id,
        "location_id": place.location_id, "site_id": place.site_id, "assignee_id": given.assignee_id,
        "requester_id": given.requester_id or viewer.person_id, "created_by_id": viewer.person_id,
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    # The counter comes last: its row stays locked until the transaction ends, for everybody who writes an order.
    columns["number"] = await next_number(tx, NUMBERS)
    await tx.run(insert(WorkOrder).values(columns))
    await put_on(tx, viewer, work_order_id, team=team, before=frozenset(), lead_id=given.assignee_id)
    await add_history(tx, viewer, work_order_id, to=WorkOrderStatus.DRAFT)
    await record(tx, viewer.principal, "WORK_ORDER_CREATE", entity=("WorkOrder", work_order_id))
    await tell(tx, "work_order.created", work_order_id=work_order_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_CREATE", key=idempotency_key,
        result_id=work_order_id,
    )  # fmt: skip
    return work_order_id


async def update_work_order(
    tx: Transaction,
    viewer: Viewer,
    *,
    work_order_id: UUID,
    changes: WorkOrderChanges,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Changes what is named. A new asset takes the order to where it stands, unless a location is named too.

    Raises NotFound (workOrderId, locationId, assetId), StaleVersion, RecordFrozen, BadInput, MaskedValueRejected,
    ContractEnded.
    """
    viewer.require(Action.WORK_ORDER_UPDATE)
    await require_contract(tx)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_UPDATE", key=idempotency_key,
        given={"work_order_id": work_order_id, "changes": changes, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    if not {"asset_id", "location_id"}.isdisjoint(changes):
        await keep_places(tx)
    stored = await locked_order(tx, viewer, work_order_id, Action.WORK_ORDER_UPDATE)
    require_version(stored.version, expected_version)
    require_thawed(stored.status)
    columns = checked_columns(changes)
    asset_id = changes.get("asset_id", stored.asset_id)
    if "location_id" in changes or asset_id != stored.asset_id:
        stays = stored.location_id if asset_id is None else None
        location_id = changes.get("location_id", stays)
        place = await _place(tx, viewer, location_id, asset_id, Action.WORK_ORDER_UPDATE)
        columns |= {"asset_id": asset_id, "location_id": place.location_id, "site_id": place.site_id}
    if columns:
        await write_order(tx, work_order_id, columns)
        await record(
            tx, viewer.principal, "WORK_ORDER_UPDATE", entity=("WorkOrder", work_order_id), fields=changes
        )
        await tell(tx, "work_order.updated", work_order_id=work_order_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_UPDATE", key=idempotency_key,
        result_id=work_order_id,
    )  # fmt: skip
    return work_order_id


async def assign_work_order(
    tx: Transaction,
    viewer: Viewer,
    *,
    work_order_id: UUID,
    assignee_id: UUID | None,
    assignee_ids: Sequence[UUID] = (),
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Makes `assignee_id` the lead and the team the lead and `assignee_ids`, nobody else; None with none leaves nobody.

    Raises NotFound (workOrderId, assigneeId, assigneeIds), ProcessingRestricted, AssigneeRequired (a scheduled order),
    StaleVersion, RecordFrozen, BadInput, ContractEnded.
    """
    viewer.require(Action.WORK_ORDER_ASSIGN)
    team = team_of(assignee_id, assignee_ids)
    await require_contract(tx)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_ASSIGN", key=idempotency_key,
        given={
            "work_order_id": work_order_id, "assignee_id": assignee_id, "team": sorted(team),
            "expected_version": expected_version,
        },
    )  # fmt: skip
    if done is not None:
        return done
    stored = await locked_order(tx, viewer, work_order_id, Action.WORK_ORDER_ASSIGN)
    require_version(stored.version, expected_version)
    require_thawed(stored.status)
    if assignee_id is None and stored.status == WorkOrderStatus.SCHEDULED:
        raise AssigneeRequired("A scheduled work order keeps somebody who leads it.", field="assigneeId")
    before = await people_on(tx, work_order_id)
    await put_on(tx, viewer, work_order_id, team=team, before=before, lead_id=assignee_id)
    if (team, assignee_id) != (before, stored.assignee_id):
        await write_order(tx, work_order_id, {"assignee_id": assignee_id})
        await record(
            tx, viewer.principal, "WORK_ORDER_ASSIGN", entity=("WorkOrder", work_order_id),
            fields=["assignee_id", "assignees"],
        )  # fmt: skip
        await tell(tx, "work_order.assigned", work_order_id=work_order_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_ASSIGN", key=idempotency_key,
        result_id=work_order_id,
    )  # fmt: skip
    return work_order_id


async def _place(
    tx: Transaction, viewer: Viewer, location_id: UUID | None, asset_id: UUID | None, action: Action
) -> Place:
    """Where the work is done: at the location, or where the asset stands. Raises NotFound, BadInput."""
    asset: Any = None
    if asset_id is not None:
        here = (Asset.tenant_id == tx.tenant_id, Asset.id == asset_id)
        wanted = select(Asset.location_id, Asset.site_id).where(*here, ASSET_SCOPE.reachable(viewer, action))
        asset = await tx.first(wanted.with_for_update(read=True, of=Asset))
        if asset is None:
            raise NotFound(field="assetId")
    if location_id is None and asset is None:
        raise BadInput("Say where the work is, or on which asset.", field="locationId")
    if location_id is None:
        return await place_at(tx, viewer, asset.location_id, action=action, field="assetId")
    place = await place_at(tx, viewer, location_id, action=action)
    if asset is not None and asset.site_id != place.site_id:
        raise BadInput("The asset stands on another site.", field="locationId")
    return place


async def _check_requester(tx: Transaction, viewer: Viewer, person_id: UUID | None) -> None:
    if person_id is not None:
        told = Action.WORK_ORDER_ASSIGN in viewer.vector.actions
        await require_usable(
            tx,
            viewer,
            person_id,
            action=Action.WORK_ORDER_CREATE,
            field="requesterId",
            scope=PERSON_SCOPE,
            told=told,
        )
