"""Radiation at a site's place, each day as it was known on its eve."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.kernel.database import Database
from cloud.market.areas import catalogue
from cloud.market.feeds.simulated import SOURCE as SIMULATED
from cloud.market.feeds.weather import SOURCE as WEATHER
from cloud.market.series.archive import Archive
from cloud.market.series.merge import Values
from cloud.market.series.model import Kind, Series
from cloud.market.series.vintages import Eve, of_eves

AHEAD_DAYS = 3
"""Days of UTC that 48 hours reach into."""
_HOUR_US = 3_600_000_000
_HOURS = 24
_RESOLUTION_S = 3_600
_SOURCES = (WEATHER, SIMULATED)
_DAY_US = _HOURS * _HOUR_US


@dataclass(frozen=True, slots=True, eq=False)
class Sky:
    """What was said of it."""

    radiation: FloatArray
    """W/m2 on level ground in hours from the task's start on; NaN where missing; empty: none."""
    age_s: int | None
    """Of the newest statement."""

    @classmethod
    def none(cls) -> "Sky":
        return cls(np.empty(0), None)


async def radiation(database: Database, place: str, start_us: int, as_of_us: int) -> Sky:
    """Return what was said of a place, `AREA/PLACE`, from midnight of UTC at `start_us` on.

    A day before that of the issue is read as of the hour of this issue, the day before it. A real
    service counts before the simulated one.

    Raises:
        Unavailable: the database does not answer.
    """
    archive = Archive(database, catalogue.load())
    area, _, detail = place.partition("/")
    today = (as_of_us - start_us) // _DAY_US
    eves = [
        Eve(
            start_us + day * _DAY_US,
            start_us + (day + 1) * _DAY_US,
            as_of_us - max(today + 1 - day, 0) * _DAY_US if day < today else as_of_us,
        )
        for day in range(today + AHEAD_DAYS)
    ]
    for source in _SOURCES:
        series = Series(source, Kind.WEATHER_RADIATION, area, _RESOLUTION_S, detail)
        told = await of_eves(archive, series, eves)
        known = [at_us for values in told for at_us in values.known_us]
        if known:
            age_s = (as_of_us - max(known)) // 1_000_000
            return Sky(_hours(told, len(eves), start_us), age_s)
    return Sky.none()


def _hours(told: Sequence[Values], days: int, start_us: int) -> FloatArray:
    found = np.full(days * _HOURS, np.nan)
    for values in told:
        at = (np.array(values.starts_us, dtype=np.int64) - start_us) // _HOUR_US
        found[at] = values.values
    return found
