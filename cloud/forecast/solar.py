"""Photovoltaic power from the sun's place, the panel's tilt, and how clear recent days were. Pure.

The power of a clear sky is known; what is forecast is the share of it, k. Nights are 0, and no
forecast passes the inverter. Where no radiation is forecast, k is that of recent days at the same
height of the sun; where it is, k follows the radiation's share of its own clear sky.

Source: sun: Michalsky, Solar Energy 40:227 (1988), good to 0.01 degrees until 2050; clear sky:
Haurwitz, J. Meteorology 2:154 (1945); diffuse share: Erbs, Klein, Duffie, Solar Energy 28:293
(1982), constant for a clear sky.
"""

from dataclasses import dataclass
from math import radians

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray

_DAY_S = 86_400.0
_J2000_S = 946_728_000.0
"""2000-01-01 12:00 UTC."""
LOW_DEGREES = 5.0
"""Below it k says nothing: dim light, shadows, horizons."""
CLEAR_SHARE_MAX = 1.3
"""Clouds at the edge of the sun add some; more is a wrong capacity."""
RECENT_DAYS = 14
TRUST_PRIOR = 1.0
"""Squares of k; a day of quarter-hours that the weather tells well brings some two."""
SLOT_PRIOR = 1.0
"""Squares of k that draw a slot to all: some two clear days."""
_DIFFUSE_SHARE = 0.15
_GROUND_ALBEDO = 0.2


@dataclass(frozen=True, slots=True)
class Site:
    """Where panels stand, and how."""

    latitude_degrees: float
    """+ = north."""
    longitude_degrees: float
    """+ = east."""
    capacity_kw: float
    """Power under 1 kW/m2 on the panel."""
    limit_kw: float
    """What the inverter can deliver."""
    tilt_degrees: float = 30.0
    azimuth_degrees: float = 180.0
    """Where the panel looks: 90 = east, 180 = south, 270 = west."""

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude_degrees <= 90 and -180 <= self.longitude_degrees <= 180):
            place = f"{self.latitude_degrees}, {self.longitude_degrees}"
            raise ValueError(f"place {place} is not allowed; -90 to 90, -180 to 180 is")
        if self.capacity_kw <= 0 or self.limit_kw <= 0:
            powers = f"{self.capacity_kw} kW, {self.limit_kw} kW"
            raise ValueError(f"capacity and limit: {powers} are not allowed; more than 0 is")


@dataclass(frozen=True, slots=True, eq=False)
class Sun:
    """Where the sun stands, in radians."""

    elevation: FloatArray
    azimuth: FloatArray
    """From north over east."""


def sun(at_s: FloatArray, site: Site) -> Sun:
    """Return the sun's place at times, in seconds since 1970 UTC; without refraction."""
    days = (at_s - _J2000_S) / _DAY_S
    mean = np.radians((280.460 + 0.9856474 * days) % 360.0)
    anomaly = np.radians((357.528 + 0.9856003 * days) % 360.0)
    ecliptic = mean + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    oblique = np.radians(23.439 - 4e-7 * days)
    declination = np.arcsin(np.sin(oblique) * np.sin(ecliptic))
    ascension = np.arctan2(np.cos(oblique) * np.sin(ecliptic), np.cos(ecliptic))
    sidereal = np.radians((280.46062 + 360.985647 * days + site.longitude_degrees) % 360.0)
    hour = sidereal - ascension
    latitude = radians(site.latitude_degrees)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(
        declination
    ) * np.cos(hour)
    azimuth = np.arctan2(
        np.sin(hour), np.cos(hour) * np.sin(latitude) - np.tan(declination) * np.cos(latitude)
    )
    return Sun(np.arcsin(np.clip(height, -1.0, 1.0)), (azimuth + np.pi) % (2 * np.pi))


def clear_radiation(place: Sun) -> FloatArray:
    """Return the radiation of a clear sky on level ground, W/m2; 0 at night."""
    height = np.maximum(np.sin(place.elevation), 0.0)
    safe = np.maximum(height, 1e-3)
    return np.asarray(np.where(height > 0, 1098.0 * height * np.exp(-0.057 / safe), 0.0))


def clear_power(place: Sun, site: Site) -> FloatArray:
    """Return the power under a clear sky, kW, before the inverter's limit."""
    level = clear_radiation(place)
    height = np.maximum(np.sin(place.elevation), np.sin(radians(1.0)))
    tilt = radians(site.tilt_degrees)
    turned = place.azimuth - radians(site.azimuth_degrees)
    facing = np.sin(place.elevation) * np.cos(tilt) + np.cos(place.elevation) * np.sin(
        tilt
    ) * np.cos(turned)
    direct = (1.0 - _DIFFUSE_SHARE) * level / height * np.maximum(facing, 0.0)
    sky = _DIFFUSE_SHARE * level * (1.0 + np.cos(tilt)) / 2.0
    ground = _GROUND_ALBEDO * level * (1.0 - np.cos(tilt)) / 2.0
    # A low sun shines on a steep panel through more air than the level's share says: cut at 1.2.
    on_panel = np.minimum(direct + sky + ground, 1200.0)
    return np.asarray(site.capacity_kw * np.where(level > 0, on_panel, 0.0) / 1000.0)


def clear_share(power: FloatArray, clear: FloatArray, place: Sun) -> FloatArray:
    """Return k of measured power, 0 to `CLEAR_SHARE_MAX`; NaN under a low sun and where missing."""
    high = _high(place) & (clear > 0)
    share = np.full(power.shape, np.nan)
    np.divide(power, clear, out=share, where=high)
    return np.asarray(np.clip(share, 0.0, CLEAR_SHARE_MAX))


def forecast(
    power: FloatArray, place: Sun, site: Site, *, radiation: FloatArray | None = None
) -> FloatArray:
    """Return the power of the last day in kW, shape (slots,); NaN by day where nothing is known.

    Args:
        power: measured kW of consecutive days, shape (days, slots), the last row to forecast and
            not read; NaN where missing: curtailed slots should be.
        place: of the middles of the same slots.
        radiation: forecasts for level ground in W/m2 as they were known at each day's issue.
    """
    clear = clear_power(place, site)
    past = clear_share(power[:-1], clear[:-1], place_rows(place, slice(None, -1)))
    share = _recent(past)
    if radiation is not None and np.isfinite(radiation[-1]).all():
        told = _by_radiation(past, radiation, place, share)
        share = np.where(np.isfinite(told), told, share)
    share = _held(share, _high(place)[-1])
    today = np.minimum(np.clip(share, 0.0, CLEAR_SHARE_MAX) * clear[-1], site.limit_kw)
    return np.where(clear[-1] > 0, today, 0.0)


def blended(day_ahead: FloatArray, clear: FloatArray, ratio: float, slot_h: float) -> FloatArray:
    """Return an intraday forecast from now on, kW, shape (slots,).

    Args:
        day_ahead: forecast of the slots from now on, kW.
        clear: power of a clear sky in the same slots, kW.
        ratio: k of the last two hours.
        slot_h: length of a slot in hours. What was seen loses its weight over four of them.
    """
    hours = (np.arange(len(day_ahead)) + 0.5) * slot_h
    weight = np.clip(1.0 - hours / 4.0, 0.0, 1.0)
    return np.asarray(weight * ratio * clear + (1.0 - weight) * day_ahead)


def place_rows(place: Sun, rows: slice) -> Sun:
    """Return the places of some days."""
    return Sun(place.elevation[rows], place.azimuth[rows])


def _high(place: Sun) -> BoolArray:
    return np.asarray(place.elevation > radians(LOW_DEGREES))


def _recent(share: FloatArray) -> FloatArray:
    """Return the median k of the last days in each slot: for the absolute error the best."""
    recent = share[-RECENT_DAYS:]
    found = np.full(share.shape[1], np.nan)
    known = np.isfinite(recent).any(axis=0)
    found[known] = np.nanmedian(recent[:, known], axis=0)
    return found


def _by_radiation(
    share: FloatArray, radiation: FloatArray, place: Sun, usual: FloatArray
) -> FloatArray:
    """Return k from the radiation's own share: a line a slot, drawn to that of all slots.

    That of all is shrunk to k = it. What lately did not follow the radiation is drawn back to the
    usual k.
    """
    level = clear_radiation(place)
    told = np.full(radiation.shape, np.nan)
    np.divide(radiation, level, out=told, where=_high(place) & (level > 0))
    told = np.clip(told, 0.0, CLEAR_SHARE_MAX)
    recent = slice(-4 * RECENT_DAYS, None)
    seen, wanted = told[:-1][recent], share[recent]
    both = np.isfinite(seen) & np.isfinite(wanted)
    if not both.any():
        return usual
    common = (seen[both] @ wanted[both] + 10.0) / (seen[both] @ seen[both] + 10.0)
    squares = np.where(both, seen * seen, 0.0).sum(axis=0)
    products = np.where(both, seen * wanted, 0.0).sum(axis=0)
    # Each slot by itself: panels look somewhere, and something shades them at some hour.
    slopes = (products + SLOT_PRIOR * common) / (squares + SLOT_PRIOR)
    weight = _trust(slopes * seen, wanted, np.broadcast_to(usual, seen.shape))
    here = slopes * told[-1]
    return np.asarray(np.where(np.isfinite(usual), weight * here + (1.0 - weight) * usual, here))


def _trust(told: FloatArray, wanted: FloatArray, usual: FloatArray) -> float:
    """Return how much of the way from the usual k to the one that is told k really went, 0 to 1.

    One where nothing is known yet: a forecast of the weather is worth more than none.
    """
    both = np.isfinite(told) & np.isfinite(wanted) & np.isfinite(usual)
    way, went = (told - usual)[both], (wanted - usual)[both]
    return float(np.clip((way @ went + TRUST_PRIOR) / (way @ way + TRUST_PRIOR), 0.0, 1.0))


def _held(share: FloatArray, high: BoolArray) -> FloatArray:
    """Return k with that of the nearest high sun under a low one; unknown by day stays so."""
    known: IntArray = np.flatnonzero(high & np.isfinite(share))
    if len(known) == 0:
        return share
    slots = np.arange(len(share))
    nearest = known[np.argmin(np.abs(slots[:, None] - known), axis=1)]
    return np.where(high, share, share[nearest])
