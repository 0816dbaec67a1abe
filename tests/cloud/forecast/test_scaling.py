"""cloud.forecast.scaling: there and back, flat columns, and the cut."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cloud.forecast.arrays import FloatArray
from cloud.forecast.scaling import SCALED_MAX, Scaling, scaling

PRICES = arrays.arrays(np.float64, (30, 3), elements=st.floats(-500, 4000, width=32))


@given(PRICES)
def test_values_come_back_to_a_billionth_within_the_cut(prices: FloatArray) -> None:
    found = scaling(prices)
    scaled = found.there(prices)
    inside = np.abs(scaled) < SCALED_MAX
    assert np.allclose(found.back(scaled)[inside], prices[inside], rtol=1e-9, atol=1e-9)


@given(PRICES)
def test_the_order_of_values_stays(prices: FloatArray) -> None:
    scaled = scaling(prices).there(prices)
    assert np.array_equal(np.sort(scaled, axis=0), scaling(prices).there(np.sort(prices, axis=0)))


def test_a_constant_column_is_scaled_by_one() -> None:
    found = scaling(np.full((10, 2), 7.0))
    assert found.width.tolist() == [1.0, 1.0]
    assert found.there(np.full((10, 2), 7.0)).tolist() == np.zeros((10, 2)).tolist()


def test_a_column_that_mostly_stands_still_is_scaled_by_one() -> None:
    column = np.array([[0.0]] * 9 + [[100.0]])
    assert scaling(column).width.tolist() == [1.0]


def test_what_explodes_is_cut() -> None:
    found = Scaling(np.zeros(1), np.ones(1))
    assert found.back(np.array([50.0]))[0] == np.sinh(SCALED_MAX)
