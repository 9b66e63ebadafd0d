"""Writing work orders, changing what they say and who is on them. Refuses to touch a status; that is what transitions are for."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from isomod_graphql.core.search import change_words, put_words
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.locations.place import Place, keep_places, place_at
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.reach import reached_flags, require_usable
from isomod_graphql.work_orders.assignees import people_on, put_on, reached_team, team_of
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
    columns = checked_columns(said_of(given))
    await keep_places(tx)
    found = await _reached(tx, viewer, given.location_id, given.asset_id, Action.WORK_ORDER_CREATE)
    flags = await _requester_flags(tx, viewer, given.requester_id)
    people = await reached_team(tx, viewer, team, lead_id=given.assignee_id)
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
    if flags is not None:
        require_usable(flags, field="requesterId", told=Action.WORK_ORDER_ASSIGN in viewer.vector.actions)
    place = _place(found)
    columns |= {
        "tenant_id": tx.tenant_id, "id": work_order_id, "status": WorkOrderStatus.DRAFT, "asset_id": given.asset_id,
        "location_id": place.location_id, "site_id": place.site_id, "assignee_id": given.assignee_id,
        "requester_id": given.requester_id or viewer.person_id, "created_by_id": viewer.person_id,
        "created_at": tx.now, "updated_at": tx.now,
    }  # fmt: skip
    # The counter comes last: its row stays locked until the transaction ends, for everybody who writes an order.
    columns["number"] = await next_number(tx, NUMBERS)
    await tx.run(insert(WorkOrder).values(columns))
    await put_words(tx, WorkOrder, [columns])
    await put_on(tx, work_order_id, team=people, before=frozenset(), lead_id=given.assignee_id)
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
    columns = checked_columns(changes)
    if not {"asset_id", "location_id"}.isdisjoint(changes):
        await keep_places(tx)
    stored = await locked_order(tx, viewer, work_order_id, Action.WORK_ORDER_UPDATE)
    asset_id = changes.get("asset_id", stored.asset_id)
    found = None
    if not {"asset_id", "location_id"}.isdisjoint(changes):
        # Asked also of the asset of now: what is out of reach is not told apart from what is not there.
        stays = stored.location_id if asset_id is None else None
        location_id = changes.get("location_id", stays)
        found = await _reached(tx, viewer, location_id, asset_id, Action.WORK_ORDER_UPDATE)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_UPDATE", key=idempotency_key,
        given={"work_order_id": work_order_id, "changes": changes, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    require_version(stored.version, expected_version)
    require_thawed(stored.status)
    if found is not None and ("location_id" in changes or asset_id != stored.asset_id):
        place = _place(found)
        columns |= {"asset_id": asset_id, "location_id": place.location_id, "site_id": place.site_id}
    if columns:
        await write_order(tx, work_order_id, columns)
        await change_words(tx, WorkOrder, work_order_id, columns)
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
    stored = await locked_order(tx, viewer, work_order_id, Action.WORK_ORDER_ASSIGN)
    people = await reached_team(tx, viewer, team, lead_id=assignee_id)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation="WORK_ORDER_ASSIGN", key=idempotency_key,
        given={
            "work_order_id": work_order_id, "assignee_id": assignee_id, "team": sorted(team),
            "expected_version": expected_version,
        },
    )  # fmt: skip
    if done is not None:
        return done
    require_version(stored.version, expected_version)
    require_thawed(stored.status)
    if assignee_id is None and stored.status == WorkOrderStatus.SCHEDULED:
        raise AssigneeRequired("A scheduled work order keeps somebody who leads it.", field="assigneeId")
    before = await people_on(tx, work_order_id)
    await put_on(tx, work_order_id, team=people, before=before, lead_id=assignee_id)
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


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the work would be done, and the site of its asset; what is not named is None."""

    place: Place | None
    asset_site: UUID | None


async def _reached(
    tx: Transaction, viewer: Viewer, location_id: UUID | None, asset_id: UUID | None, action: Action
) -> _Found:
    """The location, or where the asset stands. Raises NotFound."""
    asset: Any = None
    if asset_id is not None:
        here = (Asset.tenant_id == tx.tenant_id, Asset.id == asset_id)
        wanted = select(Asset.location_id, Asset.site_id).where(*here, ASSET_SCOPE.reachable(viewer, action))
        asset = await tx.first(wanted.with_for_update(read=True, of=Asset))
        if asset is None:
            raise NotFound(field="assetId")
    if location_id is not None:
        place = await place_at(tx, viewer, location_id, action=action)
        return _Found(place, None if asset is None else asset.site_id)
    if asset is None:
        return _Found(None, None)
    place = await place_at(tx, viewer, asset.location_id, action=action, field="assetId")
    return _Found(place, asset.site_id)


def _place(found: _Found) -> Place:
    """Raises BadInput for a location that is none, or on another site than the asset."""
    if found.place is None:
        raise BadInput("Say where the work is, or on which asset.", field="locationId")
    if found.asset_site not in {None, found.place.site_id}:
        raise BadInput("The asset stands on another site.", field="locationId")
    return found.place


async def _requester_flags(tx: Transaction, viewer: Viewer, person_id: UUID | None) -> int | None:
    if person_id in {None, viewer.person_id}:
        return None
    return await reached_flags(
        tx,
        viewer,
        person_id,
        action=Action.WORK_ORDER_CREATE,
        field="requesterId",
        scope=PERSON_SCOPE,
    )
