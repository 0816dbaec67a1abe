"""The lowest rung of the ladder: another area's shape at this one's level."""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.template import template

SHAPE = 20 * np.sin(np.arange(24) / 24 * 2 * np.pi)


def other(days: int = 20) -> FloatArray:
    return np.asarray(50 + SHAPE + np.arange(days)[:, None] * 0.0)


def test_the_other_areas_shape_is_brought_to_this_ones_level_and_swing() -> None:
    own = np.full((20, 24), np.nan)
    own[16:19] = 80 + 1.5 * SHAPE
    found = template(own, other(), 19)
    assert found is not None
    np.testing.assert_allclose(found, 80 + 1.5 * SHAPE)


def test_with_no_price_of_its_own_the_other_areas_stand_as_they_are() -> None:
    found = template(np.full((20, 24), np.nan), other(), 19)
    assert found is not None
    np.testing.assert_allclose(found, 50 + SHAPE)


def test_a_few_hours_set_the_level_and_say_nothing_of_the_swing() -> None:
    own = np.full((20, 24), np.nan)
    own[18, :6] = 50 + 9 * SHAPE[:6] + 30
    found = template(own, other(), 19)
    assert found is not None
    np.testing.assert_allclose(found - found.mean(), SHAPE, atol=1e-9)


def test_where_the_other_has_not_told_the_day_its_last_like_day_counts() -> None:
    lent = other()
    lent[12] += 7
    lent[19] = np.nan
    found = template(np.full((20, 24), np.nan), lent, 19)
    assert found is not None
    np.testing.assert_allclose(found, 57 + SHAPE)


def test_without_another_area_the_own_hours_are_repeated_and_without_any_nothing_is() -> None:
    own = np.full((20, 24), np.nan)
    assert template(own, None, 19) is None
    assert template(own, np.full((20, 24), np.nan), 19) is None
    own[18, :12] = 40.0
    own[18, 3] = 52.0
    found = template(own, None, 19)
    assert found is not None
    assert found[3] == 52.0
    assert found[20] == 41.0


def test_the_days_own_prices_are_not_read() -> None:
    own = np.full((20, 24), np.nan)
    own[16:19] = 80 + SHAPE
    again = own.copy()
    again[19] = 999.0
    np.testing.assert_array_equal(template(own, other(), 19), template(again, other(), 19))
