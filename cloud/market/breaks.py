"""Times of each day at which a market stands still, as dated data. Pure.

The coupled European order book stops around each intraday auction, from 20 minutes before it for
40 minutes (BSP SouthPool). A break is a local clock time with what lies around it; on change-over
days it follows the clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wire import clock

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One stop a day, on local days from `valid_from` on until before `valid_until`."""

    valid_from: date
    valid_until: date | None = None
    """None: for good."""
    local: time
    """What it is for, such as the gate of an auction."""
    lead_s: int
    """It begins so long before."""
    lasts_s: int
    reason: str

    def span_us(self, day: date, zone: ZoneInfo) -> tuple[int, int] | None:
        """Return begin and end of the break of a local day, None where it has none."""
        if day < self.valid_from or (self.valid_until is not None and day >= self.valid_until):
            return None
        begin_us = clock.micros(datetime.combine(day, self.local, zone)) - self.lead_s * _SECOND_US
        return begin_us, begin_us + self.lasts_s * _SECOND_US


def running(breaks: Iterable[Break], zone: ZoneInfo, at_us: int) -> Break | None:
    """Return the break that an instant is in, its first microsecond counted and its end not."""
    for one in breaks:
        for begin_us, end_us in _spans(one, zone, at_us):
            if begin_us <= at_us < end_us:
                return one
    return None


def next_us(breaks: Iterable[Break], zone: ZoneInfo, at_us: int) -> int | None:
    """Return when the next break begins or ends after an instant; None: within a day none does."""
    edges = [
        edge_us
        for one in breaks
        for span in _spans(one, zone, at_us)
        for edge_us in span
        if edge_us > at_us
    ]
    return min(edges, default=None)


def _spans(one: Break, zone: ZoneInfo, at_us: int) -> list[tuple[int, int]]:
    today = clock.utc(at_us).astimezone(zone).date()
    days = (today + timedelta(days=offset) for offset in (-1, 0, 1))
    spans = (one.span_us(day, zone) for day in days)
    return [span for span in spans if span is not None]
