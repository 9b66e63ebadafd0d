"""Signatures under completed work: who put which name under which completion. Refuses unfinished work, a reviewer who did it, and a second signature."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from isomod_graphql.audit.service import record
from isomod_graphql.core.errors import BadInput, Conflict, Forbidden, Refusal
from isomod_graphql.core.events import tell
from isomod_graphql.core.idempotency import remember, replayed
from isomod_graphql.core.store import Transaction
from isomod_graphql.core.versions import require_version
from isomod_graphql.engine.viewer import Viewer
from isomod_graphql.organisations.contract import require_contract
from isomod_graphql.subjects.models import Person
from isomod_graphql.subjects.service import require_processing
from isomod_graphql.work_orders.errors import FourEyesRequired, NotAssigned, NotCompleted
from isomod_graphql.work_orders.models import SignatureMeaning, WorkOrderSignature
from isomod_graphql.work_orders.order import locked_order
from isomod_graphql.work_orders.rules import WorkOrderStatus
from permissions.grants import Action

OPERATION: Final = "WORK_ORDER_SIGN"
SIGNABLE: Final = frozenset({WorkOrderStatus.COMPLETED, WorkOrderStatus.CLOSED})
"""A closed order is a record that may not change; a signature is added to it and changes nothing."""


class AlreadySigned(Conflict):
    """The same person signed the same completion with the same meaning."""

    message = "You have signed this already."


def refused(
    meaning: SignatureMeaning, *, status: str, completer: UUID | None, signer: UUID, works: bool
) -> Refusal | None:
    """Why somebody may not sign: who did the work says so, and somebody else says that it is right."""
    if WorkOrderStatus(status) not in SIGNABLE:
        return NotCompleted()
    if meaning is SignatureMeaning.PERFORMED:
        return None if works or signer == completer else NotAssigned()
    return (
        FourEyesRequired("Somebody else than who completed it says that it is right.")
        if signer == completer
        else None
    )


async def sign_work_order(
    tx: Transaction,
    viewer: Viewer,
    *,
    work_order_id: UUID,
    meaning: SignatureMeaning,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> UUID:
    """Puts the caller's name as it is now under the order's last completion; the order itself stays as it is.

    The name is sealed under the key of evidence: it outlives the caller's erasure, and is then shown to who reads evidence.
    Raises NotFound (workOrderId), StaleVersion, NotCompleted, NotAssigned, FourEyesRequired, AlreadySigned,
    ProcessingRestricted, BadInput (somebody without a name), ContractEnded.
    """
    viewer.require(Action.WORK_ORDER_SIGN)
    signer = viewer.person_id
    if signer is None:
        raise Forbidden
    await require_contract(tx)
    stored = await locked_order(tx, viewer, work_order_id, Action.WORK_ORDER_SIGN)
    done = await replayed(
        tx, principal_id=viewer.actor_id, operation=OPERATION, key=idempotency_key,
        given={"work_order_id": work_order_id, "meaning": meaning, "expected_version": expected_version},
    )  # fmt: skip
    if done is not None:
        return done
    require_version(stored.version, expected_version)
    refusal = refused(
        meaning,
        status=stored.status,
        completer=stored.completed_by_id,
        signer=signer,
        works=bool(stored.works),
    )
    if refusal is not None:
        raise refusal
    await require_processing(tx, signer)
    await _put(tx, stored, signer, meaning)
    await record(tx, viewer.principal, OPERATION, entity=("WorkOrder", work_order_id), reason=meaning.value)
    await tell(tx, "work_order.signed", work_order_id=work_order_id)
    await remember(
        tx, principal_id=viewer.actor_id, operation=OPERATION, key=idempotency_key, result_id=work_order_id
    )
    return work_order_id


async def _put(tx: Transaction, stored: Row[Any], signer: UUID, meaning: SignatureMeaning) -> None:
    known = await tx.open_row(Person, signer)
    if known["name"] is None:
        raise BadInput("A signature needs a name.", field="meaning")
    signature_id = tx.new_id()
    names = {"signer_name": known["name"], "signer_title": known["job_title"]}
    row = {
        "tenant_id": tx.tenant_id, "id": signature_id, "work_order_id": stored.id, "signer_id": signer,
        "meaning": meaning.value, "signed_at": tx.now, "completed_at": stored.completed_at,
        "created_at": tx.now, "updated_at": tx.now,
        **await tx.seal(WorkOrderSignature, signature_id, names, {"signer_id": signer}),
    }  # fmt: skip
    if not await tx.run(insert(WorkOrderSignature).values(row).on_conflict_do_nothing()):
        raise AlreadySigned(field="meaning")
