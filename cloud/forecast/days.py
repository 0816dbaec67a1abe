"""A market's history as whole days of 24 wall-clock hours, and the inputs that models read. Pure.

Prices of day d are known on d - 1 after noon; the input groups of day d (forecasts of load, wind,
solar; auctions with an earlier gate) are known before the gate for d. So the forecast for d may
read prices of d - 1 and before, and groups of d and before: `lags` puts just these into one row.
Missing is NaN, never 0.

Source: the benchmark's 240 columns and 7 dummies, Lago et al., Applied Energy 293:116983 (2021).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray

HOURS = 24
PRICE_LAGS = (1, 2, 3, 7)
"""Days back; so the first seven days of a history have no row."""
INPUT_LAGS = (0, 1, 7)
WEEKDAYS = 7
NEIGHBOURS = "neighbours"
"""Name of the input group that only some members read: see `near`."""
HOLES_HOURS_MAX = 2
"""A longer hole is not filled: the days that read it are left out."""
_SUNDAY = 6
_YEAR_DAYS = 365.25


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Consecutive local days of one area; row i is the day `first` + i."""

    area: str
    first: date
    prices: FloatArray
    """EUR/MWh, shape (days, 24); NaN where missing or not known yet."""
    inputs: Mapping[str, FloatArray]
    """By name, each of shape (days, 24), any unit; the order is that of the columns."""
    holidays: frozenset[date] = frozenset()
    """Counted as Sundays."""

    def __post_init__(self) -> None:
        for name, values in {"prices": self.prices, **self.inputs}.items():
            if values.shape != (len(self.prices), HOURS):
                allowed = f"({len(self.prices)}, {HOURS})"
                raise ValueError(f"{name}: shape {values.shape} is not allowed; {allowed} is")

    def __len__(self) -> int:
        return len(self.prices)

    def on(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def index(self, day: date) -> int:
        """Return the row of a day; it may lie outside of the history."""
        return (day - self.first).days

    def weekdays(self) -> IntArray:
        """Return 0 (Monday) to 6 for each day; a public holiday is a Sunday."""
        dates = [self.on(day) for day in range(len(self))]
        return np.array(
            [_SUNDAY if day in self.holidays else day.weekday() for day in dates], dtype=np.int64
        )

    def without(self, *names: str) -> "Days":
        """Return the same history as a model sees it that lacks these input groups."""
        kept = {name: values for name, values in self.inputs.items() if name not in names}
        return replace(self, inputs=kept)

    def until(self, day: int) -> "Days":
        """Return what is known at the gate for row `day`: neither its prices nor a later day."""
        prices = self.prices[: day + 1].copy()
        prices[day] = np.nan
        inputs = {name: values[: day + 1] for name, values in self.inputs.items()}
        return replace(self, prices=prices, inputs=inputs)


@dataclass(frozen=True, slots=True, eq=False)
class Lags:
    """What the models on whole days read; row i belongs to the same day as row i of `Days`."""

    values: FloatArray
    """Shape (days, 24 x (4 + 3 x groups)): prices by `PRICE_LAGS`, then groups by `INPUT_LAGS`."""
    marks: FloatArray
    """Shape (days, 7): one for the weekday."""
    season: FloatArray
    """Shape (days, 2): cosine and sine of the day of the year."""
    prices: FloatArray
    usable: BoolArray
    """Whether a row's `values` are complete."""
    trainable: BoolArray
    """Whether its prices are too."""


def lags(days: Days) -> Lags:
    """Return the rows of a history, its small holes filled."""
    prices = filled(days.prices)
    blocks = [_shifted(prices, lag) for lag in PRICE_LAGS]
    for values in days.inputs.values():
        whole = filled(values)
        blocks += [_shifted(whole, lag) for lag in INPUT_LAGS]
    values = np.concatenate(blocks, axis=1)
    usable = np.asarray(np.isfinite(values).all(axis=1))
    return Lags(
        values=values,
        marks=np.eye(WEEKDAYS)[days.weekdays()],
        season=_season(days),
        prices=prices,
        usable=usable,
        trainable=usable & np.isfinite(prices).all(axis=1),
    )


def filled(values: FloatArray) -> FloatArray:
    """Return hours with holes of at most `HOLES_HOURS_MAX` bridged in a straight line.

    A hole at the end of a day is not bridged: what is behind it is known a day later.
    """
    flat = values.ravel()
    missing = np.isnan(flat)
    if not missing.any():
        return values
    flat = flat.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin <= HOLES_HOURS_MAX and begin > 0 and end % HOURS != 0:
            steps = np.arange(1, end - begin + 1) / (end - begin + 1)
            flat[begin:end] = flat[begin - 1] + steps * (flat[end] - flat[begin - 1])
    return flat.reshape(values.shape)


def similar_day(days: Days) -> FloatArray:
    """Return the naive forecast, shape (days, 24): p(d - 1) on Tuesday to Friday, else p(d - 7)."""
    weekdays = days.weekdays()[:, None]
    prices = filled(days.prices)
    recent = (weekdays >= 1) & (weekdays <= 4)
    return np.where(recent, _shifted(prices, 1), _shifted(prices, 7))


def last_week(days: Days) -> FloatArray:
    """Return the weekly naive forecast p(d - 7), shape (days, 24)."""
    return _shifted(filled(days.prices), WEEKDAYS)


def _shifted(values: FloatArray, lag: int) -> FloatArray:
    if lag == 0:
        return values
    shifted = np.full_like(values, np.nan)
    shifted[lag:] = values[:-lag]
    return shifted


def _season(days: Days) -> FloatArray:
    of_year = [days.on(day).timetuple().tm_yday for day in range(len(days))]
    turn = 2 * np.pi * np.array(of_year, dtype=np.float64) / _YEAR_DAYS
    return np.stack([np.cos(turn), np.sin(turn)], axis=1)
