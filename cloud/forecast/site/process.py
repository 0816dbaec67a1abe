"""Where forecasts of sites are computed: a task out, the JSON of a site's forecasts in."""

import asyncio

from cloud.forecast.service.computing import Computing
from cloud.forecast.site.task import Task

TASK_S_MAX = 120.0
"""A site takes two seconds of a core that others use."""
_MODULE = "cloud.forecast.site.worker"


class Process(Computing):
    """See the module."""

    def __init__(self) -> None:
        super().__init__(_MODULE, TASK_S_MAX)

    async def compute(self, task: Task) -> bytes:
        """Return the JSON of a site's forecasts.

        Raises:
            WorkerDied: it ended before, or after `TASK_S_MAX`.
        """
        return await self.answer(await asyncio.to_thread(task.pack))
