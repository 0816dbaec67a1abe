"""`simulators.battery`: conserves energy, keeps its limits, and stops when nobody commands it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators import battery
from simulators.battery import Battery, Command, Rating

RATING = Rating(capacity_kwh=200.0, power_kw=100.0)

commands = st.builds(
    Command,
    power_kw=st.floats(-500.0, 500.0),
    enabled=st.booleans(),
    timeout_s=st.floats(0.0, 100.0),
    reversion_kw=st.floats(-50.0, 50.0),
)
spans = st.lists(st.tuples(commands, st.floats(0.001, 30.0)), max_size=40)


def run(state: Battery, command: Command, seconds: float, *, speed: float = 1.0) -> Battery:
    """Let time pass in steps of 0.1 s while somebody keeps writing the command."""
    for _ in range(round(seconds * 10)):
        state = replace(battery.step(state, command, RATING, 0.1, speed), silent_s=0.0)
    return state


def test_one_hour_at_30_kw_takes_30_kwh_and_the_losses_out_of_the_cells() -> None:
    start = battery.charged_to(50.0, RATING)
    end = run(replace(start, power_kw=30.0), Command(power_kw=30.0), 3600.0)
    assert start.energy_kwh - end.energy_kwh == pytest.approx(30.0 / 0.965, rel=1e-6)


def test_one_hour_of_charging_stores_less_than_it_takes() -> None:
    start = battery.charged_to(50.0, RATING)
    end = run(replace(start, power_kw=-30.0), Command(power_kw=-30.0), 3600.0)
    assert end.energy_kwh - start.energy_kwh == pytest.approx(30.0 * 0.965, rel=1e-6)


def test_power_follows_the_setpoint_along_the_ramp() -> None:
    state = battery.charged_to(50.0, RATING)
    command = Command(power_kw=100.0)
    powers_kw = []
    for _ in range(5):
        state = battery.step(state, command, RATING, 0.05)
        powers_kw.append(state.power_kw)
    assert powers_kw == pytest.approx([25.0, 50.0, 75.0, 100.0, 100.0])


def test_without_a_write_the_power_falls_to_zero_after_the_timeout() -> None:
    command = Command(power_kw=40.0, timeout_s=2.0)
    state = battery.charged_to(50.0, RATING)
    for _ in range(16):
        state = battery.step(state, command, RATING, 0.125)
    assert state.power_kw == 40.0
    assert not battery.tripped(replace(state, silent_s=2.0), command)
    for _ in range(4):
        state = battery.step(state, command, RATING, 0.1)
    assert battery.tripped(state, command)
    assert state.power_kw == 0.0


def test_a_write_after_the_timeout_brings_the_power_back() -> None:
    command = Command(power_kw=40.0, timeout_s=2.0)
    state = replace(battery.charged_to(50.0, RATING), silent_s=9.0)
    assert battery.tripped(state, command)
    assert run(replace(state, silent_s=0.0), command, 1.0).power_kw == 40.0


def test_a_timeout_of_zero_keeps_the_setpoint_for_ever() -> None:
    state = replace(battery.charged_to(50.0, RATING), silent_s=1e6)
    command = Command(power_kw=40.0, timeout_s=0.0)
    assert battery.step(state, command, RATING, 1.0).power_kw == 40.0


def test_a_disabled_inverter_rests() -> None:
    state = replace(battery.charged_to(50.0, RATING), power_kw=40.0)
    command = Command(power_kw=40.0, enabled=False)
    assert run(state, command, 1.0).power_kw == 0.0


def test_an_empty_battery_does_not_discharge_but_charges() -> None:
    state = battery.charged_to(0.0, RATING)
    assert battery.soc_pct(state, RATING) == RATING.soc_low_pct
    assert run(state, Command(power_kw=50.0), 1.0).power_kw == 0.0
    assert run(state, Command(power_kw=-50.0), 1.0).power_kw == -50.0


def test_a_full_battery_does_not_charge_but_discharges() -> None:
    state = battery.charged_to(100.0, RATING)
    assert run(state, Command(power_kw=-50.0), 1.0).power_kw == 0.0
    assert run(state, Command(power_kw=50.0), 1.0).power_kw == 50.0


def test_hot_cells_forbid_power() -> None:
    state = replace(battery.charged_to(50.0, RATING), temperature_c=battery.HOT_C)
    assert battery.allowed(state, RATING) == battery.Allowed(0.0, 0.0)


def test_work_warms_the_cells_and_rest_cools_them() -> None:
    start = battery.charged_to(80.0, RATING)
    worked = run(start, Command(power_kw=100.0), 60.0, speed=30.0)
    rested = run(worked, Command(), 60.0, speed=600.0)
    assert worked.temperature_c > RATING.ambient_c + 1.0
    assert rested.temperature_c < RATING.ambient_c + 0.5


def test_speed_moves_more_energy_but_keeps_ramp_and_watchdog_in_real_seconds() -> None:
    start = battery.charged_to(50.0, RATING)
    command = Command(power_kw=50.0, timeout_s=5.0)
    slow = battery.step(start, command, RATING, 0.1)
    fast = battery.step(start, command, RATING, 0.1, speed=600.0)
    moved = start.energy_kwh - fast.energy_kwh
    assert moved == pytest.approx(600.0 * (start.energy_kwh - slow.energy_kwh))
    assert (fast.power_kw, fast.silent_s) == (slow.power_kw, slow.silent_s)


@given(soc=st.floats(0.0, 100.0), spans=spans, speed=st.sampled_from([1.0, 60.0, 900.0]))
def test_energy_and_power_stay_inside_their_limits_whatever_is_commanded(
    soc: float, spans: list[tuple[Command, float]], speed: float
) -> None:
    state = battery.charged_to(soc, RATING)
    for command, elapsed_s in spans:
        state = battery.step(state, command, RATING, elapsed_s, speed)
        assert 2.0 - 1e-6 <= battery.soc_pct(state, RATING) <= 98.0 + 1e-6
        assert abs(state.power_kw) <= RATING.power_kw
        assert 0.0 <= battery.allowed(state, RATING).charge_kw <= RATING.power_kw
        assert state.temperature_c < battery.HOT_C + 10.0


@given(soc=st.floats(20.0, 80.0), spans=spans)
def test_nobody_gets_more_energy_out_than_was_put_in(
    soc: float, spans: list[tuple[Command, float]]
) -> None:
    start = state = battery.charged_to(soc, RATING)
    delivered_kwh = 0.0
    for command, elapsed_s in spans:
        state = battery.step(state, command, RATING, elapsed_s)
        delivered_kwh += state.power_kw * elapsed_s / 3600.0
    assert delivered_kwh <= start.energy_kwh - state.energy_kwh + 1e-6
