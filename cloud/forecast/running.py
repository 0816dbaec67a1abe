"""The forecasts around the hub's life: computed, asked for by the clock, watched."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cloud.forecast.service import retention
from cloud.forecast.service.jobs import Jobs
from cloud.forecast.service.scheduler import Scheduler, areas_of
from cloud.forecast.site import places_file
from cloud.forecast.site.rounds import AREA_DEFAULT, Rounds
from cloud.forecast.watch.watcher import Watcher
from cloud.kernel.context import Hub


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Work in the background as long as the block lasts.

    Raises:
        BadFeeds: the operator's file of feeds is wrong.
        BadSites: that of sites is.
    """
    areas, jobs = areas_of(hub), Jobs(hub)
    area = areas[0].code if areas else AREA_DEFAULT
    rows = places_file.load(hub.settings.forecast_sites_file)
    async with asyncio.TaskGroup() as tasks:
        started = [
            tasks.create_task(Rounds(hub, area, rows=rows).run(), name="forecasts of sites"),
            tasks.create_task(jobs.run(), name="forecasts"),
            tasks.create_task(Scheduler(hub, areas).run(), name="schedule of forecasts"),
            tasks.create_task(Watcher(hub, areas, jobs.stand_in).run(), name="watch of forecasts"),
            tasks.create_task(retention.run(hub), name="retention of forecasts"),
        ]
        try:
            yield
        finally:
            for task in started:
                task.cancel()
