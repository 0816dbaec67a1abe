"""Keeps every site's schedule in step with its positions.

The planner looks when a trade is in the positions, when a site is new, and each minute. It
publishes only news: another power, another service, or an hour more of horizon.
"""

import asyncio
from collections.abc import Mapping

from cloud.fleet import service as fleet
from cloud.fleet.model import Site
from cloud.kernel.context import Hub
from cloud.kernel.errors import Unavailable
from cloud.planning import plan
from cloud.portfolio import service as portfolio
from wire.schedule import Schedule

LOOK_S = 60.0
"""At least this often: the horizon moves with the clock."""
PAUSE_S = 0.2
"""Between two looks: a burst of trades makes one schedule, not hundreds."""
RETRY_S = 1.0
"""Between two attempts while the database does not answer."""


async def run(hub: Hub) -> None:
    """Plan until cancelled, or until the hub stops."""
    planner = Planner(hub)
    async with asyncio.TaskGroup() as tasks:
        for topic in (portfolio.CHANGED_TOPIC, fleet.SITES_TOPIC):
            tasks.create_task(planner.follow(topic), name=f"planning after {topic}")


class Planner:
    """Remembers what it last published, so that a look costs two queries when nothing is new."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._last: dict[str, Schedule] = {}
        self._turn = asyncio.Lock()

    async def follow(self, topic: str) -> None:
        """Look whenever `topic` is woken."""
        bus = self._hub.bus
        while not bus.closed:
            seen = bus.version(topic)
            try:
                await self.look()
            except Unavailable:  # the database has said so
                await asyncio.sleep(RETRY_S)
                continue
            await asyncio.sleep(PAUSE_S)
            await bus.wait(topic, seen, LOOK_S)

    async def look(self) -> None:
        """Publish the schedules that are news."""
        async with self._turn:
            now_us = self._hub.clock.now_us()
            horizon_us = self._hub.settings.schedule_horizon_h * plan.HOUR_US
            async with self._hub.database.reading() as connection:
                sites = await fleet.sites(connection)
                positions = await portfolio.net_kw_by_site(connection, now_us, now_us + horizon_us)
            for site in sites:
                await self._look_at(site, positions.get(site.id, {}), now_us, horizon_us)

    async def _look_at(
        self, site: Site, net_kw_by_start: Mapping[int, int], now_us: int, horizon_us: int
    ) -> None:
        new = plan.schedule(site, net_kw_by_start, now_us, horizon_us, version=0)
        if not plan.is_news(new, self._last.get(site.id), horizon_us):
            return
        async with self._hub.database.transaction() as connection:
            last = await fleet.newest_schedule(connection, site.id)
            if last is not None and not plan.is_news(new, last, horizon_us):
                self._last[site.id] = last
                return
            version = 1 if last is None else last.version + 1
            new = plan.schedule(site, net_kw_by_start, now_us, horizon_us, version)
            await fleet.publish_schedule(connection, new)
        self._last[site.id] = new
        self._hub.bus.wake(fleet.schedule_topic(site.id))
