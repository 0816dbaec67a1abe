"""Quantiles round a point forecast: its own recent errors, scaled, and corrected on line. Pure.

An error counts in units of what errors lately were at that time of day; the quantiles of those of
the last half-year, neighbouring hours together, are laid round today's point. One correction a
level, learned every day from how often the truth was below, is common to all slots: with each slot
pooled with its neighbours by a moving mean the loop is not stable. Where the members of a forecast
disagree more than they usually do it errs more: what they disagree may drive the scale.

Source: Lei and others, JASA 113:1094 (2018), on scaled residuals; Gibbs and Candes, NeurIPS 34
(2021), on the correction. Quantiles are sorted, so they never cross.
"""

from dataclasses import dataclass, field

import numpy as np

from cloud.forecast.arrays import FloatArray, IntArray
from cloud.forecast.days import HOURS

PUBLISHED = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
GRID = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The 19 levels that the correction is learned at, and scores are of."""
SCALE_MIN = 1e-3
"""Of a slot that never erred, in the unit of the point: EUR/MWh, MW, kW."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How errors become quantiles; one set for all areas."""

    half_life_days: float = 20.0
    """Of the mean absolute error that scales."""
    of_slot: float = 0.7
    """Share of the slot's own scale; the rest is that of the whole day."""
    window_days: int = 182
    days_min: int = 60
    """No quantiles with fewer days of errors."""
    step: float = 0.1
    """Of the correction, in scales a day."""
    levels: tuple[float, ...] = GRID
    doubt_power: float = 0.5
    """Of today's disagreement, in units of the usual one, where it is told."""
    doubt_max: float = 2.0
    """That it widens at most, or narrows."""


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """What is laid round the point of one day, in EUR/MWh or the unit of the point."""

    scale: FloatArray
    """Shape (slots,)."""
    errors: FloatArray
    """Past errors in scales, whole days, oldest first, shape (days, slots)."""
    correction: FloatArray
    """Shape (levels,), in scales."""
    levels: FloatArray
    """That the correction is known at; between them it is a straight line."""

    def at(self, levels: FloatArray, widening: float = 1.0) -> FloatArray:
        """Return margins to be added to the point, ascending, shape (slots, levels).

        `widening` multiplies all of them: 1.5 on a day unlike those seen before.
        """
        slots = len(self.scale)
        pooled = np.moveaxis(self.errors[:, _near(slots)], 1, 0).reshape(slots, -1)
        shift = np.interp(levels, self.levels, self.correction)
        drawn = _quantiles(np.sort(pooled, axis=1), levels) + shift
        return np.sort(self.scale[:, None] * drawn * widening, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """What was learned before each of consecutive days."""

    points: FloatArray
    scales: FloatArray
    """Shape (days, slots); NaN on days before which nothing was known."""
    scaled: FloatArray
    """Errors in scales, shape (taught, slots)."""
    days: IntArray
    """The row of `points` that each row of `scaled` belongs to."""
    taught: IntArray
    """How many rows of `scaled` were known before each day."""
    corrections: FloatArray
    """Shape (days, levels)."""
    settings: Settings

    def margins(self, day: int) -> Margins | None:
        """Return what is laid round the point of a row; None where too few errors are known."""
        end = int(self.taught[day])
        if end < self.settings.days_min:
            return None
        errors = self.scaled[max(end - self.settings.window_days, 0) : end]
        levels = np.array(self.settings.levels)
        return Margins(self.scales[day], errors, self.corrections[day], levels)

    def at(self, levels: tuple[float, ...], widening: FloatArray | None = None) -> FloatArray:
        """Return quantiles, shape (days, slots, levels); NaN where there are none yet.

        `widening`: one factor a day, 1 where there is nothing to widen.
        """
        wanted = np.array(levels)
        found = np.full((*self.points.shape, len(levels)), np.nan)
        for day, point in enumerate(self.points):
            margins = self.margins(day)
            if margins is not None:
                factor = 1.0 if widening is None else float(widening[day])
                found[day] = point[:, None] + margins.at(wanted, factor)
        return found


@dataclass(slots=True, eq=False)
class _Learned:
    """What a walk knows on the evening of a day."""

    sums: FloatArray
    correction: FloatArray
    weight: float = 0.0
    scaled: list[FloatArray] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    @property
    def mean(self) -> FloatArray:
        """Return what was seen of each slot, lately; NaN before the first day."""
        if self.weight == 0.0:
            return np.full(len(self.sums), np.nan)
        return self.sums / self.weight

    def see(self, sizes: FloatArray, half_life_days: float) -> None:
        keep = 0.5 ** (1.0 / half_life_days)
        self.sums = keep * self.sums + (1.0 - keep) * sizes
        self.weight = keep * self.weight + (1.0 - keep)


def bands(
    true: FloatArray,
    points: FloatArray,
    settings: Settings | None = None,
    restart: int | None = None,
    doubt: FloatArray | None = None,
) -> Bands:
    """Walk through days and return the margins of each, from the errors of the days before it.

    Args:
        true: shape (days, slots), slots a multiple of 24; a day with a NaN teaches nothing, so
            that the last one may be tomorrow.
        points: the forecasts of the same slots.
        restart: a row before which all that was corrected is forgotten.
        doubt: how far the members of each forecast were apart, of the same shape and unit; it
            drives the scale. NaN: who knows.
    """
    settings = settings or Settings()
    slots = points.shape[1]
    if slots % HOURS or true.shape != points.shape:
        raise ValueError(f"shapes {true.shape} and {points.shape}: days of 24 hours are allowed")
    levels = np.array(settings.levels)
    learned = _Learned(np.zeros(slots), np.zeros(len(levels)))
    scales, taught, corrections = np.full(points.shape, np.nan), [], []
    driven = np.ones(points.shape) if doubt is None else _driven(doubt, settings)
    for day, error in enumerate(true - points):
        if day == restart:
            learned.correction = np.zeros(len(levels))
        scale = _scale(learned.mean, settings.of_slot) * driven[day]
        scales[day] = scale
        taught.append(len(learned.scaled))
        corrections.append(learned.correction)
        if not np.isfinite(error).all():
            continue
        if taught[-1] >= settings.days_min:
            errors = np.array(learned.scaled[-settings.window_days :])
            told = Margins(scale, errors, learned.correction, levels).at(levels)
            below = (error[:, None] <= told).mean(axis=0)
            learned.correction = learned.correction + settings.step * (levels - below)
        if learned.weight > 0.0:
            learned.scaled.append(error / scale)
            learned.days.append(day)
        learned.see(np.abs(error) / driven[day], settings.half_life_days)
    return Bands(
        points=points,
        scales=scales,
        scaled=np.array(learned.scaled).reshape(-1, slots),
        days=np.array(learned.days, dtype=np.int64),
        taught=np.array(taught, dtype=np.int64),
        corrections=np.array(corrections),
        settings=settings,
    )


def pit(true: FloatArray, quantiles: FloatArray) -> FloatArray:
    """Return the share of slots between neighbouring quantiles, shape (levels + 1,).

    Of the 19 levels each of the 20 shares is 0.05 where the quantiles are right.
    """
    place = (true[..., None] > quantiles).sum(axis=-1).ravel()
    return np.asarray(np.bincount(place, minlength=quantiles.shape[-1] + 1) / place.size)


def _scale(plain: FloatArray, of_slot: float) -> FloatArray:
    """Return sizes by slot, shape (slots,), with those of neighbours and of the day in them."""
    hours = plain.reshape(HOURS, -1)
    around = (np.roll(hours, 1, axis=0) + hours + np.roll(hours, -1, axis=0)) / 3.0
    scale = of_slot * around.ravel() + (1.0 - of_slot) * plain.mean()
    return np.asarray(np.maximum(scale, SCALE_MIN))


def _driven(doubt: FloatArray, settings: Settings) -> FloatArray:
    """Return the factor on each day's scale: its doubt in units of that of the days before it."""
    usual = _Learned(np.zeros(doubt.shape[1]), np.zeros(0))
    found = np.ones(doubt.shape)
    for day, apart in enumerate(doubt):
        if not np.isfinite(apart).all():
            continue
        if usual.weight > 0.0:
            ratio = _scale(apart, settings.of_slot) / _scale(usual.mean, settings.of_slot)
            factor = ratio**settings.doubt_power
            found[day] = np.clip(factor, 1.0 / settings.doubt_max, settings.doubt_max)
        usual.see(apart, settings.half_life_days)
    return found


def _near(slots: int) -> IntArray:
    """Return for each slot those an hour before to an hour behind it, round midnight."""
    reach = slots // HOURS
    steps = np.arange(-reach, reach + 1)
    return np.asarray((np.arange(slots)[:, None] + steps) % slots)


def _quantiles(ascending: FloatArray, levels: FloatArray) -> FloatArray:
    """Return linear quantiles of each row, shape (rows, levels)."""
    place = levels * (ascending.shape[1] - 1)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, ascending.shape[1] - 1)
    share = place - below
    return np.asarray(ascending[:, below] * (1.0 - share) + ascending[:, above] * share)
