"""Numbers that people say aloud (work order 4711, Technician #7): one row per tenant and counter. Refuses to hand a number out twice."""

from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from isomod_graphql.core.store import Transaction
from permissions.categories import Category


class Counter(Base):
    """The last number given."""

    __tablename__ = "counters"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    name: Mapped[str] = held(Category.OPERATIONAL, Text, primary_key=True)
    value: Mapped[int] = held(Category.OPERATIONAL, BigInteger)


async def next_number(tx: Transaction, name: str) -> int:
    """The next number; the counter's row stays locked until the transaction ends, so numbers have no gaps but rollbacks."""
    put = insert(Counter).values(tenant_id=tx.tenant_id, name=name, value=1)
    put = put.on_conflict_do_update(index_elements=["tenant_id", "name"], set_={"value": Counter.value + 1})
    number: int = await tx.value(put.returning(Counter.value))
    return number
