"""``phoenyra-agent run``: control and gateway as two children that are started again when they die.

For a machine without a service manager. The children die with this process, however it dies; a
child that ends is started again after a short pause that grows while it keeps ending quickly.
A child that calls its settings wrong (exit code 2) at its first start ends everything: no restart
mends that. Later it is only tried again, for the other one must not fall with it. A child that
ended because it is to be started again (exit code 75) waits the shortest pause only.
"""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence

from agent.leaving import AGAIN

PAUSE_S_MIN = 0.2
PAUSE_S_MAX = 5.0
STEADY_S = 10.0
"""A child that lived this long is started again without a longer pause."""
STOP_S_MAX = 4.0
"""After this a child that was asked to stop is killed."""
BAD_SETTINGS = 2
_PR_SET_PDEATHSIG = 1

_logger = logging.getLogger(__name__)


class BadChild(Exception):
    """A child called its settings wrong and has said so itself."""


async def run(roles: Sequence[str], command: Callable[[str], Sequence[str]]) -> int:
    """Keep one child for each role until cancelled; return 2 when a child's settings are wrong."""
    code = 0
    try:
        async with asyncio.TaskGroup() as tasks:
            for role in roles:
                tasks.create_task(_keep(role, command(role)), name=role)
    except* BadChild:
        code = BAD_SETTINGS
    return code


async def _keep(role: str, command: Sequence[str]) -> None:
    loop = asyncio.get_running_loop()
    pause_s = PAUSE_S_MIN
    is_first = True
    while True:
        began_s = loop.time()
        code = await _live(command)
        if code == BAD_SETTINGS and is_first:
            raise BadChild(role)
        is_first = False
        if code == AGAIN or loop.time() - began_s >= STEADY_S:
            pause_s = PAUSE_S_MIN
        how = f"signal {-code}" if code < 0 else f"code {code}"
        _logger.warning("%s ended with %s and is started again in %.1f s", role, how, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(PAUSE_S_MAX, pause_s * 2)


async def _live(command: Sequence[str]) -> int:
    """Start a child and wait for its end; a cancellation ends it first."""
    die_with = _death_with(os.getpid())
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with
    )
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            await _stop(child)


async def _stop(child: asyncio.subprocess.Process) -> None:
    """Ask a child to end, and insist later.

    By a timer and not by `asyncio.timeout`: in a task that is being cancelled, as here, that
    raises the wrong error before Python 3.11.4, and the child would live on.
    """
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    insist = asyncio.get_running_loop().call_later(STOP_S_MAX, _kill, child)
    try:
        await child.wait()
    finally:
        insist.cancel()


def _kill(child: asyncio.subprocess.Process) -> None:
    _logger.warning("process %d does not stop and is killed", child.pid)
    with contextlib.suppress(ProcessLookupError):
        child.kill()


def _death_with(parent: int) -> Callable[[], None]:
    """Return what a child does first: ask the kernel to be killed when its parent is gone."""
    prctl = ctypes.CDLL(None).prctl

    def die_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return die_with_parent


def module_command(role: str, *arguments: str) -> Sequence[str]:
    """Return the command line that starts this program's `role` with the same interpreter."""
    return (sys.executable, "-m", "agent.main", role, *arguments)
