"""A computing process as the hub sees it: started when needed, watched, ended with the hub.

One process, one task at a time. It dies without harm: whoever waits for it is told, and the next
task starts another.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable

from cloud.forecast.service import frames
from cloud.forecast.service.ending import end
from cloud.forecast.service.frames import PROGRESS, REFUSED, RESULT, TASK, BadFrame, Frame

PYTHON = (sys.executable, "-m")
"""What runs a module as a process."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SPARING = {"MALLOC_MMAP_THRESHOLD_": "2097152", "MALLOC_TRIM_THRESHOLD_": "262144"}
"""Of the C library: arrays from 2 MB on go back to the system as soon as they are not needed."""
_SAID_MAX = 300

_logger = logging.getLogger(__name__)

Progress = Callable[[float], None]


class WorkerDied(Exception):
    """The computing process ended, or took too long; the task may be tried again."""


class CannotForecast(Exception):
    """There is nothing to forecast from; another try ends alike."""


class Computing:
    """Use it from one task only."""

    def __init__(self, module: str, seconds_max: float, *arguments: str) -> None:
        """`module` is what runs, with `arguments`; a task that takes longer is given up."""
        self._module, self._arguments = module, arguments
        self._seconds_max = seconds_max
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process, None where none runs."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def answer(self, packed: bytes, progress: Progress = lambda share: None) -> bytes:
        """Return what the process says to a task.

        Raises:
            WorkerDied: it ended before, or took too long.
            CannotForecast: it says why.
        """
        try:
            async with asyncio.timeout(self._seconds_max):
                said = await self._asked(Frame(TASK, packed), progress)
        except TimeoutError:
            await self.close()
            raise WorkerDied(
                f"the computing process took more than {self._seconds_max:g} s"
            ) from None
        except (OSError, asyncio.IncompleteReadError, BadFrame) as error:
            await self.close()
            raise WorkerDied(f"the computing process ended: {error}"[:_SAID_MAX]) from None
        except BaseException:  # whoever asked is gone: what it says next would be taken for another
            await self.close()
            raise
        if said.letter == REFUSED:
            raise CannotForecast(said.content.decode("utf-8", "replace")[:_SAID_MAX])
        return said.content

    async def close(self) -> None:
        """End the process, if one runs."""
        process, self._process = self._process, None
        if process is not None:
            await end(process)

    async def _asked(self, frame: Frame, progress: Progress) -> Frame:
        process = await self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frame.pack())
        await process.stdin.drain()
        while True:
            letter, length = frames.head(await process.stdout.readexactly(frames.HEAD.size))
            content = await process.stdout.readexactly(length)
            if letter in (RESULT, REFUSED):
                return Frame(letter, content)
            if letter == PROGRESS:
                done, _, of = content.decode().partition("/")
                progress(int(done) / int(of))

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *PYTHON, self._module, *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={**_SPARING, **os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
            )  # fmt: skip
            _logger.info("%s computes as process %d", self._module, self._process.pid)
        return self._process
