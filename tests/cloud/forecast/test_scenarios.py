"""cloud.forecast.scenarios: the quantiles of each slot, the dependence of the day, one seed."""

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.quantiles import Bands, bands
from cloud.forecast.scenarios import energy_score, like_days, scenarios, spread, spread_places

DAYS = 400


def days_that_move_together(slots: int = 24, seed: int = 8) -> tuple[FloatArray, Bands]:
    drawn = np.random.default_rng(seed)
    shape = np.repeat(np.sin(np.arange(24) / 24 * 4 * np.pi), slots // 24)
    point = 50.0 + shape * drawn.uniform(5, 25, (DAYS, 1)) + drawn.normal(0, 2, (DAYS, slots))
    noise = 4.0 * drawn.normal(0, 1, (DAYS, 1)) + drawn.normal(0, 1, (DAYS, slots))
    true = point + noise
    return true, bands(true, point)


TRUE, BANDS = days_that_move_together()


def made(day: int, seed: int = 1, of: Bands = BANDS) -> FloatArray:
    found = scenarios(of, day, seed)
    assert found is not None
    return found


def test_each_slot_has_the_quantiles_that_are_published() -> None:
    levels = (0.1, 0.25, 0.5, 0.75, 0.9)
    published = BANDS.at(levels)[390]
    found = np.quantile(made(390), levels, axis=0).T
    widths = published[:, -1:] - published[:, :1]
    assert (np.abs(found - published) / widths).max() < 0.08


def test_one_seed_gives_one_set_of_days_and_another_one_another() -> None:
    assert np.array_equal(made(390), made(390))
    assert not np.array_equal(made(390), made(390, seed=2))


def test_what_moved_together_does_so_in_the_scenarios() -> None:
    errors = made(390) - BANDS.points[390]
    assert np.corrcoef(errors[:, 3], errors[:, 17])[0, 1] > 0.8


def test_the_energy_score_is_better_than_that_of_slots_drawn_apart() -> None:
    drawn = np.random.default_rng(5)
    ours, apart = [], []
    for day in range(200, DAYS, 4):
        days = made(day)
        ours.append(energy_score(TRUE[day], days))
        apart.append(energy_score(TRUE[day], drawn.permuted(days, axis=0)))
    assert np.mean(ours) < 0.97 * np.mean(apart)


def test_the_spread_of_the_day_is_covered() -> None:
    inside = []
    for day in range(100, DAYS):
        low, high = np.quantile(spread(made(day)), (0.1, 0.9))
        inside.append(low <= spread(TRUE[day][None])[0] <= high)
    assert 0.72 < np.mean(inside) < 0.88


def test_a_spread_that_the_order_alone_tells_wrong_is_mended_by_recent_days() -> None:
    # Errors that shrink with the day's own shape: the order of like days does not know it.
    drawn = np.random.default_rng(9)
    size = np.where(np.arange(DAYS)[:, None] % 5 == 0, 0.1, 1.5)
    true = BANDS.points + size * drawn.normal(0, 1, (DAYS, 24)) * 4.0
    made_of = bands(true, BANDS.points)
    plain: list[bool] = []
    mended: list[bool] = []
    places = spread_places(made_of, true, DAYS)
    for day in range(DAYS - 100, DAYS):
        held = scenarios(made_of, day, day, places=places[: day - DAYS])
        loose = scenarios(made_of, day, day)
        assert held is not None
        assert loose is not None
        truth = spread(true[day][None])[0]
        for found, days in ((plain, loose), (mended, held)):
            low, high = np.quantile(spread(days), (0.1, 0.9))
            found.append(bool(low <= truth <= high))
    assert abs(np.mean(mended) - 0.8) < abs(np.mean(plain) - 0.8)


def test_too_few_places_sort_nothing_out() -> None:
    few = np.full(59, 0.0)
    found = scenarios(BANDS, 390, 1, places=few)
    assert found is not None
    assert np.array_equal(found, made(390))


def test_places_lie_between_all_below_and_all_above() -> None:
    places = spread_places(BANDS, TRUE, 120)
    assert len(places) == 120 - 61
    assert places.min() >= 0.0
    assert places.max() <= 1.0


def test_the_future_changes_no_bit_of_a_scenario() -> None:
    other = TRUE.copy()
    other[300:] = np.nan
    blind = bands(other, BANDS.points)
    assert np.array_equal(made(300, of=blind), made(300))


def test_days_of_a_like_shape_lend_their_order_whatever_their_level() -> None:
    points = BANDS.points.copy()
    points[350] = 3.0 * points[120] + 400.0
    found = bands(TRUE, points)
    row = int(np.flatnonzero(found.days == 120)[0])
    assert any(np.array_equal(found.scaled[row], lent) for lent in like_days(found, 350, 1))


def test_before_there_are_quantiles_there_are_no_scenarios() -> None:
    assert scenarios(BANDS, 30, 1) is None


def test_quarter_hours_make_days_of_96() -> None:
    _, quarters = days_that_move_together(96)
    found = scenarios(quarters, 399, 1, count=60)
    assert found is not None
    assert found.shape == (60, 96)


def test_the_spread_is_that_of_means_of_two_hours() -> None:
    day = np.zeros((1, 24))
    day[0, 5:7] = 10.0
    day[0, 20] = -8.0
    assert spread(day)[0] == 14.0
    assert spread(np.repeat(day, 4, axis=1))[0] == 14.0
