"""Each point of each device of a site has a number; roll-ups are kept under it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.telemetry import tables
from cloud.fleet.telemetry.columns import Ints
from cloud.kernel.database import Database, insert_or_ignore

SITE_MAX = 100_000
"""Series of one site; points beyond that are kept as uploaded, and not rolled up."""
REMEMBERED_MAX = 200_000
"""Numbers kept in memory; then it is asked again."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Series:
    """A point of a device."""

    id: int
    device: str
    point: str


@dataclass(slots=True)
class SeriesBook:
    """Numbers that were asked for; they never change, so what is remembered stays true."""

    database: Database
    _known: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    _count: int = 0

    async def numbers(self, site: str, device: str, points: Sequence[str]) -> Ints:
        """Return the number of each point, made if need be; `NONE`: the site has too many."""
        known = self._known.get((site, device), {})
        if any(point not in known for point in points):
            known = await self._ask(site, device, points)
        return np.array([known.get(point, NONE) for point in points], dtype=np.int64)

    async def _ask(self, site: str, device: str, points: Sequence[str]) -> dict[str, int]:
        c = tables.series.c
        of_device = select(c.point, c.id).where(c.site == site, c.device == device)
        async with self.database.transaction() as connection:
            known = {row.point: row.id for row in await connection.execute(of_device)}
            fresh = [point for point in points if point not in known]
            if fresh:
                of_site = select(func.count()).select_from(tables.series).where(c.site == site)
                room = SITE_MAX - (await connection.scalar(of_site) or 0)
                rows = [{"site": site, "device": device, "point": p} for p in fresh[: max(0, room)]]
                await insert_or_ignore(connection, tables.series, rows)
                known = {row.point: row.id for row in await connection.execute(of_device)}
        if self._count > REMEMBERED_MAX:
            self._known.clear()
            self._count = 0
        self._known[site, device] = known
        self._count += len(known)
        return known


async def find(
    connection: AsyncConnection, site: str, points: Collection[str], most: int
) -> Sequence[Series]:
    """Return the site's series of these points, by device and point; without points: all."""
    c = tables.series.c
    query = select(c.id, c.device, c.point).where(c.site == site)
    if points:
        query = query.where(c.point.in_(points))
    rows = await connection.execute(query.order_by(c.device, c.point).limit(most))
    return [Series(row.id, row.device, row.point) for row in rows]
