"""The system calls of the write path, one method each.

All that the journal does to the disk goes through here, so that a test can let any one of the
calls fail, tear, or be the last of the process. Every method blocks.
"""

import errno
import os
from pathlib import Path

from cloud.exchange.journal.errors import JournalUnusable

_MODE = 0o600
"""Nobody else on the machine may read who trades what."""


class Files:
    """The real disk."""

    def create(self, path: Path) -> int:
        """Return a new empty file, or the old one emptied."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _MODE)

    def open(self, path: Path) -> int:
        """Return a file to read and write, made where it is not there."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)

    def write(self, file: int, data: bytes | memoryview, at: int) -> None:
        """Write all of it at this place.

        Raises:
            OSError: nobody knows how much of it is there; a full disk is one of the reasons.
        """
        rest = memoryview(data)
        while rest:
            written = os.pwrite(file, rest, at)
            if not written:
                raise OSError(errno.EIO, "nothing was written")
            rest, at = rest[written:], at + written

    def sync(self, file: int) -> None:
        """Return when what was written is on the disk."""
        os.fdatasync(file)

    def truncate(self, file: int, size: int) -> None:
        os.ftruncate(file, size)

    def rename(self, path: Path, to: Path) -> None:
        path.rename(to)

    def link(self, path: Path, to: Path) -> None:
        """Give a file its name, unless another has it.

        Raises:
            FileExistsError: another has it.
        """
        os.link(path, to)
        path.unlink()

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in the folder are on the disk."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def close(self, file: int) -> None:
        os.close(file)


def prepare_folder(folder: Path) -> None:
    """Make the journal's folder where it is not there.

    Raises:
        JournalUnusable: it cannot be made, or something else has its name.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise JournalUnusable(f"{folder}: {error.strerror}") from error
