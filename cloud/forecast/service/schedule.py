"""When forecasts are issued by themselves, by the clock of the area. Pure.

Before the coupled auction's gate at noon twice: with the early auction's prices, and late; after
its results with an outlook on the day behind; intraday after each auction of that day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta

from cloud.forecast.service.model import Kind
from cloud.market.areas.model import Area

LATE_US = 3 * 3_600_000_000
"""What was due longer ago (the hub was off) is not made up for."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One row of the timetable."""

    at: time
    kind: Kind
    horizon_h: int


@dataclass(frozen=True, slots=True)
class Due:
    """A row whose time has come."""

    issue: Issue
    at_us: int


TIMETABLE = (
    Issue(time(10, 30), Kind.DAYAHEAD, 24),
    Issue(time(11, 30), Kind.DAYAHEAD, 24),
    Issue(time(13, 15), Kind.DAYAHEAD, 48),
    Issue(time(10, 30), Kind.INTRADAY, 24),
    Issue(time(15, 30), Kind.INTRADAY, 24),
    Issue(time(22, 30), Kind.INTRADAY, 24),
)
"""The results of the intraday auctions (gates 10:00, 15:00, 22:00) come some 20 minutes later."""
MISSING_AT = time(11, 45)
"""Without a forecast of tomorrow by then, the similar day stands in, and an alarm is raised."""


def due(area: Area, now_us: int) -> Iterator[Due]:
    """Yield the last row of each kind whose time came today, unless it is too long ago."""
    today = area.day_of(now_us)
    for kind in Kind:
        times = [Due(row, area.at_us(today, row.at)) for row in TIMETABLE if row.kind is kind]
        past = [row for row in times if now_us - LATE_US < row.at_us <= now_us]
        if past:
            yield max(past, key=lambda row: row.at_us)


def next_us(area: Area, now_us: int, kind: Kind) -> int:
    """Return when the next row of a kind comes, today or tomorrow."""
    today = area.day_of(now_us)
    times = [
        area.at_us(day, row.at)
        for day in (today, today + timedelta(days=1))
        for row in TIMETABLE
        if row.kind is kind
    ]
    return min(at_us for at_us in times if at_us > now_us)


def horizon_h(area: Area, now_us: int) -> int:
    """Return how far the day-ahead row reaches whose time came last; before the first, a day."""
    today = area.day_of(now_us)
    rows = [row for row in TIMETABLE if row.kind is Kind.DAYAHEAD]
    past = [row for row in rows if area.at_us(today, row.at) <= now_us]
    return max(past, key=lambda row: row.at).horizon_h if past else rows[0].horizon_h


def is_missing(area: Area, now_us: int, has_forecast: bool) -> bool:
    """Tell whether tomorrow should have been forecast by now, and was not."""
    at_us = area.at_us(area.day_of(now_us), MISSING_AT)
    return not has_forecast and at_us <= now_us < at_us + LATE_US
