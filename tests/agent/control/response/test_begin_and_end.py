"""agent.control.response.answer: how products begin and end, and tests in place of the grid."""

from dataclasses import replace

import pytest

from agent.control.response import curve as curves
from tests.support.answers import NOW_US, SECOND_US, Site
from wire.schedule import FrequencyService

FCR = FrequencyService("fcr_ce", 0, 10**15, 100.0, curves.FCR_CE)
FCR_N = FrequencyService("fcr_n", 0, 10**15, 50.0, curves.FCR_N)
FCR_D_UP = FrequencyService("fcr_d_up", 0, 10**15, 40.0, curves.FCR_D_UP)


def test_a_test_replaces_the_measurement_for_the_products_only() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 50.01)
    found = site.ask(50.01, injected_hz=49.8)
    assert found.response_kw == pytest.approx(100.0)
    frequency = found.frequency
    assert (frequency.hz, frequency.applied_hz, frequency.injected) == (50.01, 49.8, True)
    assert (found.alert.alert, found.products[0].alert) == (False, True)
    back = site.ask(50.01)
    assert back.response_kw == pytest.approx(-5.0)
    assert (back.frequency.injected, back.products[0].alert) == (False, False)


def test_in_a_test_the_alert_counters_of_the_products_follow_the_test_and_the_site_s_do_not() -> (
    None
):
    site = Site(FCR)
    found = site.ask_for(20.0, 50.0, injected_hz=49.94)[-1]
    assert found.products[0].c1_s == pytest.approx(20.0, abs=0.2)
    assert found.alert.c1_s == 0.0
    assert site.memory.tested is not None
    site.ask(50.0)
    assert site.memory.tested is None


def test_a_test_goes_on_without_a_frequency_meter() -> None:
    site = Site(FCR)
    assert site.ask(None, injected_hz=49.9).response_kw == pytest.approx(50.0)


def test_5_6_fcr_d_outlasts_its_period_until_the_frequency_is_calm() -> None:
    ends = replace(FCR_D_UP, end_us=NOW_US + SECOND_US)
    site = Site(ends)
    site.ask_for(0.9, 49.6)
    assert {round(f.response_kw, 6) for f in site.ask_for(600.0, 49.6)} == {30.0}
    assert site.ask(49.95).response_kw == 0.0
    assert site.ask(49.6).response_kw == 0.0


def test_5_6_fcr_d_may_ramp_down_from_fifteen_minutes_after_its_end_over_five() -> None:
    site = Site(replace(FCR_D_UP, end_us=NOW_US + SECOND_US))
    site.ask_for(0.9, 49.6)
    site.ask_for(900.0, 49.6)
    half = site.ask_for(150.0, 49.6)[-1].response_kw
    assert half == pytest.approx(15.0, abs=0.1)
    assert site.ask_for(151.0, 49.6)[-1].response_kw == 0.0


def test_5_6_fcr_n_ends_with_its_period() -> None:
    site = Site(replace(FCR_N, end_us=NOW_US + SECOND_US))
    site.ask_for(0.9, 49.95)
    assert site.ask(49.95).response_kw == 0.0
