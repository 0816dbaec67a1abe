"""When the platform publishes what, for old values that nobody saw arrive. Pure.

The times are late rather than early, so that a back-test knows no more than was known. None of
them is confirmed by the platform; they are the rows of market data, §3.6, and of the auctions'
own timetables.
"""

from dataclasses import dataclass
from datetime import time, timedelta

from cloud.market.areas.model import EXAA, SDAC, Area
from cloud.market.series.model import Kind


@dataclass(frozen=True, slots=True)
class Publication:
    """A local time of the delivery day, or of one `days` away from it."""

    days: int
    at: time


_DAY_AHEAD = Publication(-1, time(13, 0))
_EXAA = Publication(-1, time(10, 20))
_LOAD_FORECAST = Publication(-1, time(12, 0))
_RENEWABLES_FORECAST = Publication(-1, time(18, 0))
_AFTER = Publication(1, time(1, 0))
"""Measured values: an hour after the end of the day, so that a day is known as a whole."""
_SETTLED = Publication(2, time(0, 0))
_INTRADAY_AUCTIONS = {
    "IDA1": Publication(-1, time(15, 30)),
    "IDA2": Publication(-1, time(22, 30)),
    "IDA3": Publication(0, time(10, 30)),
}


def known_us(kind: Kind, detail: str, area: Area, start_us: int) -> int:
    """Return when the value of an interval was known at the latest, by plan."""
    row = _row(kind, detail)
    day = area.day_of(start_us) + timedelta(days=row.days)
    return area.at_us(day, row.at)


def too_early(area: Area, start_us: int, received_us: int) -> bool:
    """Return whether a price cannot be that of the coupled auction: its gate had not closed."""
    gate_us = area.gate_us(SDAC, area.day_of(start_us))
    return gate_us is not None and received_us < gate_us


def _row(kind: Kind, detail: str) -> Publication:
    match kind:
        case Kind.PRICE_DAY_AHEAD:
            return _EXAA if detail == EXAA else _DAY_AHEAD
        case Kind.PRICE_INTRADAY_AUCTION:
            return _INTRADAY_AUCTIONS.get(detail, _AFTER)
        case Kind.LOAD_FORECAST:
            return _LOAD_FORECAST
        case Kind.GENERATION_FORECAST:
            return _RENEWABLES_FORECAST
        case Kind.PRICE_IMBALANCE | Kind.PRICE_BALANCING_ENERGY | Kind.IMBALANCE_VOLUME:
            return _SETTLED
        case _:
            return _AFTER
