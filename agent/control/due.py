"""When something periodic is due: on a grid of its own that is skipped, never caught up. Pure."""

import math

SLACK_S = 0.05
"""A beat that comes this much early still counts, so that the period is kept."""


class Due:
    """A period locked to the moment of its first turn."""

    def __init__(self, period_s: float, offset_s: float = 0.0) -> None:
        """Prepare turns every `period_s`, 0: always.

        Args:
            period_s: from turn to turn.
            offset_s: the second turn comes this long after the first, so that several devices,
                all asked at the start, take turns afterwards.
        """
        self._period_s = period_s
        self._offset_s = offset_s % period_s if period_s else 0.0
        self._next_s = -math.inf

    def now(self, now_s: float) -> bool:
        """Say whether it is due."""
        return now_s >= self._next_s - SLACK_S

    def take(self, now_s: float) -> bool:
        """Say whether it is due and, where it is, wait for the next turn from now on."""
        if not self.now(now_s):
            return False
        if not self._period_s:
            return True
        if self._next_s == -math.inf:
            early = self._offset_s <= SLACK_S
            self._next_s = now_s + (self._period_s if early else self._offset_s)
        else:
            turns = (now_s + SLACK_S - self._next_s) // self._period_s + 1
            self._next_s += turns * self._period_s
        return True

    def again(self) -> None:
        """Make it due at once; the grid begins anew."""
        self._next_s = -math.inf

    def by(self, time_s: float) -> None:
        """Make it due at `time_s` at the latest."""
        self._next_s = min(self._next_s, time_s)
