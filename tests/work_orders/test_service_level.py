"""The clock of the service level: holds are left out once, and no change to summer time bends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from isomod_graphql.work_orders.rules import WorkOrderStatus
from isomod_graphql.work_orders.service_level import (
    Pause,
    StatusChange,
    elapsed_working,
    paused_seconds,
    paused_time,
    pauses_of,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
S = WorkOrderStatus


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def history_of(*steps: tuple[int, WorkOrderStatus]) -> list[StatusChange]:
    return [StatusChange(after(minutes), status) for minutes, status in steps]


def test_two_holds_are_left_out_of_the_elapsed_time() -> None:
    history = history_of(
        (0, S.OPEN),
        (10, S.IN_PROGRESS),
        (20, S.ON_HOLD),
        (50, S.IN_PROGRESS),
        (60, S.ON_HOLD),
        (65, S.CANCELLED),
    )

    assert pauses_of(history) == (Pause(after(20), after(50)), Pause(after(60), after(65)))
    assert paused_seconds(history, since=NOON, until=after(90)) == 35 * 60
    assert elapsed_working(history, since=NOON, until=after(90)) == timedelta(minutes=55)


def test_a_hold_that_still_lasts_counts_up_to_the_moment_asked_about() -> None:
    history = history_of((0, S.OPEN), (5, S.IN_PROGRESS), (10, S.ON_HOLD))

    assert paused_seconds(history, since=NOON, until=after(40)) == 30 * 60
    assert elapsed_working(history, since=NOON, until=after(40)) == timedelta(minutes=10)


def test_nested_and_overlapping_pauses_count_once() -> None:
    pauses = [Pause(after(0), after(60)), Pause(after(10), after(20)), Pause(after(50), after(90))]

    assert paused_time(pauses, since=NOON, until=after(120)) == timedelta(minutes=90)


def test_a_pause_outside_the_asked_time_counts_nothing() -> None:
    pauses = [Pause(after(-60), after(-30)), Pause(after(200), None)]

    assert paused_time(pauses, since=NOON, until=after(60)) == timedelta()


def test_the_night_of_the_change_to_summer_time_is_an_hour_shorter() -> None:
    brussels = ZoneInfo("Europe/Brussels")
    evening = datetime(2026, 3, 28, 22, tzinfo=brussels)
    morning = datetime(2026, 3, 29, 8, tzinfo=brussels)

    assert elapsed_working([], since=evening, until=morning) == timedelta(hours=9)
    assert paused_time([Pause(evening, morning)], since=evening, until=morning) == timedelta(hours=9)


minutes = st.integers(-60, 240)
pauses_strategy = st.lists(
    st.builds(
        lambda start, length: Pause(after(start), None if length is None else after(start + length)),
        minutes,
        st.none() | st.integers(-5, 120),
    ),
    max_size=6,
)


@given(pauses_strategy, st.integers(0, 180))
def test_the_union_equals_a_count_of_single_minutes(pauses: list[Pause], until: int) -> None:
    counted = sum(
        any(pause.starts_at <= after(minute) < (pause.ends_at or after(until)) for pause in pauses)
        for minute in range(until)
    )

    assert paused_time(pauses, since=NOON, until=after(until)) == timedelta(minutes=counted)


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from(S)), max_size=12), st.integers(0, 200))
def test_work_and_pauses_together_are_the_whole_time(
    steps: list[tuple[int, WorkOrderStatus]], until: int
) -> None:
    history = history_of(*sorted(steps, key=lambda step: step[0]))

    worked = elapsed_working(history, since=NOON, until=after(until))
    paused = timedelta(seconds=paused_seconds(history, since=NOON, until=after(until)))

    assert worked + paused == timedelta(minutes=until)
