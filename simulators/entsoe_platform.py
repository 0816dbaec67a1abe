"""What a simulated transparency platform has published, and when. Changed by a test as it goes."""

import math
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from simulators import entsoe_timetable
from wire.clock import QUARTER_HOUR_US, micros, utc

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer given instead of the true one."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Platform:
    """What is published, and what was asked; changed by a test as it goes."""

    token: str = field(default_factory=lambda: str(uuid4()))
    """The only one that is let in."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Vienna"))
    sequences: tuple[str, ...] = ("2", "1")
    """Auctions of day-ahead prices, in the order in which they are sent."""
    published_until_us: int | None = None
    """Nothing that begins later is there, None: everything is."""
    days_max: int = DAYS_MAX
    revision: int = 1
    shift: float = 0.0
    """Added to all values: a correction, together with `revision` and `created_us`."""
    created_us: int = micros(datetime(2026, 1, 1, tzinfo=UTC))
    packed: bool = False
    """Whether answers are compressed on the way."""
    now_us: Callable[[], int] | None = None
    """With a clock, each document is there from its hour on: see `entsoe_timetable`."""
    spoiled: dict[str, str] = field(default_factory=dict)
    """By EIC, what is wrong with all answers on an area: see `entsoe_spoiling`."""
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[dict[str, str]] = field(default_factory=list)
    """Every question, without its token."""

    def value(self, name: str, start_us: int) -> float:
        """Return what is published for an interval: a curve by day; prices are now and then < 0."""
        phase = zlib.crc32(name.encode()) % 1_000 / 1_000
        hour = start_us / 3.6e9
        base = (55.0 if name.startswith(("A44", "A85")) else 155.0) + 70.0 * math.sin(
            2 * math.pi * (hour / 24 + phase)
        )
        return round(base + 9.0 * math.sin(hour * 5 * (1 + phase)) + self.shift, 2)

    def days(self, start_us: int, end_us: int) -> list[tuple[int, int]]:
        """Return the local days that an interval touches, as far as they are published."""
        found = []
        day = utc(start_us).astimezone(self.zone).date()
        while (edges := (self._midnight(day), self._midnight(day + timedelta(days=1))))[0] < end_us:
            if self.published_until_us is None or edges[0] < self.published_until_us:
                found.append(edges)
            day += timedelta(days=1)
        return found

    def has(self, name: str, start_us: int) -> bool:
        """Tell whether a delivery day of a document is there by now."""
        if self.now_us is None:
            return True
        there_us = entsoe_timetable.there_us(name, start_us, self.zone)
        return there_us is None or there_us <= self.now_us()

    def told(self, name: str, edges: tuple[int, int]) -> tuple[int, int]:
        """Return the part of a day of which values are told by now, in whole quarter-hours."""
        if self.now_us is None:
            return edges
        until_us = entsoe_timetable.told_until_us(name, self.now_us())
        if until_us is None:
            return edges
        until_us -= until_us % QUARTER_HOUR_US
        return edges[0], max(edges[0], min(edges[1], until_us))

    def _midnight(self, day: date) -> int:
        return micros(datetime.combine(day, time.min, self.zone))
