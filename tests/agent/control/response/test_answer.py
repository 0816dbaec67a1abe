"""agent.control.response.answer: products in force answer at once, each for itself, and add up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.control.interlocks.voltage import Voltage
from agent.control.response import curve as curves
from agent.control.response.answer import ResponseRules
from agent.control.response.config import FrequencySettings
from tests.support.answers import NOW_US, SECOND_US, Site
from tests.support.plants import HEALTHY, changed
from wire.schedule import FrequencyService

FCR = FrequencyService("fcr_ce", 0, 10**15, 100.0, curves.FCR_CE)
FCR_N = FrequencyService("fcr_n", 0, 10**15, 50.0, curves.FCR_N)
FCR_D_UP = FrequencyService("fcr_d_up", 0, 10**15, 40.0, curves.FCR_D_UP)
FCR_D_DOWN = FrequencyService("fcr_d_down", 0, 10**15, 40.0, curves.FCR_D_DOWN)


def test_a_product_answers_from_the_first_cycle_of_its_period_without_a_ramp() -> None:
    begins = replace(FCR, start_us=NOW_US + SECOND_US)
    site = Site(begins)
    before = site.ask_for(0.9, 49.9)
    assert {found.response_kw for found in before} == {0.0}
    assert site.ask(49.9).response_kw == pytest.approx(50.0)


def test_a_product_is_over_with_its_period() -> None:
    site = Site(replace(FCR, end_us=NOW_US + SECOND_US))
    assert site.ask_for(0.9, 49.9)[-1].response_kw == pytest.approx(50.0)
    over = site.ask(49.9)
    assert (over.response_kw, over.products, over.kept) == (0.0, (), ())


def test_at_the_boundary_of_two_blocks_the_volume_of_the_second_holds() -> None:
    turn_us = NOW_US + SECOND_US
    second = replace(FCR, start_us=turn_us, capacity_kw=60.0)
    site = Site(replace(FCR, end_us=turn_us), second)
    assert [found.response_kw for found in site.ask_for(0.9, 49.9)][-1] == pytest.approx(50.0)
    assert site.ask(49.9).response_kw == pytest.approx(30.0)


def test_products_add_up_and_each_has_its_own_state() -> None:
    site = Site(FCR, FCR_N, FCR_D_UP, FCR_D_DOWN)
    found = site.ask(49.7)
    assert [state.response_kw for state in found.products] == pytest.approx([100, 50, 20, 0])
    assert found.response_kw == pytest.approx(170.0)
    assert [state.alert for state in found.products] == [True, None, None, None]


def test_two_awards_of_one_product_at_once_are_two_controllers() -> None:
    site = Site(FCR, replace(FCR, capacity_kw=20.0, start_us=1))
    assert site.ask(49.9).response_kw == pytest.approx(60.0)
    assert len(site.memory.products) == 2


def test_a_frequency_that_is_not_believed_is_held_then_let_out() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 49.9)
    doubted = site.ask_for(13.0, 30.0)
    assert doubted[10].response_kw == pytest.approx(50.0)
    assert doubted[70].response_kw == pytest.approx(25.0, abs=1.0)
    assert doubted[-1].response_kw == 0.0
    assert doubted[-1].products[0].armed


def test_i7_without_voltage_the_response_is_0_at_once_also_in_a_test() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 49.8)
    gone = Voltage(sound=False, dead=True, text="the bus is dead")
    assert site.ask(49.8, voltage=gone).response_kw == 0.0
    assert site.ask(49.8, injected_hz=49.8, voltage=gone).response_kw == 0.0


def test_a_product_that_is_not_armed_does_not_answer_and_says_why() -> None:
    site = Site(FCR)
    found = site.ask(49.9, unproved="the inverter's profile has not been confirmed")
    assert (found.response_kw, found.kept) == (0.0, ())
    assert [refusal.code for refusal in found.products[0].refusals] == ["I24"]


def test_what_is_not_armed_is_looked_at_again_every_second_and_armed_as_soon_as_it_may() -> None:
    site = Site(FCR)
    site.ask(49.9, unproved="not yet")
    answers = site.ask_for(1.2, 49.9)
    assert [found.products[0].armed for found in answers] == [False] * 9 + [True] * 3


def test_an_armed_product_goes_on_delivering_what_it_can_and_says_that_it_is_less() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 49.9)
    site.power_kw = 50.0
    later = site.ask_for(1.5, 49.9)[-1]
    state = later.products[0]
    assert state.armed
    assert [refusal.code for refusal in state.refusals] == ["ARM_POWER"]
    assert later.response_kw == pytest.approx(50.0)
    assert later.kept == ()


def test_where_power_is_short_fcr_d_goes_first_and_fcr_n_last() -> None:
    site = Site(FCR_D_UP, FCR_N, power_kw=100.0)
    assert site.codes() == [("ARM_POWER",), ()]


def test_power_is_kept_free_while_a_product_waits_for_its_frequency() -> None:
    site = Site(FCR)
    waiting = site.ask(20.0)
    assert [one.service for one in waiting.kept] == [FCR]
    assert not waiting.products[0].armed


def test_reserves_are_those_of_the_rule_books() -> None:
    kept = Site(FCR, FCR_N, FCR_D_UP, FCR_D_DOWN).ask().kept
    assert [(one.keeps_up_kw, one.keeps_down_kw) for one in kept] == [
        (125.0, 125.0),
        (67.0, 67.0),
        (40.0, 8.0),
        (8.0, 40.0),
    ]


def test_without_a_unit_that_can_be_commanded_there_is_no_product() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 49.9)
    site.plant = changed(HEALTHY, ready=False)
    assert site.ask(49.9).products == ()
    site.ask_for(2.0, 20.0)
    site.plant = HEALTHY
    assert site.ask(49.9).response_kw == 0.0


def test_a_schedule_that_withdraws_an_award_ends_it_at_once() -> None:
    site = Site(FCR_D_UP)
    site.ask_for(1.0, 49.6)
    site.services = ()
    assert site.ask(49.6).response_kw == 0.0


def test_a_newer_schedule_with_the_same_award_changes_nothing() -> None:
    site = Site(FCR)
    site.ask_for(1.0, 49.9)
    before = site.memory.products["fcr_ce"]
    site.services = (replace(FCR),)
    found = site.ask(49.9)
    after = site.memory.products["fcr_ce"]
    assert after.armed
    assert after.energy.recovery is before.energy.recovery
    assert found.response_kw == pytest.approx(50.0)


def test_outside_200_mhz_the_response_never_shrinks_for_the_inverter_s_own_droop_adds_to_it() -> (
    None
):
    bent = ((-0.4, 0.5), (-0.2, 1.0), (0.2, -1.0), (0.4, -0.5))
    site = Site(replace(FCR, curve=bent))
    site.rules = ResponseRules(settings=FrequencySettings(arming="off"))
    assert site.ask(49.79).response_kw == pytest.approx(97.5)
    assert site.ask(49.65).response_kw == pytest.approx(97.5)
    assert site.ask(49.9).response_kw == pytest.approx(50.0)
    assert site.ask(50.35).response_kw == pytest.approx(-62.5)


def test_fcr_d_shrinks_with_the_deviation_also_outside_200_mhz() -> None:
    site = Site(FCR_D_UP)
    assert site.ask(49.5).response_kw == pytest.approx(40.0)
    assert site.ask(49.7).response_kw == pytest.approx(20.0)


def test_ffr_is_armed_and_watched_and_never_answered_by_the_box() -> None:
    ffr = FrequencyService("ffr", 0, 10**15, 50.0, ((-0.5, 1.0), (-0.499, 0.0)))
    site = Site(ffr)
    assert site.codes() == [("ARM_INVERTER",)]
    settings = FrequencySettings.model_validate({"ffr": {"threshold_hz": 49.5}})
    site.rules = ResponseRules(settings=settings)
    site.ask_for(1.2)
    found = site.ask_for(3.0, 49.5)[-1]
    state = found.products[0]
    assert (state.armed, found.response_kw) == (True, 0.0)
    assert [(one.keeps_up_kw, one.keeps_down_kw) for one in found.kept] == [(50.0, 0.0)]
    assert [refusal.code for refusal in state.refusals] == ["ARM_INVERTER"]
    assert "0.70 s" in state.refusals[0].text


moves = st.lists(
    st.tuples(
        st.none() | st.floats(44, 56),
        st.none() | st.floats(45, 55),
        st.booleans(),
        st.floats(0, 500),
    ),
    max_size=30,
)


@given(moves)
def test_the_response_never_exceeds_what_was_sold_whatever_happens(
    told: list[tuple[float | None, float | None, bool, float]],
) -> None:
    services = (FCR, FCR_N, FCR_D_UP, FCR_D_DOWN)
    site = Site(*services)
    sold_kw = sum(service.capacity_kw for service in services)
    for hz, injected_hz, ready, power_kw in told:
        site.power_kw = power_kw
        site.plant = changed(HEALTHY, ready=ready)
        found = site.ask(hz, injected_hz=injected_hz)
        assert abs(found.response_kw) <= sold_kw
        for state in found.products:
            assert abs(state.response_kw) <= state.capacity_kw
            assert state.armed or (state.response_kw == 0.0 and state.refusals)
            assert all(refusal.text for refusal in state.refusals)


@given(moves)
def test_what_is_kept_free_does_not_depend_on_the_frequency(
    told: list[tuple[float | None, float | None, bool, float]],
) -> None:
    site, calm = Site(FCR, FCR_D_UP), Site(FCR, FCR_D_UP)
    for hz, injected_hz, _, power_kw in told:
        site.power_kw = calm.power_kw = power_kw
        found, other = site.ask(hz, injected_hz=injected_hz), calm.ask()
        assert [one.service for one in found.kept] == [one.service for one in other.kept]
