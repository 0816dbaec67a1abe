"""Exact rolling windows: how often something happened within the last so many seconds. Pure.

A window of W seconds counts what happened at t until, and without, t + W. Not a calendar minute:
no burst over its edge gets twice what is allowed.
"""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile

ALLOWED_MAX = 100_000
"""The most that a window may allow: it keeps a time stamp for each."""
WINDOW_S_MAX = 7 * 86_400
_SPARE_MAX = 1_000
"""Actions that a pace may count before it looks at its windows again."""


class Window:
    """At most `allowed` in any `span_us`; amortised O(1), at most `allowed` stamps kept."""

    __slots__ = ("allowed", "code", "span_us", "stamps")

    def __init__(self, code: str, span_us: int, allowed: int, stamps: Iterable[int] = ()) -> None:
        self.code = code
        """Of the refusal when it is used up."""
        self.span_us = span_us
        self.allowed = allowed
        self.stamps: deque[int] = deque(stamps, maxlen=allowed)
        """Append to count; beyond what is allowed the oldest is forgotten, and none remains."""

    def remaining(self, at_us: int) -> int:
        """Return how many more may happen at this instant."""
        stamps = self.stamps
        gone_us = at_us - self.span_us
        while stamps and stamps[0] <= gone_us:
            stamps.popleft()
        return self.allowed - len(stamps)

    def left(self, at_us: int) -> int:
        """Return the same as `remaining`, and leave everything as it is."""
        gone_us = at_us - self.span_us
        within = sum(1 for _ in takewhile(lambda stamp: stamp > gone_us, reversed(self.stamps)))
        return self.allowed - within

    def counted(self) -> list[int]:
        """Return the stamps that still counted when the last one was made."""
        if not self.stamps:
            return []
        gone_us = self.stamps[-1] - self.span_us
        return [stamp for stamp in self.stamps if stamp > gone_us]

    def frees_us(self) -> int:
        """Return when the next one may happen, after `remaining` said 0; 0: never."""
        return self.stamps[0] + self.span_us if self.stamps else 0

    def text(self) -> str:
        """Return what is allowed, in words."""
        return f"at most {self.allowed} entries and changes in {self.span_us // 1_000_000} s"


class Pace:
    """Windows that count the same actions, looked at only when one of them could be used up."""

    __slots__ = ("spare", "uncounted", "windows")

    def __init__(self, windows: tuple[Window, ...] = ()) -> None:
        self.windows = windows
        self.uncounted: list[int] = []
        """Actions since the windows were last looked at."""
        self.spare = 0
        """So many of them may come before the windows must be looked at, whenever they come."""

    def count(self, at_us: int) -> None:
        """Count an action; whoever knows that `spare` is not used up may just keep it himself."""
        self.uncounted.append(at_us)
        if len(self.uncounted) > _SPARE_MAX:
            self.settle()

    def settle(self) -> None:
        """Bring the windows up to date; before they are read."""
        for window in self.windows:
            window.stamps.extend(self.uncounted)
        self.uncounted.clear()
        self.spare = 0

    def used_up(self, at_us: int) -> Window | None:
        """Return a window that allows nothing at this instant, None where there is none."""
        self.settle()
        spare = _SPARE_MAX
        for window in self.windows:
            remaining = window.remaining(at_us)
            if remaining < 1:
                return window
            spare = min(spare, remaining)
        self.spare = spare
        return None

    def remaining(self, at_us: int) -> int | None:
        """Return how many more may happen at this instant; None: nothing bounds it."""
        self.settle()
        return min((window.left(at_us) for window in self.windows), default=None)
