"""Sun and wind of a zone from forecasts of its weather, hour by hour. Pure.

What the operator of the grid foresees comes at 18:00, after the gate. Before, the sun is so much a
watt of radiation as it was at that hour in the last weeks, and the wind what the curve learned of
measured power says of the wind's speed. Each day reads the weather as it was known on its eve, and
learns from days that had ended by then.
"""

import numpy as np

from cloud.forecast import wind
from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import HOURS

SUN_DAYS = 56
SUN_DAYS_MIN = 14
"""With fewer days of radiation and sun nothing is told."""
SHRUNK_DAYS = 5.0
"""So many days of all hours together an hour's own slope is drawn to."""
WIND_DAYS = 364
RELEARNED_DAYS = 7
"""The wind's curve is learned again so often: a year of it changes little in a week."""
_BRIGHT = 20.0
"""W/m2; what is below says nothing of a slope."""


def solar(came: FloatArray, radiation: FloatArray, first: int) -> FloatArray:
    """Return the sun's power from row `first` on, each row told as on its eve.

    Args:
        came: measured, shape (days, 24), any unit; NaN where missing.
        radiation: forecast on level ground, W/m2, of the same shape, as known on each day's eve.

    Returns:
        shape (days, 24); NaN before `first`, and where a day cannot be told.
    """
    told = np.full_like(came, np.nan)
    for row in range(max(first, 2), len(came)):
        told[row] = _sun_of(came, radiation, row)
    return told


def _sun_of(came: FloatArray, radiation: FloatArray, row: int) -> FloatArray:
    rows = slice(max(row - 1 - SUN_DAYS, 0), row - 1)  # the eve has not ended when it is told
    seen, power = radiation[rows], came[rows]
    both = np.isfinite(seen) & np.isfinite(power)
    nothing = np.full(HOURS, np.nan)
    if both.any(axis=1).sum() < SUN_DAYS_MIN or not (seen[both] > _BRIGHT).any():
        return nothing
    seen, power = np.where(both, seen, 0.0), np.where(both, power, 0.0)
    squares, products = (seen * seen).sum(axis=0), (seen * power).sum(axis=0)
    common = products.sum() / squares.sum()
    bright = (seen > _BRIGHT).sum(axis=0)
    typical = squares.sum() / max(int(bright.sum()), 1)
    slopes = (products + SHRUNK_DAYS * typical * common) / (squares + SHRUNK_DAYS * typical)
    highest = float(power.max())
    return np.asarray(np.clip(slopes * radiation[row], 0.0, highest))


def wind_power(came: FloatArray, speed: FloatArray, first: int) -> FloatArray:
    """Return the wind's power from row `first` on; see `solar`. `speed` is in m/s."""
    told = np.full_like(came, np.nan)
    learned: wind.Curve | None = None
    installed = 0.0
    for row in range(max(first, 2), len(came)):
        if learned is None or (len(came) - row) % RELEARNED_DAYS == 0:
            rows = slice(max(row - 1 - WIND_DAYS, 0), row - 1)
            learned = wind.curve(speed[rows], came[rows])
            known = came[rows][np.isfinite(came[rows])]
            installed = float(known.max()) if len(known) else 0.0
        if learned is not None:
            told[row] = learned.told(speed[row], installed)
    return told


def hourly_wind(instants: FloatArray) -> FloatArray:
    """Return mean speeds of hours from those at their starts, shape (days, 24).

    The last hour of a day has only its start: what the next day's first instant was known to be
    belongs to another eve.
    """
    found = instants.copy()
    ends = instants[:, 1:]
    found[:, :-1] = np.where(np.isfinite(ends), (instants[:, :-1] + ends) / 2.0, instants[:, :-1])
    return found


def of_places(each: list[FloatArray], row: int) -> FloatArray | None:
    """Return the mean of those places that tell a row whole, shape (days, 24); None: none does."""
    there = [values for values in each if np.isfinite(values[row]).all()]
    return np.asarray(np.mean(there, axis=0)) if there else None
