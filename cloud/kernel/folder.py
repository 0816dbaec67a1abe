"""The hub's data folder: made on the first start, used by one hub at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_FILE = "hub.lock"
DATABASE_FILE = "hub.sqlite3"
ADMIN_KEY_FILE = "admin.key"


class FolderUnusable(Exception):
    """The folder cannot be made or written, or another hub works in it; one line."""


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the folder for as long as the block runs; the kernel lets it go if we die.

    Raises:
        FolderUnusable: see there.
    """
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderUnusable(f"data_dir: {data_dir} cannot be used; {error.strerror}") from error
    try:
        _take(lock, data_dir)
        yield
    finally:
        os.close(lock)


def write_secret(path: Path, text: str) -> None:
    """Write a file that only we may read, durably, in place of any other."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take(lock: int, data_dir: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FolderUnusable(f"data_dir: another hub is at work in {data_dir}") from error
