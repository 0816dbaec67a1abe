"""Newest values in the database: one row a device, see `telemetry.snapshot`."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Newest
from cloud.fleet.telemetry import snapshot as snapshots
from cloud.fleet.telemetry import tables
from cloud.fleet.telemetry.columns import Columns
from cloud.kernel.database import upsert

Numbered = tuple[int, Columns]
"""A block, and the number of its frame."""


async def update(
    connection: AsyncConnection, site: str, epoch: str, blocks: Sequence[Numbered]
) -> None:
    """Take what the frames say, which come in the order of their numbers."""
    by_device: dict[str, list[Numbered]] = {}
    for seq, block in blocks:
        by_device.setdefault(block.device, []).append((seq, block))
    if not by_device:
        return
    c = tables.newest.c
    # In one order for everybody, so that two transactions never wait for each other.
    query = (
        select(tables.newest)
        .where(c.site == site, c.device.in_(by_device))
        .order_by(c.device)
        .with_for_update()
    )
    known = {
        row.device: snapshots.unpack(row.epoch, row.names, row.payload)
        for row in await connection.execute(query)
    }
    rows = []
    for device in sorted(by_device):
        found = known.get(device) or snapshots.empty(epoch)
        for seq, block in by_device[device]:
            found.take(epoch, seq, block)
        names, payload = snapshots.pack(found)
        row = {"site": site, "device": device, "epoch": found.epoch}
        rows.append(row | {"names": names, "payload": payload})
    await upsert(
        connection,
        tables.newest,
        rows,
        change=lambda new: {"epoch": new.epoch, "names": new.names, "payload": new.payload},
        only_if=lambda _new: true(),
    )


async def of_site(connection: AsyncConnection, site: str) -> Sequence[Newest]:
    """Return the last that is known of each point of the site, by device and point."""
    found = await of_sites(connection, [site], None)
    return found.get(site, [])


async def of_sites(
    connection: AsyncConnection, sites: Collection[str] | None, points: Collection[str] | None
) -> Mapping[str, Sequence[Newest]]:
    """Return the last that is known of these points of these sites; None: of all.

    Sites of which nothing is known are left out.
    """
    c = tables.newest.c
    query = select(c.site, c.device, c.epoch, c.names, c.payload).order_by(c.site, c.device)
    if sites is not None:
        query = query.where(c.site.in_(sites))
    wanted = None if points is None else frozenset(points)
    found: dict[str, list[Newest]] = {}
    for site, device, epoch, names, payload in await connection.execute(query):
        known = snapshots.unpack(epoch, names, payload).of(device, wanted)
        if known:
            found.setdefault(site, []).extend(known)
    return found
