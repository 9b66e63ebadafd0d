"""Writing the audit trail: an act in the transaction that does it, a refusal in one of its own. Refuses values: field names only."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import insert

from isomod_graphql.audit.models import AuditEntry
from isomod_graphql.core.store import Store, Transaction
from permissions.principals import Principal

DONE = "DONE"
DENIED = "DENIED"


async def record(
    tx: Transaction,
    principal: Principal,
    action: str,
    *,
    entity: tuple[str, UUID] | None = None,
    fields: Iterable[str] = (),
    outcome: str = DONE,
    reason: str | None = None,
) -> None:
    """Adds one entry; it stands or falls with the transaction."""
    actor = principal.acting
    entry = {
        "tenant_id": tx.tenant_id, "at": tx.now, "id": tx.new_id(), "actor_kind": actor.kind,
        "actor_id": actor.person_id or actor.client_id, "action": action, "outcome": outcome, "reason": reason,
        "entity_type": entity[0] if entity else None, "entity_id": entity[1] if entity else None, "fields": sorted(set(fields)),
    }  # fmt: skip
    await tx.run(insert(AuditEntry).values(entry))


async def record_denial(
    store: Store,
    principal: Principal,
    action: str,
    reason: str,
    *,
    entity: tuple[str, UUID] | None = None,
    fields: Iterable[str] = (),
) -> None:
    """Adds a refusal in a transaction of its own: the refused one leaves nothing behind."""
    if principal.tenant_id is None:
        return
    async with store.transaction(principal.tenant_id, write=True) as tx:
        await record(tx, principal, action, entity=entity, fields=fields, outcome=DENIED, reason=reason)
