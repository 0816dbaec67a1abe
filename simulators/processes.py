"""Programs started together and stopped together, with nothing left behind.

Each child writes to a log file of its own, and the log of the run before is kept beside it. A
child that ends by itself is an error that names its last words. The kernel ends the children when
we die without a word, and Ctrl-C in a terminal reaches only us, so that we decide the order.
"""

import asyncio
import ctypes
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STOP_S = 5.0
"""From SIGTERM to SIGKILL."""
LOOK_S = 0.05
LOG_TAIL_BYTES = 2_000
LAST_LINES = 3
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ChildFailed(Exception):
    """A child ended by itself, or is not ready in time; the text names it and its last words."""


@dataclass(frozen=True, slots=True)
class Child:
    """One started program."""

    name: str
    process: Process
    log: Path

    def words(self) -> str:
        """Return the end of what it has written."""
        with self.log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            return file.read().decode("utf-8", errors="replace")

    def failed(self, what: str) -> ChildFailed:
        last = " / ".join(line.strip() for line in self.words().splitlines()[-LAST_LINES:])
        return ChildFailed(f"{self.name} {what}: {last or 'it said nothing'}; see {self.log}")

    def ended(self, code: int) -> ChildFailed:
        """Name what has ended by itself: of a kill its log knows nothing."""
        if code < 0:
            by = signal.strsignal(-code)
            return ChildFailed(f"{self.name} ended with code {code} ({by}); see {self.log}")
        return self.failed(f"ended with code {code}")


class Processes:
    """What runs; make one with `running`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: dict[str, Child] = {}

    async def start(self, name: str, *command: str, environment: Mapping[str, str]) -> Child:
        """Start `command` as `name` with this environment and nothing of ours."""
        log = self._folder / f"{name}.log"
        with suppress(FileNotFoundError):
            log.replace(self._folder / f"{name}.before.log")
        parent = os.getpid()
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=lambda: _end_with(parent),
            )
        child = self._children[name] = Child(name, process, log)
        return child

    async def until(
        self, happened: Callable[[], Awaitable[bool]], timeout_s: float, waited_for: Child
    ) -> None:
        """Wait until something has happened that `waited_for` is to bring about.

        Raises:
            ChildFailed: it has not happened in time, or a child has ended meanwhile.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not await happened():
                    self.check()
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise waited_for.failed(f"was not ready within {timeout_s:g} s") from None

    def check(self) -> None:
        """Raise `ChildFailed` when a child has ended by itself."""
        for child in self._children.values():
            if child.process.returncode is not None:
                raise child.ended(child.process.returncode)

    async def stop(self, *names: str) -> None:
        """Ask these to end, all at once; end them after `STOP_S`.

        By a timer: `asyncio.timeout` cannot be relied on in a task that is being cancelled before
        Python 3.11.4.
        """
        children = [self._children.pop(name) for name in names if name in self._children]
        for child in children:
            with suppress(ProcessLookupError):
                child.process.terminate()
        insist = asyncio.get_running_loop().call_later(STOP_S, _kill, children)
        try:
            for child in children:
                await child.process.wait()
        finally:
            insist.cancel()

    async def stop_all(self) -> None:
        """Stop what still runs."""
        await self.stop(*self._children)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Processes]:
    """Give a place to start programs in; at the end of the block none of them runs.

    Logs go to `folder`, which must be there.
    """
    processes = Processes(folder)
    try:
        yield processes
    finally:
        await processes.stop_all()


def _kill(children: Sequence[Child]) -> None:
    for child in children:
        if child.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)


def _end_with(parent: int) -> None:
    """In the child, before its program: die when the parent does, even if it just has."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
