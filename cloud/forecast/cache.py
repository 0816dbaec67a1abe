"""What the members said of a day, kept on disk, so that a long run goes on where it stopped.

One small file a day, written under another name and renamed: a day is there whole or not at all.
A folder belongs to one history and one set of members, whose digests are its name; a file of the
wrong size counts as none.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import HOURS, Days
from cloud.forecast.near import names

_METHOD = "1"
"""Changes with the code of a member whose figures change."""
_FLOAT_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder of one history and one set of members."""

    folder: Path
    members: int

    def read(self, day: str) -> FloatArray | None:
        """Return shape (members, 24), or None where the day is not kept."""
        try:
            kept = self._file(day).read_bytes()
        except FileNotFoundError:
            return None
        if len(kept) != self.members * HOURS * _FLOAT_BYTES:
            return None
        return np.frombuffer(kept, dtype="<f8").astype(np.float64).reshape(self.members, HOURS)

    def write(self, day: str, told: FloatArray) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        half = self._file(day).with_suffix(f".{os.getpid()}")
        half.write_bytes(told.astype("<f8").tobytes())
        half.replace(self._file(day))

    def _file(self, day: str) -> Path:
        return self.folder / f"{day}.day"


def cache(root: Path, days: Days, configuration: Configuration) -> Cache:
    """Return the folder of a history and the configuration's members under `root`."""
    name = f"{days.area}-{digest(days)}-{configuration.members_digest()}"
    return Cache(root / name, len(names(days, configuration)))


def digest(days: Days) -> str:
    """Return a short name of all values of a history."""
    found = sha256(f"{_METHOD} {days.first} {sorted(days.holidays)}".encode())
    for name, values in {"price": days.prices, **days.inputs}.items():
        found.update(name.encode() + values.astype("<f8").tobytes())
    return found.hexdigest()[:16]
