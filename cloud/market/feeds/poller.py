"""Asks one source for what is due, keeps what it says, and says when it does not answer.

A failure is logged and told as an event once, and its end once. No other source steps in, and the
last good data stay: whoever reads them sees since when they are stale.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from cloud.kernel import events
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.kernel.events import NewEvent
from cloud.market.areas.model import Area
from cloud.market.feeds import polling
from cloud.market.feeds.base import MarketFeed, Wish
from cloud.market.feeds.coverage import complete_days, in_parts
from cloud.market.feeds.errors import BadAnswer, FeedError, FeedRefused
from cloud.market.feeds.polling import NEVER, Looked
from cloud.market.feeds.states import State
from cloud.market.series.archive import Archive
from cloud.market.series.checking import BadBatch
from cloud.market.series.model import Series
from wire.sync import Severity

RETRY_US, RETRY_US_MAX = 60_000_000, 3_600_000_000
"""After the first failure, doubled after each further one up to the second number."""
REFUSED_US = 6 * 3_600_000_000
"""After a refusal, which only the operator can mend."""
DAYS_AT_ONCE = 45
_TEXT_MAX = 180

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One thing that is asked for."""

    feed: MarketFeed
    state: State
    area: Area
    series: set[Series] = field(default_factory=set)
    """What the source is known to have of it."""
    looked: dict[date, Looked] = field(default_factory=dict)

    def due(self, now_us: int) -> tuple[list[date], int]:
        """Return the days that are due, and when the next one is."""
        asked = self.state.asked
        plan = polling.plan_of(asked.kind, asked.detail)
        retry_us = self.state.next_us
        if self.state.failures and retry_us is not None and now_us < retry_us:
            return [], retry_us
        days = list(polling.days_in_reach(self.area, now_us, plan.ahead_days))
        at_us = {
            day: polling.due_us(plan, self.area, day, self.looked.get(day, NEVER), now_us)
            for day in days
        }
        for day in set(self.looked) - set(days):
            del self.looked[day]
        return [day for day in days if at_us[day] <= now_us], min(at_us.values())


async def look(hub: Hub, archive: Archive, job: Job) -> bool:
    """Ask for what is due; True: something new was kept.

    Raises:
        Unavailable: the database does not answer; nothing is known of the source.
    """
    now_us = hub.clock.now_us()
    days, next_us = job.due(now_us)
    job.state.next_us = next_us
    if not days:
        return False
    new = 0
    try:
        old = await _never_seen(archive, job, days, now_us)
        for some, is_old in ((old, True), ([day for day in days if day not in old], False)):
            for first, last in polling.ranges(some, DAYS_AT_ONCE):
                new += await _ask(hub, archive, job, first, last, is_old)
                complete = await complete_days(archive, job.series, job.state.asked, first, last)
                for day in some:
                    if first <= day <= last:
                        job.looked[day] = Looked(day in complete, now_us)
    except (FeedError, BadBatch) as error:
        await _failed(hub, job, error)
        return bool(new)
    if job.state.answered(hub.clock.now_us()):
        await _tell(hub, job, "MARKET_FEED_ANSWERS", Severity.INFO, "answers again")
    job.state.next_us = job.due(now_us)[1]
    return bool(new)


async def _never_seen(archive: Archive, job: Job, days: Sequence[date], now_us: int) -> list[date]:
    """Return the days of the past of which nothing is whole: they are asked for as history.

    What is asked for the first time became known by the source's timetable, not today.
    """
    today = job.area.day_of(now_us)
    old = [day for day in days if day < today and day not in job.looked]
    if not old:
        return []
    there = await complete_days(archive, job.series, job.state.asked, old[0], old[-1])
    return [day for day in old if day not in there]


async def _ask(hub: Hub, archive: Archive, job: Job, first: date, last: date, is_old: bool) -> int:
    asked = job.state.asked
    wish = Wish(
        kind=asked.kind,
        area=asked.area,
        detail=asked.detail,
        start_us=job.area.day_us(first)[0],
        end_us=job.area.day_us(last)[1],
        history=is_old,
    )
    new = 0
    async for some in in_parts(job.feed, wish):
        appended = await archive.append(some)
        job.series.update(batch.series for batch in some)
        job.state.kept(appended.new)
        new += appended.new
    await _judge(hub, job, wish)
    return new


async def _judge(hub: Hub, job: Job, wish: Wish) -> None:
    """Tell what is strange in an answer once, and its end once."""
    was_odd = bool(job.state.odd)
    lines, ended = job.state.judged(wish.start_us, wish.end_us)
    if lines and not was_odd:
        more = "" if len(lines) == 1 else f" (and {len(lines) - 1} more)"
        await _tell(hub, job, "MARKET_ANSWER_ODD", Severity.WARNING, lines[0] + more)
        lines = lines[1:]
    for line in lines:
        _logger.warning("feed %s: %s", job.state.asked, line)
    if ended:
        text = "nothing strange in its answers any more"
        await _tell(hub, job, "MARKET_ANSWER_ORDINARY", Severity.INFO, text)


async def _failed(hub: Hub, job: Job, error: Exception) -> None:
    now_us = hub.clock.now_us()
    text = str(error)[:_TEXT_MAX]
    word = error.word if isinstance(error, FeedError) else BadAnswer.word
    first = job.state.failed(now_us, text, word)
    wait_us = min(RETRY_US * 2 ** min(job.state.failures - 1, 10), RETRY_US_MAX)
    job.state.next_us = now_us + (REFUSED_US if isinstance(error, FeedRefused) else wait_us)
    if first:
        await _tell(hub, job, "MARKET_FEED_FAILED", Severity.WARNING, text)


async def _tell(hub: Hub, job: Job, code: str, severity: Severity, text: str) -> None:
    level = logging.WARNING if severity is Severity.WARNING else logging.INFO
    _logger.log(level, "feed %s: %s", job.state.asked, text)
    event = NewEvent(
        at_us=hub.clock.now_us(),
        code=code,
        severity=severity,
        source="market",
        text=f"{job.state.asked}: {text}"[: _TEXT_MAX + 60],
    )
    async with hub.database.transaction() as connection:
        await events.append(connection, event)


async def patient(hub: Hub, archive: Archive, jobs: Sequence[Job]) -> AsyncIterator[Job]:
    """Look at all jobs, one after the other; yield each that kept something new, at once.

    A database that does not answer has been told of by itself; the next look is soon enough.
    """
    for job in jobs:
        try:
            new = await look(hub, archive, job)
        except Unavailable:
            return
        if new:
            yield job
