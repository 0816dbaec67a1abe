"""The past, filled in: a month after the other, only the days that are not there.

Broken off, it goes on where it was: what is there is in the store, and nowhere else.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta

from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.coverage import complete_days, in_parts
from cloud.market.feeds.polling import ranges
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Appended, Archive

DAYS_AT_ONCE = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is."""

    done: int
    """Days asked for in this run."""
    total: int
    """Days that were not complete when it began."""
    appended: Appended


async def backfill(
    archive: Archive, feed: MarketFeed, asked: Asked, first: date, last: date
) -> AsyncIterator[Progress]:
    """Ask for the days from `first` to `last` that are not complete; yield after each part.

    Raises:
        FeedError: the source does not answer; what came before is kept.
        BadBatch: a batch may not be kept.
    """
    area = archive.areas[asked.area]
    known = [extent.series for extent in await archive.extents()]
    there: set[date] = set()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for start, end in ranges(days, DAYS_AT_ONCE):
        there |= await complete_days(archive, known, asked, start, end)
    missing = [day for day in days if day not in there]
    total, done = Appended(), 0
    yield Progress(done=0, total=len(missing), appended=total)
    for start, end in ranges(missing, DAYS_AT_ONCE):
        wish = Wish(
            kind=asked.kind,
            area=asked.area,
            detail=asked.detail,
            start_us=area.day_us(start)[0],
            end_us=area.day_us(end)[1],
            history=True,
        )
        async for some in in_parts(feed, wish):
            total += await archive.append(some)
        done += (end - start).days + 1
        yield Progress(done=done, total=len(missing), appended=total)
