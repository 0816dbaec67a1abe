"""Where panels stand and how they look, learned from what they delivered. Pure.

Nobody has to type a place: the middle between the first and the last light of days gives the
longitude, their length the latitude, and of some tilts and directions those are taken whose clear
sky follows the best quarter-hours of the last weeks most closely. Close to the equinox, when all
days are equally long, the latitude is that of a default: there it hardly matters for light and
dark, and the tilt takes up the rest.
"""

from itertools import product

import numpy as np

from cloud.forecast import solar
from cloud.forecast.arrays import FloatArray
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.setup import UNKNOWN, Setup
from cloud.forecast.solar import Site

DAYS_MIN = 1
FIT_DAYS = 28
POWER_KW_MIN = 0.05
"""Panels that never gave more say nothing of themselves."""
LIGHT_SHARE = 0.01
"""Of the highest power, from which on it counts as day."""
LATITUDE_DEFAULT = 48.0
LATITUDES = (-60.0, 62.0)
TILTS = (5.0, 20.0, 35.0, 55.0)
AZIMUTHS = (90.0, 120.0, 150.0, 180.0, 210.0, 240.0, 270.0)
_DECLINATION_MIN = 6.0
_NOON_H = 12.0
_HOUR_DEGREES = 15.0
_SURE_LIGHT_DEGREES = 1.0
"""Where the first light is seen: the sun stands a little above the horizon."""
_TOP = 0.98
_NOBODY = Site(0.0, 0.0, 1.0, 1.0)


def times(start_us: int, days: int) -> FloatArray:
    """Return the middles of quarter-hours, seconds since 1970 UTC, shape (days, 96)."""
    middle = np.arange(days * SLOTS) * (QUARTER_US / 1e6) + start_us / 1e6 + QUARTER_US / 2e6
    return np.asarray(middle.reshape(days, SLOTS))


def fitted(power: FloatArray, start_us: int, setup: Setup = UNKNOWN) -> Site | None:
    """Return the panels behind measured kW, shape (days of UTC, 96); None: nothing can be said.

    What the operator said counts as said.
    """
    at_s = times(start_us, len(power))[-FIT_DAYS:]
    recent = power[-FIT_DAYS:]
    limit = float(np.nanmax(power)) if np.isfinite(power).any() else 0.0
    if limit < POWER_KW_MIN:
        return None
    place = setup.place or _place(recent, at_s, limit)
    if place is None:
        return None
    limit = limit if setup.limit_kw is None else setup.limit_kw
    tilts = TILTS if setup.tilt_degrees is None else (setup.tilt_degrees,)
    azimuths = AZIMUTHS if setup.azimuth_degrees is None else (setup.azimuth_degrees,)
    best, least = None, np.inf
    top = np.full(SLOTS, np.nan)
    known = np.isfinite(recent).any(axis=0)
    top[known] = np.nanmax(recent[:, known], axis=0)
    for tilt, azimuth in product(tilts, azimuths):
        one = Site(*place, 1.0, limit, tilt, azimuth)
        clear = solar.clear_power(solar.sun(at_s, one), one)
        capacity = setup.capacity_kw or _capacity(recent, clear)
        if capacity <= 0.0:
            continue
        shape = np.minimum(capacity * clear.max(axis=0), limit)
        off = float(np.nanmean(np.abs(top - shape)))
        if off < least:
            best, least = Site(*place, capacity, limit, tilt, azimuth), off
    return best


def _place(power: FloatArray, at_s: FloatArray, limit: float) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees from first and last light; None: no light is seen.

    Light is looked for over all days at once: the earliest and the latest of a clear morning and
    evening, a fifth of the days each, so that fog does not shorten the day.
    """
    # Rolled by half a day where it is day at midnight of UTC, so that light is one stretch.
    light = np.nan_to_num(power) > LIGHT_SHARE * limit
    hours = (np.arange(SLOTS) + 0.5) / 4.0
    angle = hours / 24.0 * 2 * np.pi
    weight = np.nansum(np.maximum(np.nan_to_num(power), 0.0), axis=0)
    if not weight.any():
        return None
    middle = np.angle((weight * np.exp(1j * angle)).sum()) / (2 * np.pi) * 24.0 % 24.0
    from_middle = (hours - middle + 12.0) % 24.0 - 12.0
    lit = light.any(axis=1)
    begins = np.array([from_middle[row].min() for row in light[lit]])
    ends = np.array([from_middle[row].max() for row in light[lit]])
    begin, end = float(np.quantile(begins, 0.2)), float(np.quantile(ends, 0.8))
    noon = middle + (begin + end) / 2.0
    day = at_s[lit][len(begins) // 2]
    seen = solar.sun(day, _NOBODY)
    # What a sundial at Greenwich is ahead of the clock, and the declination, from the sun itself.
    ahead = _ahead_h(day)
    longitude = ((_NOON_H - noon - ahead) * _HOUR_DEGREES + 180.0) % 360.0 - 180.0
    declination = np.degrees(_declination(seen))
    return _latitude(end - begin, float(declination)), float(longitude)


def _ahead_h(day: FloatArray) -> float:
    """Return by how many hours the sun passes Greenwich before 12:00 UTC."""
    height = solar.sun(day, _NOBODY).elevation
    at_h = (day % 86_400.0) / 3_600.0
    around = int(np.argmax(height))
    near = np.arange(max(around - 8, 0), min(around + 9, SLOTS))
    fit = np.polyfit(at_h[near], height[near] ** 2, 2)
    return float(_NOON_H + fit[1] / (2.0 * fit[0]))


def _declination(seen: solar.Sun) -> float:
    """Return the declination in radians; at the equator sin d = cos(height) cos(azimuth)."""
    north = np.cos(seen.elevation) * np.cos(seen.azimuth)
    return float(np.arcsin(np.clip(north.mean(), -1.0, 1.0)))


def _latitude(day_h: float, declination: float) -> float:
    """Return the latitude in degrees at which the day is so long."""
    if abs(declination) < _DECLINATION_MIN:
        return LATITUDE_DEFAULT
    half = np.radians(min(max(day_h, 1.0), 23.0) / 2.0 * _HOUR_DEGREES)
    trial = np.arange(LATITUDES[0], LATITUDES[1] + 0.5, 0.5)
    turn, tilt = np.radians(trial), np.radians(declination)
    height = np.sin(turn) * np.sin(tilt) + np.cos(turn) * np.cos(tilt) * np.cos(half)
    return float(trial[np.argmin(np.abs(height - np.radians(_SURE_LIGHT_DEGREES)))])


def _capacity(power: FloatArray, clear: FloatArray) -> float:
    """Return the kW under 1 kW/m2 that hardly any quarter-hour passes."""
    sure = np.isfinite(power) & (clear > 0.15)
    return float(np.quantile(power[sure] / clear[sure], _TOP)) if sure.any() else 0.0
