"""How punctual the loop is: kept in memory while it runs, written to a file when it ends.

Only when asked for (``phoenyra-agent control --timing FILE``); the loop itself touches no disk.
"""

import json
from array import array
from pathlib import Path

SAMPLES_MAX = 100_000
"""Almost three hours at 10 Hz; later ones are not recorded."""


class Timing:
    """Collects seconds, reports milliseconds."""

    def __init__(self) -> None:
        self._wake_late_s = array("d")
        self._read_to_write_s = array("d")

    def woke(self, late_s: float) -> None:
        _add(self._wake_late_s, late_s)

    def wrote(self, since_read_s: float) -> None:
        """Note the time from the start of a reading to the acknowledgement of its setpoint."""
        _add(self._read_to_write_s, since_read_s)

    def save(self, path: Path, *, beats: int, missed: int, fifo: bool) -> None:
        """Write everything as one JSON document."""
        document = {
            "beats": beats,
            "missed": missed,
            "fifo": fifo,
            "wake_late_ms": [round(late_s * 1e3, 4) for late_s in self._wake_late_s],
            "read_to_write_ms": [round(took_s * 1e3, 4) for took_s in self._read_to_write_s],
        }
        path.write_text(json.dumps(document), encoding="ascii")


def _add(samples: "array[float]", value_s: float) -> None:
    if len(samples) < SAMPLES_MAX:
        samples.append(value_s)
