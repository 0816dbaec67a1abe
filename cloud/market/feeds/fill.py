"""How far a back-fill is, as it is kept and shown. Pure."""

from dataclasses import dataclass
from datetime import date

from cloud.market.feeds.states import Asked

SILENT_US = 15 * 60_000_000
"""One that has not moved for so long was broken off: a month takes a minute at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Of one thing that is asked for."""

    asked: Asked
    first: date
    last: date
    done: int
    """Days asked for in this run."""
    total: int
    """Days that were not complete when it began."""
    new: int
    """Values kept."""
    begun_us: int
    changed_us: int
    error: str = ""

    def standing(self, now_us: int) -> str:
        """Return ``done``, ``failed``, ``running`` or ``broken_off``."""
        if self.error:
            return "failed"
        if self.done >= self.total:
            return "done"
        return "running" if now_us - self.changed_us < SILENT_US else "broken_off"
