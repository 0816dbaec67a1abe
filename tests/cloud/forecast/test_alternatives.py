"""cloud.forecast.alternatives: plans that are offered together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cloud.forecast.alternatives import ALTERNATIVES, alternatives, chosen, courses
from cloud.forecast.arrays import FloatArray
from cloud.forecast.battery import Rules, earned, offered, plan, revenues
from cloud.forecast.quantiles import bands

RULES = Rules(cycles_per_day=1, cost_eur_per_mwh=5.0)
DAYS = 150


def market(seed: int) -> tuple[FloatArray, FloatArray]:
    """Return prices, and forecasts whose evening peak is at times an hour off."""
    drawn = np.random.default_rng(seed)
    hours = np.arange(24)
    peaks = 19 + drawn.integers(-1, 2, (DAYS, 1))
    dips = 4 + drawn.integers(-1, 2, (DAYS, 1))
    shape = 30 * np.exp(-((hours - peaks) ** 2) / 3) - 20 * np.exp(-((hours - dips) ** 2) / 3)
    mean = 30 * np.exp(-((hours - 19) ** 2) / 5) - 20 * np.exp(-((hours - 4) ** 2) / 5)
    level = drawn.normal(40, 5, (DAYS, 1))
    return level + shape + drawn.normal(0, 1, (DAYS, 24)), level + mean


def test_several_plans_earn_more_than_one_and_more_of_them_more() -> None:
    true, point = market(1)
    laid = bands(true, point)
    rows = range(100, DAYS, 2)
    several = [alternatives(laid, row, RULES) for row in rows]
    assert all(len(found) <= ALTERNATIVES for found in several)
    shares = [
        offered(true[100::2], [found[:count] for found in several], RULES).share
        for count in (1, 3, 24)
    ]
    one = earned(true[100::2], point[100::2], RULES).share
    assert one < 0.9 < shares[1] < shares[2] <= 1
    assert shares == sorted(shares)


def test_nothing_is_read_of_the_day_or_of_later_ones() -> None:
    true, point = market(2)
    before = alternatives(bands(true, point), 120, RULES)
    true[120:] = np.nan
    point[121:] = 1_000.0
    after = alternatives(bands(true, point), 120, RULES)
    assert before.tobytes() == after.tobytes()


def test_a_course_is_the_day_with_the_errors_of_another_one() -> None:
    true, point = market(3)
    true[90] = np.nan  # it teaches nothing
    laid = bands(true, point)
    found = courses(laid, 120)
    assert found is not None
    assert len(found) == 120 - 2  # neither does the first day, whose scale is not known
    margins = laid.margins(120)
    assert margins is not None
    last = (true[119] - point[119]) / laid.scales[119] * margins.scale
    assert found[-1] == pytest.approx(point[120] + last)


def test_without_errors_the_own_plan_is_the_only_one() -> None:
    true, point = market(4)
    laid = bands(true, point)
    assert courses(laid, 10) is None
    assert alternatives(laid, 10, RULES) == pytest.approx(plan(point[10], RULES)[None])


def test_where_no_course_pays_nothing_is_offered() -> None:
    flat = np.full((DAYS, 24), 40.0) + np.random.default_rng(5).normal(0, 0.1, (DAYS, 24))
    assert alternatives(bands(flat, np.full((DAYS, 24), 40.0)), 120, RULES).shape == (0, 24)


@settings(max_examples=30)
@given(
    arrays(np.float64, (6, 4), elements=st.floats(-1, 1)),
    arrays(np.float64, (9, 4), elements=st.floats(-50, 300)),
    st.integers(1, 6),
)
def test_those_chosen_first_are_the_start_of_any_longer_choice(
    candidates: FloatArray, days: FloatArray, count: int
) -> None:
    found = chosen(candidates, days, Rules(), count)
    assert len(found) == len(set(found)) <= count
    assert chosen(candidates, days, Rules(), 6)[: len(found)] == found
    if found:
        values = np.maximum(revenues(candidates, days, Rules()), 0.0)
        weights = 0.5 ** (np.arange(9)[::-1] / 180.0)
        assert values[found[0]] @ weights == pytest.approx((values @ weights).max())
