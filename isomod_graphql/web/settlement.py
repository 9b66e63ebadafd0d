"""Settling points between the processes that serve, once a second. It refuses no request, and none waits for it."""

import asyncio
from typing import Any, Final

import structlog

from isomod_graphql.core.points import Spent, settle
from isomod_graphql.core.tenancy import Database
from isomod_graphql.web.metering import PointsPerMinute

log: Any = structlog.get_logger("isomod.points")

EVERY_S: Final = 1.0
"""How long one process may not know what a caller spends at another."""
MOST: Final = 10_000
"""Callers settled in one statement; the others have their turn a second later."""


class Settlement:
    """One per process. A process that spends nothing asks nothing."""

    def __init__(self, meter: PointsPerMinute, database: Database) -> None:
        self._meter, self._database = meter, database

    async def run(self) -> None:
        """Until it is cancelled. While the database is away each process counts for itself."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.settle()
            except Exception as error:  # noqa: BLE001  a database that is away for a while ends no server
                log.warning("points.not_settled", kind=type(error).__qualname__)

    async def settle(self) -> None:
        """Tells what was spent here since the last time, and learns what the same callers spent elsewhere."""
        minute, owed = self._meter.unsettled(MOST)
        if owed:
            spent = [Spent(tenant, principal, points) for (tenant, principal), points in owed.items()]
            totals = await settle(self._database, minute, spent)
            self._meter.settled(
                minute, {(one.tenant_id, one.principal_id): one.points for one in totals}, owed
            )
