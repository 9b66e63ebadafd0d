"""Microseconds since 2000 and back, to the microsecond, as far as PostgreSQL and Python go."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isomod_graphql.core.instants import EPOCH, JSON, instant_of, micros_of, written_of

INSTANTS = st.datetimes(timezones=st.just(UTC))


@given(instant=INSTANTS)
@example(instant=datetime.min.replace(tzinfo=UTC))
@example(instant=datetime.max.replace(tzinfo=UTC))
@example(instant=EPOCH - timedelta(microseconds=3_000_000_000_000_001))
@example(instant=EPOCH + timedelta(microseconds=2_999_999_999_999_999))
@example(instant=EPOCH + timedelta(microseconds=3_000_000_000_000_001))
def test_an_instant_comes_back_and_is_written_to_the_microsecond(instant: datetime) -> None:
    micros = micros_of(instant)

    assert instant_of(micros) == instant
    assert orjson.dumps(written_of(micros), option=JSON) == orjson.dumps(instant, option=JSON)


def test_an_instant_without_a_zone_is_none() -> None:
    with pytest.raises(TypeError):
        micros_of(datetime(2026, 1, 1))


@given(micros=st.integers(-(2**53), 2**53))
def test_the_quick_way_and_the_sure_way_agree(micros: int) -> None:
    assert orjson.dumps(written_of(micros), option=JSON) == orjson.dumps(instant_of(micros), option=JSON)
