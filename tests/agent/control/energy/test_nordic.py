"""agent.control.energy.nordic: NEM and AEM are the equations of the Nordic requirements."""

from collections import deque
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.control.energy.nordic import Thresholds
from agent.control.energy.rules import NORDIC
from tests.support.reservoirs import Told, contract_of, nordic

PRODUCTS = ("fcr_n", "fcr_d_up", "fcr_d_down")


@pytest.mark.parametrize(
    ("product", "hours", "expected"),
    [
        ("fcr_n", 2.0, (0.25, 0.479167, 0.041667, 0.083333)),
        ("fcr_d_up", 1 / 3, (1.0, 1.0, 0.25, 0.50)),
        ("fcr_d_up", 1.0, (0.333333, 0.333333, 0.083333, 0.166667)),
        ("fcr_d_down", 1.0, (0.333333, 0.333333, 0.083333, 0.166667)),
    ],
)
def test_thresholds_are_those_of_the_requirements(
    product: str, hours: float, expected: tuple[float, ...]
) -> None:
    thresholds = Thresholds.of(NORDIC[product], nordic(product), hours)
    assert astuple(thresholds) == pytest.approx(expected, abs=1e-6)


def test_an_fcr_n_that_runs_low_charges_by_the_mean_of_300_seconds() -> None:
    told = Told(contract_of(nordic("fcr_n")))
    told.seconds(10)
    answers = told.seconds(400, soc=0.24)
    assert answers[0].management_kw == 0.0
    assert answers[0].nem == -1
    assert answers[60].management_kw == pytest.approx(-68.0)
    assert answers[300].management_kw == pytest.approx(-340.0)
    assert answers[399].management_kw == pytest.approx(-340.0)


def test_each_second_of_nem_moves_the_power_by_a_three_hundredth() -> None:
    told = Told(contract_of(nordic("fcr_n")))
    answers = told.seconds(300, soc=0.1)
    steps = [-answer.management_kw for answer in answers]
    assert steps == pytest.approx([340.0 * second / 300 for second in range(300)])


def test_the_upper_end_mirrors_the_lower_one() -> None:
    low, high = (Told(contract_of(nordic("fcr_n"))) for _ in range(2))
    for soc in (0.5, 0.24, 0.4, 0.47, 0.49, 0.03, 0.06, 0.09):
        charged, discharged = low.seconds(37, soc=soc), high.seconds(37, soc=1.0 - soc)
        assert [a.management_kw for a in charged] == [-b.management_kw for b in discharged]
        assert [(a.nem, a.aem) for a in charged] == [(-b.nem, b.aem) for b in discharged]


def test_nem_holds_until_its_own_threshold_and_no_further() -> None:
    told = Told(contract_of(nordic("fcr_n")))
    states = [told.seconds(1, soc=soc)[0].nem for soc in (0.26, 0.24, 0.40, 0.478, 0.480, 0.40)]
    assert states == [0, -1, -1, -1, 0, 0]


@pytest.mark.parametrize("hz", [49.9, 50.1, 49.5, 50.5])
def test_nem_is_off_the_instant_the_frequency_leaves_the_band_but_its_mean_decays(
    hz: float,
) -> None:
    told = Told(contract_of(nordic("fcr_n")))
    told.seconds(301, soc=0.2)
    answers = told.seconds(300, hz=hz)
    assert [answer.nem for answer in answers] == [0] * 300
    assert answers[150].management_kw == pytest.approx(-340.0 * 150 / 300, abs=2.0)
    assert answers[299].management_kw == pytest.approx(0.0, abs=2.0)


def test_nem_begins_anew_only_below_its_enabling_threshold_after_the_band_was_left() -> None:
    told = Told(contract_of(nordic("fcr_n")))
    told.seconds(5, soc=0.2)
    assert told.seconds(1, soc=0.4)[0].nem == -1
    told.seconds(1, hz=49.85)
    assert told.seconds(1, hz=50.0)[0].nem == 0


def test_an_fcr_d_up_of_twenty_minutes_charges_until_it_is_full() -> None:
    told = Told(contract_of(nordic("fcr_d_up")), span_kwh=1_000 / 3)
    assert told.seconds(301, soc=0.999)[-1].management_kw == pytest.approx(-200.0)
    assert told.seconds(1, soc=1.0)[0].nem == 0


def test_an_fcr_n_in_aem_lets_its_response_out_over_300_seconds() -> None:
    told = Told(contract_of(nordic("fcr_n")), soc=0.5, hz=49.88)
    told.seconds(400)
    answers = told.seconds(301, soc=0.02)
    totals = [told.total_kw(answer) for answer in answers]
    assert [totals[second] for second in (0, 60, 150, 300)] == pytest.approx(
        [1_000.0, 800.0, 500.0, 0.0], abs=1e-6
    )
    assert {answer.code for answer in answers} == {"AEM"}
    assert {answer.endurance_min for answer in answers} == {0.0}


def test_an_fcr_d_up_after_aem_charges_with_no_more_than_its_headroom() -> None:
    told = Told(contract_of(nordic("fcr_d_up")), span_kwh=1_000.0, soc=0.02, hz=49.5)
    decayed = told.seconds(301)[-1]
    assert told.total_kw(decayed) == pytest.approx(0.0, abs=1e-6)
    (back,) = told.seconds(1, hz=49.91)
    assert told.curve_kw(back) + back.shift_kw == pytest.approx(-1_000.0)
    assert told.total_kw(back) == pytest.approx(-200.0)


def test_aem_ends_at_its_own_threshold() -> None:
    told = Told(contract_of(nordic("fcr_n")), span_kwh=2_000.0)
    states = [told.seconds(1, soc=soc)[0].aem for soc in (0.042, 0.041, 0.083, 0.084, 0.05)]
    assert states == [False, True, True, False, False]


def test_nem_and_aem_may_be_on_together() -> None:
    told = Told(contract_of(nordic("fcr_n")), soc=0.02, hz=49.95)
    answer = told.seconds(2)[-1]
    assert (answer.nem, answer.aem) == (-1, True)


def test_a_raised_share_of_nem_raises_the_limits_too() -> None:
    told = Told(contract_of(nordic("fcr_n", nem_share=0.5)), soc=0.1)
    answer = told.seconds(301)[-1]
    assert answer.management_kw == pytest.approx(-500.0)
    assert (answer.lower_kw, answer.upper_kw) == pytest.approx((-1_500.0, 1_500.0))


def test_two_instances_of_one_kind_know_nothing_of_each_other() -> None:
    one, other = (Told(contract_of(nordic("fcr_n"))) for _ in range(2))
    one.seconds(400, soc=0.1)
    assert other.seconds(1)[0].management_kw == 0.0
    assert one.seconds(1)[0].management_kw == pytest.approx(-340.0)


def test_a_product_without_a_rule_set_is_left_alone() -> None:
    settings_off = nordic("fcr_n").model_copy(update={"rule": "off"})
    told = Told(contract_of(settings_off), soc=0.0, hz=49.9)
    answer = told.seconds(400)[-1]
    assert (answer.management_kw, answer.shift_kw, answer.nem, answer.aem) == (0.0, 0.0, 0, False)
    assert answer.answered(700.0) == 700.0


class _Oracle:
    """The equations as they stand in the requirements, in the letters of the requirements."""

    def __init__(self, product: str, span_kwh: float) -> None:
        self.product, e, c = product, span_kwh, 1_000.0
        a, b = (30, 57.5) if product == "fcr_n" else (20, 20)
        self.enable, self.disable, self.aem = c * a / 60 / e, c * b / 60 / e, c * 5 / 60 / e
        self.aem_off = c * 10 / 60 / e
        self.k = 0.34 if product == "fcr_n" else 0.20
        self.lo = self.hi = self.aem_lo = self.aem_hi = False
        self.allowed = deque([0] * 300, 300)
        zero = {"fcr_n": 50.0, "fcr_d_up": 49.9, "fcr_d_down": 50.1}[product]
        self.zero, self.f_aem = zero, deque([zero] * 300, 300)

    def total_kw(self, f: float, soc: float) -> float:
        n, up, down = (self.product == p for p in PRODUCTS)
        if n:
            f_sat, delta = min(max(f, 49.9), 50.1), 0.1
        else:
            f_sat, delta = (max(min(f, 49.9), 49.5) if up else min(max(f, 50.1), 50.5)), 0.4
        p_nem = self.k * 1_000.0 * sum(self.allowed) / 300
        p_fcr = 1_000.0 / delta * (sum(self.f_aem) / 300 - f_sat)
        p = p_nem + p_fcr
        p = min(p, 1_000.0 + self.k * 1_000 if n or up else self.k * 1_000.0)
        p = max(p, -1_000.0 - self.k * 1_000 if n or down else -self.k * 1_000.0)
        if 49.9 < f < 50.1:
            self.lo = not down and (soc < self.enable or (self.lo and soc < self.disable))
            self.hi = not up and (soc > 1 - self.enable or (self.hi and soc > 1 - self.disable))
        else:
            self.lo = self.hi = False
        self.aem_lo = not down and (soc < self.aem or (self.aem_lo and soc < self.aem_off))
        self.aem_hi = not up and (soc > 1 - self.aem or (self.aem_hi and soc > 1 - self.aem_off))
        self.allowed.append(-1 if self.lo else 1 if self.hi else 0)
        self.f_aem.append(f_sat if self.aem_lo or self.aem_hi else self.zero)
        return p


@settings(max_examples=60)
@given(
    st.sampled_from(PRODUCTS),
    st.sampled_from([400.0, 1_000.0, 2_000.0, 2_500.0]),
    st.lists(
        st.tuples(st.integers(1, 120), st.floats(49.0, 51.0), st.floats(0.001, 0.999)),
        min_size=1,
        max_size=8,
    ),
)
def test_every_second_is_that_of_the_equations(
    product: str, span_kwh: float, story: list[tuple[int, float, float]]
) -> None:
    told, oracle = Told(contract_of(nordic(product)), span_kwh=span_kwh), _Oracle(product, span_kwh)
    for count, hz, soc in story:
        for answer in told.seconds(count, hz=hz, soc=soc):
            assert told.total_kw(answer) == pytest.approx(oracle.total_kw(hz, soc), abs=1e-6)
