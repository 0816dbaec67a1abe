"""A site that is made up: loads of working days, and panels under clouds that change by day."""

import numpy as np

from cloud.fleet.telemetry import tables
from cloud.fleet.telemetry.series import SeriesBook
from cloud.forecast import solar
from cloud.forecast.arrays import FloatArray
from cloud.forecast.site import panels
from cloud.forecast.site.grid import QUARTER_US, SLOTS
from cloud.forecast.site.task import Task
from cloud.kernel.context import Hub

DAY_US = SLOTS * QUARTER_US


def made(as_of_us: int, days: int = 50, seed: int = 1, ahead_days: int = 3) -> Task:
    """Return a task whose arrays go on behind `as_of_us`, with what really came."""
    rng = np.random.default_rng(seed)
    start_us = as_of_us - as_of_us % DAY_US - days * DAY_US
    count = (days + ahead_days) * SLOTS
    at_s = panels.times(start_us, days + ahead_days).ravel()
    site = solar.Site(47.0, 15.0, 50.0, 45.0, 25.0, 200.0)
    clear = solar.clear_power(solar.sun(at_s, site), site)
    clouds = np.repeat(rng.uniform(0.4, 1.0, days + ahead_days), SLOTS)
    hour, day = (at_s / 3600.0) % 24.0, at_s // 86_400.0
    load = 20.0 + 8.0 * np.sin((hour - 7.0) / 24.0 * 2 * np.pi) + 6.0 * ((day + 3) % 7 < 5)
    return Task(
        site="werk-sued",
        area="AT",
        start_us=start_us,
        as_of_us=as_of_us,
        load=load + rng.normal(0.0, 1.0, count),
        pv=np.minimum(clear * clouds, site.limit_kw),
    )


async def fill(hub: Hub, task: Task, point: str, values: FloatArray, device: str = "meter") -> None:
    """Keep quarter-hours of a point in the roll-ups of the site, those behind `as_of` too."""
    book = SeriesBook(hub.database)
    (number,) = (await book.numbers(task.site, device, [point])).tolist()
    rows = [
        {
            "series": number,
            "start_us": task.start_us + slot * QUARTER_US,
            "n": 15,
            "good": 15,
            "total": 15.0 * value,
            "low": value,
            "high": value,
            "last": value,
            "last_us": task.start_us + slot * QUARTER_US + 1,
            "quality": 0,
        }
        for slot, value in enumerate(values.tolist())
    ]
    async with hub.database.transaction() as connection:
        await connection.execute(tables.quarter.insert(), rows)
