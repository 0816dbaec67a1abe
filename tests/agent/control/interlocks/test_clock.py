"""agent.control.interlocks.clock: I22, what stamps are worth and by which time orders run."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.interlocks.clock import WELL, Clock, Hold, held, watch
from agent.control.interlocks.plant import GuardMemory, guard
from tests.support.plants import HEALTHY, LIMITS, changed
from tests.support.virtual import EPOCH_US

HOUR_US = 3_600_000_000


def _after(*spans: tuple[float | None, float]) -> Clock:
    """Return the clock after errors that lasted some seconds each, looked at every second."""
    memory, at_s, clock = WELL, 0.0, Clock()
    for error_s, seconds in spans:
        for _ in range(round(seconds)):
            at_s += 1.0
            clock, memory = watch(error_s, memory, at_s)
    return clock


def test_i22_an_error_of_a_tenth_of_a_second_flags_the_archive_for_a_minute_of_health() -> None:
    assert _after((0.09, 10)).archivable
    assert not _after((-0.11, 1)).archivable
    assert not _after((0.11, 1), (0.06, 600)).archivable, "60 ms are not good enough to release"
    assert not _after((0.11, 1), (0.04, 60)).archivable
    assert _after((0.11, 1), (0.04, 62)).archivable


def test_i22_an_error_of_a_second_is_an_alarm_until_a_minute_of_health() -> None:
    assert _after((0.9, 10)).alarm is None
    alarm = _after((-1.1, 1)).alarm
    assert alarm is not None
    assert (alarm.code, alarm.tells_only) == ("I22", True)
    assert _after((1.1, 1), (0.0, 59)).alarm is not None
    assert _after((1.1, 1), (0.0, 62)).alarm is None


@pytest.mark.parametrize("error_s", [None, math.nan])
def test_i22_a_time_that_nobody_knows_for_an_hour_is_an_alarm(error_s: float | None) -> None:
    early = _after((error_s, 3_500))
    assert (early.archivable, early.alarm) == (False, None)
    assert _after((error_s, 3_700)).alarm is not None


def test_i22_a_wrong_clock_is_told_and_forbids_no_power() -> None:
    guarded, _ = guard(changed(HEALTHY, clock_error_s=5.0), LIMITS, GuardMemory())
    assert [notice.code for notice in guarded.notices] == ["I22"]
    assert (guarded.plant.lower_kw, guarded.plant.upper_kw) == (-80.0, 100.0)


@pytest.mark.parametrize("leap_us", [HOUR_US, -HOUR_US, -EPOCH_US])
def test_i22_orders_run_on_by_the_last_good_fix_when_the_clock_leaps(leap_us: int) -> None:
    now_us, hold = held(EPOCH_US, 100.0, 90.0, Hold())
    for second in range(1, 3_000):
        at_s = 100.0 + second
        shown_us = EPOCH_US + second * 1_000_000 + leap_us
        now_us, hold = held(shown_us, at_s, 90.0, hold)
        assert now_us == EPOCH_US + second * 1_000_000


def test_i22_a_leap_that_was_judged_is_followed() -> None:
    _, hold = held(EPOCH_US, 100.0, 90.0, Hold())
    now_us, hold = held(EPOCH_US + HOUR_US, 100.1, 90.0, hold)
    assert now_us < EPOCH_US + HOUR_US
    now_us, hold = held(EPOCH_US + HOUR_US + 100_000, 100.2, 100.15, hold)
    assert (now_us, hold.since_s) == (EPOCH_US + HOUR_US + 100_000, None)


def test_i22_a_clock_that_nobody_ever_judged_is_followed_out_of_1970() -> None:
    _, hold = held(5_000_000, 5.0, None, Hold())
    assert held(EPOCH_US, 5.1, None, hold)[0] == EPOCH_US


def test_i22_after_an_hour_without_a_judge_the_clock_is_followed() -> None:
    _, hold = held(EPOCH_US, 0.0, 0.0, Hold())
    _, hold = held(EPOCH_US + HOUR_US, 10.0, 0.0, hold)
    now_us, _ = held(EPOCH_US + 2 * HOUR_US, 3_610.0, 0.0, hold)
    assert now_us == EPOCH_US + 2 * HOUR_US


@given(st.lists(st.tuples(st.integers(-500_000, 500_000), st.integers(1, 5)), max_size=50))
def test_small_corrections_of_the_clock_are_followed_one_by_one(
    steps: list[tuple[int, int]],
) -> None:
    hold, offset_us, at_s = Hold(), EPOCH_US, 0.0
    for by_us, seconds in steps:
        offset_us, at_s = offset_us + by_us, at_s + seconds
        shown_us = offset_us + round(at_s * 1e6)
        now_us, hold = held(shown_us, at_s, 0.0, hold)
        assert now_us == shown_us
