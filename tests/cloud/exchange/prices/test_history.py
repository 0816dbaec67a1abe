"""cloud.exchange.prices.history: each minute once, amended when a trade becomes void, for years."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import func, select

from cloud.exchange.prices import history_store
from cloud.exchange.prices.board import day_bounds
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.history import History
from cloud.exchange.prices.tables import price_minute
from cloud.kernel.database import Database
from cloud.kernel.errors import Unavailable
from tests.support.prices import (
    HOUR_US,
    MINUTE_US,
    NOON_US,
    QUARTERS,
    VIENNA,
    listed,
    market_data,
    traded,
    voided,
)
from wire.clock import SetClock

DAY_US = 24 * HOUR_US


def started(database: Database, keep_days: int = 800) -> tuple[MarketData, SetClock, History]:
    """Return data of contract 1, a clock at noon and the history of both."""
    data, clock = market_data(), SetClock(NOON_US)
    data.take([listed(1, NOON_US + 8 * HOUR_US)])
    return data, clock, History(database, clock, data, keep_days)


async def rows(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.count()).select_from(price_minute)) or 0


async def test_each_minute_is_written_once_with_what_was_known_at_its_end(
    database: Database,
) -> None:
    data, clock, history = started(database)
    assert await history.record() == 0, "nothing is known yet"
    data.take([traded(1, 1, 1_000, 1), traded(2, 1, 2_001, 1, NOON_US + MINUTE_US - 1)])
    for _ in range(2):
        clock.at_us = NOON_US + MINUTE_US + 5
        await history.record()
    data.take([traded(3, 1, -500, 2, NOON_US + MINUTE_US + 9)])
    clock.at_us = NOON_US + 2 * MINUTE_US
    await history.record()
    points = await history.history(QUARTERS, 1, 10)
    assert [tuple(point) for point in points] == [
        (NOON_US, 2_001, 1_200.2, 1_501),
        (NOON_US + MINUTE_US, -500, 860.16, 500),
    ]
    assert await history.history(QUARTERS, 1, 1) == points[-1:]
    assert await rows(database) == 2


async def test_after_a_stop_sums_are_written_again_and_averages_stay_as_they_were(
    database: Database,
) -> None:
    data, clock, history = started(database)
    data.take([traded(1, 1, 1_000, 1)])
    clock.at_us = NOON_US + MINUTE_US
    await history.record()
    data.take([traded(2, 1, 3_000, 1, NOON_US + 3 * MINUTE_US)])
    clock.at_us = NOON_US + 6 * MINUTE_US
    await History(database, clock, data).record()
    points = await history.history(QUARTERS, 1, 10)
    assert [(p.start_us - NOON_US) // MINUTE_US for p in points] == [0, 3, 5]
    assert [point.mark for point in points] == [1_000, None, 3_000]
    found = await history.candles(QUARTERS, 1, NOON_US, clock.at_us)
    assert [candle.close for candle in found] == [1_000, 3_000]


async def test_a_void_trade_is_taken_out_of_its_written_minute(database: Database) -> None:
    data, clock, history = started(database)
    trades = [traded(n, 1, 1_000 * n, 1, NOON_US + n) for n in (1, 2, 3)]
    data.take(trades)
    clock.at_us = NOON_US + MINUTE_US
    await history.record()
    data.take([voided(trades[1]), voided(trades[2])])
    clock.at_us = NOON_US + 2 * MINUTE_US
    await history.record()
    fresh = History(database, clock, market_data())
    (candle,) = await fresh.candles(QUARTERS, 5, NOON_US, NOON_US + 1)
    assert (candle.high, candle.close, candle.sum.trades, candle.vwap_ticks) == (
        1_000,
        1_000,
        1,
        1_000,
    )
    data.take([voided(trades[0])])
    await history.record()
    assert await fresh.candles(QUARTERS, 5, NOON_US, NOON_US + 1) == []


async def test_what_could_not_be_written_is_written_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, clock, history = started(database)
    trade = traded(1, 1, 1_000, 1)
    data.take([trade])
    clock.at_us = NOON_US + MINUTE_US
    await history.record()
    data.take([traded(2, 1, 4_000, 1, NOON_US + MINUTE_US), voided(trade)])
    clock.at_us = NOON_US + 2 * MINUTE_US

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer; nothing was changed")

    with monkeypatch.context() as broken:
        broken.setattr(history_store, "save", away)
        with pytest.raises(Unavailable):
            await history.record()
    clock.at_us = NOON_US + 3 * MINUTE_US
    await history.record()
    fresh = History(database, clock, market_data())
    (candle,) = await fresh.candles(QUARTERS, 15, NOON_US, clock.at_us)
    assert (candle.open, candle.sum.trades) == (4_000, 1)


async def test_hours_and_local_days_have_mean_least_and_most(database: Database) -> None:
    """The local day of the change of clocks has 25 hours and is one span."""
    start_us, end_us = day_bounds(date(2026, 10, 25), VIENNA)
    assert (end_us - start_us) // HOUR_US == 25
    data, clock, history = started(database)
    data.take([listed(2, end_us + HOUR_US)])
    for hour in range(25):
        at_us = start_us + hour * HOUR_US
        data.take([traded(hour, 2, 100 * (hour - 3), 1 + hour, at_us)])
        clock.at_us = at_us + MINUTE_US
        await history.record()
    clock.at_us = end_us + 2 * MINUTE_US
    hours = await history.longterm(QUARTERS, 30, "hour")
    known = [span for span in hours if start_us <= span.start_us < end_us]
    assert [span.mark.mean for span in known] == [100.0 * (hour - 3) for hour in range(25)]
    day = next(s for s in await history.longterm(QUARTERS, 30, "day") if s.start_us == start_us)
    assert (day.mark.minutes, day.mark.low, day.mark.high) == (25, -300, 2_100)
    assert day.mark.mean == pytest.approx(900)
    assert (day.trades, day.volume_wh) == (25, sum(range(1, 26)) * 25_000)


async def test_a_client_gets_the_minutes_that_it_lacks(database: Database) -> None:
    data, clock, history = started(database)
    for minute in range(5):
        data.take([traded(minute, 1, minute, 1, NOON_US + minute * MINUTE_US)])
        clock.at_us = NOON_US + (minute + 1) * MINUTE_US
        await history.record()
    known = [NOON_US + MINUTE_US, NOON_US + 3 * MINUTE_US, 17]
    found = await history.sync(QUARTERS, known, NOON_US + MINUTE_US)
    assert [(point.start_us - NOON_US) // MINUTE_US for point in found] == [2, 4]
    assert await history.sync("ELSEWHERE", [], 0) == []


async def test_minutes_that_are_too_old_are_forgotten(database: Database) -> None:
    data, clock, history = started(database, keep_days=2)
    data.take([traded(1, 1, 5, 1)])
    clock.at_us = NOON_US + MINUTE_US
    await history.record()
    clock.at_us = NOON_US + 2 * DAY_US
    await history.record()
    assert min(p.start_us for p in await history.history(QUARTERS, 100, 10)) == NOON_US
    clock.at_us += HOUR_US
    await history.record()
    assert min(p.start_us for p in await history.history(QUARTERS, 100, 10)) > NOON_US


async def test_too_many_candles_in_one_question_are_refused(database: Database) -> None:
    _, _, history = started(database)
    with pytest.raises(ValueError, match="candles: 5000 at most"):
        await history.candles(QUARTERS, 1, 0, DAY_US * 5)


@pytest.mark.virtual_time
async def test_the_writer_of_minutes_keeps_the_beat_and_survives_a_database_that_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    seen: list[float] = []

    class LoopClock:
        def now_us(self) -> int:
            return NOON_US + 10_000_000 + int(loop.time() * 1e6)

    async def record(_: History) -> int:
        seen.append(loop.time())
        if len(seen) == 2:
            raise Unavailable("the database does not answer; nothing was changed")
        return 0

    monkeypatch.setattr(History, "record", record)
    history = History.__new__(History)
    history._clock = LoopClock()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(200):
            await history.run()
    assert [round(at) for at in seen] == [0, 50, 110, 170]
