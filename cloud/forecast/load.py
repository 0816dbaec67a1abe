"""Load of a site or a zone, slot by slot, from its own past, the calendar and the weather. Pure.

A ridge regression for each slot of the day, learned together with the slots up to an hour before
and behind it, on what is known at the issue of the day before: the same slot of earlier days, the
mean of the last four same weekdays and of the last seven days, and how the day of the issue began.
The forecast is the mean of those of a short and a long window. Powers are scaled by asinh of the
distance to the median: one oven does not rule. Where the weather is missing, it is left out; where
the past is, there is no forecast.

Source: Hong and Fan, Int. J. Forecasting 32:914 (2016), on the features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS, WEEKDAYS
from cloud.forecast.ridge import coefficients
from cloud.forecast.scaling import scaling

LAGS_DAYS = (2, 3, 7)
WEEKS_DAYS = (7, 14, 21, 28)
HISTORY_DAYS_MIN = 35
"""A week for the lags, and four to learn from."""
_MEAN_DAYS = 7
_SUNDAY = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """How load is forecast; one set for all sites and zones."""

    windows_days: tuple[int, ...] = (56, 182)
    penalty: float = 0.03
    """Of the squares of the coefficients, for each row that is learned from."""
    known_slots_share: float = 0.5
    """Of the day of the issue, how much is known: half, for an issue at 12:00."""


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Consecutive local days; the last row may be the one to forecast."""

    first: date
    power: FloatArray
    """Shape (days, slots), slots a multiple of 24; any unit; NaN where missing."""
    weather: FloatArray | None = None
    """Forecasts known at the issue, shape (days, slots, kinds); NaN where missing."""
    holidays: frozenset[date] = frozenset()
    """Counted as Sundays."""

    def weekdays(self) -> IntArray:
        days = [self.first + timedelta(days=row) for row in range(len(self.power))]
        return np.array([_SUNDAY if day in self.holidays else day.weekday() for day in days])


def last_week(loads: Loads) -> FloatArray:
    """Return the naive forecast p(d - 7), shape (days, slots)."""
    return _back(loads.power, WEEKDAYS)


class Ridge:
    """Forecasts of one history; each day reads what was known at its issue, and no more."""

    def __init__(self, loads: Loads, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._power = loads.power
        self._read = features(loads, self._settings)
        self._slots = loads.power.shape[1]

    def told(self, day: int) -> FloatArray | None:
        """Return the power of each slot of a row; None where its past is not known."""
        if day < HISTORY_DAYS_MIN or not np.isfinite(self._read[day]).all():
            return None
        windows = self._settings.windows_days
        return np.asarray(np.mean([self._of_window(day, length) for length in windows], axis=0))

    def _of_window(self, day: int, length: int) -> FloatArray:
        # The day before the target has ended at its issue as little as the target itself.
        rows = slice(max(day - length, 0), day - 1)
        read, wanted = self._read[rows], self._power[rows]
        reach = self._slots // HOURS
        found = np.empty(self._slots)
        for slot in range(self._slots):
            near = np.arange(slot - reach, slot + reach + 1) % self._slots
            found[slot] = self._of_slot(read[:, near], wanted[:, near], self._read[day, slot])
        return found

    def _of_slot(self, read: FloatArray, wanted: FloatArray, today: FloatArray) -> float:
        inputs, powers = read.reshape(-1, read.shape[2]), wanted.ravel()
        whole = np.isfinite(inputs).all(axis=1) & np.isfinite(powers)
        if whole.sum() < HOURS:
            return float("nan")
        inputs, powers = inputs[whole], powers[whole][:, None]
        columns, of_power = scaling(inputs), scaling(powers)
        scaled, target = columns.there(inputs), of_power.there(powers)
        middle, level = scaled.mean(axis=0), target.mean(axis=0)
        penalty = self._settings.penalty * len(inputs)
        slopes = coefficients(scaled - middle, target - level, penalty)
        point = level + (columns.there(today) - middle) @ slopes
        return float(of_power.back(point)[0])


def features(loads: Loads, settings: Settings | None = None) -> FloatArray:
    """Return what is known at the issue of each day, shape (days, slots, features).

    NaN where a lag is not known; kinds of weather that lack a value anywhere on the last day are
    left out of all.
    """
    settings = settings or Settings()
    power = loads.power
    lags = [_back(power, lag) for lag in LAGS_DAYS]
    weeks = _mean_known([_back(power, lag) for lag in WEEKS_DAYS])
    week = _mean_known([_back(power, lag) for lag in range(2, 2 + _MEAN_DAYS)])
    known = max(int(power.shape[1] * settings.known_slots_share), 1)
    newest = np.where(np.arange(power.shape[1]) < known, _back(power, 1), _back(power, 2))
    morning = np.broadcast_to(_back(power, 1)[:, :known].mean(axis=1)[:, None], power.shape)
    usual = np.broadcast_to(week[:, :known].mean(axis=1)[:, None], power.shape)
    marks = np.eye(WEEKDAYS)[loads.weekdays()][:, None]
    parts: Sequence[FloatArray] = [np.stack([*lags, newest, weeks, week, morning, usual], axis=2)]
    parts = [*parts, np.broadcast_to(marks, (*power.shape, WEEKDAYS))]
    if loads.weather is not None:
        here = np.isfinite(loads.weather[-1]).all(axis=0)
        parts = [*parts, loads.weather[..., here]]
    return np.concatenate(parts, axis=2)


def _mean_known(values: list[FloatArray]) -> FloatArray:
    """Return the mean of what is known; NaN where nothing is."""
    count = np.isfinite(values).sum(axis=0)
    mean = np.full(count.shape, np.nan)
    np.divide(np.nansum(values, axis=0), count, out=mean, where=count > 0)
    return mean


def _back(values: FloatArray, lag: int) -> FloatArray:
    shifted = np.full_like(values, np.nan)
    shifted[lag:] = values[:-lag]
    return shifted
