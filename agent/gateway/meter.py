"""How fast history may go out: the size of the next upload and the pause before it. Pure.

What is younger than a minute goes at once. What is older is backfill: it takes the share of the
line that the hub grants, or 30 % of the line's time, and a fleet that comes back together begins
at different moments. The size of an upload follows what the line has carried, so that a slow line
is asked for what it can do within a second and a fast one is not held up by answers.
"""

from collections.abc import Callable
from dataclasses import dataclass

SHARE = 0.3
"""Of the line's time, for backfill, when neither hub nor settings say something else."""
OLD_US = 60_000_000
"""What is older than this is backfill."""
BATCH_S = 1.0
"""How long an upload should be on the line."""
LIMITED_S = 5.0
"""An upload carries at most what a limit allows in this time."""
BATCH_BYTES_MIN = 8 * 1024
BATCH_BYTES_MAX = 1024**2
START_BYTES = 64 * 1024
"""Before anything is known of the line."""
RATE_BYTES_S_MIN = 250.0
"""A line slower than this is as good as none."""
BYTES_S_MIN = 1_000
"""What is granted is never less: a hub that grants nothing would never see the end of it."""
JITTER_S_MAX = 5.0
_FASTER_MAX = 2.0
_TOOK_S_MIN = 1e-3


@dataclass(slots=True)
class Meter:
    """Told of every upload; times are the event loop's, in seconds."""

    own_bytes_s: int | None = None
    """The settings' limit; None: none."""
    granted_bytes_s: int | None = None
    """The hub's newest word; None: it has not said anything."""
    rate_bytes_s: float = START_BYTES / BATCH_S
    """What the line carries, as far as it is known."""
    _free_s: float = 0.0
    """Backfill waits until then."""

    def batch_bytes(self, *, old: bool) -> int:
        """Return how much the next upload may carry; `old`: it is backfill."""
        limit = self.limit_bytes_s if old else None
        most_s = BATCH_S if limit is None else min(BATCH_S, LIMITED_S * limit / self.rate_bytes_s)
        return round(min(max(self.rate_bytes_s * most_s, BATCH_BYTES_MIN), BATCH_BYTES_MAX))

    @property
    def limit_bytes_s(self) -> int | None:
        """What backfill may take; None: its share of the line's time."""
        known = [limit for limit in (self.own_bytes_s, self.granted_bytes_s) if limit is not None]
        return max(BYTES_S_MIN, min(known)) if known else None

    def expected_s(self, size: int) -> float:
        """Return how long so many bytes may be on the line before one has to worry."""
        return 2.0 * size / self.rate_bytes_s

    def pause_s(self, now_s: float) -> float:
        """Return how long backfill has to wait."""
        return max(0.0, self._free_s - now_s)

    def sent(self, size: int, began_s: float, now_s: float, *, old: bool) -> None:
        """Note an upload of `size` bytes that the hub has answered; `old`: it was backfill."""
        took_s = max(now_s - began_s, _TOOK_S_MIN)
        measured = size / took_s
        if measured > self.rate_bytes_s:
            self.rate_bytes_s = min(measured, self.rate_bytes_s * _FASTER_MAX)
        elif (
            size >= self.batch_bytes(old=False) // 2
        ):  # A small one is mostly waiting, and says little.
            self.rate_bytes_s = (self.rate_bytes_s + measured) / 2
        if not old:
            return
        limit = self.limit_bytes_s
        lasts_s = took_s / SHARE if limit is None else size / limit
        self._free_s = max(self._free_s, began_s) + lasts_s

    def failed(self) -> None:
        """Note an upload that was not answered: the next one is smaller and gets more time."""
        self.rate_bytes_s = max(self.rate_bytes_s / 2, RATE_BYTES_S_MIN)

    def back(self, now_s: float, uniform: Callable[[float, float], float]) -> None:
        """Note that the hub is there again; `uniform(low, high)` is the source of chance."""
        self._free_s = max(self._free_s, now_s + uniform(0.0, JITTER_S_MAX))
