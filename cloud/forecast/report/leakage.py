"""The leakage test of a report: the future is replaced by noise, and no bit may change. Pure.

On some days of the stretch prices from that day on and inputs from the next day on become noise.
Members are asked anew, with the noise and without; weights, points and quantiles are walked anew.
What differs by a bit up to that day has read what was not known, and so has a forecast that is not
the one that is told now.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.backtest import Scored
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import Days
from cloud.forecast.linear import one_thread
from cloud.forecast.near import Asked
from cloud.forecast.quantiles import bands
from cloud.forecast.quarters import joined
from cloud.forecast.report.told import LEVELS
from cloud.forecast.walk import doubt, walk

DAYS = 2
_NOISE = 500.0
"""EUR/MWh, and whatever the unit of an input is."""
_SAME = 1e-6
"""EUR/MWh; what was kept on disk may come from another machine."""


def leakage(
    scored: Scored,
    configuration: Configuration,
    slots: FloatArray | None = None,
    count: int = DAYS,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, object]:
    """Return the days that were tested and those of them whose forecast read the future.

    `slots`: prices of quarter-hours, where those are forecast. `progress` hears of days done,
    and of how many.
    """
    rows = np.unique(np.linspace(0, len(scored.point) - 1, count + 2).astype(int)[1:-1])
    leaking = []
    for done, row in enumerate(rows, 1):
        if _leaks(scored, configuration, slots, int(row)):
            leaking.append(int(row))
        progress(done, len(rows))
    return {
        "days": [scored.days.on(scored.begin + int(row)).isoformat() for row in rows],
        "leaking": [scored.days.on(scored.begin + row).isoformat() for row in leaking],
        "passed": not leaking,
    }


def _leaks(
    scored: Scored, configuration: Configuration, slots: FloatArray | None, row: int
) -> bool:
    day = scored.begin + row
    noisy = _with_noise(scored.days, day)

    def asked(days: Days) -> FloatArray:
        with one_thread():
            return Asked(days, configuration).told(day)

    said = asked(scored.days)
    if not np.array_equal(said, asked(noisy), equal_nan=True):
        return True
    kept = scored.told[day - scored.warm]
    if not np.allclose(said, kept, rtol=0.0, atol=_SAME, equal_nan=True):
        return True
    until = day - scored.warm + 1
    told = scored.told[:until]
    true = noisy.prices[scored.warm : day + 1]
    walked = walk(told, true, Asked(scored.days, configuration).prior)
    point = walked.point
    if not np.array_equal(point, scored.walk.point[:until], equal_nan=True):
        return True
    known = scored.days.prices[scored.warm : day + 1]
    before, after = (bands(prices, point).at(LEVELS)[-1] for prices in (known, true))
    if not np.array_equal(before, after, equal_nan=True):
        return True
    if slots is None:
        return False
    return _shape_leaks(known, walked.point, doubt(told, walked), slots, scored.warm)


def _shape_leaks(
    true: FloatArray, points: FloatArray, apart: FloatArray, slots: FloatArray, warm: int
) -> bool:
    day = warm + len(points) - 1
    noisy = slots.copy()
    noisy[day:] = np.random.default_rng(day).normal(0.0, _NOISE, noisy[day:].shape)
    said = []
    for prices in (slots, noisy):
        both_kinds = joined(true, points, prices, warm)
        spread = both_kinds.bands(apart).at(LEVELS)[-1]
        said.append(np.concatenate([both_kinds.points[-1], spread.ravel()]))
    return not np.array_equal(said[0], said[1], equal_nan=True)


def _with_noise(days: Days, day: int) -> Days:
    drawn = np.random.default_rng(day)

    def replaced(values: FloatArray, begin: int) -> FloatArray:
        noisy = values.copy()
        noisy[begin:] = drawn.normal(0.0, _NOISE, noisy[begin:].shape)
        return noisy

    inputs = {name: replaced(values, day + 1) for name, values in days.inputs.items()}
    return replace(days, prices=replaced(days.prices, day), inputs=inputs)
