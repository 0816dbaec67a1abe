"""cloud.forecast.solar: the sun's published place, nights of 0, clear days found again."""

from datetime import UTC, datetime, timedelta
from math import degrees

import numpy as np
import pytest

from cloud.forecast.arrays import FloatArray
from cloud.forecast.solar import (
    Site,
    Sun,
    blended,
    clear_power,
    clear_radiation,
    clear_share,
    forecast,
    sun,
)

VIENNA = Site(48.2, 16.37, capacity_kw=10.0, limit_kw=8.0)
DAYS = 40


def places(site: Site = VIENNA, days: int = DAYS) -> Sun:
    first = datetime(2025, 6, 1, tzinfo=UTC).timestamp()
    return sun(first + np.arange(days * 96.0).reshape(days, 96) * 900.0 + 450.0, site)


def measured(place: Sun, site: Site = VIENNA, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    """Return power of days that are clearer and duller, and what of radiation was forecast."""
    share = np.random.default_rng(seed).uniform(0.2, 1.0, (len(place.elevation), 1))
    power = np.minimum(0.9 * share * clear_power(place, site), site.limit_kw)
    return power, share * clear_radiation(place)


def test_the_sun_stands_where_the_published_example_says() -> None:
    # Reda and Andreas, Solar Energy 76:577 (2004), table A5.1: zenith 50.11, azimuth 194.34.
    site = Site(39.742476, -105.1786, 1.0, 1.0)
    at = datetime(2003, 10, 17, 12, 30, 30, tzinfo=UTC) + timedelta(hours=7)
    place = sun(np.array([at.timestamp()]), site)
    assert 90.0 - degrees(place.elevation[0]) == pytest.approx(50.11, abs=0.05)
    assert degrees(place.azimuth[0]) == pytest.approx(194.34, abs=0.05)


def test_at_the_equator_at_the_equinox_noon_the_sun_is_overhead() -> None:
    noon = datetime(2025, 3, 20, 12, 7, tzinfo=UTC).timestamp()
    place = sun(np.array([noon]), Site(0.0, 0.0, 1.0, 1.0))
    assert degrees(place.elevation[0]) == pytest.approx(90.0, abs=0.5)


def test_nights_are_0_and_nothing_passes_the_inverter() -> None:
    place = places()
    power, _ = measured(place)
    power[:-1] *= 3.0
    told = forecast(power, place, VIENNA)
    assert (told[place.elevation[-1] < 0] == 0.0).all()
    assert told.max() == VIENNA.limit_kw


def test_a_panel_to_the_east_has_its_best_hour_before_noon() -> None:
    east = clear_power(places(), Site(48.2, 16.37, 10.0, 8.0, azimuth_degrees=90.0))[0]
    west = clear_power(places(), Site(48.2, 16.37, 10.0, 8.0, azimuth_degrees=270.0))[0]
    assert np.argmax(east) < np.argmax(clear_power(places(), VIENNA)[0]) < np.argmax(west)


def test_days_that_are_all_alike_are_forecast_right() -> None:
    place = places()
    power = 0.6 * clear_power(place, VIENNA)
    told = forecast(power, place, VIENNA)
    assert np.abs(told - power[-1]).max() < 0.1


def test_radiation_that_is_forecast_is_better_than_recent_days() -> None:
    place = places()
    power, radiation = measured(place)
    plain = np.abs(forecast(power, place, VIENNA) - power[-1]).mean()
    better = np.abs(forecast(power, place, VIENNA, radiation=radiation) - power[-1]).mean()
    assert better < 0.3 * plain


def test_the_day_itself_is_not_read() -> None:
    place = places()
    power, radiation = measured(place)
    told = forecast(power, place, VIENNA, radiation=radiation)
    power[-1] = 77.0
    assert np.array_equal(told, forecast(power, place, VIENNA, radiation=radiation))


def test_where_nothing_was_measured_days_are_unknown_and_nights_are_not() -> None:
    place = places()
    told = forecast(np.full((DAYS, 96), np.nan), place, VIENNA)
    dark = place.elevation[-1] < -0.02
    assert (told[dark] == 0.0).all()
    assert np.isnan(told[place.elevation[-1] > 0.2]).all()


def test_under_a_low_sun_a_share_says_nothing() -> None:
    place = places()
    clear = clear_power(place, VIENNA)
    share = clear_share(clear, clear, place)
    assert np.isnan(share[place.elevation < 0.08]).all()
    assert np.allclose(share[place.elevation > 0.09], 1.0)


def test_what_was_seen_loses_its_weight_over_four_hours() -> None:
    found = blended(np.full(32, 2.0), np.full(32, 8.0), ratio=1.0, slot_h=0.25)
    assert found[0] > 7.5
    assert (np.diff(found) <= 0).all()
    assert (found[16:] == 2.0).all()


@pytest.mark.parametrize(
    "site", [(91.0, 0.0, 1.0, 1.0), (0.0, 181.0, 1.0, 1.0), (0.0, 0.0, 0.0, 1.0)]
)
def test_a_site_that_cannot_be_is_refused(site: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="allowed"):
        Site(*site)
