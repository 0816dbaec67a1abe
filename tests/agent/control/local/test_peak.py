"""agent.control.local.peak, .interval: what is drawn stays below the peak, now or on average."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.local.config import PeakShavingSettings
from agent.control.local.interval import Interval, allowed_kw, followed
from agent.control.quantity import UNKNOWN, Quantity
from tests.support.plants import HEALTHY, changed
from tests.support.sites import SiteModel, rules, scene, slots
from tests.support.virtual import EPOCH_US

SECOND_US = 1_000_000
MEAN = PeakShavingSettings(peak_kw=60.0)
WINDOW_KWH = 60.0 * 0.25


def _shaving(**values: Any) -> Any:
    return rules(local={"peak_shaving": {"peak_kw": 60, "measured": "instant", **values}})


def _means_kw(model: SiteModel) -> list[float]:
    """Return what was drawn on average in each interval of 300 s."""
    drawn = [max(0.0, -site_kw) for site_kw in model.sites_kw]
    return [sum(drawn[at : at + 3_000]) / 3_000 for at in range(0, len(drawn) - 2_999, 3_000)]


def test_a_load_above_the_peak_is_carried_by_the_battery() -> None:
    model = SiteModel(_shaving(), load_kw=lambda _: 90.0)
    model.run(20)
    assert model.sites_kw[-1] == pytest.approx(-60.0)
    assert model.decisions[-1].setpoint_kw == pytest.approx(30.0)
    assert "PEAK" in [reason.code for reason in model.decisions[-1].reasons]


def test_a_schedule_that_charges_gives_way_to_the_peak() -> None:
    model = SiteModel(_shaving(), load_kw=lambda _: 50.0, schedule=slots(-40.0))
    model.run(20)
    assert model.sites_kw[-1] == pytest.approx(-60.0)


def test_a_peak_of_tariffs_can_stand_behind_the_schedule() -> None:
    behind = _shaving(priority="after_schedule")
    model = SiteModel(behind, load_kw=lambda _: 50.0, schedule=slots(-40.0, slot_s=60))
    model.run(20)
    assert model.sites_kw[-1] == pytest.approx(-90.0)


def test_an_agreed_peak_is_a_duty_above_operators_and_reserves() -> None:
    model = SiteModel(_shaving(priority="contract"), load_kw=lambda _: 90.0, schedule=slots(-40.0))
    model.run(20)
    assert model.decisions[-1].lower_kw == pytest.approx(30.0)
    assert model.sites_kw[-1] == pytest.approx(-60.0)


def test_recharging_keeps_a_margin_below_the_peak() -> None:
    model = SiteModel(_shaving(margin_kw=5), load_kw=lambda _: 30.0, schedule=slots(-80.0))
    model.run(20)
    assert model.sites_kw[-1] == pytest.approx(-55.0)


def test_an_empty_battery_says_by_how_much_the_peak_is_exceeded() -> None:
    model = SiteModel(_shaving(), load_kw=lambda _: 90.0, soc_pct=5.0)
    model.run(5)
    said = {reason.code: reason.text for reason in model.decisions[-1].reasons}
    assert said["PEAK_EXCEEDED"] == "30 kW more are drawn than the peak of 60 kW leaves"
    assert "CONFLICT" in said


def test_the_mean_of_every_interval_stays_at_or_below_the_peak() -> None:
    model = SiteModel(
        rules(local={"peak_shaving": {"peak_kw": 60, "interval_s": 300}}),
        load_kw=lambda at_s: 20.0 if at_s % 400 < 160 else 100.0,
    )
    model.run(3 * 300)
    assert all(mean_kw <= 60.0 * 1.01 for mean_kw in _means_kw(model)[1:])
    assert max(-site_kw for site_kw in model.sites_kw) > 70.0  # the mean counts, not the moment


def test_what_was_saved_at_first_may_be_drawn_later_but_never_at_more_than_twice_the_peak() -> None:
    at_s = HEALTHY.at_s
    saved = Interval(start_us=EPOCH_US, at_s=at_s, begun_kwh=0.0, register_kwh=None, since_kwh=0.0)
    assert allowed_kw(saved, EPOCH_US, MEAN) == pytest.approx(60.0)
    assert allowed_kw(saved, EPOCH_US + 300 * SECOND_US, MEAN) == pytest.approx(90.0)
    assert allowed_kw(saved, EPOCH_US + 899 * SECOND_US, MEAN) == 120.0


def test_an_interval_that_is_used_up_leaves_nothing() -> None:
    used = Interval(
        start_us=EPOCH_US, at_s=0.0, begun_kwh=0.0, register_kwh=None, since_kwh=WINDOW_KWH
    )
    assert allowed_kw(used, EPOCH_US + 600 * SECOND_US, MEAN) == 0.0


def _look(second: float, register_kwh: float | None, site_kw: float = 0.0, **told: Any) -> Any:
    register = UNKNOWN if register_kwh is None else Quantity(register_kwh, 0.0)
    plant = changed(
        HEALTHY, at_s=100.0 + second, import_kwh=register, site_kw=Quantity(site_kw, 0.0), **told
    )
    return scene(plant, now_us=EPOCH_US + round(second * SECOND_US))


def _after(*looks: Any, settings: PeakShavingSettings = MEAN) -> Interval:
    interval: Interval | None = None
    for look in looks:
        interval = followed(interval, look, settings)
    assert interval is not None
    return interval


def test_the_register_counts_and_the_power_only_fills_in_between_its_steps() -> None:
    steps = [_look(-1, 100.0), _look(0, 100.0), _look(1, 100.0, -36.0), _look(2, 100.0, -36.0)]
    assert _after(*steps).drawn_kwh == pytest.approx(0.02)
    assert _after(*steps, _look(3, 100.5, -36.0)).drawn_kwh == pytest.approx(0.5)


def test_a_register_that_jumps_or_falls_back_does_not_change_what_was_drawn() -> None:
    steps = [_look(-1, 100.0), _look(0, 100.0), _look(1, 100.5)]
    assert _after(*steps, _look(2, 0.0)).drawn_kwh == pytest.approx(0.5, abs=0.01)
    assert _after(*steps, _look(2, 9_999.0)).drawn_kwh == pytest.approx(0.5, abs=0.01)
    assert _after(*steps, _look(2, None), _look(3, 101.0)).drawn_kwh == pytest.approx(1.0)


def test_an_interval_joined_late_is_taken_to_have_drawn_the_peak() -> None:
    assert _after(_look(300, None)).drawn_kwh == pytest.approx(60.0 * 300 / 3_600)


def test_a_time_without_a_meter_is_taken_to_have_drawn_the_peak() -> None:
    lost = scene(changed(HEALTHY, at_s=102.0), now_us=EPOCH_US + 2 * SECOND_US)
    seen = _after(_look(-1, None), _look(0, None), lost)
    assert seen.drawn_kwh == pytest.approx(60.0 * 2 / 3_600)


def test_intervals_begin_with_the_contact_of_the_meter_where_there_is_one() -> None:
    def pulsed(second: float, state: float) -> Any:
        return _look(second, 100.0, inputs={"input.tariff_interval": Quantity(state, 0.0)})

    interval = _after(pulsed(100, 0.0), pulsed(120, 0.0), pulsed(121, 1.0), pulsed(500, 1.0))
    assert interval.start_us == EPOCH_US + 121 * SECOND_US
    silent = followed(interval, pulsed(121 + 906, 1.0), MEAN)
    assert silent.start_us == EPOCH_US + 900 * SECOND_US


def test_intervals_of_a_meter_whose_clock_is_off_begin_by_its_clock() -> None:
    late = PeakShavingSettings(peak_kw=60.0, interval_offset_s=7.0)
    assert _after(_look(3, None), settings=late).start_us == EPOCH_US - 893 * SECOND_US
    assert _after(_look(7, None), settings=late).start_us == EPOCH_US + 7 * SECOND_US


def test_charge_that_is_kept_for_peaks_serves_nothing_else() -> None:
    kept = _shaving(reserve_pct=40)
    model = SiteModel(kept, load_kw=lambda _: 20.0, schedule=slots(50.0), soc_pct=40.0)
    model.run(20)
    assert model.decisions[-1].setpoint_kw == 0.0
    assert "PEAK_RESERVE" in [reason.code for reason in model.decisions[-1].reasons]
    model.load_kw = lambda _: 90.0
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(30.0)


def test_charge_is_kept_for_peaks_in_their_windows_only() -> None:
    local = {"windows": [{"start": "08:00", "end": "10:00"}], "reserve_pct": 40}
    kept = _shaving(**local)  # the epoch is 01:00 in Berlin
    model = SiteModel(kept, load_kw=lambda _: 20.0, schedule=slots(50.0), soc_pct=40.0)
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(50.0)


def test_the_reserve_for_peaks_is_filled_again_below_the_peak() -> None:
    kept = _shaving(reserve_pct=40, recharge_kw=30, margin_kw=2)
    model = SiteModel(kept, load_kw=lambda _: 40.0, soc_pct=30.0)
    model.run(20)
    assert model.decisions[-1].setpoint_kw == pytest.approx(-18.0, abs=0.2)


@given(
    seconds=st.lists(st.floats(0, 4_000), min_size=1, max_size=8),
    registers=st.lists(
        st.none() | st.floats(allow_nan=True, allow_infinity=True), min_size=8, max_size=8
    ),
    site_kw=st.floats(allow_nan=True, allow_infinity=True),
)
def test_whatever_the_meter_tells_what_may_be_drawn_is_a_number_up_to_twice_the_peak(
    seconds: list[float], registers: list[float | None], site_kw: float
) -> None:
    looks = [
        _look(second, register, site_kw)
        for second, register in zip(sorted(seconds), registers, strict=False)
    ]
    interval: Interval | None = None
    for look in looks:
        interval = followed(interval, look, MEAN)
        power_kw = allowed_kw(interval, look.now_us, MEAN)
        assert math.isfinite(power_kw)
        assert 0.0 <= power_kw <= 120.0
