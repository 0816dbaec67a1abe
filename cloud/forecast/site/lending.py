"""Whose days a new site may borrow: those of another site of its account, and nobody else's."""

from collections.abc import Collection, Sequence

import numpy as np

from cloud.fleet.model import Site
from cloud.forecast.arrays import FloatArray
from cloud.forecast.site import demand, reading
from cloud.forecast.site.grid import SLOTS
from cloud.forecast.site.task import Task
from cloud.kernel.database import Database

DONORS_MAX = 3
"""So many other sites are looked at, in order of their ids."""


async def lent(
    database: Database, task: Task, sites: Sequence[Site], told: Collection[str], now_us: int
) -> FloatArray:
    """Return the load of the site that knows most days, quarter-hours as those of the task.

    Empty where the site needs none, has no load of its own, or no other site of its account has.

    Args:
        sites: all that there are.
        told: ids of those that were forecast before: others have nothing to lend.

    Raises:
        Unavailable: the database does not answer.
    """
    nothing = np.empty(0)
    if not len(task.load) or whole_days(task.load) >= demand.SIMILAR_DAYS:
        return nothing
    account = next(site.account for site in sites if site.id == task.site)
    others = [
        site.id
        for site in sites
        if site.account == account and site.id != task.site and site.id in told
    ]
    best, most = nothing, demand.SIMILAR_DAYS - 1
    for other in others[:DONORS_MAX]:
        found = await reading.task(database, other, task.area, now_us)
        days = whole_days(found.load)
        if days > most:
            best, most = found.load, days
    return best


def whole_days(values: FloatArray) -> int:
    """Return how many days of UTC are known whole."""
    days = values[: len(values) // SLOTS * SLOTS].reshape(-1, SLOTS)
    return int(np.isfinite(days).all(axis=1).sum())
