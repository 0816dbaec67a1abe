"""Prices, loads and generation of a world that is none: from a seed, always labelled simulated.

Each day has its weather; load, sun and wind follow from it, and the price from what is left. So
there are negative prices at noon and dear evenings, days of 92 and 100 quarter-hours, days that
are published late, days with a hole that a later revision mends, and prices that are corrected.
What is published depends on the clock: nothing is told before its hour. Pure but for the clock.
"""

import asyncio
import hashlib
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

from cloud.market.areas.model import SDAC, Area
from cloud.market.feeds import simulated_intraday, simulated_weather
from cloud.market.feeds.base import Wish
from cloud.market.feeds.errors import FeedRefused
from cloud.market.feeds.simulated_weather import Sky
from cloud.market.series.days import days_of
from cloud.market.series.model import Batch, Kind, Quality, Series
from wire.clock import Clock

SOURCE = "simulated"
LICENCE = "simulated: no market has ever seen these numbers"
RESOLUTION_S = 900
LOAD_MW = {"AT": 7_000.0, "DE-LU": 55_000.0, "CH": 7_000.0, "FR": 55_000.0}
LOAD_MW_ELSEWHERE = 9_000.0
LATE_ONE_IN, HOLE_ONE_IN, REVISED_ONE_IN = 11, 13, 9
"""One day in so many is published late, has a hole at first, is corrected the day after."""
_QUARTER_US = 900_000_000
_EUR_A_LOAD = 110.0
"""EUR/MWh that the price rises by where as much more is left for other plants as the load takes."""
_SOLAR, _WIND = "B16", "B19"
_KINDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PRICE_DAY_AHEAD: (SDAC,),
    Kind.LOAD_FORECAST: ("",),
    Kind.LOAD_ACTUAL: ("",),
    Kind.GENERATION_FORECAST: (_SOLAR, _WIND),
    Kind.GENERATION_ACTUAL: (_SOLAR, _WIND),
    **simulated_intraday.KINDS,
    **dict.fromkeys(simulated_weather.KINDS, (simulated_weather.PLACE,)),
}
_ACTUAL = (Kind.LOAD_ACTUAL, Kind.GENERATION_ACTUAL)
_PUBLISHED = {
    Kind.PRICE_DAY_AHEAD: time(12, 57),
    Kind.LOAD_FORECAST: time(10, 0),
    Kind.GENERATION_FORECAST: time(17, 30),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """What is published at one moment of one day."""

    known_us: int
    revision: int
    starts_us: tuple[int, ...]
    values: tuple[float, ...]


class Simulated:
    """A `MarketFeed`."""

    name = SOURCE

    def __init__(self, seed: int, areas: Mapping[str, Area], clock: Clock) -> None:
        self._seed, self._areas, self._clock = seed, areas, clock

    def offers(self, kind: Kind, area: str) -> bool:
        return kind in _KINDS and area in self._areas

    async def fetch(self, wish: Wish) -> AsyncIterator[Batch]:
        """Yield what is published by now, each revision as a batch of its own.

        Raises:
            FeedRefused: such a series is not simulated.
        """
        if not self.offers(wish.kind, wish.area):
            raise FeedRefused(f"{SOURCE} has no {wish.kind.value} of {wish.area}")
        now_us = self._clock.now_us()
        for day in days_of(self._areas[wish.area], wish.start_us, wish.end_us):
            for batch in await asyncio.to_thread(self._of_day, wish, day, now_us):
                yield batch

    def _of_day(self, wish: Wish, day: date, now_us: int) -> list[Batch]:
        area = self._areas[wish.area]
        return [
            batch
            for detail in _KINDS[wish.kind]
            if wish.detail in ("", detail)
            for issue in issues(self._seed, area, wish.kind, detail, day, now_us)
            if (batch := _batch(issue, wish, detail, now_us)) is not None
        ]


def issues(
    seed: int, area: Area, kind: Kind, detail: str, day: date, now_us: int
) -> Iterator[Issue]:
    """Yield what is known of a day by `now_us`, earliest first; the same for the same seed."""
    if kind in simulated_weather.KINDS:
        yield from _weather(seed, area, kind, day, now_us)
        return
    if kind in simulated_intraday.KINDS:
        yield from _intraday(seed, area, detail, day, now_us)
        return
    start_us, end_us = area.day_us(day)
    starts = tuple(range(start_us, end_us, _QUARTER_US))
    values = tuple(_values(seed, area, kind, detail, day))
    if kind in _ACTUAL:
        over = sum(at_us + 2 * _QUARTER_US <= now_us for at_us in starts)
        if over:
            yield Issue(starts[over - 1] + 2 * _QUARTER_US, 1, starts[:over], values[:over])
        return
    where = f"{seed}/{area.code}/{kind.value}/{day}"
    published = _PUBLISHED[kind]
    late = _chance(f"{where}/late") < 1 / LATE_ONE_IN
    first_us = area.at_us(day - timedelta(days=1), published) + (150 * 60_000_000 if late else 0)
    hole = _chance(f"{where}/hole") < 1 / HOLE_ONE_IN
    at = int(_chance(f"{where}/at") * len(starts))
    width = 1 + int(_chance(f"{where}/width") * 4)
    revised = _chance(f"{where}/revised") < 1 / REVISED_ONE_IN
    kept = [not (hole and at <= slot < at + width) for slot in range(len(starts))]
    if first_us <= now_us:
        yield Issue(
            first_us,
            1,
            tuple(s for s, here in zip(starts, kept, strict=True) if here),
            tuple(v for v, here in zip(values, kept, strict=True) if here),
        )
    mended_us = first_us + 45 * 60_000_000
    if hole and mended_us <= now_us:
        yield Issue(mended_us, 2, starts, values)
    corrected_us = end_us + 10 * 3_600_000_000
    if revised and corrected_us <= now_us:
        corrected = list(values)
        corrected[at] = round(corrected[at] + 0.37, 2)
        yield Issue(corrected_us, 3, starts, tuple(corrected))


def _weather(seed: int, area: Area, kind: Kind, day: date, now_us: int) -> Iterator[Issue]:
    load_mw = LOAD_MW.get(area.code, LOAD_MW_ELSEWHERE)

    def truth(of: date, hour: float) -> Sky:
        _, solar, wind = _world(seed, area, of, hour)
        return Sky(solar / (0.75 * load_mw), (wind / (0.6 * load_mw)) ** 0.5, _season(of))

    def chance(what: str) -> float:
        return _chance(f"{seed}/weather/{what}")

    for run in simulated_weather.runs(kind, area, day, now_us, truth, chance):
        yield Issue(run.known_us, run.revision, run.starts_us, run.values)


def _intraday(seed: int, area: Area, detail: str, day: date, now_us: int) -> Iterator[Issue]:
    periods = area.periods(day, RESOLUTION_S)
    hours = [slot * 24 / periods for slot in range(periods)]
    worlds = [_world(seed, area, day, hour) for hour in hours]
    more, brighter, windier = (_missed(seed, area, one, day) for one in ("", _SOLAR, _WIND))
    scale = LOAD_MW.get(area.code, LOAD_MW_ELSEWHERE)
    start_us, end_us = area.day_us(day)
    of = simulated_intraday.Day(
        area,
        day,
        tuple(range(start_us, end_us, _QUARTER_US)),
        [_price(*world, scale, hour) for world, hour in zip(worlds, hours, strict=True)],
        [
            _EUR_A_LOAD * _swing(hour) * (load * more - sun * brighter - wind * windier) / scale
            for (load, sun, wind), hour in zip(worlds, hours, strict=True)
        ],
    )

    def chance(what: str) -> float:
        return _chance(f"{seed}/{area.code}/intraday/{what}")

    for told in simulated_intraday.told(detail, of, now_us, chance):
        yield Issue(told.known_us, 1, told.starts_us, told.values)


def _missed(seed: int, area: Area, plant: str, day: date) -> float:
    """Return the share by which the forecast of a day is missed, at most."""
    return 0.2 * (_chance(f"{seed}/{area.code}/miss/{plant}/{day}") - 0.5)


def _swing(hour: float) -> float:
    """Return how much of it there is at an hour."""
    return math.sin(hour / 3)


def _season(day: date) -> float:
    return math.cos((day.timetuple().tm_yday - 15) / 365 * math.tau)


def _values(seed: int, area: Area, kind: Kind, detail: str, day: date) -> Iterator[float]:
    periods = area.periods(day, RESOLUTION_S)
    for slot in range(periods):
        hour = slot * 24 / periods
        load, solar, wind = _world(seed, area, day, hour)
        if kind is Kind.PRICE_DAY_AHEAD:
            yield _price(load, solar, wind, LOAD_MW.get(area.code, LOAD_MW_ELSEWHERE), hour)
            continue
        value = {"": load, _SOLAR: solar, _WIND: wind}[detail]
        if kind in _ACTUAL:
            value *= 1 + _missed(seed, area, detail, day) * _swing(hour)
        yield round(max(0.0, value), 1)


def _world(seed: int, area: Area, day: date, hour: float) -> tuple[float, float, float]:
    """Return load, sun and wind in MW at an hour of a day."""
    load_mw = LOAD_MW.get(area.code, LOAD_MW_ELSEWHERE)
    week = 0.82 if day.isoweekday() in (6, 7) else 1.0
    season = _season(day)
    shape = (
        0.86 + 0.12 * math.sin((hour - 7) / 24 * math.tau) + 0.07 * math.sin(hour / 12 * math.tau)
    )
    load = load_mw * week * (1 + 0.12 * season) * shape
    clear = 0.25 + 0.75 * _between(seed, "sun", area, day, hour)
    height = math.sin((hour - 6 - 0.8 * season) / (12 - 1.6 * season) * math.pi)
    solar = load_mw * 0.75 * clear * max(0.0, height) * (1 - 0.55 * season) / 1.55
    wind = load_mw * 0.6 * _between(seed, "wind", area, day, hour) ** 2
    return load, solar, wind


def _price(load: float, solar: float, wind: float, scale: float, hour: float) -> float:
    left = (load - solar - wind) / scale
    steep = 40 * max(0.0, left - 0.75) ** 2
    deep = 160 * min(0.0, left - 0.12)
    quarter = 6 * math.sin(hour * math.tau) * (1 if hour < 12 else -1)
    return round(
        min(3_999.0, max(-499.0, 12 + _EUR_A_LOAD * left + 260 * steep / 40 + deep + quarter)), 2
    )


def _between(seed: int, what: str, area: Area, day: date, hour: float) -> float:
    """Return the weather of an hour, 0 to 1, without a jump at midnight."""

    def noon(of: date) -> float:
        return _chance(f"{seed}/{what}/{area.code}/{of}")

    part = (hour - 12) / 24
    other = day + timedelta(days=1 if part > 0 else -1)
    weight = (1 - math.cos(abs(part) * math.pi)) / 2
    return (1 - weight) * noon(day) + weight * noon(other)


def _batch(issue: Issue, wish: Wish, detail: str, now_us: int) -> Batch | None:
    pairs = [
        (at_us, value)
        for at_us, value in zip(issue.starts_us, issue.values, strict=True)
        if wish.start_us <= at_us < wish.end_us
    ]
    if not pairs:
        return None
    return Batch(
        series=Series(SOURCE, wish.kind, wish.area, _resolution_s(wish.kind), detail),
        starts_us=tuple(at_us for at_us, _ in pairs),
        values=tuple(value for _, value in pairs),
        known_us=issue.known_us if wish.history else now_us,
        assumed=wish.history,
        received_us=now_us,
        created_us=issue.known_us,
        revision=issue.revision,
        document=f"simulated-{issue.known_us // 1_000_000}-{issue.revision}",
        quality=Quality.SIMULATED,
        licence=LICENCE,
    )


def _resolution_s(kind: Kind) -> int:
    return simulated_weather.RESOLUTION_S if kind in simulated_weather.KINDS else RESOLUTION_S


@lru_cache(maxsize=4_096)
def _chance(what: str) -> float:
    """Return a number of [0, 1) that is always the same for the same text."""
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=6).digest()) / 2**48
