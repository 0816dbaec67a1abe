"""Every six hours each site is told anew, one after the other, in a process of its own."""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.fleet import quarters
from cloud.fleet import service as fleet
from cloud.fleet.model import Site
from cloud.forecast.service.computing import WorkerDied
from cloud.forecast.site import gauges, lending, reading, scores, store
from cloud.forecast.site.places_file import SiteRow
from cloud.forecast.site.process import Process
from cloud.forecast.site.service import SCORED_DAYS, site_topic
from cloud.forecast.site.store import Kept
from cloud.forecast.site.task import Task
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.market.series.opened import archive_of

EVERY_US = 6 * 3_600_000_000
BEHIND_US = 1_200_000_000
"""Rounds begin 20 minutes behind 00, 06, 12 and 18 UTC: boxes have uploaded by then."""
FIRST_LOOK_S = 300.0
"""After the start the hub has better to do."""
LOOK_S = 60.0
LEASE_US = 600_000_000
PAUSE_S = 2.0
"""Between two sites: half a core at most, and a fleet at its limit is told in three hours."""
SITES_MAX = 2_000
"""In order of their ids; the others are not told, and the log says so."""
AREA_DEFAULT = "AT"
"""Whose clock and holidays count where no feed of the operator names an area."""
EVES_DAYS = 7
"""So long a day waits for what came of it; then it has no score."""
TOPIC = "site forecasts"
"""Woken by nobody yet but the end of the hub."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Rounds:
    """Tells sites that are due; of several hubs at one database, one does."""

    hub: Hub
    area: str = AREA_DEFAULT
    process: Process = field(default_factory=Process)
    holder: str = field(default_factory=lambda: secrets.token_hex(8))
    rows: Mapping[str, SiteRow] = field(default_factory=dict)
    """What the operator knows of sites."""
    _has_scores: bool = False
    _failed: dict[str, int] = field(default_factory=dict)
    """Sites that killed the process, and in which round: they are left alone until the next."""

    async def run(self) -> None:
        """Work until cancelled, or until the hub stops."""
        bus = self.hub.bus
        try:
            await bus.wait(TOPIC, bus.version(TOPIC), FIRST_LOOK_S)
            while not bus.closed:
                seen = bus.version(TOPIC)
                try:
                    busy = await self.next()
                except Unavailable:  # the database has said so
                    busy = False
                if not busy:
                    await self.process.close()
                await bus.wait(TOPIC, seen, PAUSE_S if busy else LOOK_S)
        finally:
            await self.process.close()

    async def next(self) -> bool:
        """Tell the site that waits longest; False: none is due.

        Raises:
            Unavailable: the database does not answer.
        """
        now_us = self.hub.clock.now_us()
        async with self.hub.database.transaction() as connection:
            if not await quarters.only_one(connection, TOPIC, self.holder, now_us, LEASE_US):
                return False
        round_us = (now_us - BEHIND_US) // EVERY_US * EVERY_US + BEHIND_US
        async with self.hub.database.reading() as connection:
            sites, issued = await fleet.sites(connection), await store.issued(connection)
        due = [
            site
            for site in self._watched(sites)
            # A row of the future is one of a clock that was put back.
            if not round_us <= issued.get(site.id, 0) <= now_us
            and self._failed.get(site.id) != round_us
        ]
        gauges.waiting(len(due))
        if not due:
            await self._measure(now_us)
            return False
        due_first = min(due, key=lambda site: issued.get(site.id, 0)).id
        task = await reading.task(
            self.hub.database, due_first, self.area, now_us, self.rows.get(due_first)
        )
        lent = await lending.lent(self.hub.database, task, sites, issued, now_us)
        await self._tell(replace(task, lent=lent), round_us)
        return True

    def _watched(self, sites: Sequence[Site]) -> Sequence[Site]:
        if len(sites) > SITES_MAX:
            _logger.warning("%d sites; forecasts are made of %d", len(sites), SITES_MAX)
        return sites[:SITES_MAX]

    async def _tell(self, task: Task, round_us: int) -> None:
        site = task.site
        try:
            document = await self.process.compute(task)
        except WorkerDied as error:
            _logger.warning("no forecast of site %s: %s", site, error)
            gauges.failed()
            self._failed[site] = round_us
            return
        now_us = self.hub.clock.now_us()
        async with self.hub.database.transaction() as connection:
            await store.keep(connection, site, Kept(task.as_of_us, now_us, document))
            await self._score(connection, task, document, now_us)
        self._failed.pop(site, None)
        gauges.issued(now_us)
        self.hub.bus.wake(site_topic(site))

    async def _score(
        self, connection: AsyncConnection, task: Task, document: bytes, now_us: int
    ) -> None:
        """Keep what is said of tomorrow, and score the days that have ended."""
        area = archive_of(self.hub).areas[task.area]
        today = area.day_of(task.as_of_us)
        tomorrow = today + timedelta(days=1)
        told = scores.of_day(document, area, tomorrow)
        if told is not None:
            await store.keep_eve(connection, task.site, tomorrow, now_us, told)
        eves = await store.eves(connection, task.site, today)
        late = today - timedelta(days=EVES_DAYS)
        found, done = [], []
        for day, kept in eves.items():
            of_day = await asyncio.to_thread(scores.scored, kept, task, area, day)
            found += of_day
            # A box that is late may bring the rest of the day yet.
            if day < late or {one.kind for one in of_day} >= scores.kinds_of(kept):
                done.append(day)
        oldest = today - timedelta(days=self.hub.settings.forecast_days)
        await store.keep_scores(connection, task.site, found, done, oldest)
        self._has_scores |= bool(found)

    async def _measure(self, now_us: int) -> None:
        """Bring the gauges up to date, once a round."""
        if not self._has_scores:
            return
        self._has_scores = False
        today = archive_of(self.hub).areas[self.area].day_of(now_us)
        async with self.hub.database.reading() as connection:
            for one in await store.together(connection, today - timedelta(days=SCORED_DAYS)):
                gauges.scored(*one)
