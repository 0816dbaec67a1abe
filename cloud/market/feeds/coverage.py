"""Which days of what is asked for are there, whatever details and resolutions the source has."""

from collections.abc import Iterable
from datetime import date

from cloud.market.areas.model import Area
from cloud.market.feeds.rows import auction_of
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Archive
from cloud.market.series.days import by_day
from cloud.market.series.model import Kind, Series


def belongs(series: Series, asked: Asked, area: Area) -> bool:
    """Tell whether a series counts for what is asked: of prices the coupled auction, else all."""
    if (series.source, series.area, series.kind) != (asked.source, asked.area, asked.kind):
        return False
    if asked.detail:
        return series.detail == asked.detail
    if asked.kind is Kind.PRICE_DAY_AHEAD:
        return series.detail == auction_of(asked.kind, area)
    return True


async def complete_days(
    archive: Archive, known: Iterable[Series], asked: Asked, first: date, last: date
) -> frozenset[date]:
    """Return the days on which each detail is complete, in one resolution or another."""
    area = archive.areas[asked.area]
    start_us, end_us = area.day_us(first)[0], area.day_us(last)[1]
    by_detail: dict[str, set[date]] = {}
    for series in known:
        if belongs(series, asked, area):
            values = await archive.as_of(series, start_us, end_us)
            found = by_day(values, area, start_us, end_us).values()
            there = by_detail.setdefault(series.detail, set())
            there.update(one.day for one in found if one.is_complete)
    return frozenset(set.intersection(*by_detail.values())) if by_detail else frozenset()
