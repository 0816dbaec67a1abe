"""The feeds around the hub's life: opened as the operator's file says, then asked when due.

Each source has a task of its own, so that a slow one keeps nobody waiting.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.events import NewEvent
from cloud.market.feeds import feeds_file, opening, poller
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.comparisons import Comparison, Comparisons
from cloud.market.feeds.coverage import belongs
from cloud.market.feeds.errors import FeedError
from cloud.market.feeds.feeds_file import CompareRow, FeedRow, FeedsFile
from cloud.market.feeds.fills import told_backfill
from cloud.market.feeds.limiter import Limiter
from cloud.market.feeds.poller import Job
from cloud.market.feeds.rows import auction_of
from cloud.market.feeds.states import Asked, FeedStates
from cloud.market.series import days
from cloud.market.series.archive import Archive
from cloud.market.series.checking import BadBatch
from cloud.market.series.merge import Values
from cloud.market.series.model import Kind, Series
from cloud.market.series.opened import archive_of
from cloud.market.series.quarantine import TOPIC as DECIDED
from cloud.market.series.reference import DayAheadPrices
from wire.sync import Severity

SLEEP_S_MIN, SLEEP_S_MAX = 1.0, 60.0
TOPIC = "market series"
"""Woken when something new was kept."""
_RESOLUTIONS_S = (3_600, 1_800, 900)

_logger = logging.getLogger(__name__)


def memories() -> tuple[object, ...]:
    """Return what the routes of the feeds find in every hub, running or not."""
    return FeedStates(), DayAheadPrices(), Comparisons()


@dataclass(frozen=True, slots=True)
class Follower:
    """What is done after something new: prices in memory, sources compared."""

    hub: Hub
    archive: Archive
    file: FeedsFile

    def concerns(self, kind: Kind) -> bool:
        """Tell whether there is anything to do after something new of this kind."""
        return kind is Kind.PRICE_DAY_AHEAD or any(row.kind is kind for row in self.file.compare)

    async def refresh(self) -> None:
        """Bring the day-ahead prices in memory up to date, and compare what is to be compared."""
        now_us = self.hub.clock.now_us()
        known = [extent.series for extent in await self.archive.extents()]
        prices = self.hub.service(DayAheadPrices)
        for area, source in self.file.reference.items():
            found = await self._prices(known, source, area, now_us)
            if found is not None:
                prices.replace(area, found)
        for row in self.file.compare:
            await self._compare(known, row, now_us)

    async def _prices(
        self, known: Sequence[Series], source: str, area_code: str, now_us: int
    ) -> Values | None:
        """Return the finest day-ahead prices of today and tomorrow, None where there is none."""
        area = self.archive.areas[area_code]
        detail = auction_of(Kind.PRICE_DAY_AHEAD, area)
        today = area.day_of(now_us)
        start_us = area.day_us(today - timedelta(days=2))[0]
        end_us = area.day_us(today + timedelta(days=1))[1]
        best: Values | None = None
        for resolution_s in _RESOLUTIONS_S:
            series = Series(source, Kind.PRICE_DAY_AHEAD, area_code, resolution_s, detail)
            if series in known:
                found = await self.archive.as_of(series, start_us, end_us)
                best = found if found.starts_us else best
        return best

    async def _compare(self, known: Sequence[Series], row: CompareRow, now_us: int) -> None:
        area = self.archive.areas[row.area]
        today = area.day_of(now_us)
        ours = [s for s in known if s.source == row.sources[0] and _is_of(s, row)]
        theirs = [s for s in known if s.source == row.sources[1] and _is_of(s, row)]
        for one in ours:
            for other in (s for s in theirs if days.are_alike(one, s)):
                for day in (today, today + timedelta(days=1)):
                    bounds = area.day_us(day)
                    said = await self.archive.as_of(one, *bounds)
                    told = await self.archive.as_of(other, *bounds)
                    differing = days.differences(said, told, row.tolerance_eur_mwh)
                    found = Comparison(
                        ours=one,
                        theirs=other,
                        day=day,
                        compared=len(said.by_start().keys() & told.by_start().keys()),
                        tolerance=row.tolerance_eur_mwh,
                        differing=tuple(differing),
                        at_us=now_us,
                    )
                    self.hub.service(Comparisons).replace(found)
                    if differing:
                        await self._differ(one, other, day.isoformat(), differing)

    async def _differ(
        self, one: Series, other: Series, day: str, differing: Sequence[days.Difference]
    ) -> None:
        worst = max(differing, key=lambda found: abs(found.ours - found.theirs))
        text = (
            f"{one} and {other} differ on {day} in {len(differing)} intervals, most by"
            f" {abs(worst.ours - worst.theirs):.2f} {one.kind.unit}"
        )
        event = NewEvent(
            at_us=self.hub.clock.now_us(),
            code="MARKET_SOURCES_DIFFER",
            severity=Severity.WARNING,
            source="market",
            text=text,
            origin=f"market-differ/{one.source}/{other.source}/{one.area}/{one.detail}/{day}",
        )
        async with self.hub.database.transaction() as connection:
            await events.append(connection, event)


def _is_of(series: Series, row: CompareRow) -> bool:
    return (series.area, series.kind) == (row.area, row.kind)


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Ask the feeds of this hub while the block lasts.

    Raises:
        BadAreas: the operator's file of areas is wrong.
        BadFeeds: that of feeds is, or a token is missing.
    """
    file = feeds_file.load(hub.settings.market_feeds_file)
    for row in file.feed:
        opening.check(row, hub.settings)
    archive = archive_of(hub)
    follower = Follower(hub, archive, file)
    async with asyncio.TaskGroup() as tasks:
        started = [
            tasks.create_task(_follow(hub, follower, row), name=f"feed {row.source}")
            for row in file.feed
        ]
        try:
            yield
        finally:
            for task in started:
                task.cancel()


def _limiter(hub: Hub) -> Limiter:
    """Return the one limiter of the hub's token, for all rows."""
    try:
        return hub.service(Limiter)
    except KeyError:
        hub.provide(Limiter())
        return hub.service(Limiter)


async def _follow(hub: Hub, follower: Follower, row: FeedRow) -> None:
    states = hub.service(FeedStates)

    def tell(wish: Wish, line: str) -> None:
        states.of(Asked(row.source, wish.area, wish.kind, wish.detail)).hear(line)

    async with opening.open_row(row, hub.settings, hub.clock, _limiter(hub), tell) as feed:
        jobs = await _jobs(hub, follower.archive, feed, row)
        await _refreshed(follower)
        if row.history_days > feeds_file.REACH_DAYS:
            with suppress(Unavailable):  # what is missing is filled in at the next start
                await _fill(hub, follower.archive, jobs, row.history_days)
        decided = hub.bus.version(DECIDED)
        while not hub.bus.closed:
            async for job in poller.patient(hub, follower.archive, jobs):
                if follower.concerns(job.state.asked.kind):
                    await _refreshed(follower)  # others wait for it; the next question has time
                hub.bus.wake(TOPIC)
            now_us = hub.clock.now_us()
            due_us = min((job.state.next_us or now_us for job in jobs), default=now_us)
            wait_s = min(max((due_us - now_us) / 1e6, SLEEP_S_MIN), SLEEP_S_MAX)
            if decided != (decided := await hub.bus.wait(DECIDED, decided, wait_s)):
                await _refreshed(follower)
                hub.bus.wake(TOPIC)


async def _fill(hub: Hub, archive: Archive, jobs: Sequence[Job], count: int) -> None:
    """Ask for the days before those that are polled, where they are not there."""
    for job in jobs:
        today = job.area.day_of(hub.clock.now_us())
        first = today - timedelta(days=count)
        last = today - timedelta(days=feeds_file.REACH_DAYS + 1)
        try:
            async for _ in told_backfill(
                archive, job.feed, job.state.asked, first, last, hub.clock
            ):
                pass
        except (FeedError, BadBatch) as error:
            _logger.warning("feed %s: no history: %s", job.state.asked, error)


async def _refreshed(follower: Follower) -> None:
    try:
        await follower.refresh()
    except Unavailable:  # the database has said so
        return


async def _jobs(hub: Hub, archive: Archive, feed: MarketFeed, row: FeedRow) -> list[Job]:
    try:
        known = [extent.series for extent in await archive.extents()]
    except Unavailable:
        known = []
    states = hub.service(FeedStates)
    jobs = []
    for area_code in row.areas:
        area = archive.areas[area_code]
        for kind in row.kinds:
            if not feed.offers(kind, area_code):
                _logger.warning("feed %s: has no %s of %s", feed.name, kind.value, area_code)
                continue
            for detail in row.details:
                asked = Asked(feed.name, area_code, kind, detail)
                there = {series for series in known if belongs(series, asked, area)}
                jobs.append(Job(feed, states.of(asked), area, there))
    return sorted(jobs, key=_is_later)


def _is_later(job: Job) -> bool:
    """Prices are asked for first: others wait for them."""
    return job.state.asked.kind is not Kind.PRICE_DAY_AHEAD
