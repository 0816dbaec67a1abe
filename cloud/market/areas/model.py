"""A delivery area: whose prices and loads a series tells, with what has changed over time. Pure.

An area is more than its present code: EIC, the numbers of the auctions in a source and the limits
of prices are dated, the newest row that is not after the delivery day holds. Days are those of the
area's clock: 92, 96 or 100 quarter-hours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from wire import clock

SDAC = "SDAC"
EXAA = "EXAA"
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Eic:
    """A code of the area from a delivery day on."""

    valid_from: date
    code: str


@dataclass(frozen=True, slots=True)
class Sequences:
    """Under which number a source publishes each auction, from a delivery day on."""

    valid_from: date
    positions: Mapping[str, int]
    """SDAC: 1, EXAA: 2; an auction that is not named has none here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Prices that a product allows, both inclusive, from a delivery day on, in EUR/MWh."""

    valid_from: date
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gate:
    """When an auction closes, from a delivery day on: a local time, `day` days from delivery."""

    auction: str
    valid_from: date
    day: int
    local: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A bidding zone, or a control area within one."""

    code: str
    """As in `Series.area`."""
    zone: ZoneInfo
    country: str
    """Whose holidays count, as ISO 3166."""
    eics: tuple[Eic, ...]
    """Newest first."""
    part_of: str = ""
    """The bidding zone that a control area lies in; "" for a bidding zone."""
    until: date | None = None
    """The first delivery day on which it was no more."""
    since: date | None = None
    """The first delivery day; None: longer than anybody asks."""
    before: str = ""
    """The area that it was part of before `since`."""
    neighbours: tuple[str, ...] = ()
    """Areas with a border of its grid, in order of their codes."""
    sequences: tuple[Sequences, ...] = ()
    """Newest first."""
    limits: Mapping[str, tuple[Limits, ...]]
    """By kind of a price, newest first; none: unlimited."""
    gates: tuple[Gate, ...]
    """Newest first."""
    names: Mapping[str, str]
    """What sources call it, by source."""

    def exists_on(self, day: date) -> bool:
        """Tell whether there was such an area on a delivery day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )

    def eic(self, day: date) -> str | None:
        """Return the code that held on a delivery day, None before the first."""
        return next((row.code for row in self.eics if row.valid_from <= day), None)

    def sequence(self, auction: str, day: date) -> int | None:
        """Return the number of SDAC or EXAA on a delivery day, None: the source names none."""
        for row in self.sequences:
            if row.valid_from <= day:
                return row.positions.get(auction)
        return None

    def limit(self, kind: str, day: date) -> Limits | None:
        """Return what a price of this kind may be on a delivery day, None: not known."""
        return next((row for row in self.limits.get(kind, ()) if row.valid_from <= day), None)

    def gate_us(self, auction: str, day: date) -> int | None:
        """Return when an auction of a delivery day closes, None: not known."""
        for row in self.gates:
            if row.auction == auction and row.valid_from <= day:
                return self.at_us(day + timedelta(days=row.day), row.local)
        return None

    def day_of(self, at_us: int) -> date:
        """Return the local day of an instant."""
        return clock.utc(at_us).astimezone(self.zone).date()

    def day_us(self, day: date) -> tuple[int, int]:
        """Return the start of a local day and of the next one: 23, 24 or 25 hours."""
        return local_us(self.zone, day), local_us(self.zone, day + timedelta(days=1))

    def periods(self, day: date, resolution_s: int) -> int:
        """Return how many periods of this length a local day has: 92, 96 or 100 quarter-hours."""
        start_us, end_us = self.day_us(day)
        return (end_us - start_us) // (resolution_s * _US)

    def at_us(self, day: date, at: time) -> int:
        """Return a local clock time; one that comes twice means the first of the two."""
        return local_us(self.zone, day, at)


@lru_cache(maxsize=8_192)
def local_us(zone: ZoneInfo, day: date, at: time = time.min) -> int:
    """Return a local clock time in µs; the first of two, and of a skipped hour the one after."""
    return clock.micros(datetime.combine(day, at, zone))
