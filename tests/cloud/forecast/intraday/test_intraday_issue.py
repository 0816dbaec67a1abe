"""`issue`: a gate that opens where there is something to learn, and nothing read of the future."""

from datetime import date
from typing import NamedTuple

import numpy as np
import pytest

from cloud.forecast.intraday import features
from cloud.forecast.intraday.features import Known
from cloud.forecast.intraday.issue import Issue, issue, prices
from cloud.forecast.intraday.past import Issues, issues
from cloud.forecast.intraday.vintages import SLOT_US, Spoken, Vintages, vintages
from cloud.forecast.linear import one_thread
from cloud.forecast.quantiles import PUBLISHED
from tests.support.intraday_world import AREA, World, as_of, instant

DAY = date(2026, 7, 1)


def at(hour: float, days: int) -> tuple[int, Issues]:
    now_us = instant(DAY, hour)
    return now_us, issues(AREA, now_us, now_us - now_us % SLOT_US + SLOT_US, days)


class Told(NamedTuple):
    """A forecast, and what it was made of."""

    made: Issue
    known: Known


def told(world: World, hour: float = 10.5, days: int = 182) -> Told:
    now_us, past = at(hour, days)
    series = as_of(world.spoken(DAY), now_us)
    with one_thread():
        return Told(issue(series, AREA, past, PUBLISHED), features.known(series, AREA, past))


def test_where_the_index_follows_the_wind_the_gate_opens_and_the_mean_is_told() -> None:
    made, known_then = told(World(slope=0.08))
    assert made.priced.is_open
    assert made.priced.p < 0.001
    assert sum(made.priced.weights.values()) == pytest.approx(1.0, abs=1e-5)
    last = known_then.price[-1]
    known = np.isfinite(last)
    assert known.sum() == 53, "until midnight"
    assert np.abs(made.priced.price[known] - last[known]).max() > 0.1
    assert made.priced.quantiles is not None
    assert (np.diff(made.priced.quantiles[known], axis=1) >= 0.0).all()
    assert np.isnan(made.priced.quantiles[~known]).all(), "no auction has decided these"


def test_a_gate_shut_by_an_alarm_tells_the_last_price_and_keeps_what_the_mean_would_say() -> None:
    world, (now_us, past) = World(slope=0.3, days=110), at(10.5, 100)
    series = as_of(world.spoken(DAY), now_us)
    known = features.known(series, AREA, past)
    with one_thread():
        free = prices(series, past, known, PUBLISHED)
        shut = prices(series, past, known, PUBLISHED, shut=True)
    assert free.is_open
    assert free.resting is None
    assert not shut.is_open
    assert shut.p == free.p, "the test of the gate is what it was"
    assert shut.weights == {}
    np.testing.assert_array_equal(shut.price, known.price[-1])
    np.testing.assert_array_equal(shut.resting, free.price)
    assert shut.quantiles is not None
    assert free.quantiles is not None
    inside = np.asarray(np.isfinite(shut.quantiles).all(axis=1))
    wide, narrow = (
        (each[inside, 5] - each[inside, 1]).mean() for each in (shut.quantiles, free.quantiles)
    )
    assert wide > narrow, "those of the last price's errors"


@pytest.mark.parametrize("seed", [1, 2])
def test_where_nothing_can_be_learned_the_last_price_stands_with_learned_quantiles(
    seed: int,
) -> None:
    made, now = told(World(slope=0.0, seed=seed))
    assert not made.priced.is_open
    assert made.priced.p > 0.05
    assert made.priced.weights == {}
    np.testing.assert_array_equal(made.priced.price, now.price[-1])
    assert made.priced.quantiles is not None
    inside = np.isfinite(made.priced.price)
    width = made.priced.quantiles[inside, 5] - made.priced.quantiles[inside, 1]
    assert 10.0 < width.mean() < 20.0, "80 % of Student's t of 4, at a scale of 4"


def test_before_sixty_days_the_gate_is_shut_however_clear_the_case() -> None:
    made = told(World(slope=0.3, days=70), days=60).made
    assert not made.priced.is_open
    assert made.priced.p == 1.0
    assert made.priced.error_days >= 50


def test_without_an_index_the_aim_is_the_next_auction() -> None:
    made = told(World(slope=0.0, days=70, index=False), hour=15.5, days=60).made
    assert not made.priced.is_index
    assert made.priced.quantiles is not None
    known = np.asarray(np.isfinite(made.priced.quantiles).all(axis=1))
    assert not known[:33].any(), "what is left of today has had its last auction"
    assert known[33:].all()


def test_hours_are_told_like_quarters() -> None:
    now_us = instant(DAY, 10.0)
    past = issues(AREA, now_us, now_us + 4 * SLOT_US, 60)
    series = as_of(World(slope=0.0, days=70).spoken(DAY), now_us)
    known = features.known(series, AREA, past)
    with one_thread():
        by_hour = prices(series, past, known, PUBLISHED, 4)
    means = known.price[-1].reshape(24, 4).mean(axis=1)
    np.testing.assert_allclose(by_hour.price, means)
    assert by_hour.quantiles is not None
    assert by_hour.quantiles.shape == (24, 7)


def noisy(said: list[Spoken], after_us: int, random: np.random.Generator) -> list[Spoken]:
    """Return statements of which those that became known later say nonsense."""
    return [
        one if one.known_us <= after_us
        else one._replace(values=(1e4 * random.normal(size=len(one.values))).tolist())
        for one in said
    ]  # fmt: skip


def test_what_becomes_known_later_changes_no_bit() -> None:
    world = World(slope=0.08, days=110)
    now_us, past = at(10.5, 100)
    spoken = world.spoken(DAY)
    random = np.random.default_rng(9)
    plain = {name: vintages(said) for name, said in spoken.items()}
    mad = {name: vintages(noisy(said, now_us, random)) for name, said in spoken.items()}
    with one_thread():
        one = issue(plain, AREA, past, PUBLISHED)
        other = issue(mad, AREA, past, PUBLISHED)
    np.testing.assert_array_equal(one.priced.price, other.priced.price)
    np.testing.assert_array_equal(one.priced.quantiles, other.priced.quantiles)
    assert one.priced.p == other.priced.p
    for name, quantity in one.quantities.items():
        np.testing.assert_array_equal(quantity.point, other.quantities[name].point)
        np.testing.assert_array_equal(quantity.quantiles, other.quantities[name].quantiles)


def test_an_earlier_issue_reads_only_what_was_known_then() -> None:
    _, past = at(10.5, 40)
    spoken = World(days=50).spoken(DAY)
    random = np.random.default_rng(9)
    then_us = int(past.at_us[20])
    plain: dict[str, Vintages] = {name: vintages(said) for name, said in spoken.items()}
    mad = {name: vintages(noisy(said, then_us, random)) for name, said in spoken.items()}
    one, other = features.known(plain, AREA, past), features.known(mad, AREA, past)
    np.testing.assert_array_equal(one.columns[:21], other.columns[:21])
    np.testing.assert_array_equal(one.price[:21], other.price[:21])
    assert not np.array_equal(one.columns[21:], other.columns[21:])
