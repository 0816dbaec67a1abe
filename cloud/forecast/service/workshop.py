"""Where day-ahead and intraday forecasts are computed: tasks out, results in."""

import asyncio
from pathlib import Path

from cloud.forecast.service.computing import Computing, Progress
from cloud.forecast.service.soon import Soon
from cloud.forecast.service.task import Result, Task

TASK_S_MAX = 900.0
"""A first forecast of an area with years of history takes a minute of a core that others use."""
_MODULE = "cloud.forecast.service.worker"


class Workshop(Computing):
    """See the module."""

    def __init__(self, module: str = _MODULE, areas_file: Path | None = None) -> None:
        super().__init__(module, TASK_S_MAX, *([] if areas_file is None else [str(areas_file)]))

    async def compute(self, task: Task | Soon, progress: Progress) -> Result:
        """Return what the computing process makes of `task`.

        Raises:
            WorkerDied: it ended before, or after `TASK_S_MAX`.
            CannotForecast: it says why.
        """
        packed = await asyncio.to_thread(task.pack)
        return await asyncio.to_thread(Result.unpack, await self.answer(packed, progress))
