"""drivers.modbus.backoff: failures are tried again soon at first, then ever more rarely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus import backoff


def test_a_connection_comes_back_within_two_seconds_by_chance() -> None:
    def most(low: float, high: float) -> float:
        assert low == backoff.BACK_OFF_S_MIN / 2
        return high

    pauses_s = [backoff.connection_pause_s(failures, most) for failures in range(7)]
    assert pauses_s == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_a_silent_unit_is_asked_ever_more_rarely() -> None:
    pauses_s = [backoff.silent_pause_s(failures, 1.0, 3) for failures in range(9)]
    assert pauses_s == [0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert [backoff.unit_pause_s(failures) for failures in (0, 1, 50)] == [0.1, 0.2, 2.0]


@given(st.floats(0.05, 0.5), st.integers(1, 5))
def test_silent_units_together_cost_a_tenth_of_the_line(timeout_s: float, units: int) -> None:
    pause_s = backoff.silent_pause_s(20, timeout_s, units)
    assert units * timeout_s / (pause_s + timeout_s) <= 0.1 + 1e-9
    assert pause_s <= backoff.SILENT_S_MAX


@pytest.mark.parametrize("failures", [0, 1, 10, 10_000])
def test_no_pause_is_without_end(failures: int) -> None:
    assert backoff.silent_pause_s(failures, 30.0, 247) <= backoff.SILENT_S_MAX
