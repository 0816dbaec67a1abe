"""cloud.forecast.zone: sun and wind of a zone from the weather of each day's eve."""

import numpy as np
import pytest

from cloud.forecast import zone
from cloud.forecast.arrays import FloatArray

DAYS = 80
HEIGHT = np.maximum(np.sin((np.arange(24) - 6) / 12 * np.pi), 0.0)


def world(seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return power and radiation of days that are more or less clear; mornings look east."""
    rng = np.random.default_rng(seed)
    radiation = 800 * rng.uniform(0.1, 1.0, (DAYS, 1)) * HEIGHT
    slopes = np.where(np.arange(24) < 12, 6.0, 4.0)
    return slopes * radiation, radiation


def test_the_sun_of_each_hour_is_learned_and_a_dull_day_is_told_dull() -> None:
    power, radiation = world()
    told = zone.solar(power, radiation, 40)
    naive = np.abs(power[39:-1] - power[40:]).mean()
    assert np.abs(told[40:] - power[40:]).mean() < 0.1 * naive
    assert np.isnan(told[:40]).all()
    assert (told[40:, HEIGHT == 0] == 0).all()
    assert told[40:].max() <= power.max()


def test_what_comes_after_the_eve_changes_nothing_of_sun_or_wind() -> None:
    power, radiation = world()
    rng = np.random.default_rng(3)
    speed = rng.uniform(2, 20, power.shape)
    made = speed**2
    for way, came, weather in (
        (zone.solar, power, radiation),
        (zone.wind_power, made, speed),
    ):
        before = way(came[:51], weather[:51], 30)[50]
        noise = came[:51].copy()
        noise[49:] = rng.uniform(0, 1e6, noise[49:].shape)
        assert np.isfinite(before).all()
        assert np.array_equal(way(noise, weather[:51], 30)[50], before)


def test_wind_follows_its_curve_and_never_passes_what_was_ever_made() -> None:
    rng = np.random.default_rng(2)
    speed = rng.uniform(0, 25, (DAYS, 24))
    power = np.minimum(speed**3 / 10, 500.0)
    told = zone.wind_power(power, speed, 40)
    assert np.abs(told[40:] - power[40:]).mean() < 5.0
    assert told[40:].max() <= 500.0
    speed[60] = np.nan
    assert np.isnan(zone.wind_power(power, speed, 40)[60]).all()


@pytest.mark.parametrize("days", [5, 13])
def test_with_too_few_days_nothing_is_told(days: int) -> None:
    power, radiation = world()
    assert np.isnan(zone.solar(power[: days + 2], radiation[: days + 2], 0)).all()
    assert np.isnan(zone.wind_power(power[: days + 2], radiation[: days + 2], 0)).all()


def test_a_place_that_does_not_tell_the_day_is_left_out_of_all() -> None:
    one, other = np.full((3, 24), 1.0), np.full((3, 24), 3.0)
    both = zone.of_places([one, other], 2)
    assert both is not None
    assert (both == 2.0).all()
    other[2, 5] = np.nan
    left = zone.of_places([one, other], 2)
    assert left is not None
    assert (left == 1.0).all()
    assert zone.of_places([other], 2) is None


def test_an_hour_of_wind_is_the_mean_of_its_ends_within_the_day() -> None:
    instants = np.arange(48.0).reshape(2, 24)
    assert zone.hourly_wind(instants)[0, :2].tolist() == [0.5, 1.5]
    assert zone.hourly_wind(instants)[0, 23] == 23.0
