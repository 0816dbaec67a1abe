"""Forecasts of sites in the database."""

import zlib
from dataclasses import dataclass

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.site.tables import site_forecast_table
from cloud.kernel.database import upsert

_c = site_forecast_table.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A row."""

    as_of_us: int
    issued_us: int
    document: bytes


async def keep(connection: AsyncConnection, site: str, row: Kept) -> None:
    """Put a forecast in the place of the one before."""
    packed = zlib.compress(row.document)
    values = {"as_of_us": row.as_of_us, "issued_us": row.issued_us, "document": packed}
    await upsert(
        connection,
        site_forecast_table,
        [{"site": site, **values}],
        change=lambda new: {name: new[name] for name in values},
        only_if=lambda _: true(),
    )


async def of_site(connection: AsyncConnection, site: str) -> Kept | None:
    query = select(_c.as_of_us, _c.issued_us, _c.document).where(_c.site == site)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    return Kept(row.as_of_us, row.issued_us, zlib.decompress(row.document))


async def issued(connection: AsyncConnection) -> dict[str, int]:
    """Return when each site was last told."""
    rows = await connection.execute(select(_c.site, _c.issued_us))
    return {row.site: row.issued_us for row in rows}
