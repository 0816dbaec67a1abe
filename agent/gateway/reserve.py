"""A file of nothing beside the buffer: given up when the disk is full, so that it is not quite.

What it leaves is for settlement values and events; telemetry then gets only the room that older
telemetry makes. It is made again as soon as the disk has room for it and more.
"""

import os
from contextlib import suppress
from pathlib import Path

BYTES = 2 * 1024**2
FREE_BYTES_MIN = 4 * BYTES
"""So much must be free before it is made again: a disk that is about to be full stays full."""


class Reserve:
    """See the module; `spent`: it is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.spent = True
        self.said = False
        """Whether an event has told that the disk is full."""

    def make(self) -> bool:
        """Take the room, if it is there and more; return whether the reserve is there."""
        if self.spent:
            with suppress(OSError):
                self.spent = not self._made()
        return not self.spent

    def free(self) -> None:
        """Give the room to whoever writes next."""
        self.spent = True
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _made(self) -> bool:
        there = self._path.exists() and self._path.stat().st_size == BYTES
        disk = os.statvfs(self._path.parent)
        if not there and disk.f_bavail * disk.f_frsize < FREE_BYTES_MIN:
            return False
        with self._path.open("ab") as file:
            try:
                os.posix_fallocate(file.fileno(), 0, BYTES)
            except OSError:
                self._path.unlink(missing_ok=True)
                raise
        return True
