"""The history of prices in the database, and the newest prices from outside."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.exchange.prices.sums import Bucket
from cloud.exchange.prices.tables import CENTITICKS, outside_price, price_minute
from cloud.kernel.database import Columns, upsert

HOUR_US = 3_600_000_000
SERIES = ("mark", "ema", "vwap")
_SUMS = ("open_ticks", "high_ticks", "low_ticks", "close_ticks", "value", "volume_wh", "trades")
_c = price_minute.c


class Fed(NamedTuple):
    """A price from outside as it was told."""

    eur_mwh: float
    mwh: float
    at_us: int


class Point(NamedTuple):
    """One minute of a market; prices in ticks, None where nothing was known."""

    start_us: int
    mark: float | None
    ema: float | None
    vwap: float | None


class Spread(NamedTuple):
    """One series over an hour or a day: mean of the minutes in which it was known."""

    minutes: int
    mean: float | None
    low: float | None
    high: float | None


class Span(NamedTuple):
    """An hour or a day of a market; prices in ticks."""

    start_us: int
    mark: Spread
    ema: Spread
    vwap: Spread
    volume_wh: int
    trades: int


class Known(NamedTuple):
    """One series of an hour in hundredths of ticks; without minutes the rest means nothing."""

    minutes: int
    total: int
    low: int
    high: int


class Hour(NamedTuple):
    """An hour of a market; `series` are mark, EMA and VWAP."""

    start_us: int
    series: tuple[Known, ...]
    volume_wh: int
    trades: int


async def save(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]], *, averages: bool
) -> None:
    """Write minutes; one that is there is replaced, without `averages` but for mark, EMA, VWAP."""
    names = [*_SUMS, "amended", *(SERIES if averages else ())]

    def change(new: Columns) -> Mapping[str, ColumnElement[Any]]:
        return {name: new[name] for name in names}

    await upsert(connection, price_minute, rows, change, only_if=lambda _: true())


async def newest_us(connection: AsyncConnection) -> int | None:
    """Return the start of the newest minute that is kept."""
    newest: int | None = await connection.scalar(select(func.max(_c.start_us)))
    return newest


async def points(connection: AsyncConnection, market: str, from_us: int, limit: int) -> list[Point]:
    """Return the newest `limit` minutes from `from_us` on, oldest first."""
    query = (
        select(_c.start_us, _c.mark, _c.ema, _c.vwap)
        .where(_c.market == market, _c.start_us >= from_us)
        .order_by(_c.start_us.desc())
        .limit(limit)
    )
    rows = await connection.execute(query)
    return [_point(*row) for row in reversed(rows.all())]


async def missing(
    connection: AsyncConnection, market: str, from_us: int, known: Collection[int], limit: int
) -> list[Point]:
    """Return the oldest `limit` minutes from `from_us` on that are not `known`, oldest first."""
    query = (
        select(_c.start_us, _c.mark, _c.ema, _c.vwap)
        .where(_c.market == market, _c.start_us >= from_us)
        .order_by(_c.start_us)
        .limit(limit + len(known))
    )
    rows = await connection.execute(query)
    return [_point(*row) for row in rows if row.start_us not in known][:limit]


async def buckets(
    connection: AsyncConnection, market: str, from_us: int, to_us: int
) -> dict[int, Bucket]:
    """Return the minutes of ``[from_us, to_us)`` with trades, in their order."""
    query = (
        select(price_minute)
        .where(_c.market == market, _c.start_us >= from_us, _c.start_us < to_us, _c.trades > 0)
        .order_by(_c.start_us)
    )
    found: dict[int, Bucket] = {}
    for row in await connection.execute(query):
        bucket = found[row.start_us] = Bucket(0)
        bucket.value, bucket.weight, bucket.trades = row.value, row.volume_wh, row.trades
        bucket.open, bucket.high = row.open_ticks, row.high_ticks
        bucket.low, bucket.close = row.low_ticks, row.close_ticks
        bucket.amended = row.amended
    return found


async def hours(connection: AsyncConnection, market: str, from_us: int, to_us: int) -> list[Hour]:
    """Return each hour of ``[from_us, to_us)`` in which something is kept, oldest first."""
    hour = (_c.start_us - _c.start_us % HOUR_US).label("hour")
    functions = (func.count, func.sum, func.min, func.max)
    numbers = [function(_c[name]) for name in SERIES for function in functions]
    query = (
        select(hour, func.sum(_c.volume_wh), func.sum(_c.trades), *numbers)
        .where(_c.market == market, _c.start_us >= from_us, _c.start_us < to_us)
        .group_by(hour)
        .order_by(hour)
    )
    found = []
    for start_us, volume_wh, trades, *rest in await connection.execute(query):
        whole = [int(number or 0) for number in rest]
        series = tuple(Known(*whole[at : at + 4]) for at in range(0, len(whole), 4))
        found.append(Hour(int(start_us), series, int(volume_wh), int(trades)))
    return found


async def forget_until(connection: AsyncConnection, until_us: int) -> int:
    """Delete minutes before this instant and return how many."""
    gone = await connection.execute(delete(price_minute).where(_c.start_us < until_us))
    return gone.rowcount


def _point(start_us: int, mark: int | None, ema: int | None, vwap: int | None) -> Point:
    ticks = [None if x is None else x / CENTITICKS for x in (mark, ema, vwap)]
    return Point(start_us, *ticks)


async def keep_outside(connection: AsyncConnection, market: str, fed: Fed) -> None:
    """Keep a price from outside that is no older than the one before."""
    await upsert(
        connection,
        outside_price,
        [{"market": market, **fed._asdict()}],
        lambda new: {name: new[name] for name in Fed._fields},
        lambda new: new.at_us >= outside_price.c.at_us,
    )


async def outside(connection: AsyncConnection, market: str) -> Fed | None:
    """Return the newest price from outside of a market, None where none ever came."""
    rows = await connection.execute(select(outside_price).where(outside_price.c.market == market))
    row = rows.one_or_none()
    return None if row is None else Fed(row.eur_mwh, row.mwh, row.at_us)
