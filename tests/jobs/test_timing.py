"""When something recurs: each day has one run, whatever the clocks of the zone do, and nothing is named twice."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isomod_graphql.jobs.timing import Daily, Every

BRUSSELS = ZoneInfo("Europe/Brussels")
ZONES = [
    BRUSSELS,
    ZoneInfo("UTC"),
    ZoneInfo("Australia/Lord_Howe"),  # half an hour of summer
    ZoneInfo("America/St_Johns"),
    ZoneInfo("Pacific/Apia"),  # skipped 30 December 2011
    ZoneInfo("Africa/Casablanca"),
]


def minutes_of(start: datetime, days: int) -> list[datetime]:
    """Every minute of UTC from `start` on."""
    return [start + timedelta(minutes=n) for n in range(days * 24 * 60)]


def by_walking(at: time, zone: ZoneInfo, start: datetime, days: int) -> list[datetime]:
    """The due instants, found by looking at a wall clock minute by minute: another arithmetic than the product's.

    A time that a day lacks is due as long after the gap's beginning as it is on the clock that stood still.
    """
    found: dict[date, datetime] = {}
    before = start.astimezone(zone).replace(tzinfo=None) - timedelta(minutes=1)
    for minute in minutes_of(start, days):
        wall = minute.astimezone(zone).replace(tzinfo=None)
        expected = before + timedelta(minutes=1)
        if wall > expected:
            skipped = expected
            while skipped < wall:
                if skipped.time() == at:
                    found.setdefault(skipped.date(), minute + (skipped - expected))
                skipped += timedelta(minutes=1)
        if wall.time() == at:
            found.setdefault(wall.date(), minute)
        before = wall
    return sorted(set(found.values()))


def by_asking(timing: Daily | Every, start: datetime, end: datetime) -> list[datetime]:
    """The due instants from `start` to before `end`, one after the other."""
    found, due = [], timing.next_after(start - timedelta(seconds=1))
    while due < end:
        found.append(due)
        due = timing.next_after(due)
    return found


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.dates(date(2011, 1, 1), date(2027, 12, 31)),
)
def test_a_daily_run_is_what_a_wall_clock_shows(zone: ZoneInfo, at: time, day: date) -> None:
    start = datetime.combine(day, time(), UTC)

    due = by_asking(Daily(at, zone), start, start + timedelta(days=6))

    # The walk begins two days early, as it must have seen a gap to know what the gap swallowed.
    walked = by_walking(at, zone, start - timedelta(days=2), 8)
    assert due == [instant for instant in walked if start <= instant < start + timedelta(days=6)]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        (BRUSSELS, date(2027, 3, 28)),
        (BRUSSELS, date(2026, 10, 25)),
        (ZoneInfo("Pacific/Apia"), date(2011, 12, 30)),
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4)),
    ],
)
@pytest.mark.parametrize("at", [time(0, 0), time(1, 59), time(2, 15), time(2, 30), time(3, 0), time(23, 59)])
def test_the_days_on_which_clocks_change_have_their_run(zone: ZoneInfo, day: date, at: time) -> None:
    start = datetime.combine(day, time(), UTC) - timedelta(days=2)

    due = by_asking(Daily(at, zone), start, start + timedelta(days=5))

    walked = by_walking(at, zone, start - timedelta(days=2), 7)
    assert due == [instant for instant in walked if start <= instant < start + timedelta(days=5)]


def test_half_past_two_in_the_night_that_lacks_it_is_half_past_three() -> None:
    due = Daily(time(2, 30), BRUSSELS).next_after(datetime(2027, 3, 27, 12, tzinfo=UTC))

    assert due.astimezone(BRUSSELS) == datetime(2027, 3, 28, 3, 30, tzinfo=BRUSSELS)


def test_half_past_two_in_the_night_that_has_it_twice_is_the_first() -> None:
    daily = Daily(time(2, 30), BRUSSELS)

    first = daily.next_after(datetime(2026, 10, 24, 12, tzinfo=UTC))

    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert daily.next_after(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


@given(
    st.sampled_from([Daily(time(2, 30), zone) for zone in ZONES] + [Every(timedelta(minutes=7))]),
    st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
)
def test_the_last_instant_is_the_one_before_the_next(timing: Daily | Every, instant: datetime) -> None:
    last, following = timing.last_at(instant), timing.next_after(instant)

    assert last <= instant < following
    assert timing.next_after(last) == following
    assert timing.last_at(following) == following


def test_weekdays_are_those_of_the_zone() -> None:
    mondays = Daily(time(0, 30), BRUSSELS, frozenset({0}))

    due = mondays.next_after(datetime(2026, 11, 1, 12, tzinfo=UTC))

    assert due == datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
    assert mondays.next_after(due) == datetime(2026, 11, 8, 23, 30, tzinfo=UTC)


def test_an_interval_keeps_to_its_grid() -> None:
    quarter = Every(timedelta(minutes=15), timedelta(minutes=5))

    assert quarter.next_after(datetime(2026, 11, 2, 9, 5, tzinfo=UTC)) == datetime(
        2026, 11, 2, 9, 20, tzinfo=UTC
    )
    assert quarter.last_at(datetime(2026, 11, 2, 9, 4, tzinfo=UTC)) == datetime(
        2026, 11, 2, 8, 50, tzinfo=UTC
    )


def test_a_timing_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="weekday"):
        Daily(time(3), BRUSSELS, frozenset())
