"""Facts for series of the markets: batches and instants in a few words."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from cloud.market.series.model import Batch, Kind, Quality, Series
from wire import clock

VIENNA = ZoneInfo("Europe/Vienna")
QUARTER_US = 900_000_000
HOUR_US = 4 * QUARTER_US
DAY_US = 24 * HOUR_US
PRICES = Series("entsoe", Kind.PRICE_DAY_AHEAD, "AT", 900, "SDAC")


def local_us(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """Return an instant of Vienna's clock."""
    return clock.micros(datetime(year, month, day, hour, minute, tzinfo=VIENNA))


def batch(
    start_us: int,
    values: list[float],
    known_us: int,
    *,
    series: Series = PRICES,
    created_us: int | None = None,
    revision: int = 1,
    document: str = "",
    assumed: bool = False,
    quality: Quality = Quality.GOOD,
) -> Batch:
    """Return values from `start_us` on, one each period of the series."""
    step_us = series.resolution_s * 1_000_000
    return Batch(
        series=series,
        starts_us=tuple(start_us + n * step_us for n in range(len(values))),
        values=tuple(values),
        known_us=known_us,
        assumed=assumed,
        received_us=known_us,
        created_us=known_us if created_us is None else created_us,
        revision=revision,
        document=document,
        quality=quality,
    )


def prices(day: date, count: int) -> list[float]:
    """Return prices that differ from each other, the same each time."""
    return [round(50 + (day.day * 7 + n * 13) % 101 - n / 100, 2) for n in range(count)]
