"""Exact rolling windows: how often something happened within the last so many seconds. Pure.

A window of W seconds counts what happened at t until, and without, t + W. Not a calendar minute:
no burst over its edge gets twice what is allowed.
"""

from bisect import bisect_right
from collections.abc import Iterable

ALLOWED_MAX = 100_000
"""The most that a window may allow: it keeps a time stamp for each."""
WINDOW_S_MAX = 7 * 86_400
SPARE_MAX = 1_000
"""Actions that may wait until the windows are looked at again."""


class Window:
    """At most `allowed` in any `span_us`; O(log n), at most about twice `allowed` stamps kept."""

    __slots__ = ("_first", "allowed", "code", "span_us", "stamps")

    def __init__(self, code: str, span_us: int, allowed: int, stamps: Iterable[int] = ()) -> None:
        self.code = code
        """Of the refusal when it is used up."""
        self.span_us = span_us
        self.allowed = allowed
        self.stamps: list[int] = []
        """Rising; beyond what is allowed the oldest are forgotten, sooner or later."""
        self._first = 0
        """Index of the first that still counted when it was last asked."""
        self.count(stamps)

    def count(self, stamps: Iterable[int]) -> None:
        """Count what happened, oldest first, nothing of it before what was counted already."""
        self.stamps.extend(stamps)
        excess = len(self.stamps) - self.allowed
        if excess > self.allowed:
            del self.stamps[:excess]
            self._first = max(0, self._first - excess)

    def remaining(self, at_us: int) -> int:
        """Return how many more may happen at this instant."""
        first = self._begin(at_us)
        if 2 * first > len(self.stamps):
            del self.stamps[:first]
            first = 0
        self._first = first
        return self.allowed - (len(self.stamps) - first)

    def left(self, at_us: int) -> int:
        """Return the same as `remaining`, and leave everything as it is."""
        return self.allowed - (len(self.stamps) - self._begin(at_us))

    def counted(self) -> list[int]:
        """Return the stamps that still counted when the last one was made."""
        return self.stamps[self._begin(self.stamps[-1]) :] if self.stamps else []

    def frees_us(self) -> int:
        """Return when the next one may happen, after `remaining` said 0; 0: never."""
        return self.stamps[self._first] + self.span_us if self.allowed else 0

    def _begin(self, at_us: int) -> int:
        """Return the index of the first stamp that counts at this instant."""
        begin = bisect_right(self.stamps, at_us - self.span_us, self._first)
        return max(begin, len(self.stamps) - self.allowed)

    def text(self) -> str:
        """Return what is allowed, in words."""
        return f"at most {self.allowed} entries and changes in {self.span_us // 1_000_000} s"


class Pace:
    """Windows that count the same actions."""

    __slots__ = ("uncounted", "windows")

    def __init__(self, windows: tuple[Window, ...] = ()) -> None:
        self.windows = windows
        self.uncounted: list[int] = []
        """Actions that wait to be counted, in a market; see `Seat.settle`."""

    def count(self, stamps: Iterable[int]) -> None:
        """Count actions, oldest first."""
        for window in self.windows:
            window.count(stamps)

    def used_up(self, at_us: int) -> Window | None:
        """Return a window that allows nothing at this instant, None where there is none."""
        return next((window for window in self.windows if window.remaining(at_us) < 1), None)

    def remaining(self, at_us: int) -> int:
        """Return how many more may happen at this instant; `SPARE_MAX` where nothing bounds it."""
        return min((window.remaining(at_us) for window in self.windows), default=SPARE_MAX)

    def left(self, at_us: int) -> int | None:
        """Return the same, and leave everything as it is; None where nothing bounds it."""
        return min((window.left(at_us) for window in self.windows), default=None)
