"""agent.timekeeping: time goes on evenly until its owner lets it follow the system's clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.timekeeping import FOLLOWED_US_MIN, STEP_US_MIN, SteadyClock
from wire.clock import SetClock

NOON_US = 1_790_000_000_000_000
HOUR_US = 3_600_000_000


class Machine:
    """A system's clock and a monotonic one, both moved by hand."""

    def __init__(self) -> None:
        self.system = SetClock(NOON_US)
        self.up_s = 100.0
        self.clock = SteadyClock(self.system, lambda: self.up_s)

    def run(self, seconds: float) -> None:
        self.up_s += seconds
        self.system.at_us += round(seconds * 1e6)


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_it_begins_with_the_systems_time_and_runs_on_the_monotonic_clock(machine: Machine) -> None:
    machine.up_s += 2.5
    assert machine.clock.now_us() == NOON_US + 2_500_000


def test_a_set_system_clock_moves_nothing_until_it_is_followed(machine: Machine) -> None:
    machine.system.at_us += HOUR_US
    assert machine.clock.now_us() == NOON_US
    step = machine.clock.follow()
    assert machine.clock.now_us() == NOON_US + HOUR_US
    assert step is not None
    assert step.by_us == HOUR_US
    assert str(step) == "by +3600.0 s, from 2026-09-21 14:13:20 to 2026-09-21 15:13:20 UTC"


@given(by_us=st.integers(-10 * HOUR_US, 10 * HOUR_US))
def test_noise_is_left_small_changes_are_followed_and_large_ones_are_steps(by_us: int) -> None:
    machine = Machine()
    before_us = machine.clock.offset_us
    machine.system.at_us += by_us
    step = machine.clock.follow()
    assert (step is not None) == (abs(by_us) > STEP_US_MIN)
    moved_us = machine.clock.offset_us - before_us
    assert moved_us == (by_us if abs(by_us) >= FOLLOWED_US_MIN else 0)


def test_a_correction_holds_while_the_system_goes_on_and_is_set_again(machine: Machine) -> None:
    assert machine.clock.correct(HOUR_US) is not None
    machine.run(60)
    assert machine.clock.follow() is None
    assert machine.clock.now_us() == NOON_US + HOUR_US + 60_000_000
    machine.system.at_us += HOUR_US
    assert machine.clock.correct(0) is None, "the system was put right: nothing moves"
    assert machine.clock.now_us() == NOON_US + HOUR_US + 60_000_000


def test_a_pause_between_two_reads_of_the_clocks_is_not_a_step() -> None:
    ups = iter([0.0, 0.0, 5.0, 9.0, 9.0, 9.0])
    clock = SteadyClock(SetClock(NOON_US), lambda: next(ups))
    assert clock.offset_us == NOON_US
    assert clock.measure() == NOON_US - 9_000_000, "the narrow look is believed, not the wide one"


def test_time_is_never_before_1970(machine: Machine) -> None:
    machine.clock.correct(-2 * NOON_US)
    assert machine.clock.now_us() == 0
