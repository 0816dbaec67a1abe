"""Quantiles round what is said of the next hours, from the errors of earlier issues. Pure.

An error counts in units of what errors lately were so far ahead (half-life 20 days); that unit
grows with how much was foreseen anew since the last auction, as far as errors did on the days
before. The quantiles of the errors of three neighbouring hours are laid round the point; one
correction a level, common to all slots, learns from how often the truth was below. As in
`forecast.quantiles`, where days have all their slots and no drive.
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.intraday.lessons import order
from cloud.forecast.quantiles import GRID, SCALE_MIN, Settings

BLOCKS = 24
"""Errors are pooled by hours ahead, each with its neighbours."""
DRIVE_MIN, DRIVE_MAX = 0.33, 3.0
"""Times the usual scale that a change may make of it."""
CHANGE_MAX = 6.0
"""Times the usual change that is looked at: what is beyond has hardly been seen."""
DRIVE_DAYS = 3.0
"""Of no influence, that the slope is shrunk by before anything was seen."""
FEW_DAYS_MIN = 14
"""Days of errors; fewer make no quantiles."""
_SETTINGS = Settings()


@dataclass(slots=True, eq=False)
class _Learned:
    """What is known before an issue."""

    sums: FloatArray
    weights: FloatArray
    correction: FloatArray
    moments: FloatArray
    """Of the drive and of the size of errors: count, c, r, cc, cr; sums with forgetting."""
    usual_drive: float
    scaled: list[FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """What was laid round each issue when it was made."""

    at_grid: FloatArray
    """Ascending, shape (days, slots, 19), of the levels of `quantiles.GRID`; NaN where fewer than
    14 days of errors were known, or none of a slot."""
    days: int
    """Of errors known to the last issue."""

    def of_last(self, levels: tuple[float, ...]) -> FloatArray | None:
        """Return what is laid round the last issue, shape (slots, levels); None: too few errors."""
        found = self.at_grid[-1]
        if not np.isfinite(found).any():
            return None
        grid = np.array(GRID)
        return np.array([np.interp(np.array(levels), grid, one) for one in found])


def margins(
    errors: FloatArray, known_us: IntArray, at_us: IntArray, drive: FloatArray | None = None
) -> Margins:
    """Walk through the issues, each with the errors that were known before it.

    Args:
        errors: truth less point, shape (days, slots), slots a multiple of 24; NaN where not known.
        known_us: since when.
        at_us: when each row was made.
        drive: >= 0, what may widen each slot's errors, of the same shape; None: nothing does.
    """
    slots = errors.shape[1]
    driven = np.zeros_like(errors) if drive is None else drive
    learned = _Learned(np.zeros(slots), np.zeros(slots), np.zeros(len(GRID)), np.zeros(5), 0.0, [])
    scales: dict[int, FloatArray] = {}
    drawn: dict[int, FloatArray] = {}
    found = np.full((*errors.shape, len(GRID)), np.nan)
    for row, ready in enumerate(order(np.isfinite(errors), known_us, at_us)):
        for one in ready:
            by_now = known_us[one] <= at_us[row]
            error = np.where(by_now, errors[one], np.nan)
            _learn(learned, error, driven[one], scales.get(one), drawn.get(one))
        if learned.weights.any():
            scales[row] = _base(learned) * _factor(learned, driven[row])
        if len(learned.scaled) >= FEW_DAYS_MIN:
            drawn[row] = _quantiles(learned, np.array(GRID), slots)
            told = scales[row][:, None] * (drawn[row] + learned.correction)
            found[row] = np.sort(told, axis=1)
    return Margins(found, len(learned.scaled))


def _learn(
    learned: _Learned,
    error: FloatArray,
    drive: FloatArray,
    scale: FloatArray | None,
    told: FloatArray | None,
) -> None:
    known = np.isfinite(error)
    if scale is not None:
        scaled = error / scale
        if told is not None:
            below = (scaled[known, None] <= told[known] + learned.correction).mean(axis=0)
            learned.correction = learned.correction + _SETTINGS.step * (np.array(GRID) - below)
        learned.scaled.append(scaled)
        del learned.scaled[: -_SETTINGS.window_days]
        _learn_drive(learned, np.abs(error), drive, known)
    keep = 0.5 ** (1.0 / _SETTINGS.half_life_days)
    size = np.where(known, np.abs(error) / _factor(learned, drive), 0.0)
    learned.sums = keep * learned.sums + (1.0 - keep) * size
    learned.weights = keep * learned.weights + (1.0 - keep) * known
    usual = float(drive[known].mean())
    learned.usual_drive = (
        usual if scale is None else keep * learned.usual_drive + (1 - keep) * usual
    )


def _learn_drive(learned: _Learned, size: FloatArray, drive: FloatArray, known: FloatArray) -> None:
    relative = (size / _base(learned))[known]
    change = _relative(learned, drive)[known]
    keep = 0.5 ** (1.0 / (3.0 * _SETTINGS.half_life_days))
    products = (np.ones_like(change), change, relative, change**2, change * relative)
    learned.moments = keep * learned.moments + np.array([float(one.mean()) for one in products])


def _relative(learned: _Learned, drive: FloatArray) -> FloatArray:
    """Return the drive in units of what it usually is, cut at `CHANGE_MAX`."""
    if learned.usual_drive <= 0.0:
        return np.zeros_like(drive)
    return np.asarray(np.minimum(drive / learned.usual_drive, CHANGE_MAX))


def _factor(learned: _Learned, drive: FloatArray) -> FloatArray:
    """Return by how much the errors of each slot are expected to be larger than usual."""
    count, c, r, cc, cr = learned.moments
    if count <= 0.0 or r <= 0.0:
        return np.ones_like(drive)
    mean_c, mean_r = c / count, r / count
    variance, covariance = cc / count - mean_c**2, cr / count - mean_c * mean_r
    slope = max(covariance, 0.0) / (variance * (1.0 + DRIVE_DAYS / count) + 1e-9)
    found = 1.0 + slope * (_relative(learned, drive) - mean_c) / mean_r
    return np.asarray(np.clip(found, DRIVE_MIN, DRIVE_MAX))


def _base(learned: _Learned) -> FloatArray:
    """Return what errors lately were at each slot, an hour on both sides with it."""
    seen = learned.weights > 0.0
    plain = np.divide(learned.sums, learned.weights, out=np.zeros_like(learned.sums), where=seen)
    mean = float(plain[seen].mean())
    reach = len(plain) // BLOCKS
    ends = np.concatenate([[0.0], np.cumsum(np.where(seen, plain, 0.0))])
    counts = np.concatenate([[0], np.cumsum(seen)])
    slots = np.arange(len(plain))
    low, high = np.maximum(slots - reach, 0), np.minimum(slots + reach + 1, len(plain))
    count = counts[high] - counts[low]
    around = np.where(count > 0, (ends[high] - ends[low]) / np.maximum(count, 1), mean)
    scale = _SETTINGS.of_slot * around + (1.0 - _SETTINGS.of_slot) * mean
    return np.asarray(np.maximum(scale, SCALE_MIN))


def _quantiles(learned: _Learned, levels: FloatArray, slots: int) -> FloatArray:
    """Return quantiles of the pooled errors in scales, shape (slots, levels); NaN without any."""
    length = slots // BLOCKS
    errors = np.array(learned.scaled).reshape(len(learned.scaled), BLOCKS, length)
    edge = np.full((len(errors), 1, length), np.nan)
    wide = np.concatenate([edge, errors, edge], axis=1)
    pooled = np.stack([wide[:, near : near + BLOCKS] for near in range(3)], axis=2)
    ascending = np.sort(np.moveaxis(pooled, 1, 0).reshape(BLOCKS, -1), axis=1)  # NaN goes last
    counts = np.isfinite(ascending).sum(axis=1)
    place = levels * np.maximum(counts - 1, 0)[:, None]
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(counts - 1, 0)[:, None])
    low = np.take_along_axis(ascending, below, axis=1)
    high = np.take_along_axis(ascending, above, axis=1)
    found = low + (high - low) * (place - below)
    return np.repeat(found, length, axis=0)
