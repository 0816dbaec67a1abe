"""When a series is asked for again. Pure.

A plan has a first time and an interval until the day is complete, and daily re-reads later, for
sources correct what they said. A complete day is left alone in between. Source: market data, §3.6;
none of its times is confirmed, and each is a row here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from cloud.market.areas.model import EXAA, Area
from cloud.market.series.model import Kind

MINUTE_US = 60_000_000
REREAD_DAYS = (1, 8, 42)
REREAD_AT = time(4, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Of one kind of series."""

    days: int
    """From the delivery day to that of the first question: -1 is the day before."""
    first: time
    interval_min: int
    until_days: int
    """Quick until the end of this day, counted from the delivery day; then daily."""
    is_rolling: bool = False
    """Whether values come bit by bit: a day that has not ended is asked for as long as it lasts."""
    ahead_days: int = 1
    """The last delivery day that is asked for, counted from today."""


_DAY_AHEAD = Plan(days=-1, first=time(12, 45), interval_min=5, until_days=0)
_EXAA = Plan(days=-1, first=time(10, 20), interval_min=10, until_days=0)
_FORECAST = Plan(days=-1, first=time(8, 0), interval_min=30, until_days=0)
_MEASURED = Plan(days=0, first=time(0, 30), interval_min=15, until_days=1, is_rolling=True)
_SETTLED = Plan(days=1, first=time(1, 0), interval_min=60, until_days=2)
_WEATHER = Plan(
    days=-2, first=time(0, 15), interval_min=180, until_days=1, is_rolling=True, ahead_days=2
)
"""Models run every three to six hours; each run says it anew."""
_PLANS: Mapping[Kind, Plan] = {
    Kind.PRICE_DAY_AHEAD: _DAY_AHEAD,
    Kind.PRICE_INTRADAY_AUCTION: Plan(days=-1, first=time(15, 20), interval_min=15, until_days=0),
    Kind.PRICE_INTRADAY: _MEASURED,
    Kind.PRICE_IMBALANCE: _SETTLED,
    Kind.PRICE_BALANCING_ENERGY: _SETTLED,
    Kind.IMBALANCE_VOLUME: _SETTLED,
    Kind.LOAD_FORECAST: _FORECAST,
    Kind.GENERATION_FORECAST: _FORECAST,
    Kind.LOAD_ACTUAL: _MEASURED,
    Kind.GENERATION_ACTUAL: _MEASURED,
    Kind.FLOW: _MEASURED,
    Kind.UNAVAILABLE: Plan(days=-1, first=time(0, 15), interval_min=30, until_days=1),
    Kind.WEATHER_RADIATION: _WEATHER,
    Kind.WEATHER_WIND: _WEATHER,
    Kind.WEATHER_TEMPERATURE: _WEATHER,
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What is known of a delivery day."""

    is_complete: bool = False
    last_us: int | None = None
    """When it was last asked for with an answer, None: not since the start."""


NEVER = Looked()


def plan_of(kind: Kind, detail: str = "") -> Plan:
    return _EXAA if detail == EXAA else _PLANS[kind]


def due_us(plan: Plan, area: Area, day: date, looked: Looked, now_us: int) -> int:
    """Return when a delivery day is to be asked for next; in the past where it is overdue."""
    first_us = area.at_us(day + timedelta(days=plan.days), plan.first)
    last_us = looked.last_us
    if last_us is None:
        return first_us
    _, day_end_us = area.day_us(day)
    _, quick_end_us = area.day_us(day + timedelta(days=plan.until_days))
    running = plan.is_rolling and last_us < day_end_us
    if running or not looked.is_complete:
        soon_us = max(first_us, last_us + plan.interval_min * MINUTE_US)
        if soon_us < quick_end_us:
            return soon_us
    return next((at_us for at_us in _rereads(area, day) if at_us > last_us), _never(now_us))


def days_in_reach(area: Area, now_us: int, ahead_days: int = 1) -> Iterator[date]:
    """Yield the delivery days that are still asked for, earliest first."""
    today = area.day_of(now_us)
    for back in range(max(REREAD_DAYS), -ahead_days - 1, -1):
        yield today - timedelta(days=back)


def ranges(days: list[date], length_max: int) -> Iterator[tuple[date, date]]:
    """Yield first and last of days that follow each other, so many at most in one range."""
    first: date | None = None
    last = date.min
    for day in sorted(days):
        if first is None or day != last + timedelta(days=1) or (day - first).days >= length_max:
            if first is not None:
                yield first, last
            first = day
        last = day
    if first is not None:
        yield first, last


def _rereads(area: Area, day: date) -> Iterator[int]:
    return (area.at_us(day + timedelta(days=after), REREAD_AT) for after in REREAD_DAYS)


def _never(now_us: int) -> int:
    return now_us + 10 * 366 * 86_400_000_000
