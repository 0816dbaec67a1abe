"""Technical indicators over closing prices, one value for each price, None until there are enough.

Pure. Prices may be zero or negative; nothing here divides by a price. Sources: J. W. Wilder, New
Concepts in Technical Trading Systems (1978), for RSI and ATR and their smoothing; J. Bollinger,
Bollinger on Bollinger Bands (2001), with the standard deviation of the population.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import fsum, sqrt
from typing import NamedTuple

Values = list[float | None]
PERIODS_MAX = 500


class Band(NamedTuple):
    """Bollinger's three lines."""

    lower: float
    middle: float
    upper: float


def sma(prices: Sequence[float], periods: int) -> Values:
    """Return the mean of the last `periods` prices, this one included."""
    _checked(periods)
    return [
        fsum(window) / periods if (window := _window(prices, at, periods)) else None
        for at in range(len(prices))
    ]


def ema(prices: Sequence[float], periods: int) -> Values:
    """Return the exponential average with weight 2/(periods+1), begun with the first mean."""
    _checked(periods)
    return list(_smoothed(prices, periods, 2 / (periods + 1)))


def bollinger(prices: Sequence[float], periods: int = 20, width: float = 2.0) -> list[Band | None]:
    """Return mean and mean ± `width` standard deviations (of the population) of the last prices."""
    _checked(periods)
    if not 0 < width <= 10:
        raise ValueError(f"width: {width} is not allowed; above 0 and at most 10 is expected")
    bands: list[Band | None] = []
    for at in range(len(prices)):
        window = _window(prices, at, periods)
        if not window:
            bands.append(None)
            continue
        middle = fsum(window) / periods
        spread = width * sqrt(fsum((price - middle) ** 2 for price in window) / periods)
        bands.append(Band(middle - spread, middle, middle + spread))
    return bands


def rsi(prices: Sequence[float], periods: int = 14) -> Values:
    """Return Wilder's relative strength, 0 to 100; 50 where nothing has moved at all."""
    _checked(periods)
    steps = [after - before for before, after in pairwise(prices)]
    gains = _smoothed([max(step, 0.0) for step in steps], periods, 1 / periods)
    losses = _smoothed([max(-step, 0.0) for step in steps], periods, 1 / periods)
    values: Values = [None] if prices else []
    for gain, loss in zip(gains, losses, strict=True):
        if gain is None or loss is None:
            values.append(None)
        elif gain + loss == 0:
            values.append(50.0)
        else:
            values.append(100 * gain / (gain + loss))
    return values


def atr(
    highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], periods: int = 14
) -> Values:
    """Return Wilder's average true range; the first candle's range is high less low."""
    _checked(periods)
    ranges = [
        max(high, before) - min(low, before)
        for high, low, before in zip(highs, lows, [*highs[:1], *closes[:-1]], strict=True)
    ]
    return list(_smoothed(ranges, periods, 1 / periods))


def _smoothed(values: Sequence[float], periods: int, weight: float) -> Iterator[float | None]:
    """Yield ``last + weight (value - last)``, begun with the mean of the first `periods`."""
    last: float | None = None
    for at, value in enumerate(values):
        if at == periods - 1:
            last = fsum(values[:periods]) / periods
        elif last is not None:
            last += weight * (value - last)
        yield last


def _window(prices: Sequence[float], at: int, periods: int) -> Sequence[float]:
    return prices[at + 1 - periods : at + 1] if at + 1 >= periods else ()


def _checked(periods: int) -> None:
    if not 1 <= periods <= PERIODS_MAX:
        raise ValueError(f"periods: {periods} is not allowed; 1 to {PERIODS_MAX} are expected")
