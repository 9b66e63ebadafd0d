"""A caller spends points, is told what is left, and is refused when the minute's points are gone."""

from datetime import UTC, datetime, timedelta

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.web.metering import PointsPerMinute
from tests.web.toy import Door, code_of

MINUTE = datetime(2026, 1, 1, 12, 0, 18, tzinfo=UTC)
ASK = {"query": "{ orders(first: 90) { id } }"}  # 10 points


async def test_the_points_left_are_told_and_the_request_over_the_limit_does_not_run() -> None:
    door = Door(meter=PointsPerMinute(25, SettableClock(MINUTE)))

    first = await door.post(ASK)
    second = await door.post(ASK)
    third = await door.post(ASK)

    assert first.headers["ratelimit-policy"] == '"gql";q=25;w=60'
    assert first.headers["ratelimit"] == '"gql";r=15;t=42'
    assert second.headers["ratelimit"] == '"gql";r=5;t=42'
    assert (third.status_code, code_of(third), third.headers["retry-after"]) == (429, "RATE_LIMITED", "42")
    assert len(door.executor.requests) == 2


async def test_a_new_minute_and_another_caller_have_points_of_their_own() -> None:
    clock = SettableClock(MINUTE)
    door = Door(meter=PointsPerMinute(10, clock))
    await door.post(ASK)

    nobody = await door.post({"query": "{ policy }"}, authorization="")
    spent = await door.post(ASK)
    clock.advance(timedelta(seconds=42))
    later = await door.post(ASK)

    assert nobody.status_code == 200
    assert code_of(spent) == "RATE_LIMITED"
    assert later.headers["ratelimit"] == '"gql";r=0;t=60'
