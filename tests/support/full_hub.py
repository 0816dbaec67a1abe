"""What a hub says on a disk that is too small for it, or read-only.

`said` mounts a memory file system for its process alone, so it is called in a process of its own
(`tests.support.forked.result_of`), and forks a hub for each of the two.
"""

import ctypes
import os
from pathlib import Path

from cloud import main as hub
from tests.support.small_disk import mount
from tests.support.system import free_port

_MS_RDONLY, _MS_REMOUNT = 1, 32


def said(folder: Path, megabytes: int, logs: Path) -> tuple[str, str] | None:
    """Return what a hub says on a full disk and on a read-only one; None: we may not mount."""
    if not mount(folder, megabytes):
        return None
    full = _last_line(folder, logs / "full")
    libc = ctypes.CDLL(None, use_errno=True)
    flags = _MS_REMOUNT | _MS_RDONLY
    assert libc.mount(b"none", os.fsencode(folder), b"tmpfs", flags, None) == 0
    return full, _last_line(folder, logs / "read only")


def _last_line(folder: Path, log: Path) -> str:
    """Start a hub there, which has to refuse; return its last line."""
    child = os.fork()
    if child == 0:
        _serve(folder, log)
    _, status = os.waitpid(child, 0)
    text = log.read_text()
    assert os.waitstatus_to_exitcode(status) == 2, text
    assert "Traceback" not in text
    return text.splitlines()[-1]


def _serve(folder: Path, log: Path) -> None:
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.environ["PHOENYRA_HUB_DATA_DIR"] = str(folder / "hub")
        os.environ["PHOENYRA_HUB_PORT"] = str(free_port())
        os._exit(hub.main(["serve"]))
    finally:
        os._exit(1)
