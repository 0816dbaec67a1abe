"""cloud.forecast.metrics: by hand, by simulation, and against the published forecasts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast import metrics
from cloud.forecast.layouts import table
from tests.conftest import SHARED

TRUE = np.array([[10.0, -20.0], [0.0, 40.0]])
TOLD = np.array([[12.0, -20.0], [0.0, 36.0]])


def test_errors_by_hand() -> None:
    assert metrics.mae(TRUE, TOLD) == 1.5
    assert metrics.rmse(TRUE, TOLD) == pytest.approx(np.sqrt(5))
    assert metrics.bias(TRUE, TOLD) == -0.5
    assert metrics.rmae(TRUE, TOLD, TRUE + 3.0) == 0.5
    assert metrics.smape_pct(TRUE, TOLD) == pytest.approx(200 * (2 / 22 + 4 / 76) / 4)


def test_quantile_scores_by_hand() -> None:
    levels = np.array([0.1, 0.5])
    quantiles = np.array([[8.0, 12.0]])
    assert metrics.pinball(np.array([10.0]), quantiles, levels) == pytest.approx((0.2 + 1.0) / 2)
    low, high = np.array([0.0, 5.0]), np.array([10.0, 8.0])
    true = np.array([10.0, 9.0])
    assert metrics.coverage(true, low, high) == 0.5
    assert metrics.winkler(true, low, high, 0.8) == pytest.approx((10 + 3 + 10 * 1) / 2)


def test_kupiec_of_a_case_by_hand() -> None:
    # 2 * (70 ln(0.7 / 0.8) + 30 ln(0.3 / 0.2)) = 5.634, one degree of freedom
    assert metrics.kupiec(80, 100, 0.8) == pytest.approx(1.0)
    assert metrics.kupiec(70, 100, 0.8) == pytest.approx(0.0176, abs=5e-5)
    assert metrics.kupiec(100, 100, 0.8) < 1e-10
    assert metrics.kupiec(0, 0, 0.8) == 1.0


@given(st.integers(0, 400), st.integers(1, 400), st.floats(0.05, 0.95))
def test_kupiec_is_a_probability(hits: int, count: int, level: float) -> None:
    assert 0.0 <= metrics.kupiec(min(hits, count), count, level) <= 1.0


def test_a_clearly_better_forecast_has_a_small_p_and_the_worse_one_a_large() -> None:
    drawn = np.random.default_rng(1)
    true = drawn.normal(0, 10, (200, 24))
    good, bad = true + drawn.normal(0, 1, true.shape), true + drawn.normal(0, 1.3, true.shape)
    better, worse = (metrics.diebold_mariano(true, *pair) for pair in ((good, bad), (bad, good)))
    assert better.p_plain < 1e-6
    assert better.p_newey_west < 1e-6
    assert worse.p_plain == pytest.approx(1 - better.p_plain)


def test_two_equal_forecasts_are_a_toss() -> None:
    assert metrics.diebold_mariano(TRUE, TOLD, TOLD) == metrics.Comparison(0.5, 0.5)


def test_bad_weeks_in_a_row_widen_the_doubt() -> None:
    drawn = np.random.default_rng(4)
    true = np.zeros((210, 24))
    weekly = np.repeat(drawn.normal(0.3, 1, 30), 7)[:, None]
    reference = 5.0 + weekly + np.zeros_like(true)
    test = metrics.diebold_mariano(true, np.full_like(true, 5.0), reference)
    assert test.p_newey_west > test.p_plain


@pytest.mark.shared
def test_the_published_forecasts_have_the_published_errors() -> None:
    found = table((SHARED / "data/prices/epf_published_forecasts_DE.csv.gz").read_bytes())
    market = table((SHARED / "data/prices/epf_DE.csv.gz").read_bytes())
    true, lear, dnn = (
        found.hours(name) for name in ("Real price", "LEAR Ensemble", "DNN Ensemble")
    )
    assert len(true) == 728
    assert metrics.mae(true, lear) == pytest.approx(3.609, abs=5e-4)
    assert metrics.rmse(true, lear) == pytest.approx(6.508, abs=5e-4)
    assert metrics.smape_pct(true, lear) == pytest.approx(14.74, abs=5e-3)
    assert metrics.mae(true, dnn) == pytest.approx(3.413, abs=5e-4)
    assert metrics.rmse(true, dnn) == pytest.approx(5.927, abs=5e-4)
    assert metrics.smape_pct(true, dnn) == pytest.approx(14.08, abs=5e-3)
    prices = market.hours("price_eur_mwh")
    assert metrics.mae(prices[-728:], prices[-735:-7]) == pytest.approx(9.114, abs=5e-4)
    assert metrics.diebold_mariano(true, dnn, lear).p_plain == pytest.approx(0.0007, abs=5e-5)


def test_the_conditional_test_is_small_for_the_clearly_better_and_one_for_the_worse() -> None:
    drawn = np.random.default_rng(1)
    true = drawn.normal(0, 10, (200, 24))
    good, bad = true + drawn.normal(0, 1, true.shape), true + drawn.normal(0, 1.3, true.shape)
    assert metrics.giacomini_white(true, good, bad) < 1e-6
    assert metrics.giacomini_white(true, bad, good) == 1.0
    assert metrics.giacomini_white(TRUE, TOLD, TOLD) == 1.0


def test_the_conditional_test_sees_who_is_better_after_a_good_day_where_the_mean_does_not() -> None:
    drawn = np.random.default_rng(2)
    gain, gains = 0.0, []
    for _ in range(400):
        gain = 0.8 * gain + float(drawn.normal(0, 0.3))
        gains.append(gain)
    true = np.zeros((400, 24))
    told = np.full_like(true, 5.0)
    reference = told + (np.array(gains) - np.mean(gains) + 0.01)[:, None]
    assert metrics.diebold_mariano(true, told, reference).p_newey_west > 0.3
    assert metrics.giacomini_white(true, told, reference) < 1e-4


def test_the_conditional_test_is_rarely_small_without_a_difference() -> None:
    drawn = np.random.default_rng(3)
    true, found = np.zeros((300, 24)), []
    for _ in range(300):
        told, other = (drawn.normal(0, 1, true.shape) for _ in range(2))
        found.append(metrics.giacomini_white(true, told, other))
    assert np.mean(np.array(found) < 0.05) <= 0.05
