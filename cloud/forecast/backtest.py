"""A backtest: the members told for every day, as known at its gate, and combined on the way.

Days before the first scored one warm the weights up: they are forecast and learned from alike,
and not scored. What is kept on disk is not calculated again. Where a past day that is
read has a long hole, all members sleep and there is no forecast: whoever needs one falls back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.cache import Cache
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import Days, filled
from cloud.forecast.linear import one_thread
from cloud.forecast.near import Asked
from cloud.forecast.quantiles import Bands, Settings, bands
from cloud.forecast.walk import Walk, walk

WARM_UP_DAYS = 182
"""Long enough for the weights (half-life 90 days) and for the windows of the quantiles."""
HISTORY_DAYS_MIN = 28
"""No day is forecast with less before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The scored days of a backtest, with the warm-up before them."""

    days: Days
    begin: int
    """The first scored row of `days`."""
    warm: int
    """The first row that was forecast, begin - warm days of warm-up."""
    told: FloatArray
    """Members' forecasts from `warm` on, EUR/MWh, shape (days, members, 24)."""
    walk: Walk
    """Combined forecasts of the same days."""

    @property
    def true(self) -> FloatArray:
        """Prices of the scored days, shape (days, 24)."""
        return filled(self.days.prices)[self.begin : self.begin + len(self.point)]

    @property
    def point(self) -> FloatArray:
        """Forecasts of the scored days, shape (days, 24)."""
        return self.walk.point[self.begin - self.warm :]

    def bands(self, settings: Settings | None = None) -> Bands:
        """Return what is laid round the forecasts, from `warm` on; each from earlier days alone."""
        true = filled(self.days.prices)[self.warm : self.warm + len(self.walk.point)]
        return bands(true, self.walk.point, settings)

    def quantiles(self, levels: tuple[float, ...]) -> FloatArray:
        """Return those of the scored days, shape (days, 24, levels); NaN where there are none."""
        return self.bands().at(levels)[self.begin - self.warm :]

    @property
    def whole(self) -> IntArray:
        """Which of the scored days have every price and a forecast: those that errors are of."""
        both = np.isfinite(self.true) & np.isfinite(self.point)
        return np.flatnonzero(both.all(axis=1))


def backtest(
    days: Days,
    configuration: Configuration,
    stretch: tuple[int, int],
    kept: Cache | None = None,
    *,
    warm_up_days: int = WARM_UP_DAYS,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Scored:
    """Score the rows [begin, end) of a history; `progress` hears of days done, and of how many.

    Raises ValueError where the history before `begin` is too short.
    """
    begin, end = stretch
    if not HISTORY_DAYS_MIN <= begin < end <= len(days):
        allowed = f"{HISTORY_DAYS_MIN} to {len(days)}"
        raise ValueError(f"days {begin} to {end} are not allowed; a stretch of {allowed} is")
    warm = max(begin - warm_up_days, HISTORY_DAYS_MIN)
    told = []
    asked = Asked(days, configuration)
    for said in _told(days, asked, (warm, end), kept):
        told.append(said)
        progress(len(told), end - warm)
    true = filled(days.prices)[warm:end]
    walked = walk(told, true, asked.prior)
    return Scored(days, begin, warm, np.array(told), walked)


def _told(
    days: Days, members: Asked, stretch: tuple[int, int], kept: Cache | None
) -> Iterator[FloatArray]:
    with one_thread():
        for day in range(*stretch):
            name = days.on(day).isoformat()
            said = kept.read(name) if kept is not None else None
            if said is None:
                said = members.told(day)
                if kept is not None:
                    kept.write(name, said)
            yield said
