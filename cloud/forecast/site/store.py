"""Forecasts of sites in the database, what their eves said, and how good they were."""

import zlib
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.forecast.site.scores import Score
from cloud.forecast.site.tables import site_eve_table, site_forecast_table, site_score_table
from cloud.kernel.database import insert_or_ignore, upsert

_c, _e, _s = site_forecast_table.c, site_eve_table.c, site_score_table.c


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


async def issued_of(connection: AsyncConnection, site: str) -> int | None:
    """Return when a site was last told, None: never."""
    found: int | None = await connection.scalar(select(_c.issued_us).where(_c.site == site))
    return found


async def issued(connection: AsyncConnection) -> dict[str, int]:
    """Return when each site was last told."""
    rows = await connection.execute(select(_c.site, _c.issued_us))
    return {row.site: row.issued_us for row in rows}


async def keep_eve(
    connection: AsyncConnection, site: str, day: date, issued_us: int, told: bytes
) -> None:
    """Keep what is said of a day that has not begun, in the place of what was said before."""
    values = {"issued_us": issued_us, "told": zlib.compress(told)}
    await upsert(
        connection,
        site_eve_table,
        [{"site": site, "day": day, **values}],
        change=lambda new: {name: new[name] for name in values},
        only_if=lambda _: true(),
    )


async def eves(connection: AsyncConnection, site: str, before: date) -> dict[date, bytes]:
    """Return what was said of days before one, and is not scored yet."""
    query = select(_e.day, _e.told).where(_e.site == site, _e.day < before).order_by(_e.day)
    return {row.day: zlib.decompress(row.told) for row in await connection.execute(query)}


async def keep_scores(
    connection: AsyncConnection,
    site: str,
    scores: Iterable[Score],
    done: Collection[date],
    oldest: date,
) -> None:
    """Keep scores, and forget the eves of days that are done and scores before `oldest`."""
    rows = [asdict(one) for one in scores]
    if rows:
        await insert_or_ignore(connection, site_score_table, rows)
    await connection.execute(delete(site_eve_table).where(_e.site == site, _e.day.in_(done)))
    await connection.execute(delete(site_score_table).where(_s.site == site, _s.day < oldest))


async def scores(connection: AsyncConnection, site: str, since: date) -> list[Score]:
    """Return the scores of a site from a day on, the newest first."""
    query = (
        select(site_score_table)
        .where(_s.site == site, _s.day >= since)
        .order_by(_s.day.desc(), _s.kind)
    )
    return [_score(row) for row in await connection.execute(query)]


class Together(NamedTuple):
    """Of all sites."""

    kind: str
    rmae: float | None
    """Errors against those of the week before, sums of days that have both; None: no such day."""
    coverage80: float | None


async def together(connection: AsyncConnection, since: date) -> list[Together]:
    """Return how good the forecasts of all sites were from a day on."""
    known = _s.naive_mae_kw.is_not(None)
    query = (
        select(
            _s.kind,
            func.sum(_s.mae_kw).filter(known).label("ours"),
            func.sum(_s.naive_mae_kw).filter(known).label("theirs"),
            func.avg(_s.coverage80).label("coverage80"),
        )
        .where(_s.day >= since)
        .group_by(_s.kind)
    )
    return [
        Together(row.kind, row.ours / row.theirs if row.theirs else None, row.coverage80)
        for row in await connection.execute(query)
    ]


def _score(row: Row[Any]) -> Score:
    return Score(
        site=row.site,
        day=row.day,
        kind=row.kind,
        quality=row.quality,
        slots=row.slots,
        mae_kw=row.mae_kw,
        naive_mae_kw=row.naive_mae_kw,
        coverage80=row.coverage80,
    )
