"""How long to wait before the next attempt: once quickly, then with full jitter. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

FIRST_S_MAX = 0.3
BASE_S = 1.0
CAP_S = 60.0
_DOUBLINGS_MAX = 10


@dataclass(slots=True)
class Backoff:
    """`uniform(low, high)` is the source of chance: a fleet must not come back all at once."""

    uniform: Callable[[float, float], float]
    failures: int = 0

    def next_s(self) -> float:
        """Return the next pause in seconds, at most `CAP_S`."""
        self.failures += 1
        if self.failures == 1:
            return self.uniform(0.0, FIRST_S_MAX)
        doublings = min(self.failures - 1, _DOUBLINGS_MAX)
        return self.uniform(0.0, min(CAP_S, BASE_S * 2.0**doublings))

    def reset(self) -> None:
        self.failures = 0
