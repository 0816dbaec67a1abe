"""cloud.forecast.trees, tree_features and residual: what they read, and a level they follow."""

import numpy as np

from cloud.forecast.days import HOURS, Days
from cloud.forecast.residual import signs
from cloud.forecast.tree_features import features
from cloud.forecast.trees import Growth, grown
from tests.support.own_market import own_market

MARKET = own_market(160)
SMALL = Growth(iterations=40)


def test_an_hour_of_a_market_with_two_groups_has_34_features() -> None:
    read = features(MARKET, (0, 150))
    assert read.rows(100, 101, relative=False).shape == (HOURS, 34)
    assert read.rows(100, 101, relative=True).shape == (HOURS, 35)


def test_features_of_a_day_hold_nothing_of_its_prices_or_of_later_days() -> None:
    whole = features(MARKET, (0, 100))
    for day in (100, 131, 159):
        cut = features(MARKET.until(day), (0, 100))
        for relative in (False, True):
            of_day = (day, day + 1)
            assert np.array_equal(
                cut.rows(*of_day, relative=relative), whole.rows(*of_day, relative=relative)
            )


def test_relative_features_do_not_move_with_the_level_but_for_the_level_itself() -> None:
    higher = Days("OWN", MARKET.first, MARKET.prices + 100.0, MARKET.inputs)
    one, two = (features(days, (0, 100)).rows(100, 110, relative=True) for days in (MARKET, higher))
    assert np.allclose(one[:, :-1], two[:, :-1])
    assert np.allclose(one[:, -1] + 100.0, two[:, -1])


def test_a_group_that_raises_the_price_is_demand_and_one_that_lowers_it_supply() -> None:
    load, wind = MARKET.inputs["load"], MARKET.inputs["wind"]
    assert signs(MARKET.prices, np.array([load, wind])).tolist() == [1, -1]
    assert signs(MARKET.prices, np.array([wind, load])).tolist() == [-1, 1]
    assert signs(MARKET.prices, np.array([wind])).tolist() == [-1]
    assert signs(MARKET.prices, np.zeros((0, 160, HOURS))).tolist() == []


def test_two_groups_that_move_together_count_by_their_difference() -> None:
    load = MARKET.inputs["load"]
    drawn = np.random.default_rng(1)
    alike = load + drawn.normal(0, 0.3, load.shape)
    assert signs(MARKET.prices, np.array([load, alike])).sum() == 0


def test_relative_trees_follow_a_level_that_they_have_never_seen() -> None:
    prices = MARKET.prices.copy()
    prices[140:] += 200.0
    days = Days("OWN", MARKET.first, prices, MARKET.inputs)
    read = features(days, (0, 140))
    told = {}
    for relative in (False, True):
        trees = grown(read, prices, (0, 140), SMALL, relative=relative)
        assert trees is not None
        told[relative] = np.abs(trees.told(read, 155) - prices[155]).mean()
    assert told[True] < 20 < 100 < told[False]


def test_one_seed_grows_the_same_trees_to_the_last_bit() -> None:
    read = features(MARKET, (0, 140))
    one, two = (grown(read, MARKET.prices, (0, 140), SMALL, relative=True) for _ in range(2))
    assert one is not None
    assert two is not None
    assert np.array_equal(one.told(read, 150), two.told(read, 150))


def test_too_few_days_grow_no_trees_and_a_hole_gives_no_forecast() -> None:
    assert grown(features(MARKET, (0, 60)), MARKET.prices, (0, 60), SMALL, relative=True) is None
    load = MARKET.inputs["load"].copy()
    load[150, 3:9] = np.nan
    holed = Days("OWN", MARKET.first, MARKET.prices, {**MARKET.inputs, "load": load})
    read = features(holed, (0, 140))
    trees = grown(read, MARKET.prices, (0, 140), SMALL, relative=False)
    assert trees is not None
    assert np.isnan(trees.told(read, 150)).all()


def test_a_market_without_groups_grows_trees_of_its_prices() -> None:
    alone = MARKET.without("load", "wind")
    read = features(alone, (0, 140))
    trees = grown(read, alone.prices, (0, 140), SMALL, relative=True)
    assert trees is not None
    assert np.isfinite(trees.told(read, 150)).all()
