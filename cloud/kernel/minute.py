"""How long something took in the last minute: any quantile, in little memory. Pure."""

from bisect import bisect_left
from collections import deque

SLICE_S = 10.0
SLICES = 6
_LEAST_S, _STEP, _COUNT = 50e-6, 1.2, 78
BOUNDS_S = tuple(_LEAST_S * _STEP**n for n in range(_COUNT))
"""From 50 µs to a minute; a quantile is at most a fifth too high."""


class LastMinute:
    """Counts by duration in slices of ten seconds; the oldest slice is forgotten as a whole."""

    def __init__(self) -> None:
        self._slices: deque[tuple[int, list[int], list[float]]] = deque(maxlen=SLICES)

    def add(self, took_s: float, now_s: float) -> None:
        """Count a duration; `now_s` never goes back."""
        number = int(now_s // SLICE_S)
        if not self._slices or self._slices[-1][0] != number:
            self._slices.append((number, [0] * (_COUNT + 1), [0.0]))
        _, counts, most = self._slices[-1]
        counts[bisect_left(BOUNDS_S, took_s)] += 1
        most[0] = max(most[0], took_s)

    def at(self, share: float, now_s: float) -> float | None:
        """Return the duration that this share did not exceed; None: there was none."""
        recent = self._recent(now_s)
        counts = [sum(column) for column in zip(*(each[1] for each in recent), strict=True)]
        wanted, seen = share * sum(counts), 0
        for place, count in enumerate(counts):
            seen += count
            if count and seen >= wanted:
                longest = max(each[2][0] for each in recent)
                return min(BOUNDS_S[place], longest) if place < _COUNT else longest
        return None

    def most(self, now_s: float) -> float | None:
        """Return the longest one."""
        return max((each[2][0] for each in self._recent(now_s)), default=None)

    def _recent(self, now_s: float) -> list[tuple[int, list[int], list[float]]]:
        first = int(now_s // SLICE_S) - SLICES
        return [each for each in self._slices if each[0] > first]
