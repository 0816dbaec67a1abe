"""Back-fills that say how far they are: a hub's own, and those of the command line beside it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

from cloud.kernel.database import Database
from cloud.market.feeds import store
from cloud.market.feeds.backfill import Progress, backfill
from cloud.market.feeds.base import MarketFeed
from cloud.market.feeds.errors import FeedError
from cloud.market.feeds.fill import Fill
from cloud.market.feeds.states import Asked
from cloud.market.series.archive import Archive
from cloud.market.series.checking import BadBatch
from wire.clock import Clock

SHOWN_MAX = 100


async def told_backfill(
    archive: Archive, feed: MarketFeed, asked: Asked, first: date, last: date, clock: Clock
) -> AsyncIterator[Progress]:
    """Do as `backfill` does, and keep after each part how far it is.

    Raises:
        FeedError: the source does not answer; what came before is kept, and why it ended.
        BadBatch: a batch may not be kept.
    """
    begun_us = clock.now_us()
    fill = Fill(
        asked=asked,
        first=first,
        last=last,
        done=0,
        total=0,
        new=0,
        begun_us=begun_us,
        changed_us=begun_us,
    )
    try:
        async for progress in backfill(archive, feed, asked, first, last):
            fill = replace(
                fill,
                done=progress.done,
                total=progress.total,
                new=progress.appended.new,
                changed_us=clock.now_us(),
            )
            await _keep(archive.database, fill)
            yield progress
    except (FeedError, BadBatch) as error:
        await _keep(archive.database, replace(fill, changed_us=clock.now_us(), error=str(error)))
        raise


async def fills(database: Database) -> list[Fill]:
    """Return the newest back-fill of each thing that was asked for, the last moved first."""
    async with database.reading() as connection:
        return await store.fills(connection, SHOWN_MAX)


async def _keep(database: Database, fill: Fill) -> None:
    async with database.transaction() as connection:
        await store.keep(connection, fill)
