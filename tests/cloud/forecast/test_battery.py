"""cloud.forecast.battery: the best plan there is, within its limits, and the published figures."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules, earned, offered, plan, plans, revenue, revenues
from cloud.forecast.layouts import table
from tests.conftest import SHARED

PRICES = arrays(np.float64, 24, elements=st.floats(-200, 400).map(lambda price: round(price, 1)))
RULES = st.builds(
    Rules,
    energy_h=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    efficiency=st.sampled_from([0.9, 0.94, 1.0]),
    cycles_per_day=st.sampled_from([None, 0.5, 1.0]),
    cost_eur_per_mwh=st.sampled_from([0.0, 5.0]),
)


@settings(max_examples=60)
@given(PRICES, RULES)
def test_a_plan_keeps_every_rule_and_never_loses(prices: FloatArray, rules: Rules) -> None:
    power = plan(prices, rules)
    assert (np.abs(power) <= 1.0 + 1e-6).all()
    inside = np.where(power < 0, -power * rules.efficiency, -power / rules.efficiency)
    content = np.cumsum(inside)
    assert content.min() >= -1e-6
    assert content.max() <= rules.energy_h + 1e-6
    assert content[-1] == pytest.approx(0.0, abs=1e-6)
    if rules.cycles_per_day is not None:
        taken = np.maximum(-inside, 0).sum()
        assert taken <= rules.cycles_per_day * rules.energy_h + 1e-6
    assert revenue(prices, power, rules) >= -1e-6


@settings(max_examples=20)
@given(arrays(np.float64, 6, elements=st.integers(-90, 90).map(float)))
def test_no_plan_of_whole_slots_earns_more(prices: FloatArray) -> None:
    # Six slots of four hours; the lossless battery takes one of them: whole slots are enough.
    rules = Rules(energy_h=4.0, efficiency=1.0)
    best = 0.0
    for power in product((-1.0, 0.0, 1.0), repeat=6):
        content = np.cumsum(-np.array(power))
        if content.min() >= 0 and content.max() <= 1 and content[-1] == 0:
            best = max(best, revenue(prices, np.array(power), rules))
    assert revenue(prices, plan(prices, rules), rules) == pytest.approx(best, abs=1e-6)


def test_a_battery_that_loses_half_does_not_burn_a_negative_price_by_doing_both_at_once() -> None:
    prices = np.full(24, -10.0)
    rules = Rules(energy_h=1.0, efficiency=0.5)
    power = plan(prices, rules)
    # Two hours of charging fill it, half an hour empties it: ten rounds of at least 2.5 h at most.
    assert revenue(prices, power, rules) <= 24 * 10.0 * (2 - 0.5) / 2.5 + 1e-6


@settings(max_examples=15)
@given(arrays(np.float64, (2, 24), elements=st.floats(-50, 300)), RULES)
def test_nobody_earns_more_than_foresight(prices: FloatArray, rules: Rules) -> None:
    found = earned(prices[:1], prices[1:], rules)
    assert found.told_eur <= found.foresight_eur + 1e-4
    whole = earned(prices[:1], prices[:1], rules)
    assert whole.told_eur == whole.foresight_eur


@settings(max_examples=5)
@given(arrays(np.float64, (4, 24), elements=st.floats(-50, 300)), RULES)
def test_one_more_alternative_earns_no_less_and_never_more_than_foresight(
    prices: FloatArray, rules: Rules
) -> None:
    true, several = prices[:1], np.array([plan(told, rules) for told in prices[1:]])
    shares = [offered(true, [several[:count]], rules).told_eur for count in (1, 2, 3)]
    assert shares == sorted(shares)
    best = earned(true, true, rules).foresight_eur
    assert shares[0] >= 0.0
    assert shares[-1] <= best + 1e-4
    found = offered(true, [plan(true[0], rules)[None]], rules, best)
    assert found.told_eur == pytest.approx(best, abs=1e-6)
    assert offered(true, [np.zeros((0, 24))], rules, best).told_eur == 0.0


@settings(max_examples=10)
@given(arrays(np.float64, (30, 24), elements=st.floats(0.01, 300)), RULES)
def test_plans_of_many_days_are_as_good_as_those_of_one_by_one(
    prices: FloatArray, rules: Rules
) -> None:
    several = plans(prices, rules)
    assert several.shape == prices.shape
    for day, power in zip(prices, several, strict=True):
        best = revenue(day, plan(day, rules), rules)
        assert revenue(day, power, rules) == pytest.approx(best, abs=1e-5)


@settings(max_examples=10)
@given(arrays(np.float64, (3, 24), elements=st.floats(-50, 300)), RULES)
def test_every_plan_of_many_can_be_followed(prices: FloatArray, rules: Rules) -> None:
    for power in plans(prices, rules):
        into = np.where(power < 0, -power * rules.efficiency, -power / rules.efficiency)
        content = np.cumsum(into)
        assert content.min() >= -1e-6
        assert content.max() <= rules.energy_h + 1e-6
        assert abs(content[-1]) <= 1e-6
        assert np.abs(power).max() <= 1 + 1e-6


def test_revenues_are_those_of_each_plan_on_each_day() -> None:
    drawn = np.random.default_rng(6)
    prices, rules = drawn.normal(50, 20, (3, 24)), Rules(cycles_per_day=1, cost_eur_per_mwh=5.0)
    several = plans(np.abs(prices), rules)
    found = revenues(several, prices, rules)
    wanted = [[revenue(day, power, rules) for day in prices] for power in several]
    assert found == pytest.approx(np.array(wanted))


def test_the_gap_closed_is_what_a_naive_forecast_leaves() -> None:
    drawn = np.random.default_rng(4)
    true = drawn.normal(50, 20, (10, 24))
    naive = earned(true, drawn.normal(50, 20, (10, 24)), Rules())
    better = earned(true, true + drawn.normal(0, 5, (10, 24)), Rules())
    assert 0 < better.gap_closed(naive) < 1
    assert earned(true, true, Rules()).gap_closed(naive) == pytest.approx(1.0)


def test_quarter_hours_of_one_price_are_an_hour() -> None:
    prices = np.random.default_rng(5).normal(50, 20, 24)
    hourly = revenue(prices, plan(prices, Rules()), Rules())
    quarters = np.repeat(prices, 4)
    assert revenue(quarters, plan(quarters, Rules()), Rules()) == pytest.approx(hourly)


@pytest.mark.slow
@pytest.mark.shared
def test_the_published_forecasts_earn_what_the_reference_says() -> None:
    content = (SHARED / "data/prices/epf_published_forecasts_DE.csv.gz").read_bytes()
    read = table(content)
    found = earned(read.hours("Real price"), read.hours("LEAR Ensemble"), Rules())
    assert found.foresight_eur / found.days == pytest.approx(49.36, abs=0.005)
    assert 100 * found.share == pytest.approx(88.9, abs=0.05)
