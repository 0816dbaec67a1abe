"""Computing processes forked from one that has imported them: most of their life is an import.

`python -m tests.support.forked_workers SOCKET` waits for `worker_line.py`, which stands where the
hub starts a process: it hands its input and output over, and lives as long as what is forked. Each
is a process of its own, as the hub's are; who kills the one kills the other.
"""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.forked import end_with_parent

LOADED = (
    "cloud.forecast.service.worker",
    "cloud.forecast.site.worker",
    "scipy.linalg",
    "sklearn.ensemble",
)
_LINE = Path(__file__).with_name("worker_line.py")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def forking() -> Iterator[tuple[str, ...]]:
    """Yield the words before the name of a module and its arguments, which it is started by."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as inlet:
        path = f"{folder}/inlet"  # short: the address of a socket has some hundred letters at most
        inlet.bind(path)
        inlet.listen()
        with subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked_workers", str(inlet.fileno())],
            stdin=subprocess.DEVNULL,
            pass_fds=[inlet.fileno()],
            env={**os.environ, **dict.fromkeys(_ONE_THREAD, "1")},
        ) as process:
            try:
                yield sys.executable, "-I", "-S", str(_LINE), path
            finally:
                process.terminate()


def main() -> None:
    """Fork whoever is asked for."""
    end_with_parent()
    for name in LOADED:
        import_module(name)
    with socket.socket(fileno=int(sys.argv[1])) as inlet:
        while True:
            line, _ = inlet.accept()
            said, streams, _, _ = socket.recv_fds(line, 65_536, 2)
            if os.fork() == 0:
                inlet.close()
                _run(line, said.decode().split("\0"), streams)
            line.close()
            for stream in streams:
                os.close(stream)
            _forget_ended()


def _run(line: socket.socket, words: list[str], streams: list[int]) -> None:
    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    # A signal that ends this process is sent when the other end of the line is gone.
    fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
    sys.argv[:] = words
    module = import_module(words[0])
    if hasattr(module, "main"):  # another module ends at once, as it would by itself
        module.main()
    sys.stdout.flush()
    os._exit(0)


def _forget_ended() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


if __name__ == "__main__":
    main()
