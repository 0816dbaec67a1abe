"""A site's past in quarter-hours, read from the roll-ups of its telemetry."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from cloud.fleet import quarters
from cloud.fleet.quarters import Quarters
from cloud.forecast.arrays import FloatArray
from cloud.forecast.site import weather
from cloud.forecast.site.grid import QUARTER_US
from cloud.forecast.site.places_file import SiteRow
from cloud.forecast.site.setup import UNKNOWN
from cloud.forecast.site.task import Task
from cloud.forecast.site.weather import Sky
from cloud.kernel.database import Database

PV, LOAD, PV_LIMIT = "pv.power_kw", "load.power_kw", "pv.limit_kw"
POINTS = (PV, LOAD, PV_LIMIT)
HISTORY_DAYS = 126
PIECE_DAYS = 14
"""Read in one go: some 1,300 values a series, a few milliseconds."""
RECENT_SLOTS = 7 * 96
"""A device that was silent for longer is gone: the others are the plant."""
HELD_SHARE = 0.98
"""Panels at so much of what they are held to could have given more, and say nothing of the sun."""
_DAY_US = 96 * QUARTER_US

Name = tuple[str, str]
"""Point and device."""


@dataclass(slots=True, eq=False)
class Past:
    """Quarter-hours of each device from `start_us` on, kW."""

    start_us: int
    slots: int
    of: dict[Name, FloatArray] = field(default_factory=dict)

    def devices(self, point: str) -> list[FloatArray]:
        """Return the series of a point, by device; of those that are gone only if all are."""
        told = [values for (name, _), values in sorted(self.of.items()) if name == point]
        alive = [values for values in told if np.isfinite(values[-RECENT_SLOTS:]).any()]
        return alive or told


async def task(
    database: Database, site: str, area: str, now_us: int, row: SiteRow | None = None
) -> Task:
    """Return what is known of a site at an instant: of whole quarter-hours before it.

    Args:
        row: what the operator knows of it.

    Raises:
        Unavailable: the database does not answer.
    """
    as_of_us = now_us - now_us % QUARTER_US
    start_us = as_of_us - as_of_us % _DAY_US - HISTORY_DAYS * _DAY_US
    past = Past(start_us, (as_of_us - start_us) // QUARTER_US)
    for from_us in range(start_us, as_of_us, PIECE_DAYS * _DAY_US):
        to_us = min(from_us + PIECE_DAYS * _DAY_US, as_of_us)
        async with database.reading() as connection:
            found = await quarters.means(connection, site, POINTS, from_us, to_us)
        _add(past, found)
    pv = panels(past)
    sky = Sky.none()
    if row is not None and row.weather and len(pv):
        sky = await weather.radiation(database, row.weather, start_us, as_of_us)
    return Task(
        site=site,
        area=area,
        start_us=start_us,
        as_of_us=as_of_us,
        load=next(iter(past.devices(LOAD)), np.empty(0)),
        pv=pv,
        radiation=sky.radiation,
        radiation_age_s=sky.age_s,
        setup=UNKNOWN if row is None else row.setup,
    )


def panels(past: Past) -> FloatArray:
    """Return the sum of all panels; NaN where one of them is missing, or held down."""
    told = past.devices(PV)
    if not told:
        return np.empty(0)
    whole = np.sum(told, axis=0)
    limits = past.devices(PV_LIMIT)
    if limits:
        limit = np.sum(limits, axis=0)
        top = float(np.nanmax(whole)) if np.isfinite(whole).any() else 0.0
        held = (limit < top) & (whole >= HELD_SHARE * limit)
        whole = np.where(held, np.nan, whole)
    return np.asarray(whole)


def _add(past: Past, found: Iterable[Quarters]) -> None:
    for one in found:
        at = (one.start_us - past.start_us) // QUARTER_US
        inside = (at >= 0) & (at < past.slots)
        if inside.any():
            name = one.point, one.device
            values = past.of.setdefault(name, np.full(past.slots, np.nan))
            values[at[inside]] = one.mean[inside]
