"""Who may send how much of its old history: the hub's line, shared fairly.

A box says in its report how old its backlog is. What the setting `backfill_bytes_s` allows is
shared equally among those with one; a box without a backlog needs no grant. One hub process knows
only the boxes that report to it: with several, each shares what it was told.
"""

from collections.abc import Mapping

BACKLOG_US = 60 * 1_000_000
"""History older than this is backfill."""
FORGET_US = 180 * 1_000_000
"""A box that has not reported for so long takes no share."""
GRANT_BYTES_S_MIN = 4_000
"""Nobody is starved: with very many boxes the sum may be more than the setting."""


def share(total_bytes_s: int | None, others: int) -> int | None:
    """Return what one box is granted beside so many `others`; None: there is no limit to share."""
    if total_bytes_s is None:
        return None
    return max(GRANT_BYTES_S_MIN, total_bytes_s // (others + 1))


class Backlogs:
    """Which gateways have a backlog, as far as this process was told."""

    def __init__(self) -> None:
        self._told_us: dict[str, int] = {}

    def told(self, gateway: str, from_us: int | None, now_us: int) -> None:
        """A report came: its backlog begins at `from_us`; None: there is none."""
        if from_us is not None and now_us - from_us > BACKLOG_US:
            self._told_us[gateway] = now_us
        else:
            self._told_us.pop(gateway, None)

    def grant(self, gateway: str, total_bytes_s: int | None, now_us: int) -> int | None:
        """Return what the gateway is granted; None: its own share of its line."""
        self._told_us = _recent(self._told_us, now_us)
        if gateway not in self._told_us:
            return None
        return share(total_bytes_s, len(self._told_us) - 1)


def _recent(told_us: Mapping[str, int], now_us: int) -> dict[str, int]:
    return {name: at_us for name, at_us in told_us.items() if abs(now_us - at_us) < FORGET_US}
