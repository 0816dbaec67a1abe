"""Intraday auctions and an index of continuous trading of the simulated market. Pure.

Each auction begins with the price before it, sees a share of what load, sun and wind will miss of
their forecasts, and adds something of its own that nobody can know; the index sees all of it. So
who knows what was measured this morning knows something of the next hours, and little else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from cloud.market.areas.model import Area
from cloud.market.series.model import Kind

INDEX = "ID3"
KINDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.PRICE_INTRADAY_AUCTION: ("IDA1", "IDA2", "IDA3"),
    Kind.PRICE_INTRADAY: (INDEX,),
}
_AUCTIONS: Mapping[str, tuple[int, time, float]] = {
    "IDA1": (-1, time(15, 21), 0.0),
    "IDA2": (-1, time(22, 21), 0.2),
    "IDA3": (0, time(10, 21), 0.5),
}
"""Days from that of delivery, the hour of the results, and how much of the news they have seen."""
_NOISE_EUR_MWH = {"IDA1": 2.0, "IDA2": 2.0, "IDA3": 2.0, INDEX: 5.0}
"""At most; small ones are likelier."""
_HALF = time(12)
"""The third auction is for what begins from here on."""
_INDEX_DELAY_US = 1_800_000_000
_LOW, _HIGH = -9_999.0, 9_999.0

Chance = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Told:
    """What is published at one moment of one day."""

    known_us: int
    starts_us: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A delivery day, by its quarter-hours."""

    area: Area
    day: date
    starts_us: Sequence[int]
    prices: Sequence[float]
    """Of the day-ahead auction, EUR/MWh."""
    news: Sequence[float]
    """What the forecasts miss of it, EUR/MWh: + makes it dearer."""


def told(detail: str, of: Day, now_us: int, chance: Chance) -> Iterator[Told]:
    """Yield what is known of a day by `now_us`; the same for the same chances."""
    if detail == INDEX:
        over = sum(us + 900_000_000 + _INDEX_DELAY_US <= now_us for us in of.starts_us)
        if over:
            known_us = of.starts_us[over - 1] + 900_000_000 + _INDEX_DELAY_US
            yield Told(known_us, tuple(of.starts_us[:over]), _values(detail, of, chance)[:over])
        return
    days, at, _ = _AUCTIONS[detail]
    known_us = of.area.at_us(of.day + timedelta(days=days), at)
    if known_us > now_us:
        return
    begin = _begin(detail, of)
    yield Told(known_us, tuple(of.starts_us[begin:]), _values(detail, of, chance)[begin:])


def _begin(detail: str, of: Day) -> int:
    """Return the first slot that an auction is for."""
    half_us = of.area.at_us(of.day, _HALF)
    return sum(us < half_us for us in of.starts_us) if detail == "IDA3" else 0


def _values(detail: str, of: Day, chance: Chance) -> tuple[float, ...]:
    """Return the prices of all slots; those that an auction is not for are those before it."""
    found = list(of.prices)
    for name in (*_AUCTIONS, INDEX):
        size = _NOISE_EUR_MWH[name]
        for slot in range(_begin(name, of), len(found)):
            where = f"{name}/{of.day}/{slot}"
            found[slot] += size * (chance(where) + chance(f"{where}/too") - 1.0)
        if name == detail:
            break
    seen = _AUCTIONS[detail][2] if detail in _AUCTIONS else 1.0
    both = zip(found, of.news, strict=True)
    return tuple(round(min(_HIGH, max(_LOW, price + seen * news)), 2) for price, news in both)
