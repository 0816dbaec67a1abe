"""Hours of some days in the site's own time, winter and summer. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from agent.control.local.config import DAYS, Window
from wire.clock import utc

_DAYS_A_WEEK = 7
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute of the site's week."""

    weekday: int
    """0 is Monday."""
    minute: int
    """Of the day."""


@lru_cache(maxsize=4)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def minute_at(now_us: int, timezone: str) -> Minute:
    """Return the minute of the site's week that an instant lies in."""
    local = utc(now_us).astimezone(_zone(timezone))
    return Minute(local.weekday(), local.hour * 60 + local.minute)


def covers(window: Window, at: Minute) -> bool:
    """Say whether a minute lies in the window's hours; over midnight they belong to the day before.

    Equal start and end are the whole day.
    """
    start, end = _minutes(window.start), _minutes(window.end)
    today = DAYS[at.weekday] in window.days
    if start < end:
        return today and start <= at.minute < end
    yesterday = DAYS[(at.weekday - 1) % _DAYS_A_WEEK] in window.days
    return (today and at.minute >= start) or (yesterday and at.minute < end)


def any_covers(windows: Iterable[Window], at: Minute) -> bool:
    """Say whether a minute lies in one of the windows; without windows it always does."""
    windows = tuple(windows)
    return not windows or any(covers(window, at) for window in windows)


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])
