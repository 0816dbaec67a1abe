"""agent.control.interlocks.voltage: I7, no response and no power beside a dead bus."""

import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.interlocks.config import GridSettings
from agent.control.interlocks.voltage import NEUTRAL, Voltage, VoltageMemory, watch
from agent.control.quantity import UNKNOWN, Quantity
from tests.conftest import SHARED
from tests.support.dead_bus import CAPACITY_KW, Sample, replayed, toledo, twin
from tests.support.virtual import EPOCH_US

NOMINAL_V = 230.0
GRID = GridSettings(nominal_v=NOMINAL_V)
TOLEDO = SHARED / "data" / "frequency" / "iberia_20250428_toledo_2s.csv"
TOLEDO_NOMINAL_V = 27_447.7
"""The base of the recording is not stated: the median before the event."""
US = 1_000_000


class Watched:
    """A voltage that is looked at ten times a second."""

    def __init__(self, grid: GridSettings = GRID) -> None:
        self.grid, self.memory, self.at_s = grid, VoltageMemory(), 0.0

    def sees(self, *shares_pu: float, seconds: float = 0.1, age_s: float = 0.0) -> Voltage:
        phases = [Quantity(share * NOMINAL_V, age_s) for share in shares_pu]
        voltage = NEUTRAL
        for _ in range(round(seconds * 10)):
            self.at_s += 0.1
            voltage, self.memory = watch(phases, self.grid, self.memory, self.at_s)
        return voltage


def test_i7_a_phase_below_its_bound_ends_the_response_in_the_same_cycle() -> None:
    watched = Watched()
    assert watched.sees(1.0, 1.0, 0.86).believed
    voltage = watched.sees(1.0, 1.0, 0.84)
    assert (voltage.sound, voltage.dead) == (False, False)


def test_i7_all_phases_below_a_fifth_are_a_dead_bus() -> None:
    watched = Watched()
    assert not watched.sees(1.0, 0.0, 1.0).dead, "one blown fuse is no dead bus"
    assert watched.sees(0.19, 0.0, 0.1).dead


def test_i7_all_phases_have_to_be_well_for_sixty_seconds() -> None:
    watched = Watched()
    watched.sees(0.0, 0.0, 0.0)
    assert not watched.sees(1.0, 1.0, 0.89, seconds=600).sound, "0.89 is inside, not well"
    assert watched.sees(1.0, 1.0, 0.91, seconds=59.9).dead
    voltage = watched.sees(1.0, 1.0, 0.91, seconds=0.3)
    assert (voltage.sound, voltage.dead) == (True, False)


def test_i7_a_disturbance_within_the_minute_begins_it_anew() -> None:
    watched = Watched()
    watched.sees(0.5)
    watched.sees(1.0, seconds=59)
    watched.sees(0.5)
    assert not watched.sees(1.0, seconds=59).sound


def test_i7_the_upper_side_is_an_alarm_unless_the_site_says_otherwise() -> None:
    voltage = Watched().sees(1.12)
    assert (voltage.sound, voltage.high) == (True, True)
    strict = Watched(GridSettings(nominal_v=NOMINAL_V, over_voltage="no_response"))
    assert not strict.sees(1.12).sound
    assert not strict.sees(1.095, seconds=600).sound
    assert strict.sees(1.08, seconds=60.3).sound


def test_i7_a_voltage_that_is_old_or_none_makes_the_frequency_none() -> None:
    assert Watched().sees(1.0, age_s=2.0).known
    assert not Watched().sees(1.0, age_s=2.1).known
    for phases in ([], [UNKNOWN], [Quantity(math.nan, 0.0)], [Quantity(-230.0, 0.0)]):
        assert not watch(phases, GRID, VoltageMemory(), 1.0)[0].believed
    one_lost = [Quantity(230.0, 0.0), UNKNOWN]
    assert not watch(one_lost, GRID, VoltageMemory(), 1.0)[0].known


def test_i7_a_site_that_names_no_nominal_voltage_is_not_watched() -> None:
    assert Watched(GridSettings()).sees(0.0) is NEUTRAL


@given(st.floats(0, 1_000, allow_nan=False))
def test_a_voltage_is_released_after_its_time_and_never_a_cycle_before(release_s: float) -> None:
    """Seconds are compared with seconds: a protection of 240 s lasts 240 s, not 66 hours."""
    grid = GridSettings(nominal_v=NOMINAL_V, release_s=release_s)
    well = [Quantity(NOMINAL_V, 0.0)]
    _, shut = watch([Quantity(0.0, 0.0)], grid, VoltageMemory(), 0.0)
    _, shut = watch(well, grid, shut, 10.0)
    before, _ = watch(well, grid, shut, 10.0 + release_s - 0.1)
    after, _ = watch(well, grid, shut, 10.0 + release_s + 0.1)
    assert before.sound == (release_s == 0.0)
    assert after.sound


@given(
    st.lists(
        st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=3),
        max_size=30,
    )
)
def test_whatever_the_phases_tell_no_response_is_given_below_the_bound(
    told: list[list[float | None]],
) -> None:
    memory = VoltageMemory()
    for step, phases in enumerate(told):
        quantities = [UNKNOWN if volts is None else Quantity(volts, 0.0) for volts in phases]
        voltage, memory = watch(quantities, GRID, memory, float(step))
        if any(volts is not None and 0 <= volts < 0.85 * NOMINAL_V for volts in phases):
            assert not voltage.sound
        if any(volts is None or not math.isfinite(volts) for volts in phases):
            assert not voltage.known


def test_i7_a_dead_bus_that_goes_on_telling_a_frequency_gets_no_power() -> None:
    """The twin of the recording: full response on the true fall, nothing on the false one."""
    samples = list(twin(EPOCH_US, NOMINAL_V))
    died_us = next(s.at_us for s in samples if s.volts is not None and s.volts < 1.0)
    fell_us = died_us - 8 * US
    for sample, decisions in replayed(iter(samples), NOMINAL_V):
        powers_kw = [decision.setpoint_kw for decision in decisions]
        if sample.at_us >= died_us:
            assert powers_kw == [0.0] * len(powers_kw)
            assert decisions[0].lower_kw == decisions[0].upper_kw == 0.0
            assert "I7" in [reason.code for reason in decisions[0].reasons]
        elif sample.at_us >= fell_us:
            assert powers_kw[-1] == pytest.approx(CAPACITY_KW)
        elif sample.hz is None:
            assert all(abs(power_kw) <= 0.1 * CAPACITY_KW for power_kw in powers_kw)


def _ideal_kw(hz: float | None) -> float:
    assert hz is not None
    return CAPACITY_KW * min(1.0, max(-1.0, (50.0 - hz) / 0.2))


@pytest.mark.shared
def test_i7_the_toledo_recording_gets_full_response_and_then_nothing() -> None:
    """28 April 2025: 0 within 2 s of the voltage loss, never a response on a false frequency."""
    samples = list(toledo(TOLEDO))
    died_us = next(s.at_us for s in samples if s.volts is not None and s.volts < 1_000)
    assert sum(s.hz is None for s in samples) == 10, "gaps"
    assert sum(s.at_us < died_us for s in samples) == 2_802, "10:33:24 UTC"
    lately_kw: deque[float | None] = deque(maxlen=8)  # held for 2 s, let out over 10 s
    for sample, decisions in replayed(iter(samples), TOLEDO_NOMINAL_V, cycles=4):
        lately_kw.append(None if sample.hz is None else _ideal_kw(sample.hz))
        _check_toledo(sample, [d.setpoint_kw for d in decisions], died_us, lately_kw)


def _check_toledo(
    sample: Sample, powers_kw: list[float], died_us: int, lately_kw: deque[float | None]
) -> None:
    seconds = (sample.at_us - died_us) // US
    told_kw = [power_kw for power_kw in lately_kw if power_kw is not None]
    if seconds >= 0:
        assert powers_kw == [0.0] * len(powers_kw), f"{seconds} s after the voltage was lost"
    elif seconds >= -4:
        assert powers_kw == [CAPACITY_KW] * len(powers_kw), "10:33:20 and 10:33:22 are true"
    elif len(told_kw) == lately_kw.maxlen:
        assert powers_kw == pytest.approx([_ideal_kw(sample.hz)] * len(powers_kw), abs=1e-3)
    else:
        within_kw = max(abs(power_kw) for power_kw in told_kw) + 1e-3
        assert all(abs(power_kw) <= within_kw for power_kw in powers_kw), "near a gap"
