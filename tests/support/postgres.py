"""A PostgreSQL server of our own for the tests, in a temporary folder, reached by a Unix socket.

The server refuses to run as root, so as root it runs as the system's own user ``postgres``.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.system import wait_until

USER = "postgres"
START_TIMEOUT_S = 60.0
_NEEDED = ("initdb", "postgres", "pg_isready", "psql")
_DONE = "done"
_DEBIAN = Path("/usr/lib/postgresql")
_PR_SET_PDEATHSIG = 1
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_wal_size": "64MB",
}
"""What survives a power cut is not tested here."""
_MEMORY = Path("/dev/shm")
_MEMORY_FREE_BYTES_MIN = 2 * 1024**3
"""A database is hundreds of files, a test needs a new one: where this much is free, in memory."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    folder: Path
    clerk: subprocess.Popen[str]
    """A psql that does what it is told: a new process each time would cost more than the work."""

    def new_database(self, like: str = "template1") -> str:
        """Create a copy of a database, usually an empty one, and return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._have(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return f"postgresql+asyncpg://{USER}@/{name}?host={self.folder}"

    def drop(self, url: str) -> None:
        """Remove a database that `new_database` created, whoever still talks to it."""
        self._have(f'DROP DATABASE "{name_of(url)}" WITH (FORCE)')

    def _have(self, statement: str) -> None:
        """Have a statement done before it returns."""
        assert self.clerk.stdin is not None
        assert self.clerk.stdout is not None
        self.clerk.stdin.write(f"{statement};\n\\echo {_DONE}\n")
        self.clerk.stdin.flush()
        said = ""
        while (line := self.clerk.stdout.readline()) != f"{_DONE}\n":
            said += line
            assert line, f"{statement}: {said}"


def name_of(url: str) -> str:
    """Return the name of the database at a URL of `Server.new_database`."""
    return url.partition("@/")[2].partition("?")[0]


def programs() -> Path | None:
    """Return the folder of the newest server programs; None: not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(_DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((path for path in folders if all((path / name).exists() for name in _NEEDED)), None)


@contextmanager
def running(where: Path, *, durable: bool = False) -> Iterator[Server]:
    """Run a fresh server with the programs in `where`; `durable` for measurements."""
    folder = Path(tempfile.mkdtemp(prefix="phoenyra-pg-", dir=None if durable else _memory()))
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    try:
        _run(where / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        options = [f"-c{name}={value}" for name, value in ({} if durable else _FAST).items()]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [where / "postgres", "-D", data, "-k", folder, "-clisten_addresses=", *options],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                **_unprivileged(),
            )
        try:
            wait_until(
                lambda: _accepts(where, folder), START_TIMEOUT_S, "the PostgreSQL server answers"
            )
            with _clerk(where, folder) as clerk:
                yield Server(folder, clerk)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


@contextmanager
def _clerk(where: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a psql that ends at the first mistake."""
    words = ["-h", str(folder), "-U", USER, "-d", "postgres", "-Xq", "-v", "ON_ERROR_STOP=1"]
    with subprocess.Popen(
        [where / "psql", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        preexec_fn=_end_with_parent,
        **_unprivileged(),
    ) as clerk:
        yield clerk


def _memory() -> Path | None:
    """Return a folder in memory; None: there is none, or not with enough room."""
    if not os.access(_MEMORY, os.W_OK) or not os.path.ismount(_MEMORY):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _MEMORY_FREE_BYTES_MIN else None


def _accepts(where: Path, folder: Path) -> bool:
    asked = subprocess.run(
        [where / "pg_isready", "-q", "-h", folder, "-U", USER], **_unprivileged()
    )
    return asked.returncode == 0


def _run(*command: Path | str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **_unprivileged())
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
