"""agent.control.decide: schedule and response inside the limits, with a reason for every step."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.decide import AUTOMATIC, SAFE, STARTING, Decision, Memory
from agent.control.plant import PlantState
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, LIMITS, changed, decided, plant_of, with_soc
from wire.schedule import FrequencyService, Schedule, Slot

SECOND_US = 1_000_000
NOW_US = 1_000 * SECOND_US
FCR = FrequencyService("fcr_ce", 0, 10**12, 20.0, ((-0.2, 1.0), (0.2, -1.0)))


def _schedule(power_kw: float, *services: FrequencyService) -> Schedule:
    slot = Slot(NOW_US - SECOND_US, NOW_US + 900 * SECOND_US, power_kw)
    return Schedule(site="s", version=3, issued_us=0, slots=(slot,), services=services)


def _at(frequency_hz: float, plant: PlantState = HEALTHY) -> PlantState:
    return changed(plant, frequency_hz=Quantity(frequency_hz, 0.05))


def _settled(plant: PlantState, schedule: Schedule | None, seconds: float = 60.0) -> Decision:
    """Return the decision after the same plant was decided upon for a while."""
    memory = Memory()
    decision, memory = decided(plant, schedule, memory, NOW_US)
    for beat in range(1, round(seconds * 10)):
        later = changed(plant, at_s=plant.at_s + beat / 10)
        decision, memory = decided(later, schedule, memory, NOW_US)
    return decision


def _codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_a_healthy_plant_follows_its_schedule() -> None:
    decision = _settled(HEALTHY, _schedule(30.0))
    assert (decision.setpoint_kw, decision.schedule_kw, decision.mode) == (30.0, 30.0, AUTOMATIC)
    assert _codes(decision) == ["SCHEDULE"]


def test_without_a_schedule_the_setpoint_is_zero_and_says_why() -> None:
    decision = _settled(HEALTHY, None)
    assert (decision.setpoint_kw, _codes(decision)) == (0.0, ["NO_SCHEDULE"])


def test_a_schedule_that_has_run_out_leads_to_zero() -> None:
    over = Schedule(site="s", version=1, issued_us=0, slots=(Slot(0, 900, 30.0),))
    decision = _settled(HEALTHY, over)
    assert (decision.setpoint_kw, _codes(decision)) == (0.0, ["I14"])


def test_a_gap_in_the_schedule_means_zero() -> None:
    later = Slot(NOW_US + 1, NOW_US + 900, 30.0)
    decision = _settled(HEALTHY, Schedule(site="s", version=1, issued_us=0, slots=(later,)))
    assert (decision.setpoint_kw, _codes(decision)) == (0.0, ["IDLE"])


def test_the_base_moves_no_faster_than_its_ramp() -> None:
    decision = _settled(HEALTHY, _schedule(30.0), seconds=1.1)
    assert decision.setpoint_kw == pytest.approx(10.0)
    assert _codes(decision) == ["SCHEDULE", "RAMP"]


def test_taking_over_begins_at_the_measured_power() -> None:
    running = changed(HEALTHY, power_kw=Quantity(-40.0, 0.05))
    decision, _ = decided(running, _schedule(30.0), Memory(), NOW_US)
    assert decision.setpoint_kw == -40.0


def test_a_long_pause_does_not_make_the_base_leap() -> None:
    memory = Memory(base_kw=0.0, at_s=HEALTHY.at_s - 3_600)
    decision, _ = decided(HEALTHY, _schedule(90.0), memory, NOW_US)
    assert decision.setpoint_kw == pytest.approx(LIMITS.ramp_kw_per_s)


def test_the_settings_cut_a_schedule_that_asks_for_too_much() -> None:
    decision = _settled(HEALTHY, _schedule(500.0))
    assert (decision.setpoint_kw, _codes(decision)) == (100.0, ["SCHEDULE", "LIMIT"])


def test_an_empty_battery_cuts_the_schedule_to_zero_at_once() -> None:
    memory = Memory(base_kw=60.0, at_s=HEALTHY.at_s - 0.1)
    decision, _ = decided(with_soc(9.5), _schedule(60.0), memory, NOW_US)
    assert (decision.setpoint_kw, _codes(decision)) == (0.0, ["SCHEDULE", "I2"])


def test_a_battery_limit_is_obeyed_without_a_ramp_downwards() -> None:
    memory = Memory(base_kw=90.0, at_s=HEALTHY.at_s - 0.1)
    capped = changed(HEALTHY, discharge_kw_max=Quantity(30.0, 0.1))
    decision, _ = decided(capped, _schedule(90.0), memory, NOW_US)
    assert (decision.setpoint_kw, _codes(decision)) == (30.0, ["SCHEDULE", "I1"])


@pytest.mark.parametrize("schedule", [None, _schedule(60.0), _schedule(-60.0, FCR)])
def test_stale_data_lead_to_zero_and_safe_mode(schedule: Schedule | None) -> None:
    memory = Memory(base_kw=60.0, at_s=HEALTHY.at_s - 0.1)
    stale = _at(49.9, changed(HEALTHY, power_kw=Quantity(60.0, 2.5)))
    decision, _ = decided(stale, schedule, memory, NOW_US)
    assert (decision.setpoint_kw, decision.mode) == (0.0, SAFE)
    assert "I9" in _codes(decision)


def test_low_frequency_discharges_even_when_the_schedule_charges() -> None:
    decision = _settled(_at(49.9), _schedule(-10.0, FCR))
    assert decision.setpoint_kw == pytest.approx(-10.0 + 10.0)
    decision = _settled(_at(49.8), _schedule(-10.0, FCR))
    assert decision.setpoint_kw == pytest.approx(10.0)
    assert decision.response_kw == pytest.approx(20.0)
    assert _codes(decision) == ["SCHEDULE", "RESPONSE"]


def test_the_response_has_no_ramp() -> None:
    memory = Memory(base_kw=0.0, at_s=HEALTHY.at_s - 0.1)
    decision, _ = decided(_at(49.8), _schedule(0.0, FCR), memory, NOW_US)
    assert decision.setpoint_kw == pytest.approx(20.0)


def test_the_schedule_stays_out_of_the_reserve_and_the_response_may_use_it() -> None:
    decision = _settled(_at(50.0), _schedule(100.0, FCR))
    assert decision.setpoint_kw == pytest.approx(75.0)
    assert "RESERVE" in _codes(decision)
    assert _settled(_at(49.8), _schedule(100.0, FCR)).setpoint_kw == pytest.approx(95.0)


def test_a_reserve_never_forces_power() -> None:
    decision = _settled(_at(50.0, with_soc(9.0)), _schedule(0.0, FCR))
    assert decision.setpoint_kw == 0.0


def test_an_empty_battery_never_discharges_for_the_frequency() -> None:
    _, armed = decided(_at(49.8), _schedule(0.0, FCR), Memory(), NOW_US)
    decision, _ = decided(_at(49.8, with_soc(9.0)), _schedule(0.0, FCR), armed, NOW_US)
    assert (decision.setpoint_kw, _codes(decision)[-2:]) == (0.0, ["RESPONSE", "I2"])


def test_an_empty_battery_does_not_arm_and_says_why() -> None:
    decision = _settled(_at(49.8, with_soc(9.0)), _schedule(0.0, FCR))
    assert (decision.setpoint_kw, _codes(decision)[-1]) == (0.0, "ARM_POWER")


def test_an_untrusted_frequency_is_not_answered_and_says_so() -> None:
    decision = _settled(_at(40.0), _schedule(0.0, FCR))
    assert (decision.setpoint_kw, _codes(decision)[-1]) == (0.0, "I8")


def test_an_inverter_that_is_not_taken_over_gets_nothing_and_the_mode_is_starting() -> None:
    new = plant_of(at_s=1.0, ready=False, power_kw=UNKNOWN, soc_pct=UNKNOWN)
    decision, memory = decided(new, _schedule(60.0, FCR), Memory(), NOW_US)
    assert (decision.mode, decision.setpoint_kw, memory.base_kw) == (STARTING, 0.0, None)


def test_an_inverter_that_went_away_is_safe_mode_and_starts_anew_from_its_power() -> None:
    gone = changed(HEALTHY, ready=False, power_kw=Quantity(60.0, 3.0))
    memory = Memory(base_kw=60.0, at_s=HEALTHY.at_s - 0.1)
    decision, memory = decided(gone, _schedule(60.0), memory, NOW_US)
    assert (decision.mode, memory.base_kw) == (SAFE, None)


def test_an_inverter_that_never_answered_is_said_to_be_silent() -> None:
    new = plant_of(at_s=1.0, ready=False, lost=True)
    decision, _ = decided(new, None, Memory(), NOW_US)
    assert (decision.mode, _codes(decision)) == (STARTING, ["I9"])


def test_a_response_held_before_the_inverter_went_away_is_not_taken_up_again() -> None:
    _, memory = decided(_at(49.8), _schedule(0.0, FCR), Memory(), NOW_US)
    gone = changed(HEALTHY, at_s=103.0, ready=False, lost=True, frequency_hz=Quantity(49.8, 3.0))
    _, memory = decided(gone, _schedule(0.0, FCR), memory, NOW_US)
    back = _at(49.8, changed(HEALTHY, at_s=103.1))
    decision, _ = decided(back, _schedule(0.0, FCR), memory, NOW_US)
    assert (decision.setpoint_kw, _codes(decision)[-1]) == (0.0, "I8")


numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.floats(-200, 200)
quantities = st.builds(Quantity, numbers, st.floats(0, 60))
plants = st.builds(
    plant_of,
    at_s=st.floats(0, 10),
    ready=st.booleans(),
    lost=st.booleans(),
    power_kw=quantities,
    soc_pct=quantities,
    discharge_kw_max=st.none() | quantities,
    charge_kw_max=st.none() | quantities,
    frequency_hz=st.none() | quantities,
    heartbeat_age_s=st.none() | st.floats(0, 60),
)
schedules = st.none() | st.builds(
    lambda power_kw, services: _schedule(power_kw, *services),
    st.floats(-1e7, 1e7),
    st.lists(st.builds(replace, st.just(FCR), capacity_kw=st.floats(0, 1e6)), max_size=2),
)
memories = st.builds(
    Memory,
    base_kw=st.none() | st.floats(-100, 100),
    at_s=st.none() | st.floats(0, 10),
)


@given(plants, schedules, memories)
def test_the_setpoint_lies_in_the_hard_interval_for_every_input(
    plant: PlantState, schedule: Schedule | None, memory: Memory
) -> None:
    decision, _ = decided(plant, schedule, memory, NOW_US)
    assert decision.lower_kw <= decision.setpoint_kw <= decision.upper_kw
    assert all(math.isfinite(reason.power_kw) for reason in decision.reasons)
    assert decision.reasons


@given(plants, schedules, memories)
def test_a_decision_is_a_pure_function_of_what_it_is_given(
    plant: PlantState, schedule: Schedule | None, memory: Memory
) -> None:
    answers = [decided(plant, schedule, memory, NOW_US)[0] for _ in range(2)]
    assert answers[0] == answers[1]


@given(st.floats(-100, 100), st.floats(49.0, 51.0))
def test_the_schedule_never_changes_the_response(power_kw: float, frequency_hz: float) -> None:
    plant = _at(frequency_hz)
    with_slot, without = (
        decided(plant, _schedule(kw, FCR), Memory(base_kw=0.0), NOW_US)[0] for kw in (power_kw, 0.0)
    )
    assert with_slot.response_kw == without.response_kw


def test_i24_nothing_arms_while_a_unit_is_not_proved() -> None:
    tried = _at(49.9, changed(HEALTHY, power_share_max=0.1))
    decision, _ = decided(tried, _schedule(0.0, FCR), Memory(), NOW_US)
    assert (decision.setpoint_kw, _codes(decision)[-1]) == (0.0, "I24")
    assert not decision.products[0].armed


def test_i20_two_products_keep_the_sum_of_their_reserves_out_of_the_schedule() -> None:
    second = FrequencyService("fcr_n", 0, 10**12, 10.0, ((-0.1, 1.0), (0.1, -1.0)))
    decision = _settled(_at(50.0), _schedule(100.0, FCR, second))
    assert decision.setpoint_kw == pytest.approx(100.0 - 25.0 - 13.4)


@given(st.lists(st.none() | st.floats(44, 56), min_size=1, max_size=30))
def test_the_base_does_not_depend_on_the_frequency_by_one_bit(
    told_hz: list[float | None],
) -> None:
    schedule = _schedule(60.0, FCR)

    def bases(frequencies: list[float | None]) -> list[float]:
        memory, found = Memory(), []
        for beat, hz in enumerate(frequencies):
            meter = Quantity(hz, 0.05)
            plant = changed(HEALTHY, at_s=HEALTHY.at_s + beat / 10, frequency_hz=meter)
            decision, memory = decided(plant, schedule, memory, NOW_US)
            found.append(decision.base_kw)
        return found

    assert bases(told_hz) == bases([50.0] * len(told_hz))
