"""A caller spends points, is told what is left, and is refused when the minute's points are gone."""

from datetime import UTC, datetime, timedelta

import pytest

from isomod_graphql.core.clock import SettableClock
from isomod_graphql.core.errors import Forbidden
from isomod_graphql.web.exchange import Executed
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


REFUSED = [
    {"query": "{ nothing }"},
    {"query": "{"},
    {"query": "{ hello } {"},
    {"variables": {}},
    [ASK],
    "text",
    {"query": "{ hello", "operationName": 7},
]
"""None of them comes to its own cost: no such field, no document, no request, a batch."""


@pytest.mark.parametrize("body", REFUSED)
async def test_a_refused_request_costs_ten_points_and_says_what_is_left(body: object) -> None:
    door = Door(meter=PointsPerMinute(25, SettableClock(MINUTE)))

    answers = [await door.post(body) for _ in range(4)]

    assert [one.headers["ratelimit"] for one in answers] == [
        '"gql";r=15;t=42', '"gql";r=5;t=42', '"gql";r=0;t=42', '"gql";r=0;t=42',
    ]  # fmt: skip
    assert [one.headers["ratelimit-policy"] for one in answers] == ['"gql";q=25;w=60'] * 4
    assert [code_of(one) == "RATE_LIMITED" for one in answers] == [False, False, False, True]
    assert (answers[3].status_code, answers[3].headers["retry-after"]) == (429, "42")
    assert door.executor.requests == []


async def test_who_has_no_points_left_is_refused_before_the_document_is_read() -> None:
    door = Door(meter=PointsPerMinute(10, SettableClock(MINUTE)))
    await door.post(ASK)

    refused = await door.post({"query": "{ hello }"})

    assert (refused.status_code, code_of(refused)) == (429, "RATE_LIMITED")
    assert door.endpoint.documents.checks == 1


async def test_the_request_that_would_go_over_says_what_is_left_for_a_smaller_one() -> None:
    door = Door(meter=PointsPerMinute(15, SettableClock(MINUTE)))
    await door.post(ASK)

    over, smaller = await door.post(ASK), await door.post({"query": "{ order { id } }"})

    assert (over.status_code, over.headers["ratelimit"]) == (429, '"gql";r=5;t=42')
    assert (smaller.status_code, smaller.headers["ratelimit"]) == (200, '"gql";r=3;t=42')


async def test_a_token_that_is_nobodys_costs_the_address_and_not_the_caller() -> None:
    door = Door(meter=PointsPerMinute(25, SettableClock(MINUTE)))

    guessed = [await door.post(ASK, authorization="Bearer guess") for _ in range(2)]
    known = await door.post(ASK)

    assert [one.headers["ratelimit"] for one in guessed] == ['"gql";r=15;t=42', '"gql";r=5;t=42']
    assert [one.status_code for one in guessed] == [401, 401]
    assert known.headers["ratelimit"] == '"gql";r=15;t=42'


@pytest.mark.parametrize("known", [True, False])
async def test_a_document_costs_the_reading_of_it_whoever_sent_it_before(
    known: bool,
) -> None:
    long = {"query": "{ order { " + ("id " if known else "nothing ") * 100 + "} }"}
    size, itself = len(long["query"]), 2 if known else 10
    door = Door(meter=PointsPerMinute(1_000, SettableClock(MINUTE)))

    await door.post(long, authorization="")
    first, again = await door.post(long), await door.post(long)

    each = itself + (size - 256) // (32 if known else 8)
    left = [1_000 - each, 1_000 - 2 * each]
    assert [one.headers["ratelimit"] for one in (first, again)] == [f'"gql";r={one};t=42' for one in left]


async def test_a_query_that_was_not_compiled_costs_ten_times_as_much() -> None:
    door = Door(meter=PointsPerMinute(1_000, SettableClock(MINUTE)))
    door.executor.reply = Executed({"orders": []}, dear=True)

    assert (await door.post(ASK)).headers["ratelimit"] == '"gql";r=900;t=42'


async def test_a_refusal_after_the_cost_is_known_is_charged_once() -> None:
    door = Door(meter=PointsPerMinute(25, SettableClock(MINUTE)))
    door.executor.failure = Forbidden()

    refused = await door.post(ASK)

    assert (code_of(refused), refused.headers["ratelimit"]) == ("FORBIDDEN", '"gql";r=15;t=42')
