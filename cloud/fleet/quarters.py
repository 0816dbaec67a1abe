"""Telemetry in quarter-hours for the steps above the fleet, and who of several hubs works on it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import leases, queries
from cloud.fleet.telemetry.columns import Floats, Ints
from cloud.fleet.telemetry.queries import Step

GOOD_SHARE_MIN = 0.5
"""Of the samples of a quarter-hour; with fewer good ones it is missing."""
SERIES_MAX = 60
"""Of one answer, in order of devices and points; the others are left out."""


@dataclass(frozen=True, slots=True, eq=False)
class Quarters:
    """Means of the good samples of a point; a quarter-hour without them has no entry."""

    device: str
    point: str
    start_us: Ints
    mean: Floats


async def means(
    connection: AsyncConnection, site: str, points: Collection[str], from_us: int, to_us: int
) -> list[Quarters]:
    """Return the quarter-hours that begin in ``[from_us, to_us)``, whole ones of UTC.

    Raises:
        Invalid: more values than one answer may have.
    """
    found = await queries.ask(connection, site, points, from_us, to_us, Step.QUARTER)
    rolls = found.rolls
    good = (rolls.good > 0) & (rolls.good >= GOOD_SHARE_MIN * rolls.n)
    told = []
    for index, one in enumerate(found.series[:SERIES_MAX]):
        which = (good & (rolls.series == index)).nonzero()[0]
        mean = rolls.total[which] / rolls.good[which]
        told.append(Quarters(one.device, one.point, rolls.start_us[which], mean))
    return told


async def only_one(
    connection: AsyncConnection, work: str, holder: str, now_us: int, for_us: int
) -> bool:
    """Tell whether `holder` is the one hub that does some work, for another `for_us`."""
    return await leases.take(connection, work, holder, now_us, for_us)
