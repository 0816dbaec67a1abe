"""agent.control.interlocks.supervision: does the inverter do what it is told? Pure."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.interlocks import inverter
from agent.control.interlocks.supervision.config import SelfTest, SupervisionSettings
from agent.control.plant import Run
from agent.control.quantity import Quantity
from tests.support.plants import HEALTHY, UNIT
from tests.support.watched import BEAT_S, Watched

RATED_KW = UNIT.rated_kw
numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True)


def test_an_inverter_that_obeys_is_left_alone() -> None:
    watched = Watched()
    for power_kw in (0.0, 50.0, -80.0, 100.0, 0.0):
        watched.write(power_kw)
        assert watched.beats(100) == []
    assert (watched.again, watched.alarms) == (0, [])


def test_i11_a_setpoint_that_is_not_kept_is_written_once_more_and_then_the_unit_is_blocked() -> (
    None
):
    watched = Watched(SupervisionSettings(readback_lag_s=0.0))
    watched.beats(5)
    watched.write(50.0)
    assert watched.beats(3, told_kw=0.0, power_kw=50.0) == []
    assert watched.again == 1
    assert watched.beats(2, told_kw=0.0, power_kw=50.0) == []
    assert watched.beats(1, told_kw=0.0, power_kw=50.0) == ["I11"]
    assert watched.cuts[0].stops


def test_i11_three_read_backs_that_are_right_release_the_unit() -> None:
    watched = Watched(SupervisionSettings(readback_lag_s=0.0))
    watched.write(50.0)
    watched.beats(6, told_kw=0.0)
    watched.write(0.0)
    assert watched.beats(2) == ["I11"]
    assert watched.beats(1) == []


def test_i11_the_third_time_in_ten_minutes_is_latched_until_a_reset() -> None:
    watched = Watched(SupervisionSettings(readback_lag_s=0.0))
    for _ in range(3):
        watched.write(50.0)
        watched.beats(6, told_kw=0.0)
        watched.write(0.0)
        watched.beats(3)
    assert watched.beats(1000) == ["I11"]
    (latch,) = watched.memory.latches
    assert (latch.code, latch.unit, watched.cuts[0].latched) == ("I11", "pcs", True)
    watched.memory = inverter.reset(watched.memory, ("I11",))
    assert watched.beats(1) == []


def test_i11_blocks_that_are_far_apart_are_not_latched() -> None:
    watched = Watched(SupervisionSettings(readback_lag_s=0.0))
    for _ in range(5):
        watched.write(50.0)
        watched.beats(6, told_kw=0.0)
        watched.write(0.0)
        watched.beats(3)
        watched.at_s += 400.0
    assert watched.beats(1) == []
    assert watched.memory.latches == ()


def test_i11_a_read_back_from_before_the_write_says_nothing() -> None:
    watched = Watched(SupervisionSettings(readback_lag_s=0.0))
    watched.beats(3)
    for _ in range(50):
        watched.write(watched.written_kw + 1.0)
        assert watched.beat(told_kw=0.0, told_age_s=5.0, power_kw=watched.written_kw) == []


def test_i11_a_device_that_shows_a_new_setpoint_late_is_not_suspected() -> None:
    watched, before_kw = Watched(), 0.0
    for step in range(200):
        watched.write(float(step % 90))
        assert watched.beat(told_kw=before_kw, power_kw=watched.written_kw) == []
        before_kw = watched.written_kw
    assert watched.again == 0


def test_i16_another_controllers_write_is_told_and_ours_is_written_again() -> None:
    watched = Watched()
    watched.write(50.0)
    watched.beats(10)
    watched.beats(1, told_kw=20.0, power_kw=20.0)
    assert (watched.again, watched.alarms) == (1, ["SECOND_CONTROLLER"])
    assert watched.beats(10) == []


def test_i16_the_third_foreign_write_in_a_minute_makes_us_yield_and_nothing_is_written() -> None:
    watched = Watched()
    watched.write(50.0)
    for _ in range(3):
        watched.beats(10)
        watched.beats(1, told_kw=20.0, power_kw=20.0)
    assert watched.beats(1000, told_kw=20.0) == ["I16"]
    assert all(cut.silent and cut.latched for cut in watched.cuts)
    watched.memory = inverter.reset(watched.memory, ("I16",))
    assert watched.beats(5) == []


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("foreign_kw", [(20.0,), (-70.0,), (95.0, 12.0, -40.0), (0.0, 30.0)])
def test_i16_another_controller_that_writes_in_every_beat_makes_us_yield_too(
    foreign_kw: tuple[float, ...], moves: bool
) -> None:
    watched = Watched()
    watched.write(50.0)
    watched.beats(20)
    codes: list[str] = []
    for beat in range(100):
        if moves and "I11" not in codes:
            watched.write(50.0 + beat % 7)
        elif "I11" in codes and watched.written_kw:
            watched.write(0.0)
        codes = watched.beat(told_kw=foreign_kw[beat % len(foreign_kw)])
    assert codes == ["I16"]
    assert watched.cuts[0].silent
    watched.memory = inverter.reset(watched.memory, ("I16",))
    for beat in range(100):
        if "I11" in codes and watched.written_kw:
            watched.write(0.0)
        codes = watched.beat(told_kw=foreign_kw[beat % len(foreign_kw)])
    assert codes == ["I16"], "the other one is still there"


def test_i11_a_device_that_takes_less_than_it_is_told_is_no_other_controller() -> None:
    watched = Watched()
    for kw in (10.0, 40.0, 20.0):
        watched.write(kw)
        watched.beats(10)
    watched.write(80.0)
    assert watched.beats(20, told_kw=60.0, power_kw=60.0) == ["I11"]
    watched.write(0.0)
    assert watched.beats(10) == []
    assert watched.alarms == []


def test_i16_foreign_writes_that_are_minutes_apart_only_alarm() -> None:
    watched = Watched()
    watched.write(50.0)
    for _ in range(5):
        watched.beats(700)
        watched.beats(1, told_kw=20.0)
    assert watched.alarms == ["SECOND_CONTROLLER"] * 5
    assert watched.memory.latches == ()


def test_i13_a_device_that_shows_its_fall_back_is_told_again_and_nobody_is_suspected() -> None:
    watched = Watched()
    watched.write(50.0)
    watched.beats(10)
    watched.beats(1, told_kw=0.0, power_kw=0.0)
    assert (watched.again, watched.alarms) == (1, ["DEVICE_FELL_BACK"])
    assert watched.beats(20) == []


def test_i12_power_that_does_not_follow_for_five_seconds_blocks_the_unit() -> None:
    watched = Watched()
    watched.write(50.0)
    assert watched.beats(49, power_kw=0.0) == []
    assert watched.again == 1, "half-way it is told once more"
    assert "I12" in watched.beats(3, power_kw=0.0)


def test_i12_attempts_come_after_30_s_doubling_to_15_min() -> None:
    watched, blocked_s = Watched(), 0.0
    pauses_s: list[int] = []
    watched.write(50.0)
    while len(pauses_s) < 7:
        codes = watched.beat(power_kw=0.0)
        if codes == ["I12"]:
            blocked_s += BEAT_S
        elif blocked_s:
            pauses_s.append(round(blocked_s))
            blocked_s = 0.0
    assert pauses_s == [30, 60, 120, 240, 480, 900, 900]


def test_i12_a_unit_that_follows_again_begins_with_the_short_pause() -> None:
    watched = Watched()
    watched.write(50.0)
    watched.beats(60, power_kw=0.0)
    watched.beats(700)
    assert watched.memory.physical.pause_s == 0.0


@pytest.mark.parametrize("ramp_pct_per_s", [2.0, 5.0, 20.0])
def test_i12_power_on_its_way_is_no_alarm(ramp_pct_per_s: float) -> None:
    watched, power_kw = Watched(), 0.0
    watched.write(100.0)
    while power_kw < 100.0:
        power_kw += ramp_pct_per_s / 100.0 * RATED_KW * BEAT_S
        assert watched.beat(power_kw=power_kw) == []
    assert watched.again == 0


def test_i12_a_dead_inverter_does_not_hide_behind_a_setpoint_that_swings() -> None:
    watched, codes = Watched(), []
    for step in range(150):
        watched.write(100.0 if step // 20 % 2 else -80.0)
        codes = watched.beat(power_kw=0.0)
        if codes:
            break
    assert codes == ["I12"]


@pytest.mark.parametrize("run", [Run.STARTING, Run.STANDBY, Run.FAULT, Run.LOCAL])
def test_i5_an_inverter_that_is_not_running_gets_0_kw_and_is_not_judged(run: Run) -> None:
    watched = Watched()
    watched.write(50.0)
    assert watched.beats(600, power_kw=0.0, run=run) == ["I5"]
    assert watched.cuts[0].stops


def test_i5_it_works_after_five_seconds_of_running_and_is_told_again() -> None:
    watched = Watched()
    watched.beats(100, run=Run.STARTING)
    assert watched.beats(50, run=Run.RUNNING) == ["I5"]
    assert watched.beats(2, run=Run.RUNNING) == []
    assert watched.again == 1
    assert watched.beats(100, run=Run.RUNNING) == []


def test_i5_one_that_runs_when_it_is_first_seen_works_at_once() -> None:
    assert Watched().beats(1, run=Run.RUNNING) == []


def test_i5_one_that_only_a_setpoint_wakes_is_told_it() -> None:
    watched = Watched(SupervisionSettings(standby_stops=False))
    watched.write(50.0)
    assert watched.beats(600, power_kw=0.0, run=Run.STANDBY) == []
    assert watched.beats(1, run=Run.RUNNING) == []
    assert watched.again == 1


def test_i23_nothing_is_asked_of_an_inverter_that_is_not_ours() -> None:
    watched = Watched()
    assert watched.see(replace(HEALTHY.units[0], ready=False)) == ["I23"]


def test_i24_without_a_passed_self_test_a_tenth_of_the_power_is_left() -> None:
    watched = Watched(SupervisionSettings(self_test=SelfTest.REQUIRED))
    assert watched.beat(fingerprint="a1") == ["I24"]
    assert (watched.cuts[0].lower_kw, watched.cuts[0].upper_kw) == (-8.0, 10.0)
    watched.memory = replace(watched.memory, proved=frozenset({"a1"}))
    assert watched.beat(fingerprint="a1") == []


def test_peer_defect_12_a_sign_that_changed_with_the_firmware_is_not_relied_upon() -> None:
    watched = Watched(SupervisionSettings(self_test=SelfTest.REQUIRED))
    watched.memory = replace(watched.memory, proved=frozenset({"firmware-1"}))
    assert watched.beat(fingerprint="firmware-1") == []
    assert watched.beat(fingerprint="firmware-2") == ["I24"]
    assert watched.beat(fingerprint="") == ["I24"], "nobody knows yet who it is"


@given(
    st.lists(st.tuples(numbers, numbers, st.floats(-1e9, 1e9), st.sampled_from([None, *Run]))),
)
def test_no_number_from_outside_comes_through_and_0_kw_is_always_allowed(
    seen: list[tuple[float | None, float | None, float, Run | None]],
) -> None:
    watched = Watched()
    for told_kw, power_kw, written_kw, run in seen:
        watched.at_s += BEAT_S
        watched.write(written_kw)
        unit = replace(
            HEALTHY.units[0],
            power_kw=Quantity(power_kw, 0.01),
            told_kw=Quantity(told_kw, 0.01),
            written_kw=written_kw,
            written_age_s=0.05,
            run=run,
        )
        watched.see(unit)
        assert all(cut.lower_kw <= 0.0 <= cut.upper_kw for cut in watched.cuts)
