"""The computing process of the sites as the hub sees it: started when needed, ended when idle."""

import asyncio
import os
import sys

from cloud.forecast.service import frames
from cloud.forecast.service.ending import end
from cloud.forecast.service.frames import RESULT, TASK, BadFrame, Frame
from cloud.forecast.site.task import Task

TASK_S_MAX = 120.0
"""A site takes two seconds of a core that others use."""
_MODULE = "cloud.forecast.site.worker"
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SAID_MAX = 200


class ProcessDied(Exception):
    """It ended, or took too long; it is started again for the next task."""


class Process:
    """Use it from one task only."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process, None where none runs."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def compute(self, task: Task) -> bytes:
        """Return the JSON of a site's forecasts.

        Raises:
            ProcessDied: it ended before, or after `TASK_S_MAX`.
        """
        packed = await asyncio.to_thread(task.pack)
        try:
            async with asyncio.timeout(TASK_S_MAX):
                return await self._asked(Frame(TASK, packed))
        except TimeoutError:
            await self.close()
            raise ProcessDied(f"it took more than {TASK_S_MAX:g} s") from None
        except (OSError, asyncio.IncompleteReadError, BadFrame) as error:
            await self.close()
            raise ProcessDied(str(error)[:_SAID_MAX]) from None
        except BaseException:  # what it says next would be taken for another site's
            await self.close()
            raise

    async def close(self) -> None:
        """End the process, if one runs."""
        process, self._process = self._process, None
        if process is not None:
            await end(process)

    async def _asked(self, frame: Frame) -> bytes:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frame.pack())
        await process.stdin.drain()
        letter, length = frames.head(await process.stdout.readexactly(frames.HEAD.size))
        content = await process.stdout.readexactly(length)
        if letter != RESULT:
            raise BadFrame(f"an answer {letter!r}")
        return content

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", _MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
            )  # fmt: skip
        return self._process
