"""Who says how far the aim lies beyond the last auction: two ridges and trees. Pure.

One model for all slots of a day; ridges are fitted weekly and trees every four weeks, on days of
a calendar, so that a forecast that is made again meets the same models. The spread is learned as
its asinh, in units of its own size, unshifted: no news means no spread.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.combine import Prior
from cloud.forecast.intraday.features import MEASURED
from cloud.forecast.intraday.past import Issues
from cloud.forecast.ridge import coefficients
from cloud.forecast.scaling import SCALED_MAX
from cloud.forecast.trees import Growth, predictor

RIDGE_WINDOWS = (28, 84)
TREE_WINDOW = 84
RIDGE_EVERY, TREES_EVERY = 7, 28
"""Days."""
PENALTY = 0.02
"""Of the squares of the coefficients, for each row that is learned from; ours."""
ISSUES_MIN = 21
"""Earlier days with an aim; with fewer nobody is asked."""
TREE_ISSUES_MIN = 56
GROWTH = Growth(iterations=80, leaves_max=12, leaf_rows_min=200)
NAMES = ("zero", *(f"ridge-{days}" for days in RIDGE_WINDOWS), "trees")
PRIOR = Prior(
    weights=np.array([0.5, 0.125, 0.125, 0.25]), families=np.array([0, 1, 1, 2], dtype=np.int64)
)
"""The last price is hard to beat: half of the weight is its own before anything is learned."""
_NOTHING = 1e-9
_Model = Callable[[FloatArray], FloatArray]


@dataclass(slots=True, eq=False)
class Members:
    """Those of one history; issues are asked for in order."""

    columns: FloatArray
    """Shape (days, slots, columns)."""
    spread: FloatArray
    """EUR/MWh, shape (days, slots); NaN where not known."""
    known_us: IntArray
    """Since when."""
    issues: Issues
    _said: dict[str, tuple[int, int, FloatArray | None]] = field(default_factory=dict)
    """By member: the day of its calendar, the first row that the last fit is for, what it says."""

    def told(self, row: int) -> FloatArray:
        """Return the spreads that each of `NAMES` expects, shape (members, slots); NaN: sleeps."""
        found = np.full((len(NAMES), self.spread.shape[1]), np.nan)
        found[0] = 0.0
        for place, days in enumerate(RIDGE_WINDOWS, start=1):
            found[place] = self._of_member(NAMES[place], row, RIDGE_EVERY, days, ISSUES_MIN)
        found[-1] = self._of_member(NAMES[-1], row, TREES_EVERY, TREE_WINDOW, TREE_ISSUES_MIN)
        return found

    def _of_member(self, name: str, row: int, every: int, window: int, least: int) -> FloatArray:
        """Return what the fit of the last day of the calendar says of a row.

        Where that one knew too little the newest day counts, once it knows enough.
        """
        at = max(row - int(self.issues.ordinals[row]) % every, 0)
        held = self._said.get(name)
        if held is None or held[0] < at or held[2] is None:
            model = self._fit(name, at, window, least)
            if model is None and row > at:
                model = self._fit(name, row, window, least)
            said = None
            if model is not None:  # of all rows until the next fit at once: asking costs
                ahead = self.columns[row : at + every]
                said = model(ahead.reshape(-1, ahead.shape[2])).reshape(ahead.shape[:2])
            held = (at, row, said)
            self._said[name] = held
        _, begin, said = held
        return np.full(self.spread.shape[1], np.nan) if said is None else said[row - begin]

    def _fit(self, name: str, at: int, window: int, least: int) -> _Model | None:
        rows = slice(max(at - window, 0), at)
        usable = np.isfinite(self.spread[rows]) & (self.known_us[rows] <= self.issues.at_us[at])
        if usable.any(axis=1).sum() < least:
            return None
        inputs, wanted = self.columns[rows][usable], self.spread[rows][usable]
        width = _width(wanted[:, None])[0]
        scaled = np.arcsinh(wanted / width)
        model = _trees(inputs, scaled) if name == NAMES[-1] else _ridge(inputs, scaled)

        def told(columns: FloatArray) -> FloatArray:
            cut = np.clip(model(columns), -SCALED_MAX, SCALED_MAX)
            return np.asarray(np.sinh(cut) * width)

        return told


def _ridge(inputs: FloatArray, wanted: FloatArray) -> _Model:
    measured = len(MEASURED)
    width = _width(inputs[:, :measured])

    def scaled(columns: FloatArray) -> FloatArray:
        there = np.arcsinh(columns[:, :measured] / width)
        return np.concatenate([there, columns[:, measured:]], axis=1)

    rows = scaled(inputs)
    middle, level = rows.mean(axis=0), float(wanted.mean())
    slopes = coefficients(rows - middle, wanted[:, None] - level, PENALTY * len(rows))[:, 0]

    def told(columns: FloatArray) -> FloatArray:
        return np.asarray(level + (scaled(columns) - middle) @ slopes)

    return told


def _trees(inputs: FloatArray, wanted: FloatArray) -> _Model:
    moving = _moving(inputs)
    if not moving.any():
        level = float(wanted.mean())
        return lambda columns: np.full(len(columns), level)
    told = predictor(inputs[:, moving], wanted, GROWTH)
    return lambda columns: told(columns[:, moving])


def _moving(inputs: FloatArray) -> BoolArray:
    return np.asarray(inputs.max(axis=0) > inputs.min(axis=0))


def _width(values: FloatArray) -> FloatArray:
    """Return the size of each column: its median, of one that mostly rests its mean, else 1."""
    size = np.abs(values)
    usual, mean = np.median(size, axis=0) / 0.6745, size.mean(axis=0)
    found = np.where(usual < _NOTHING, mean, usual)
    return np.where(found < _NOTHING, 1.0, found)
