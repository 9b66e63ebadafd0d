"""The contract of an organisation: nothing is written after its last day. Refuses what it cannot prove: no row, no contract."""

from dataclasses import dataclass

from sqlalchemy import select

from isomod_graphql.core.clock import LEGAL_ZONE
from isomod_graphql.core.errors import Refusal
from isomod_graphql.core.store import Transaction
from isomod_graphql.organisations.models import Tenant


class ContractEnded(Refusal):
    """The organisation's contract is over: its data can be read and taken along, not changed (policy section 4)."""

    code = "CONTRACT_ENDED"
    message = "The contract has ended; nothing can be changed any more."


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings of an organisation that writes depend on."""

    four_eyes: bool
    time_zone: str


async def require_contract(tx: Transaction) -> Terms:
    """The organisation's terms. Raises ContractEnded from the legal day after `contract_end` on."""
    row = await tx.first(
        select(Tenant.contract_end, Tenant.four_eyes, Tenant.time_zone).where(Tenant.id == tx.tenant_id)
    )
    today = tx.now.astimezone(LEGAL_ZONE).date()
    if row is None or (row.contract_end is not None and row.contract_end < today):
        raise ContractEnded
    return Terms(row.four_eyes, row.time_zone)
