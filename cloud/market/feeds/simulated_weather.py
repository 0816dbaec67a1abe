"""Forecasts of the weather that the simulated market lives in. Pure.

Its sun and wind follow from the weather of each day; here that weather is told as a service would
tell it: two days ahead, on the eve's morning and once more in the evening, each time nearer to what
comes. One place an area, and hours as they are told by such services.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from cloud.market.areas.model import Area
from cloud.market.series.model import Kind

PLACE = "mitte"
RESOLUTION_S = 3_600
TOLD: tuple[tuple[int, time, float], ...] = (
    (-2, time(6, 0), 0.30),
    (-1, time(6, 0), 0.16),
    (-1, time(18, 0), 0.10),
)
"""Days from the day that is told, the hour, and how far it may be off."""
RADIATION_MAX = 900.0
"""W/m2 of the simulated sun at its height in June."""
CALM_MS, STORM_MS = 3.0, 15.0
_HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Sky:
    """The true weather of an hour."""

    sun: float
    """Share of the highest sun of the year, 0 to 1."""
    wind: float
    """0 to 1."""
    season: float
    """1 in the middle of January, -1 in July."""


Truth = Callable[[date, float], Sky]
Chance = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of a model says of one day."""

    known_us: int
    revision: int
    starts_us: tuple[int, ...]
    values: tuple[float, ...]


def runs(
    kind: Kind, area: Area, day: date, now_us: int, truth: Truth, chance: Chance
) -> Iterator[Run]:
    """Yield what is known of a day by `now_us`, earliest first; the same for the same truth."""
    start_us, end_us = area.day_us(day)
    starts = tuple(range(start_us, end_us, _HOUR_US))
    hours = [(n + 0.5) * 24 / len(starts) for n in range(len(starts))]
    for revision, (days, at, off) in enumerate(TOLD, 1):
        known_us = area.at_us(day + timedelta(days=days), at)
        if known_us > now_us:
            return
        miss = off * (2 * chance(f"{area.code}/{kind.value}/{day}/{revision}") - 1)
        values = tuple(_VALUES[kind](truth(day, hour), hour, miss) for hour in hours)
        yield Run(known_us, revision, starts, values)


def _radiation(sky: Sky, _hour: float, miss: float) -> float:
    return round(max(0.0, RADIATION_MAX * sky.sun * (1 + miss)), 1)


def _wind(sky: Sky, hour: float, miss: float) -> float:
    speed = CALM_MS + (STORM_MS - CALM_MS) * sky.wind
    return round(max(0.0, speed * (1 + 0.5 * miss * math.cos(hour / 4))), 2)


def _temperature(sky: Sky, hour: float, miss: float) -> float:
    return round(10 - 11 * sky.season + 4 * math.sin((hour - 9) / 24 * math.tau) + 8 * miss, 1)


_VALUES: Mapping[Kind, Callable[[Sky, float, float], float]] = {
    Kind.WEATHER_RADIATION: _radiation,
    Kind.WEATHER_WIND: _wind,
    Kind.WEATHER_TEMPERATURE: _temperature,
}
KINDS = tuple(_VALUES)
