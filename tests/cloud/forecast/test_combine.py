"""cloud.forecast.combine: who forecasts well gains weight, who is missing loses nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.forecast.arrays import FloatArray
from cloud.forecast.combine import Prior, Scores, combined, fresh, learned, weights
from cloud.forecast.walk import walk

PRIOR = Prior(np.array([0.25, 0.25, 0.3, 0.2]), np.array([0, 0, 1, 2]))
ALL = np.ones(4, dtype=np.bool_)


def days_of(count: int, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    """Return (told, true) where member 2 knows the truth and the others err by 5 and more."""
    drawn = np.random.default_rng(seed)
    true = drawn.normal(50, 10, (count, 24))
    told = true[:, None, :] + drawn.normal(0, 1, (count, 4, 24)) * np.array([5, 6, 0, 8])[:, None]
    return told, true


def test_before_anything_is_learned_the_weights_are_those_of_the_prior() -> None:
    assert np.allclose(weights(PRIOR, fresh(PRIOR), ALL), PRIOR.weights)


def test_a_perfect_member_weighs_more_than_nine_tenths_of_what_the_floors_leave() -> None:
    told, true = days_of(60)
    free = Prior(PRIOR.weights, PRIOR.families, floor=0.0)
    assert walk(told, true, free).shares[-1, 2] > 0.9


def test_no_family_falls_below_its_floor() -> None:
    told, true = days_of(200)
    shares = walk(told, true, PRIOR).shares
    assert (shares[:, [0, 1]].sum(axis=1) >= 0.05 / 1.1).all()
    assert (shares[:, 3] >= 0.05 / 1.1).all()
    assert shares[-1, 3] == pytest.approx(0.05 / 1.1, rel=0.05)


def test_a_member_that_slept_returns_with_the_score_that_it_had() -> None:
    told, true = days_of(30)
    scores = fresh(PRIOR)
    for said, prices in zip(told, true, strict=True):
        scores = learned(PRIOR, scores, said, prices)
    asleep = told[0].copy()
    asleep[2] = np.nan
    after = learned(PRIOR, scores, asleep, true[0])
    assert after.regret[2] == scores.regret[2]
    assert after.square[2] == scores.square[2]
    assert after.regret[0] != scores.regret[0]


def test_who_sleeps_weighs_nothing_and_its_weight_is_shared_out() -> None:
    awake = np.array([True, False, True, True])
    found = weights(PRIOR, fresh(PRIOR), awake)
    assert found[1] == 0
    assert np.allclose(found[awake], PRIOR.weights[awake] / 0.75)


def test_where_all_sleep_there_is_no_weight() -> None:
    with pytest.raises(ValueError, match="no member has a forecast"):
        weights(PRIOR, fresh(PRIOR), ~ALL)


def test_a_day_of_sleep_is_a_day_without_a_forecast_and_teaches_nothing() -> None:
    told, true = days_of(10)
    told[4] = np.nan
    walked = walk(told, true, PRIOR)
    assert np.isnan(walked.point[4]).all()
    assert np.array_equal(walked.shares[5], weights(PRIOR, _until(told, true, 4), ALL))


def test_a_price_that_is_missing_teaches_nothing() -> None:
    told, true = days_of(2)
    nothing = fresh(PRIOR)
    assert learned(PRIOR, nothing, told[0], np.full(24, np.nan)) is nothing
    half = true[1].copy()
    half[12:] = np.nan
    by_half = learned(PRIOR, fresh(PRIOR), told[1], half)
    assert np.isfinite(by_half.regret).all()


def test_the_forecast_of_a_day_is_made_before_its_price_teaches() -> None:
    told, true = days_of(20)
    other = true.copy()
    other[10:] += 100.0
    one, two = walk(told, true, PRIOR), walk(told, other, PRIOR)
    assert np.array_equal(one.point[:11], two.point[:11])
    assert not np.array_equal(one.point[11], two.point[11])


def test_a_mad_day_teaches_no_more_than_two_ordinary_ones() -> None:
    told, true = days_of(40)
    calm = _until(told, true, 39)
    ordinary = float(np.median(calm.sizes))
    said = told[39].copy()
    said[0] += 5_000.0
    mad = learned(PRIOR, calm, said, true[39])
    assert mad.sizes[-1] > 1_000
    keep = 0.5 ** (1 / PRIOR.half_life_days)
    assert np.abs(mad.regret - keep * calm.regret).max() == pytest.approx(2 * ordinary)
    assert mad.largest.max() <= max(float(calm.largest.max()), 2 * ordinary + 1e-9)


def test_what_is_ordinary_is_told_by_the_last_sixty_days() -> None:
    told, true = days_of(100)
    assert len(_until(told, true, 100).sizes) == 60
    assert len(_until(told, true, 13).sizes) == 13


def test_the_first_days_teach_all_that_they_have() -> None:
    told, true = days_of(13)
    free = replace(PRIOR, mad_day=1e9)
    assert np.array_equal(walk(told, true, PRIOR).point, walk(told, true, free).point)


@given(st.lists(st.floats(-500, 500), min_size=4, max_size=4), st.integers(0, 14))
def test_a_combination_lies_between_its_members(said: list[float], asleep: int) -> None:
    awake = np.array([not asleep >> member & 1 for member in range(4)])
    told = np.where(awake, said, np.nan)[:, None]
    found = float(combined(told, weights(PRIOR, fresh(PRIOR), awake))[0])
    assert np.nanmin(told) - 1e-9 <= found <= np.nanmax(told) + 1e-9


def _until(told: FloatArray, true: FloatArray, day: int) -> Scores:
    scores = fresh(PRIOR)
    for said, prices in zip(told[:day], true[:day], strict=True):
        scores = learned(PRIOR, scores, said, prices)
    return scores
