"""agent.control.response.frequency: no answer to what is not credible (I8) or voltageless (I7)."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.interlocks.voltage import NEUTRAL, Voltage
from agent.control.plant import FrequencyMeter
from agent.control.quantity import UNKNOWN, Quantity
from agent.control.response.config import FrequencySettings
from agent.control.response.frequency import Trust, judge
from agent.control.response.product import Frequency

SETTINGS = FrequencySettings()
PERIOD_S = 0.1
LOW = Voltage(sound=False, text="the voltage is outside 0.85 to 1.1 of nominal")
DEAD = Voltage(sound=False, dead=True, text="the bus is dead")
STALE = Voltage(known=False, text="there is no fresh voltage beside the frequency")


def _meter(hz: float | None, age_s: float = 0.05, device: str = "meter") -> FrequencyMeter:
    return FrequencyMeter(device=device, hz=Quantity(hz, age_s))


class Watch:
    """Judges cycle after cycle; a meter that says None goes on with its value, growing older."""

    def __init__(self, settings: FrequencySettings = SETTINGS) -> None:
        self.settings = settings
        self.trust = Trust()
        self.at_s = 100.0
        self._last: dict[str, tuple[float, float]] = {}

    def see(self, *meters: float | None, voltage: Voltage = NEUTRAL) -> Frequency:
        self.at_s += PERIOD_S
        told = []
        for number, hz in enumerate(meters):
            name = f"meter-{number}"
            if hz is not None:
                self._last[name] = (hz, self.at_s)
            value, read_s = self._last.get(name, (None, -math.inf))
            told.append(FrequencyMeter(device=name, hz=Quantity(value, self.at_s - read_s)))
        found, self.trust = judge(told, voltage, self.at_s, self.settings, self.trust)
        return found

    def see_for(self, lasts_s: float, *meters: float | None) -> list[Frequency]:
        return [self.see(*meters) for _ in range(round(lasts_s / PERIOD_S))]


def test_a_good_frequency_is_believed_from_its_first_sample_on() -> None:
    found = Watch().see(49.93)
    assert (found.hz, found.applied_hz, found.believed, found.share) == (49.93, 49.93, True, 1.0)
    assert (found.device, found.code, found.text) == ("meter-0", "", "")


def test_i8_a_silent_meter_is_held_two_seconds_and_let_out_in_ten() -> None:
    watch = Watch()
    watch.see_for(1.0, 49.9)
    silent = watch.see_for(14.0, None)
    assert all(found.believed for found in silent[:9])
    doubted = [found for found in silent if not found.believed]
    assert all(found.share == 1.0 for found in doubted[:20])
    assert doubted[70].share == pytest.approx(0.5, abs=0.02)
    assert doubted[-1].share == 0.0
    assert {found.hz for found in silent} == {49.9}
    assert {found.code for found in doubted} == {"I8"}


@pytest.mark.parametrize("hz", [44.9, 55.1, 0.0, -50.0, 1e300, math.nan, math.inf, -math.inf])
def test_i8_an_impossible_frequency_is_never_acted_upon(hz: float) -> None:
    watch = Watch()
    watch.see_for(1.0, 49.95)
    later = watch.see_for(13.0, hz)
    assert {found.hz for found in later} == {49.95}
    assert not any(found.believed for found in later[15:])
    assert later[-1].share == 0.0
    assert watch.see(50.0).believed is False


@pytest.mark.parametrize("hz", [44.9, 55.1, math.nan, math.inf])
def test_i8_an_impossible_first_frequency_leaves_nothing_to_answer(hz: float) -> None:
    assert all(found.hz is None for found in Watch().see_for(3.0, hz))


def test_i8_a_leap_is_not_believed_and_its_end_not_either_for_ten_seconds() -> None:
    watch = Watch()
    watch.see_for(1.0, 50.0)
    leap = watch.see(47.0)
    assert (leap.hz, leap.believed, leap.share) == (50.0, False, 1.0)
    assert "leapt" in leap.text
    after = watch.see_for(11.0, 47.0)
    believed = [found.believed for found in after]
    assert believed[:99] == [False] * 99
    assert believed[-1]


def test_a_fast_but_possible_fall_is_believed_at_once() -> None:
    watch = Watch()
    watch.see_for(1.0, 50.0)
    assert watch.see(49.6).believed


def test_samples_that_come_at_once_make_no_leap_of_jitter() -> None:
    trust = Trust()
    for at_s, hz in ((10.0, 50.0), (10.001, 50.01)):
        found, trust = judge([_meter(hz, 0.0)], NEUTRAL, at_s, SETTINGS, trust)
        assert found.believed


def test_i8_credible_values_are_believed_again_after_ten_seconds_without_a_break() -> None:
    watch = Watch()
    watch.see_for(1.0, 49.9)
    watch.see_for(20.0, None)
    again = watch.see_for(9.5, 49.9)
    assert not any(found.believed for found in again)
    watch.see_for(1.5, None)
    assert not any(found.believed for found in watch.see_for(9.5, 49.9))
    assert watch.see_for(1.0, 49.9)[-1].believed


def test_i8_two_meters_ten_millihertz_apart_for_two_seconds_are_not_believed() -> None:
    watch = Watch()
    watch.see_for(1.0, 50.000, 50.009)
    assert all(found.believed for found in watch.see_for(5.0, 50.000, 50.009))
    apart = watch.see_for(4.0, 50.000, 50.011)
    assert [found.believed for found in apart[:19]] == [True] * 19
    assert not any(found.believed for found in apart[21:])
    assert "two meters" in apart[-1].text


def test_two_meters_that_meet_again_in_time_stay_believed() -> None:
    watch = Watch()
    for _ in range(5):
        assert all(found.believed for found in watch.see_for(1.8, 50.0, 50.02))
        assert all(found.believed for found in watch.see_for(0.3, 50.0, 50.0))


def test_swapped_meters_are_the_same_as_before() -> None:
    for meters in ((50.000, 50.011), (50.011, 50.000)):
        assert not Watch().see_for(4.0, *meters)[-1].believed


def test_a_second_meter_that_lags_does_not_stop_the_response_while_the_frequency_falls() -> None:
    watch = Watch()
    watch.see_for(3.0, 50.0, 50.0)
    for step in range(60):
        hz = 50.0 - 0.02 * step
        lagging_hz = 50.0 - 0.02 * max(0, step - 10)
        assert watch.see(hz, lagging_hz).believed, step


def test_a_silent_first_meter_gives_way_to_the_second() -> None:
    watch = Watch()
    watch.see_for(1.0, 49.95, 49.951)
    later = watch.see_for(5.0, None, 49.951)
    assert all(found.believed for found in later)
    assert (later[-1].hz, later[-1].device) == (49.951, "meter-1")


@pytest.mark.parametrize("silent", [0, 1])
def test_i8_a_meter_left_alone_in_a_dispute_has_to_prove_itself(silent: int) -> None:
    watch = Watch()
    watch.see_for(1.0, 50.0, 50.0)
    assert watch.see_for(0.5, 50.0, 49.9)[-1].believed, "a dispute of less than 2 s is borne"
    left = (None, 49.9) if silent == 0 else (50.0, None)
    alone = watch.see_for(20.0, *left)
    doubted = [found for found in alone if not found.believed]
    assert len(doubted) * PERIOD_S == pytest.approx(SETTINGS.good_s, abs=1.5)
    assert f"only meter-{1 - silent} is left" in doubted[-1].text
    assert alone[-1].believed
    assert alone[-1].device == f"meter-{1 - silent}"


def test_a_plant_without_a_frequency_has_none() -> None:
    found, _ = judge([], NEUTRAL, 1.0, SETTINGS, Trust())
    assert (found.hz, found.believed, found.code) == (None, False, "I8")
    found, _ = judge([FrequencyMeter(device="m", hz=UNKNOWN)], NEUTRAL, 1.0, SETTINGS, Trust())
    assert (found.hz, found.believed) == (None, False)


@pytest.mark.parametrize(("voltage", "dead"), [(LOW, False), (DEAD, True)])
def test_i7_without_a_live_voltage_nothing_is_held(voltage: Voltage, dead: bool) -> None:
    watch = Watch()
    watch.see_for(1.0, 49.8)
    found = watch.see(49.8, voltage=voltage)
    assert (found.believed, found.share, found.dead) == (False, 0.0, dead)
    assert (found.code, found.text) == ("I7", voltage.text)


def test_i7_an_old_voltage_is_as_bad_as_an_old_frequency() -> None:
    watch = Watch()
    watch.see_for(1.0, 49.8)
    doubted = [watch.see(49.8, voltage=STALE) for _ in range(130)]
    assert [found.share for found in doubted[:20]] == [1.0] * 20
    assert doubted[-1].share == 0.0
    assert {found.code for found in doubted} == {"I7"}


def test_a_site_may_say_otherwise() -> None:
    watch = Watch(replace_settings(hold_s=0.0, fade_s=1.0, good_s=0.5, age_s_max=0.5))
    watch.see_for(1.0, 49.9)
    silent = watch.see_for(2.0, None)
    assert silent[-1].share == 0.0
    assert watch.see_for(1.0, 49.9)[-1].believed


def replace_settings(**values: float) -> FrequencySettings:
    return FrequencySettings.model_validate({**SETTINGS.model_dump(), **values})


readings = st.none() | st.floats(40, 60) | st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(st.integers(1, 30), readings, readings), max_size=8))
def test_whatever_the_meters_say_nothing_but_a_credible_frequency_is_applied(
    told: list[tuple[int, float | None, float | None]],
) -> None:
    watch = Watch()
    for cycles, one_hz, other_hz in told:
        for _ in range(cycles):
            found = watch.see(one_hz, other_hz)
            assert 0.0 <= found.share <= 1.0
            assert found.hz is None or 45.0 <= found.hz <= 55.0
            assert found.believed or found.text
            assert not found.believed or found.share == 1.0


def test_trust_can_be_kept_and_taken_up() -> None:
    watch = Watch()
    watch.see_for(1.0, 49.9)
    kept = replace(watch.trust)
    one = watch.see(49.91)
    watch.trust, watch.at_s = kept, watch.at_s - PERIOD_S
    assert watch.see(49.91) == one
