"""What a quarter-hour is worth in the simulated market, and how traders quote it. Pure.

A central European working day: cheap at night and under the midday sun, dear in the evening. Each
quarter-hour stands a little off that curve and drifts by a few EUR/MWh. The same seed, quarter-hour
and instant always have the same price.
"""

import math
import random
from bisect import bisect_right
from enum import StrEnum
from typing import NamedTuple

from simulators import news
from wire.clock import QUARTER_HOUR_US

MARKET = "PHO_AT_INTRADAY_15MIN"
"""Where the simulated traders trade unless they are told otherwise."""
_DAY_US = 86_400 * 1_000_000
_ZONE_US = 3_600 * 1_000_000
"""The curve stands at UTC + 1 h all year."""
_CURVE = ((0, 82), (4, 71), (7, 108), (9, 92), (13, 34), (16, 74), (19, 139), (22, 96), (24, 82))
"""(hour of the day, EUR/MWh), straight in between; ours, shaped like a sunny working day."""
OFFSET_EUR_MWH = 7.0
DRIFT_EUR_MWH = 4.0
_DRIFT_PERIODS_S = (211.0, 523.0, 1201.0)
HALF_SPREAD_EUR_MWH = 0.6
LEVEL_EUR_MWH = 0.9
"""From one level of a quote to the next."""
LEVELS = 3
LEVEL_KW = (30, 120)
OPINION_EUR_MWH = 0.4
LEAN_EUR_MWH = 3.0
"""How far a maker who is full moves his prices."""
FULL_KW = 600
FULL_STEPS = 20
"""A maker is full with so much of one delivery period, the larger of the two."""


class Side(StrEnum):
    """Which way the energy goes, seen from who places the order."""

    BUY = "BUY"
    SELL = "SELL"


class Quote(NamedTuple):
    """One limit order to be placed."""

    side: Side
    price_eur_mwh: float
    power_kw: int
    """A magnitude."""


def fair_eur_mwh(seed: int, start_us: int, at_us: int) -> float:
    """Return the price of the quarter-hour from `start_us`, as seen at `at_us`."""
    draw = random.Random(f"{seed} {start_us}")
    offset = draw.uniform(-OFFSET_EUR_MWH, OFFSET_EUR_MWH)
    drift = 0.0
    for period_s in _DRIFT_PERIODS_S:
        phase = draw.random() + at_us / (period_s * 1e6)
        drift += math.sin(2.0 * math.pi * phase) / len(_DRIFT_PERIODS_S)
    return _curve_eur_mwh(start_us) + offset + DRIFT_EUR_MWH * drift


def told_eur_mwh(seed: int, start_us: int, at_us: int) -> float:
    """Return the same for whoever has heard the news."""
    return fair_eur_mwh(seed, start_us, at_us) + news.shift_eur_mwh(seed, start_us, at_us)


def quotes(
    seed: int, start_us: int, at_us: int, step_kw: int, *, net_kw: int = 0, maker: int = 0
) -> list[Quote]:
    """Return what a market maker shows now: up to `LEVELS` prices on each side.

    News move the prices and widen the spread. Who has sold more than he has bought quotes higher,
    to buy it back, and the other way round; who is full shows only the side that empties him.

    Args:
        net_kw: what the maker has sold (+) or bought (-) of it so far.
        maker: its number; each has sizes and an opinion of his own.
    """
    draw = random.Random(f"{seed} {maker} {start_us} {at_us}")
    opinion = random.Random(f"{seed} {maker} {start_us}").uniform(-OPINION_EUR_MWH, OPINION_EUR_MWH)
    full_kw = max(FULL_KW, FULL_STEPS * step_kw)
    lean = max(-1.0, min(1.0, net_kw / full_kw))
    middle = told_eur_mwh(seed, start_us, at_us) + LEAN_EUR_MWH * lean + (opinion if maker else 0.0)
    found = []
    for level in range(LEVELS):
        away = (HALF_SPREAD_EUR_MWH + level * LEVEL_EUR_MWH) * news.wider(seed, at_us)
        for side, price in ((Side.BUY, middle - away), (Side.SELL, middle + away)):
            quote = Quote(side, round(price, 2), in_steps(draw.uniform(*LEVEL_KW), step_kw))
            if lean < 1.0 if side is Side.SELL else lean > -1.0:
                found.append(quote)
    return found


def site_power_kw(
    seed: int, start_us: int, at_us: int, power_kw: float, soc_pct: float | None
) -> float:
    """Return what a site of this size would like to do in a quarter-hour; sign as in `wire`.

    It sells what is dearer than its neighbours and buys what is cheaper, and turns round when
    it is nearly empty or full.
    """
    around = [start_us - QUARTER_HOUR_US, start_us + QUARTER_HOUR_US]
    usual = sum(fair_eur_mwh(seed, other, at_us) for other in around) / len(around)
    sign = 1.0 if fair_eur_mwh(seed, start_us, at_us) >= usual else -1.0
    if soc_pct is not None and soc_pct < _SOC_LOW_PCT:
        sign = -1.0
    if soc_pct is not None and soc_pct > _SOC_HIGH_PCT:
        sign = 1.0
    return sign * power_kw * random.Random(f"{seed} {start_us} {power_kw}").uniform(0.25, 0.6)


def in_steps(power_kw: float, step_kw: int) -> int:
    """Return the nearest whole multiple of the market's step, at least one; a magnitude."""
    return max(1, round(abs(power_kw) / step_kw)) * step_kw


_SOC_LOW_PCT = 35.0
_SOC_HIGH_PCT = 75.0


def _curve_eur_mwh(start_us: int) -> float:
    hour = (start_us + _ZONE_US) % _DAY_US / _ZONE_US
    index = bisect_right(_CURVE, hour, key=lambda knot: knot[0])
    (from_hour, from_price), (to_hour, to_price) = _CURVE[index - 1], _CURVE[index]
    return from_price + (to_price - from_price) * (hour - from_hour) / (to_hour - from_hour)
