"""cloud.forecast.lasso: what its equations say, and what it leaves out."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, lags
from cloud.forecast.lasso import coefficients, lasso
from cloud.forecast.windows import Window, window
from tests.support.own_market import own_market

MARKET = own_market(150)


def rows_of(length: int, day: int = 140) -> Window:
    found = window(lags(MARKET), day, length)
    assert found is not None
    return found


def drawn_rows(rows: int, columns: int, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return inputs and three targets, each of mean 0 and deviation 1; two columns tell."""
    drawn = np.random.default_rng(seed)
    inputs = drawn.normal(size=(rows, columns))
    wanted = inputs[:, :1] - 0.5 * inputs[:, 1:2] + drawn.normal(0, 0.3, (rows, 3))
    return _even(inputs), _even(wanted)


def _even(values: FloatArray) -> FloatArray:
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


@pytest.mark.parametrize("shape", [(200, 12), (30, 60)])
def test_the_conditions_of_the_smallest_sum_hold(shape: tuple[int, int]) -> None:
    inputs, wanted = drawn_rows(*shape)
    found = coefficients(inputs, wanted, 0.1, steps=5_000)
    slope = inputs.T @ (wanted - inputs @ found) / len(inputs)
    assert (np.abs(slope) <= 0.1 + 1e-6).all()
    read = found != 0
    assert np.allclose(slope[read], 0.1 * np.sign(found[read]), atol=1e-6)


def test_the_columns_that_tell_are_read_and_most_others_are_not() -> None:
    inputs, wanted = drawn_rows(60, 100)
    found = coefficients(inputs, wanted, 0.1)
    assert (found[0] > 0.5).all()
    assert (found[1] < -0.2).all()
    assert (found[2:] != 0).mean() < 0.2


def test_24_hours_at_once_are_24_single_ones() -> None:
    inputs, wanted = drawn_rows(50, 20)
    together = coefficients(inputs, wanted, 0.05)
    alone = [coefficients(inputs, wanted[:, [target]], 0.05)[:, 0] for target in range(3)]
    assert np.allclose(together, np.array(alone).T, atol=1e-12)


def test_a_penalty_of_one_leaves_the_mean_of_the_window() -> None:
    rows = rows_of(56)
    level = rows.price_scaling.back(rows.wanted.mean(axis=0))
    assert np.allclose(lasso(rows, 1.0), level, atol=1e-9)


def test_a_column_that_never_moves_is_no_trouble() -> None:
    assert np.isfinite(coefficients(np.zeros((20, 3)), np.zeros((20, 2)), 0.1)).all()
    prices = MARKET.prices.copy()
    prices[80:140, 3] = 40.0
    rows = window(lags(replace(MARKET, prices=prices)), 140, 56)
    assert rows is not None
    assert lasso(rows, 0.1)[3] == pytest.approx(40.0)
    assert lasso(rows, 0.1).shape == (HOURS,)


@given(st.integers(0, 1_000), st.floats(0.01, 0.5))
def test_more_steps_never_end_higher(seed: int, penalty: float) -> None:
    inputs, wanted = drawn_rows(20, 30, seed)

    def total(steps: int) -> float:
        found = coefficients(inputs, wanted, penalty, steps)
        errors = wanted - inputs @ found
        return float((errors**2).sum() / (2 * len(inputs)) + penalty * np.abs(found).sum())

    assert total(1_000) <= total(100) + 1e-6
