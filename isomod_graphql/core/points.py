"""What callers spent in a minute, added up over all processes. Refuses to say what one of another organisation spent to who did not spend for it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from isomod_graphql.core.columns import Base, held
from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.tenancy import Database
from permissions.categories import Category

_SETTLE = text("SELECT * FROM settle_points(:minute, :tenants, :principals, :points)").bindparams(
    bindparam("minute", type_=BigInteger()),
    bindparam("tenants", type_=ARRAY(Uuid())),
    bindparam("principals", type_=ARRAY(Uuid())),
    bindparam("points", type_=ARRAY(BigInteger())),
)


class SpentPoints(Base):
    """Of one caller in one minute; gone a minute later, and after a crash of the database."""

    __tablename__ = "spent_points"
    tenant_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    principal_id: Mapped[UUID] = held(Category.OPERATIONAL, primary_key=True)
    minute: Mapped[int] = held(Category.OPERATIONAL, BigInteger, primary_key=True)
    points: Mapped[int] = held(Category.OPERATIONAL, BigInteger)


class Spent(NamedTuple):
    """Points of one caller."""

    tenant_id: UUID
    principal_id: UUID
    points: int


async def settle(database: Database, minute: int, spent: Sequence[Spent]) -> list[Spent]:
    """Adds what this process spent since it last settled; what the same callers have spent everywhere in this minute."""
    given = {
        "minute": minute,
        "tenants": [one.tenant_id for one in spent],
        "principals": [one.principal_id for one in spent],
        "points": [one.points for one in spent],
    }
    async with database.begin(PLATFORM_TENANT, write=True) as connection:
        rows = await connection.all(_SETTLE, given)
    return [Spent(UUID(str(row.tenant_id)), UUID(str(row.principal_id)), row.points) for row in rows]
