"""Prices of the neighbours as inputs, and which series of the store are chosen for them."""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service.beside import groups
from cloud.forecast.service.ladder import footing
from cloud.forecast.service.sources import (
    EARLY_NEIGHBOURS,
    LENT_US,
    NEIGHBOURS,
    NEIGHBOURS_MAX,
    OTHER,
    PRICE,
    chosen,
)
from cloud.market.areas import catalogue
from cloud.market.series.model import Extent, Kind, Series

DAYS = 100
AT = catalogue.load()["AT"]


def area(seed: int, *, told: bool = False) -> FloatArray:
    prices = np.random.default_rng(seed).normal(60, 20, (DAYS + 1, 24))
    if not told:
        prices[DAYS] = np.nan
    return prices


def extent(code: str, days: int, source: str = "entsoe") -> Extent:
    last_us = 1_000 * 86_400_000_000
    series = Series(source, Kind.PRICE_DAY_AHEAD, code, 3_600, "SDAC")
    return Extent(series, last_us - days * 86_400_000_000, last_us, last_us, last_us, days)


def test_of_coupled_neighbours_the_day_before_is_read_and_no_more() -> None:
    own, one, two = area(1), area(2), area(3)
    found = groups(own, [one, two], DAYS)
    assert list(found) == [NEIGHBOURS]
    np.testing.assert_allclose(found[NEIGHBOURS][1:], (one[:-1] + two[:-1]) / 2)
    assert footing(own, found, DAYS).groups == (NEIGHBOURS,)


def test_an_early_gate_tells_the_day_itself() -> None:
    swiss = area(4, told=True)
    found = groups(area(1), [area(2), swiss], DAYS)
    np.testing.assert_array_equal(found[EARLY_NEIGHBOURS], swiss)
    assert footing(area(1), found, DAYS).groups == (NEIGHBOURS, EARLY_NEIGHBOURS)


def test_a_neighbour_that_is_late_is_left_out_and_flagged_if_it_is_the_only_one() -> None:
    late, there = area(2), area(3)
    late[DAYS - 1] = np.nan
    found = groups(area(1), [late, there], DAYS)
    np.testing.assert_array_equal(found[NEIGHBOURS][1:], there[:-1])
    alone = footing(area(1), groups(area(1), [late], DAYS), DAYS)
    assert alone.groups == ()
    assert alone.flags == (f"no_{NEIGHBOURS}",)


def test_a_neighbour_with_little_history_is_none() -> None:
    young = area(2)
    young[:60] = np.nan
    assert not groups(area(1), [young], DAYS)


def test_the_neighbours_with_the_longest_past_are_chosen_and_are_inputs() -> None:
    own = [extent("AT", 400)]
    others = [extent(code, 100 + n) for n, code in enumerate(AT.neighbours)]
    found = chosen([*own, *others, extent("BE", 900)], AT)
    assert found is not None
    near = found.below(f"{NEIGHBOURS}/")
    assert near == sorted(f"{NEIGHBOURS}/{code}" for code in AT.neighbours[-NEIGHBOURS_MAX:])
    assert not found.of(OTHER)
    without = chosen(own, AT)
    assert without is not None
    assert without.digest != found.digest


def test_simulated_neighbours_never_stand_beside_real_prices() -> None:
    found = chosen([extent("AT", 400), extent("CZ", 400, "simulated")], AT)
    assert found is not None
    assert not found.below(f"{NEIGHBOURS}/")


def test_another_area_lends_while_there_is_little_a_neighbour_before_others() -> None:
    few = LENT_US // 86_400_000_000 - 1
    found = chosen([extent("AT", few), extent("BE", 900), extent("CZ", 40)], AT)
    assert found is not None
    assert [one.area for one in found.of(OTHER)] == ["CZ"]
    none = chosen([extent("BE", 900, "simulated")], AT)
    assert none is not None
    assert (none.of(PRICE), [one.area for one in none.of(OTHER)]) == ((), ["BE"])
    assert none.simulated
    assert chosen([], AT) is None
