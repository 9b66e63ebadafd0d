"""Two processes and one purse: what is spent at one is known at the other after a settlement, and never counted twice."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from starlette.types import Scope

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.store import Store
from isomod_graphql.web.facts import HttpFacts
from isomod_graphql.web.metering import PointsPerMinute
from isomod_graphql.web.refusals import RateLimited
from isomod_graphql.web.settlement import Settlement
from permissions.principals import NOBODY, Principal

SCOPE: Scope = {"type": "http", "path": "/graphql", "headers": [], "client": ("192.0.2.1", 1)}
HTTP = HttpFacts(SCOPE, "session")


class Process:
    """A meter of 1,000 points with its settlement."""

    def __init__(self, store: Store) -> None:
        self.meter = PointsPerMinute(1_000, store.clock)
        self.settlement = Settlement(self.meter, store.main)

    def left(self, points: int, who: Principal) -> int:
        """What is left after spending."""
        told = self.meter.spend(points, who, HTTP)["ratelimit"]
        return int(told.split("r=")[1].split(";")[0])


@pytest.fixture
def caller(tenant: UUID) -> Principal:
    return Principal(kind="CLIENT", tenant_id=tenant, client_id=uuid4())


@pytest.fixture
def process(store: Store) -> Callable[[], Process]:
    return lambda: Process(store)


async def test_what_is_spent_elsewhere_is_known_after_a_settlement(
    process: Callable[[], Process], caller: Principal
) -> None:
    one, other = process(), process()
    one.left(600, caller)
    await one.settlement.settle()
    assert other.left(100, caller) == 900
    await other.settlement.settle()

    assert other.left(100, caller) == 200
    assert one.left(50, caller) == 350
    await one.settlement.settle()
    await other.settlement.settle()
    await one.settlement.settle()

    with pytest.raises(RateLimited):
        other.left(151, caller)
    assert other.left(150, caller) == 0


async def test_what_is_spent_while_settling_stays_owed(
    process: Callable[[], Process], caller: Principal
) -> None:
    one, other = process(), process()
    one.left(10, caller)
    minute, owed = one.meter.unsettled(9)
    one.left(5, caller)
    one.meter.settled(minute, dict.fromkeys(owed, 110), owed)

    assert one.meter.unsettled(9) == (minute, dict.fromkeys(owed, 5))
    assert one.left(0, caller) == 885
    await one.settlement.settle()
    other.left(1, caller)
    await other.settlement.settle()
    assert other.left(0, caller) == 994


async def test_a_settlement_of_the_minute_before_changes_nothing(
    process: Callable[[], Process], caller: Principal, clock: SettableClock
) -> None:
    one = process()
    one.left(10, caller)
    minute, owed = one.meter.unsettled(9)
    clock.advance(timedelta(minutes=1))
    one.left(20, caller)

    one.meter.settled(minute, dict.fromkeys(owed, 999), owed)

    assert one.left(0, caller) == 980


async def test_purses_are_apart_and_an_address_stays_with_its_process(
    process: Callable[[], Process], caller: Principal, owner_eye: asyncpg.Connection
) -> None:
    one, other = process(), process()
    namesake = replace(caller, tenant_id=uuid4())
    one.left(10, caller)
    one.left(20, namesake)
    one.left(30, NOBODY)
    await one.settlement.settle()

    other.left(0, caller)
    assert other.meter.unsettled(9)[1] == {}
    rows = await owner_eye.fetch(
        "SELECT tenant_id, points FROM spent_points WHERE principal_id = $1", caller.client_id
    )
    assert {(row["tenant_id"], row["points"]) for row in rows} == {
        (caller.tenant_id, 10),
        (namesake.tenant_id, 20),
    }


async def test_many_processes_at_once_lose_nothing(
    process: Callable[[], Process], caller: Principal, owner_eye: asyncpg.Connection
) -> None:
    processes = [process() for _ in range(4)]
    others = [replace(caller, client_id=uuid4()) for _ in range(5)]

    async def work(one: Process, callers: list[Principal]) -> None:
        for _ in range(5):
            for who in callers:
                one.left(3, who)
            await one.settlement.settle()

    await asyncio.gather(*[work(one, others if at % 2 else others[::-1]) for at, one in enumerate(processes)])

    found = await owner_eye.fetch("SELECT points FROM spent_points WHERE tenant_id = $1", caller.tenant_id)
    assert [row["points"] for row in found] == [60] * 5


async def test_minutes_that_are_over_are_removed(
    process: Callable[[], Process], caller: Principal, clock: SettableClock, owner_eye: asyncpg.Connection
) -> None:
    one = process()
    for _ in range(3):
        one.left(1, caller)
        await one.settlement.settle()
        clock.advance(timedelta(minutes=1))

    assert (
        await owner_eye.fetchval("SELECT count(*) FROM spent_points WHERE tenant_id = $1", caller.tenant_id)
        == 2
    )


async def test_a_process_that_spends_nothing_asks_nothing(store: Store) -> None:
    await store.close()

    await Process(store).settlement.settle()
