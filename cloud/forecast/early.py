"""Members that read an auction with an earlier gate: its price, and what the later one adds. Pure.

The EXAA's auction of tomorrow is over at 10:20, the coupled one's gate is at noon. Its price is a
forecast as it stands; a ridge regression learns the difference, slot by slot, from its level and
slopes and from what the differences of the last week were. A member sleeps on a day whose early
price has not arrived: that of yesterday never takes its place. Slots are hours or quarter-hours;
a day of hours among quarter-hours is four of one price, and is not learned from.

Source: the difference as a target, Marcjasz, Serafin, Weron, Energies 11:2364 (2018), for windows.
"""

from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.combine import Prior
from cloud.forecast.days import HOURS, WEEKDAYS, filled
from cloud.forecast.scaling import scaling

DIFFERENCE_WINDOWS = (56, 112, 364)
HISTORY_DAYS = max(DIFFERENCE_WINDOWS) + WEEKDAYS
"""Before a day that is told; more are not read."""
NAMES = ("exaa", *(f"exaa-ridge-{days}" for days in DIFFERENCE_WINDOWS))
VERSION = "early-2"
"""Changes with anything that makes these members say something else."""
PENALTY = 30.0
SHARE = 0.6
"""Of the weights before anything is learned; the rest is that of the other members."""
ROWS_MIN = 14
"""Of a window; with fewer days of both prices no difference is learned."""


def told(
    prices: FloatArray, early: FloatArray, day: int, teaches: BoolArray | None = None
) -> FloatArray:
    """Return what each member of `NAMES` says, shape (members, slots), NaN where it sleeps.

    Args:
        prices: EUR/MWh, shape (days, slots); those of row `day` and behind are not read.
        early: the early auction's, of the same shape; row `day` is known.
        day: row that is wanted.
        teaches: which days a difference may be learned of; None: all of which it is known.
    """
    found = np.full((len(NAMES), early.shape[1]), np.nan)
    if not has_come(early, day):
        return found
    begin = max(day - HISTORY_DAYS, 0)
    auction = _bridged(early[begin : day + 1])
    found[0] = auction[-1]
    known = _bridged(prices[begin : day + 1]).copy()
    known[-1] = np.nan
    differences = known - auction
    rows = _inputs(auction, differences)
    usable = np.asarray(np.isfinite(rows).all(axis=(1, 2)))
    if not usable[-1]:
        return found
    trainable = usable & np.asarray(np.isfinite(differences).all(axis=1))
    if teaches is not None:
        trainable &= teaches[begin : day + 1]
    for place, length in enumerate(DIFFERENCE_WINDOWS, start=1):
        window = np.flatnonzero(trainable[-1 - length :]) + max(len(rows) - 1 - length, 0)
        if len(window) >= ROWS_MIN:
            found[place] = auction[-1] + _difference(rows, differences, window)
    return found


def has_come(early: FloatArray, day: int) -> bool:
    """Tell whether the early price of a row is there, and is not that of the day before again.

    A source that repeats yesterday under tomorrow's date has not told tomorrow.
    """
    last = _bridged(early[max(day - 1, 0) : day + 1])
    return bool(np.isfinite(last[-1]).all()) and not (day > 0 and np.array_equal(last[0], last[1]))


def beside(prior: Prior) -> Prior:
    """Return the prior of other members with these behind them, a family of their own."""
    each = np.full(len(NAMES), SHARE / len(NAMES))
    family = int(prior.families.max()) + 1
    return replace(
        prior,
        weights=np.concatenate([prior.weights * (1.0 - SHARE), each]),
        families=np.concatenate([prior.families, np.full(len(NAMES), family)]),
    )


def _bridged(values: FloatArray) -> FloatArray:
    """Return hours with small holes filled; quarter-hours are whole, or of no use."""
    return filled(values) if values.shape[1] == HOURS else values


def _inputs(auction: FloatArray, differences: FloatArray) -> FloatArray:
    """Return the regressors of each slot, shape (days, slots, columns)."""
    count, slots = auction.shape
    steps = np.diff(auction, axis=1)
    nothing = np.zeros((count, 1))
    columns = [
        auction,
        np.repeat(auction.mean(axis=1, keepdims=True), slots, axis=1),
        np.concatenate([nothing, steps], axis=1),
        np.concatenate([steps, nothing], axis=1),
    ]
    if slots > HOURS:
        columns.append(_of_hours(auction))
    for lag in range(1, WEEKDAYS + 1):
        before = np.full_like(differences, np.nan)
        before[lag:] = differences[:-lag]
        columns.append(before)
        if lag == 1:
            columns.append(np.repeat(before.mean(axis=1, keepdims=True), slots, axis=1))
            if slots > HOURS:
                columns.append(_of_hours(before))
    return np.stack(columns, axis=-1)


def _of_hours(values: FloatArray) -> FloatArray:
    """Return the mean of the hour of each slot, of the same shape."""
    count, slots = values.shape
    means = values.reshape(count, HOURS, slots // HOURS).mean(axis=2)
    return np.repeat(means, slots // HOURS, axis=1)


def _difference(rows: FloatArray, differences: FloatArray, window: IntArray) -> FloatArray:
    """Return what is expected to be added to each slot of the last row; all slots at once."""
    wanted, columns = scaling(differences[window]), scaling(rows[window])
    aims, inputs = wanted.there(differences[window]), columns.there(rows[window])
    middle, level = inputs.mean(axis=0), aims.mean(axis=0)
    inputs, aims = inputs - middle, aims - level
    by_slot = inputs.transpose(1, 2, 0)
    gram = by_slot @ by_slot.transpose(0, 2, 1)
    gram += PENALTY * np.eye(gram.shape[1])
    slopes = np.linalg.solve(gram, by_slot @ aims.T[..., None])[..., 0]
    today = columns.there(rows[-1]) - middle
    return wanted.back(level + (today * slopes).sum(axis=1))
