"""cloud.forecast.ridge, kernel and linear: against direct solutions of the same equations."""

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS, lags
from cloud.forecast.kernel import Shape, features, kernel
from cloud.forecast.linear import one_thread, solved
from cloud.forecast.ridge import coefficients, ridge
from cloud.forecast.windows import ROWS_MIN, Window, window
from tests.support.own_market import own_market

MARKET = own_market(150)
ROWS = lags(MARKET)


def rows_of(length: int, day: int = 140) -> Window:
    found = window(ROWS, day, length)
    assert found is not None
    return found


def test_the_two_systems_of_a_ridge_have_one_solution() -> None:
    drawn = np.random.default_rng(1)
    inputs, wanted = drawn.normal(size=(40, 30)), drawn.normal(size=(40, 5))
    tall = coefficients(inputs, wanted, 3.0)
    wide = inputs.T @ np.linalg.solve(inputs @ inputs.T + 3.0 * np.eye(40), wanted)
    assert np.allclose(tall, wide, atol=1e-12)
    short = coefficients(inputs[:20], wanted[:20], 3.0)
    direct = np.linalg.solve(
        inputs[:20].T @ inputs[:20] + 3.0 * np.eye(30), inputs[:20].T @ wanted[:20]
    )
    assert np.allclose(short, direct, atol=1e-12)


def test_an_endless_penalty_leaves_the_median_day() -> None:
    rows = rows_of(60)
    level = rows.price_scaling.back(rows.wanted.mean(axis=0))
    assert np.allclose(ridge(rows, 1e12), level, atol=1e-6)


def test_a_kernel_is_what_the_equations_say() -> None:
    rows, shape = rows_of(50), Shape()
    points, day = features(rows, shape)

    def distance(one: FloatArray, other: FloatArray) -> float:
        return float(((one - other) ** 2).sum())

    count = len(points)
    distances = np.array([[distance(one, other) for other in points] for one in points])
    middle = np.median(distances[::7, ::7])
    share = shape.linear * count / np.trace(points @ points.T)
    gram = np.exp(-shape.gamma * distances / middle) + share * points @ points.T
    noise = 0.03 * 2.0 ** (np.arange(count)[::-1] / 20.0)
    level = rows.wanted.mean(axis=0)
    alike = np.array(
        [
            np.exp(-shape.gamma * distance(day, other) / middle) + share * day @ other
            for other in points
        ]
    )
    expected = level + alike @ np.linalg.inv(gram + np.diag(noise)) @ (rows.wanted - level)
    assert np.allclose(kernel(rows, shape, 0.03, 20.0), rows.price_scaling.back(expected))


def test_the_linear_part_of_a_kernel_has_the_mean_diagonal_that_was_asked_for() -> None:
    points, _ = features(rows_of(50), Shape())
    share = 0.3 * len(points) / (points**2).sum()
    assert np.mean(np.diag(share * points @ points.T)) == pytest.approx(0.3)


def test_an_old_day_that_goes_mad_moves_an_ageing_kernel_less() -> None:
    prices = MARKET.prices.copy()
    prices[62:66] += 300.0
    mad = window(lags(type(MARKET)("OWN", MARKET.first, prices, MARKET.inputs)), 140, 80)
    calm = rows_of(80)
    assert mad is not None
    moved = [
        np.abs(kernel(mad, Shape(), 0.05, life) - kernel(calm, Shape(), 0.05, life)).mean()
        for life in (10.0, None)
    ]
    assert moved[0] < moved[1]


def test_too_few_rows_calibrate_nothing() -> None:
    assert window(ROWS, 7 + ROWS_MIN - 1, 60) is None
    assert window(ROWS, 7 + ROWS_MIN, 60) is not None


def test_a_day_whose_row_has_a_hole_is_not_forecast() -> None:
    load = MARKET.inputs["load"].copy()
    load[140, 3:9] = np.nan
    holed = type(MARKET)("OWN", MARKET.first, MARKET.prices, {**MARKET.inputs, "load": load})
    assert window(lags(holed), 140, 60) is None
    assert window(lags(holed.without("load")), 140, 60) is not None


def test_24_targets_at_once_equal_24_single_ones() -> None:
    drawn = np.random.default_rng(2)
    root = drawn.normal(size=(30, 30))
    matrix = root @ root.T + np.eye(30)
    wanted = drawn.normal(size=(30, HOURS))
    with one_thread():
        together = solved(matrix.copy(), wanted)
        single = [solved(matrix.copy(), wanted[:, [hour]])[:, 0] for hour in range(HOURS)]
    assert np.allclose(together, np.array(single).T, atol=1e-9)
    assert np.allclose(matrix @ together, wanted, atol=1e-9)
