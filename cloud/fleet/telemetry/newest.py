"""Newest values in the database: one row a device, see `telemetry.snapshot`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet.model import Newest
from cloud.fleet.telemetry import bulk, tables
from cloud.fleet.telemetry import snapshot as snapshots
from cloud.fleet.telemetry.columns import Columns

_CHANGE = "epoch = excluded.epoch, names = excluded.names, payload = excluded.payload"

Numbered = tuple[int, Columns]
"""A block, and the number of its frame."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one upload says of a site: blocks in the order of their numbers."""

    site: str
    epoch: str
    blocks: Sequence[Numbered]


async def update(connection: AsyncConnection, told: Iterable[Told]) -> None:
    """Take what uploads say; those of one site in their order."""
    by_device: dict[tuple[str, str], list[tuple[str, int, Columns]]] = {}
    for one in told:
        for seq, block in one.blocks:
            by_device.setdefault((one.site, block.device), []).append((one.epoch, seq, block))
    # In one order for everybody, so that two transactions never wait for each other.
    keys = sorted(by_device)
    locked = "" if connection.dialect.name == "sqlite" else "ORDER BY 1, 2 FOR UPDATE OF n"
    rows = await bulk.fetch(
        connection,
        "SELECT n.site, n.device, n.epoch, n.names, n.payload FROM",
        ("site", "device"),
        keys,
        f"CROSS JOIN newest n WHERE n.site = k.site AND n.device = k.device {locked}",
    )
    known = {(site, device): kept for site, device, *kept in rows}
    changed = []
    for key in keys:
        site, device = key
        found = snapshots.unpack(*known[key]) if key in known else snapshots.empty("")
        for epoch, seq, block in by_device[key]:
            found.take(epoch, seq, block)
        changed.append((site, device, found.epoch, *snapshots.pack(found)))
    await bulk.merge(connection, tables.newest, changed, _CHANGE)


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
