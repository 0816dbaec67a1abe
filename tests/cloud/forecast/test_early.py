"""Members that read the early auction: what they add, and that they never take yesterday's."""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.combine import fresh, weights
from cloud.forecast.configuration import DAY_AHEAD
from cloud.forecast.early import NAMES, beside, has_come, told

DAYS = 120


def market(seed: int = 3) -> tuple[FloatArray, FloatArray]:
    """Return prices and the early auction's, which is 4 EUR/MWh dear in the evening, and noisy."""
    rng = np.random.default_rng(seed)
    level = 60 + 20 * rng.normal(size=(DAYS, 1))
    prices = level + 25 * np.sin(np.arange(24) / 24 * 4 * np.pi) + rng.normal(0, 4, (DAYS, 24))
    early = prices + rng.normal(0, 2, (DAYS, 24))
    early[:, 18:22] += 8.0
    return prices, early


def test_the_first_is_the_early_price_itself_and_the_others_learn_what_it_misses() -> None:
    prices, early = market()
    errors = []
    for day in range(90, DAYS):
        said = told(prices, early, day)
        assert np.array_equal(said[0], early[day])
        errors.append(np.abs(said - prices[day]).mean(axis=1))
    mean = np.mean(errors, axis=0)
    assert (mean[1:] < 0.8 * mean[0]).all()


def test_neither_the_days_own_prices_nor_anything_behind_is_read() -> None:
    prices, early = market()
    other_prices, other_early = prices.copy(), early.copy()
    other_prices[100:], other_early[101:] = 999.0, -999.0
    np.testing.assert_array_equal(told(prices, early, 100), told(other_prices, other_early, 100))


def test_without_the_days_own_early_price_all_sleep() -> None:
    prices, early = market()
    late, repeated = early.copy(), early.copy()
    late[100] = np.nan
    repeated[100] = repeated[99]
    for one in (late, repeated):
        assert not has_come(one, 100)
        assert np.isnan(told(prices, one, 100)).all()
    spring = early.copy()
    spring[100, 2] = np.nan
    assert has_come(spring, 100), "an hour that the clock skips is bridged"
    assert np.isfinite(told(prices, spring, 100)).all()


def test_with_few_days_of_both_the_early_price_stands_alone() -> None:
    prices, early = market()
    said = told(prices[:15], early[:15], 14)
    assert np.isfinite(said[0]).all()
    assert np.isnan(said[1:]).all()
    assert np.isfinite(told(prices[:30], early[:30], 29)).all()


def test_they_join_the_other_members_as_a_family_of_their_own() -> None:
    prior = beside(DAY_AHEAD.prior())
    assert len(prior.weights) == len(DAY_AHEAD.members) + len(NAMES)
    assert abs(prior.weights.sum() - 1.0) < 1e-12
    assert (prior.families[-len(NAMES) :] > prior.families[: -len(NAMES)].max()).all()
    awake = np.ones(len(prior.weights), dtype=np.bool_)
    awake[-len(NAMES) :] = False
    found = weights(prior, fresh(prior), awake)
    assert abs(found.sum() - 1.0) < 1e-12
    assert (found[-len(NAMES) :] == 0).all(), "who sleeps weighs nothing"


def by_quarters(seed: int = 5) -> tuple[FloatArray, FloatArray]:
    """Return quarter-hours of both auctions: the early one leans the wrong way within the hour."""
    rng = np.random.default_rng(seed)
    prices, early = market(seed)
    lean = np.tile([6.0, 2.0, -2.0, -6.0], 24)
    fine = np.repeat(prices, 4, axis=1) + lean + rng.normal(0, 2, (DAYS, 96))
    coarse = np.repeat(early, 4, axis=1) + 0.25 * lean + rng.normal(0, 2, (DAYS, 96))
    return fine, coarse


def test_of_quarter_hours_each_slot_learns_its_own_difference() -> None:
    prices, early = by_quarters()
    errors, flat = [], []
    for day in range(90, DAYS):
        said = told(prices, early, day)
        assert np.array_equal(said[0], early[day])
        errors.append(np.abs(said - prices[day]).mean(axis=1))
        by_hour = told(
            prices.reshape(-1, 24, 4).mean(axis=2), early.reshape(-1, 24, 4).mean(axis=2), day
        )
        flat.append(np.abs(np.repeat(by_hour, 4, axis=1) - prices[day]).mean(axis=1))
    mean = np.mean(errors, axis=0)
    assert (mean[1:] < 0.75 * mean[0]).all()
    assert (mean[1:] < 0.8 * np.mean(flat, axis=0)[1:]).all(), (
        "better than the differences of hours"
    )


def test_of_quarter_hours_too_the_future_is_not_read() -> None:
    prices, early = by_quarters()
    other_prices, other_early = prices.copy(), early.copy()
    other_prices[100:], other_early[101:] = 999.0, -999.0
    np.testing.assert_array_equal(told(prices, early, 100), told(other_prices, other_early, 100))


def test_days_that_teach_nothing_stand_in_the_lags_and_are_not_learned_from() -> None:
    prices, early = by_quarters()
    spoilt = prices.copy()
    spoilt[:80] = np.repeat(prices[:80].reshape(-1, 24, 4).mean(axis=2), 4, axis=1)
    teaches = np.arange(DAYS) >= 80
    said = told(spoilt, early, 100, teaches)
    assert np.isfinite(said).all()
    assert not np.allclose(said[1:], told(spoilt, early, 100)[1:])
    few = told(spoilt, early, 90, teaches)
    assert np.isfinite(few[0]).all()
    assert np.isnan(few[1:]).all(), "ten days of quarter-hours teach nothing"
