"""What this process gives to the disk: flash is used up by it.

Counted are the bytes that the kernel sends to the disk for us (``write_bytes`` of proc(5)), before
the card's own write amplification.
"""

import math
from collections.abc import Callable
from pathlib import Path

EARLY_S = 300.0
"""A shorter time says nothing about a day: the start alone writes more than usual."""
DAY_S = 86_400
_IO = Path("/proc/self/io")


def bytes_written(io: Path = _IO) -> int | None:
    """Return what was given to the disk since the process began; None: the kernel does not say."""
    try:
        lines = io.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "write_bytes":
            return int(value)
    return None


class Wear:
    """Counts from the moment it is made."""

    def __init__(
        self, now_s: Callable[[], float], written: Callable[[], int | None] = bytes_written
    ) -> None:
        self._now_s = now_s
        self._written = written
        self._begun_s = now_s()
        self._begun = written()

    def bytes_day(self) -> int | None:
        """Return the bytes of a day at the rate so far; None: too early to say, or not known."""
        lasted_s = self._now_s() - self._begun_s
        now = self._written()
        if self._begun is None or now is None or lasted_s < EARLY_S:
            return None
        return math.ceil((now - self._begun) / lasted_s * DAY_S)
