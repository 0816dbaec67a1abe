"""The history of prices: a row a minute and market, written when the minute is over.

A minute is written again when one of its trades became void, and after a stop from what memory
still holds: its sums and prices are exact then, mark, EMA and VWAP of that instant are not known.
Whoever reads writes nothing.
"""

import asyncio
import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from math import floor
from typing import Any, Literal

from cloud.exchange.prices import gauges, views
from cloud.exchange.prices import history_store as store
from cloud.exchange.prices.candles import Candle, candles
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.history_store import HOUR_US, Hour, Known, Point, Span, Spread
from cloud.exchange.prices.rules import MINUTE_US
from cloud.exchange.prices.sums import Bucket
from cloud.exchange.prices.tables import CENTITICKS
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from wire import clock
from wire.clock import Clock

KEEP_DAYS = 800
"""How long minutes are kept unless a setting says otherwise: two years and a bit."""
POINTS_MAX = 10_000
"""In one answer; a week of minutes."""
HISTORY_HOURS_MAX = 24 * 31
LONGTERM_DAYS_MAX = 3_660
CANDLES_MAX = 5_000
LATE_MINUTES_MAX = 9 * 24 * 60
"""After a longer stop only this many minutes are looked through in memory."""
_DAY_US = 24 * HOUR_US

_logger = logging.getLogger(__name__)


class History:
    """Writes minutes and answers questions about them; one instance beside the writer."""

    def __init__(
        self, database: Database, clock: Clock, data: MarketData, keep_days: int = KEEP_DAYS
    ) -> None:
        self._database, self._clock, self._data = database, clock, data
        self._keep_us = keep_days * _DAY_US
        self._done_us: int | None = None
        """Minutes before this instant are written."""
        self._forgotten_us = 0

    async def run(self) -> None:
        """Write each minute when it is over, until cancelled; a database that is away is asked
        again a minute later, and nothing is lost by that."""
        while True:
            with suppress(Unavailable):
                await self.record()
            now_us = self._clock.now_us()
            await asyncio.sleep((MINUTE_US - now_us % MINUTE_US) / 1e6)

    async def record(self) -> int:
        """Write the minutes that are over and not yet written; return how many rows.

        Idempotent: a minute that is written twice is there once.
        """
        now_us = self._clock.now_us()
        end_us = now_us - now_us % MINUTE_US
        if self._done_us is None:
            async with self._database.reading() as connection:
                newest_us = await store.newest_us(connection)
            self._done_us = 0 if newest_us is None else newest_us + MINUTE_US
        from_us = max(self._done_us, end_us - LATE_MINUTES_MAX * MINUTE_US)
        tapes = self._data.board.tapes
        now_rows, late_rows = [], []
        if from_us < end_us:
            last_us = end_us - MINUTE_US
            now_rows = [row for market in tapes if (row := self._row(market, last_us))]
            late_rows = [row for market in tapes for row in self._late(market, from_us, last_us)]
        with self._amended() as amended:
            late_rows += [
                _minute(market, at_us, tapes[market].minutes.bucket(at_us))
                for market, at_us in amended
                if at_us < from_us
            ]
            await self._write(now_rows, late_rows, now_us)
        self._done_us = max(self._done_us, end_us)
        for market in tapes:
            gauges.show(self._data, market, now_us)
        return len(now_rows) + len(late_rows)

    @contextmanager
    def _amended(self) -> Iterator[list[tuple[str, int]]]:
        """Yield minutes with a trade that became void; they come again if the block fails."""
        taken = {market: tape.amended for market, tape in self._data.board.tapes.items()}
        for market in taken:
            self._data.board.tapes[market].amended = {}
        try:
            yield [(market, at_us) for market, minutes in taken.items() for at_us in minutes]
        except BaseException:
            for market, minutes in taken.items():
                self._data.board.tapes[market].amended.update(minutes)
            raise

    async def _write(
        self, now_rows: list[dict[str, Any]], late_rows: list[dict[str, Any]], now_us: int
    ) -> None:
        forgets = now_us - self._forgotten_us >= HOUR_US
        if not (now_rows or late_rows or forgets):
            return
        async with self._database.transaction() as connection:
            await store.save(connection, now_rows, averages=True)
            await store.save(connection, late_rows, averages=False)
            if forgets:
                gone = await store.forget_until(connection, now_us - self._keep_us)
                if gone:
                    _logger.info("%d minutes of prices became too old", gone)
        self._forgotten_us = now_us if forgets else self._forgotten_us

    def _row(self, market: str, start_us: int) -> dict[str, Any] | None:
        """Return the minute that has just ended; None: nothing is known of the market."""
        quote = views.quote(self._data, market, start_us + MINUTE_US - 1)
        bucket = self._data.board.tapes[market].minutes.bucket(start_us)
        averages = (quote.mark.ticks, quote.ema_ticks, quote.vwap_ticks)
        if bucket is None and averages == (None, None, None):
            return None
        row = _minute(market, start_us, bucket)
        row.update(zip(store.SERIES, map(_centiticks, averages), strict=True))
        return row

    def _late(self, market: str, from_us: int, to_us: int) -> list[dict[str, Any]]:
        minutes = self._data.board.tapes[market].minutes.between(from_us, to_us)
        return [_minute(market, at_us, bucket) for at_us, bucket in minutes]

    async def history(self, market: str, hours: int, limit: int) -> list[Point]:
        """Return the newest points of the last hours, oldest first."""
        from_us = self._clock.now_us() - min(hours, HISTORY_HOURS_MAX) * HOUR_US
        async with self._database.reading() as connection:
            return await store.points(connection, market, from_us, min(limit, POINTS_MAX))

    async def sync(self, market: str, known: Collection[int], since_us: int) -> list[Point]:
        """Return points since an instant whose minutes a client does not know, oldest first;
        at most `POINTS_MAX`: a client that lacks more asks again."""
        async with self._database.reading() as connection:
            return await store.missing(connection, market, since_us, frozenset(known), POINTS_MAX)

    async def longterm(
        self, market: str, days: int, aggregation: Literal["hour", "day"]
    ) -> list[Span]:
        """Return hours, or local days of the market's area, with mean, least and most, oldest
        first; what is cut by the beginning of the window is left out."""
        now_us = self._clock.now_us()
        from_us = now_us - min(days, LONGTERM_DAYS_MAX) * _DAY_US
        from_us += -from_us % HOUR_US
        if aggregation == "day":
            from_us = self._day_us(market, from_us - HOUR_US + _DAY_US)
        async with self._database.reading() as connection:
            found = await store.hours(connection, market, from_us, now_us)
        spans: dict[int, list[Hour]] = {}
        for hour in found:
            start_us = hour.start_us
            if aggregation == "day":
                start_us = self._day_us(market, start_us)
            spans.setdefault(start_us, []).append(hour)
        return [_span(start_us, rows) for start_us, rows in spans.items()]

    async def candles(self, market: str, length_min: int, from_us: int, to_us: int) -> list[Candle]:
        """Return a market's candles, of minutes that are written and of those in memory.

        Raises:
            ValueError: a length that is none, or more than `CANDLES_MAX` candles.
        """
        length_us = length_min * MINUTE_US
        from_us, to_us = from_us - from_us % length_us, to_us + -to_us % length_us
        if to_us - from_us > CANDLES_MAX * length_us:
            raise ValueError(f"candles: {CANDLES_MAX} at most are expected; ask for a part of it")
        async with self._database.reading() as connection:
            minutes = await store.buckets(connection, market, from_us, to_us)
        minutes.update(self._data.board.tapes[market].minutes.between(from_us, to_us))
        return candles(sorted(minutes.items(), key=lambda item: item[0]), length_min)

    def _day_us(self, market: str, at_us: int) -> int:
        """Return the local midnight that this instant comes after."""
        day = self._data.day(market, at_us)
        zone = self._data.zones[market]
        return clock.micros(datetime(day.year, day.month, day.day, tzinfo=zone))


def _minute(market: str, start_us: int, bucket: Bucket | None) -> dict[str, Any]:
    return {
        "market": market,
        "start_us": start_us,
        "open_ticks": bucket.open if bucket else None,
        "high_ticks": bucket.high if bucket else None,
        "low_ticks": bucket.low if bucket else None,
        "close_ticks": bucket.close if bucket else None,
        "value": bucket.value if bucket else 0,
        "volume_wh": bucket.weight if bucket else 0,
        "trades": bucket.trades if bucket else 0,
        "amended": bucket.amended if bucket else False,
        "mark": None,
        "ema": None,
        "vwap": None,
    }


def _centiticks(ticks: float | None) -> int | None:
    return None if ticks is None else floor(ticks * CENTITICKS + 0.5)


def _span(start_us: int, rows: list[Hour]) -> Span:
    mark, ema, vwap = (_spread([row.series[at] for row in rows]) for at in range(3))
    volume_wh, trades = sum(row.volume_wh for row in rows), sum(row.trades for row in rows)
    return Span(start_us, mark, ema, vwap, volume_wh, trades)


def _spread(hours: list[Known]) -> Spread:
    known = [hour for hour in hours if hour.minutes]
    minutes = sum(hour.minutes for hour in known)
    if not minutes:
        return Spread(0, None, None, None)
    return Spread(
        minutes,
        sum(hour.total for hour in known) / minutes / CENTITICKS,
        min(hour.low for hour in known) / CENTITICKS,
        max(hour.high for hour in known) / CENTITICKS,
    )
