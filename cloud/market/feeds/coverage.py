"""Which days of what is asked for are there, whatever details and resolutions the source has."""

from collections.abc import AsyncIterator, Iterable
from datetime import date

from cloud.market.areas.model import Area
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.errors import FeedError
from cloud.market.feeds.rows import auction_of
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Archive
from cloud.market.series.days import by_day
from cloud.market.series.model import Batch, Kind, Series

BATCHES_AT_ONCE = 50


async def in_parts(feed: MarketFeed, wish: Wish) -> AsyncIterator[list[Batch]]:
    """Yield what a feed says, some batches at a time: each part is kept at once.

    Raises:
        FeedError: after what came before it was yielded.
    """
    some: list[Batch] = []
    try:
        async for batch in feed.fetch(wish):
            some.append(batch)
            if len(some) == BATCHES_AT_ONCE:
                yield some
                some = []
    except FeedError:
        if some:
            yield some
        raise
    if some:
        yield some


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
