"""Wind power from the wind's speed: a curve that only rises, learned of what was measured. Pure.

The curve is the isotonic regression of power on forecast speed, so that it learns the machine and
the forecast's habits together; between its steps it is a straight line, and behind the highest
speed that was ever seen it stays where it is. Curtailed slots must be left out by the caller: they
would bend it down.

Source: isotonic regression by pooling adjacent violators: Barlow and others, Statistical
Inference under Order Restrictions (1972).
"""

from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import FloatArray

SLOTS_MIN = 500
"""Fewer make no curve."""
PERSISTENCE_H = 6.0
"""So long what is measured now says something."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Power over speed; both never fall."""

    speeds: FloatArray
    powers: FloatArray

    def told(self, speeds: FloatArray, installed: float) -> FloatArray:
        """Return the power at forecast speeds, cut at what is installed; NaN where none is told."""
        found = np.interp(speeds, self.speeds, self.powers)
        found = np.where(np.isfinite(speeds), found, np.nan)
        return np.asarray(np.clip(found, 0.0, installed))


def curve(speeds: FloatArray, powers: FloatArray) -> Curve | None:
    """Learn from slots of the past, of any shape; None where fewer than `SLOTS_MIN` are known.

    Args:
        speeds: forecasts as they were known at each day's issue, m/s, at hub height.
        powers: measured in the same slots, without curtailed ones; NaN where missing.
    """
    both = np.isfinite(speeds) & np.isfinite(powers)
    if both.sum() < SLOTS_MIN:
        return None
    order = np.argsort(speeds[both], kind="stable")
    return Curve(*_pooled(speeds[both][order], powers[both][order]))


def blended(day_ahead: FloatArray, now: float, slot_h: float) -> FloatArray:
    """Return an intraday forecast from now on, shape (slots,).

    Args:
        day_ahead: forecast of the slots from now on.
        now: power that is measured; its weight falls to nothing over six hours.
        slot_h: length of a slot in hours.
    """
    hours = (np.arange(len(day_ahead)) + 0.5) * slot_h
    weight = np.clip(1.0 - hours / PERSISTENCE_H, 0.0, 1.0)
    return np.asarray(weight * now + (1.0 - weight) * day_ahead)


def _pooled(speeds: FloatArray, powers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean speeds and mean powers of the pools, each rising from pool to pool."""
    means: list[float] = []
    counts: list[float] = []
    middles: list[float] = []
    for speed, power in zip(speeds.tolist(), powers.tolist(), strict=True):
        mean, count, middle = power, 1.0, speed
        while means and (means[-1] >= mean or middles[-1] >= middle):
            total = counts[-1] + count
            mean = (means.pop() * counts[-1] + mean * count) / total
            middle = (middles.pop() * counts.pop() + middle * count) / total
            count = total
        means.append(mean)
        counts.append(count)
        middles.append(middle)
    return np.array(middles), np.array(means)
