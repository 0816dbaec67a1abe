"""wire/clock.py: microseconds and datetimes are the same instants; the shift is checked."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import strategies
from wire import clock
from wire.clock import QUARTER_HOUR_US, SetClock, SystemClock
from wire.fields import INSTANT_US_MAX


@given(strategies.instants)
def test_an_instant_survives_as_a_datetime_to_the_microsecond(at_us: int) -> None:
    at = clock.utc(at_us)
    assert at.tzinfo is UTC
    assert clock.micros(at) == at_us


def test_a_datetime_of_another_zone_is_the_same_instant() -> None:
    vienna_summer = timezone(timedelta(hours=2))
    assert clock.micros(datetime(1970, 1, 1, 2, 0, 0, 7, vienna_summer)) == 7


def test_the_last_instant_of_the_messages_is_the_last_datetime() -> None:
    assert clock.utc(INSTANT_US_MAX) == datetime.max.replace(tzinfo=UTC)


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone; write it with Z or an offset"):
        clock.micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the naive one is what is refused


@given(st.integers(-INSTANT_US_MAX, INSTANT_US_MAX))
def test_a_quarter_hour_starts_at_most_a_quarter_hour_ago(at_us: int) -> None:
    start_us = clock.quarter_hour_us(at_us)
    assert start_us % QUARTER_HOUR_US == 0
    assert start_us <= at_us < start_us + QUARTER_HOUR_US


def test_the_shift_moves_the_clock_of_the_process() -> None:
    assert clock.from_environment({}) == SystemClock(0)
    assert clock.from_environment({clock.SHIFT_VARIABLE: "-1.5"}) == SystemClock(-1_500_000)
    shifted, plain = SystemClock(3_600_000_000), SystemClock()
    assert 3_599_000_000 < shifted.now_us() - plain.now_us() <= 3_600_000_000


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e999", "-1e10", "1h"])
def test_a_wrong_shift_costs_one_line_that_names_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"PHOENYRA_CLOCK_SHIFT_S: .* is not allowed; seconds"):
        clock.from_environment({clock.SHIFT_VARIABLE: text})


def test_a_set_clock_stands_until_it_is_moved() -> None:
    stopped = SetClock(5)
    assert (stopped.now_us(), stopped.now_us()) == (5, 5)
    stopped.at_us = 6
    assert stopped.now_us() == 6
