"""Hubs forked from a process that has imported the hub once: to import it takes most of a start.

Each is a process of its own, with an id, that can really be killed. The command itself is started
by the tests of the demonstration, of systemd (`tests/cloud/test_main.py`) and of hubs that refuse.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

HUB = "cloud.main"
COMMAND_TIMEOUT_S = 60.0
_PR_SET_PDEATHSIG = 1
_context = get_context("forkserver")
_LATE = (
    "aiosqlite",
    "uvicorn.lifespan.off",
    "uvicorn.protocols.http.h11_impl",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
"""What a hub imports only when it opens its database and its socket."""
_context.set_forkserver_preload([HUB, *_LATE, __name__])


Result = TypeVar("Result")


class Running(Protocol):
    """What `subprocess.Popen` and `Forked` have in common."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    def send_signal(self, sig: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Forked:
    """A hub, with the words of `subprocess.Popen`."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code.

        Raises:
            subprocess.TimeoutExpired: it runs on.
        """
        self.process.join(timeout)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(HUB, timeout or 0.0)
        return code

    def kill(self) -> None:
        self.process.kill()

    def terminate(self) -> None:
        self.process.terminate()

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


def start_hub(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    errors: Path | None = None,
) -> Forked:
    """Do as ``python -m cloud.main ARGUMENTS`` would, its output at the end of `log`.

    With `errors`, what is said on standard error is at the end of that instead.
    """
    words = (tuple(arguments), dict(environment), str(log), errors and str(errors))
    process = _context.Process(target=_run, args=words, daemon=True)
    process.start()
    return Forked(process)


def start(of: Callable[..., None], *arguments: object) -> Forked:
    """Call a function of a module in a process of its own, which ends with this one."""
    process = _context.Process(target=_call, args=(of, *arguments), daemon=True)
    process.start()
    return Forked(process)


def result_of(of: Callable[..., Result], *arguments: object) -> Result:
    """Return what a function of a module returns in a process of its own, without threads."""
    with ProcessPoolExecutor(1, mp_context=_context, initializer=end_with_parent) as pool:
        return pool.submit(of, *arguments).result()


def hub_command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    """Do as ``python -m cloud.main ARGUMENTS`` would; `folder` is where its output is kept."""
    with TemporaryDirectory(dir=folder) as kept:
        said, errors = Path(kept) / "stdout", Path(kept) / "stderr"
        code = start_hub(arguments, environment, said, errors).wait(COMMAND_TIMEOUT_S)
        return subprocess.CompletedProcess(arguments, code, said.read_text(), errors.read_text())


def end_with_parent() -> None:
    """Have the kernel end this process when its parent dies, even without a word."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _call(of: Callable[..., None], *arguments: object) -> None:
    end_with_parent()
    of(*arguments)


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], log: str, errors: str | None = None
) -> None:
    end_with_parent()
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in ((1, log), (2, errors or log)):
        said = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(said, stream)
        os.close(said)
    sys.exit(import_module(HUB).main(arguments))
