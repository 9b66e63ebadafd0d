"""How many events wait for the worker, and for how long. Refuses to look inside one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from isomod_graphql.core.ids import PLATFORM_TENANT
from isomod_graphql.core.tenancy import Database

QUEUE: Final = text("""
    SELECT state, sum(events) AS events, min(oldest) AS oldest FROM queue_state()
    WHERE kind = ANY(:heard) OR state = 'DEAD' GROUP BY state
""")
"""What nobody listens to waits for a version that does, and is deleted after 30 days: no lag."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Of all organisations together. `oldest` is None where nothing waits; `dead` were given up."""

    waiting: int
    oldest: datetime | None
    dead: int


async def backlog(main: Database, heard: Sequence[str]) -> Backlog:
    """`heard` are the kinds of events that somebody listens to."""
    async with main.begin(PLATFORM_TENANT, write=False) as connection:
        states = {row.state: row for row in await connection.all(QUEUE.bindparams(heard=list(heard)))}
    waiting, dead = states.get("WAITING"), states.get("DEAD")
    return Backlog(
        int(waiting.events) if waiting is not None else 0,
        waiting.oldest if waiting is not None else None,
        int(dead.events) if dead is not None else 0,
    )
