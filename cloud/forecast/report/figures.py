"""The figures of a report: errors, quantiles and comparisons, as plain numbers for JSON. Pure.

Definitions are those of `cloud.forecast.metrics`. EUR/MWh unless a name says otherwise; a figure
that cannot be told is None. The weekly naive of the first days is from the history before them.
"""

from collections.abc import Iterator

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.days import HOURS
from cloud.forecast.metrics import (
    bias,
    coverage,
    diebold_mariano,
    giacomini_white,
    kupiec,
    mae,
    pinball,
    rmae,
    rmse,
    smape_pct,
    winkler,
)
from cloud.forecast.quantiles import pit
from cloud.forecast.report.told import FLAT, LAST_WEEK, LEVELS, Told

Figures = dict[str, object]
INTERVALS = {50: (0.25, 0.75), 80: (0.10, 0.90), 90: (0.05, 0.95)}
"""Nominal coverage in %, and the levels of its ends."""
REGIMES = {
    "below 0": (-np.inf, 0.0),
    "0 to 50": (0.0, 50.0),
    "50 to 150": (50.0, 150.0),
    "150 and above": (150.0, np.inf),
}
"""Of the true price, EUR/MWh, the lower end included."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIGITS = 6
_DAYS_MIN = 2
"""Fewer days are compared with nothing."""


def errors(told: Told) -> Figures:
    """Return the errors of every model on the days that it and the forecast have."""
    found: Figures = {}
    for name, said in told.models().items():
        rows = awake(told, said)
        true, naive = told.true[rows], told.naive[LAST_WEEK][rows]
        found[name] = _errors(true, said[rows], naive) if len(rows) else None
    return found


def best_naive(told: Told) -> Figures | None:
    """Return the naive forecast with the smallest error, and ours as a share of it."""
    found = []
    for name, said in told.naive.items():
        rows = awake(told, said)
        if name != FLAT and len(rows):
            error = mae(told.true[rows], said[rows])
            found.append((error, name, mae(told.true[rows], told.point[rows])))
    if not found:
        return None
    error, name, ours = min(found)
    return {"name": name, "mae": digits(error), "share": digits(ours / error if error else np.nan)}


def splits(told: Told) -> dict[str, dict[str, Figures]]:
    """Return our errors by month, hour, weekday and regime of the price."""
    masks: dict[str, dict[str, BoolArray]] = {}
    for group, name, mask in _masks(told):
        masks.setdefault(group, {})[name] = mask
    return {
        group: {name: _split(told, mask) for name, mask in of_group.items()}
        for group, of_group in masks.items()
    }


def probabilities(told: Told) -> Figures:
    """Return how good the quantiles are; None for each figure where there are none."""
    rows = told.banded
    if not len(rows):
        return {"days": 0}
    true, said = told.true[rows], told.quantiles[rows]
    levels = np.array(LEVELS)
    each = {
        f"{level:.2f}": digits(pinball(true, said[..., [at]], levels[[at]]))
        for at, level in enumerate(LEVELS)
    }
    mean = pinball(true, said, levels)
    return {
        "days": len(rows),
        "levels": list(LEVELS),
        "pinball": digits(mean),
        "pinball_by_level": each,
        "crps": digits(2.0 * mean),
        "crossings": int((np.diff(said, axis=2) < 0.0).sum()),
        "intervals": {f"{pct}": _interval(true, said, pct) for pct in INTERVALS},
        "coverage80_by_hour_pct": _by_hour(true, said),
        "kupiec80_p_by_hour": _kupiec_by_hour(true, said),
        "reliability_pct": [digits(100.0 * float(np.mean(true <= said[..., at]))) for at in _all()],
        "pit": [digits(float(share)) for share in pit(true, said)],
    }


def comparisons(told: Told) -> dict[str, dict[str, Figures]]:
    """Return for each model against each other how probable it is that it is not better."""
    models = told.models()
    found: dict[str, dict[str, Figures]] = {}
    for name, said in models.items():
        against = found.setdefault(name, {})
        for other, theirs in models.items():
            rows = np.intersect1d(awake(told, said), awake(told, theirs))
            if other == name or len(rows) < _DAYS_MIN:
                continue
            test = diebold_mariano(told.true[rows], said[rows], theirs[rows])
            against[other] = {
                "days": len(rows),
                "p_plain": digits(test.p_plain),
                "p_newey_west": digits(test.p_newey_west),
                "p_giacomini_white": digits(
                    giacomini_white(told.true[rows], said[rows], theirs[rows])
                ),
            }
    return found


def weights(told: Told) -> Figures:
    """Return the members' mean weights, and those of each month."""
    months = np.array([f"{told.on(row):%Y-%m}" for row in range(len(told.shares))])

    def mean(rows: BoolArray) -> Figures:
        return dict(zip(told.members, map(digits, told.shares[rows].mean(axis=0)), strict=True))

    return {
        "mean": mean(np.ones(len(months), dtype=bool)),
        "by_month": {str(month): mean(months == month) for month in np.unique(months)},
    }


def awake(told: Told, said: FloatArray) -> IntArray:
    """Return the rows that count and that a model has a whole forecast of."""
    return told.rows[np.isfinite(said[told.rows]).all(axis=1)]


def digits(value: float | np.floating) -> float | None:
    """Return a number for JSON; what is none is None."""
    return round(float(value), _DIGITS) if np.isfinite(value) else None


def _errors(true: FloatArray, said: FloatArray, naive: FloatArray) -> Figures:
    known = np.isfinite(naive).all(axis=1)
    against = rmae(true[known], said[known], naive[known]) if known.any() else np.nan
    return {
        "days": len(true),
        "mae": digits(mae(true, said)),
        "rmae": digits(against),
        "rmse": digits(rmse(true, said)),
        "rmse_without_5_worst_slots": digits(_rmse_without_worst(true, said)),
        "smape_pct": digits(smape_pct(true, said)),
        "bias": digits(bias(true, said)),
    }


def _rmse_without_worst(true: FloatArray, said: FloatArray, worst: int = 5) -> float:
    squares = np.sort((true - said).ravel() ** 2)
    return float(np.sqrt(squares[:-worst].mean())) if len(squares) > worst else float("nan")


def _masks(told: Told) -> Iterator[tuple[str, str, BoolArray]]:
    """Yield group, name and which slots of the rows that count belong to it."""
    shape = (len(told.rows), told.slots)
    dates = [told.on(int(row)) for row in told.rows]
    months = np.array([f"{day:%Y-%m}" for day in dates])
    weekdays = np.array([day.weekday() for day in dates])
    hours = np.arange(told.slots) * HOURS // told.slots
    true = told.true[told.rows]
    for month in np.unique(months):
        yield "month", str(month), np.broadcast_to((months == month)[:, None], shape)
    for hour in range(HOURS):
        yield "hour", f"{hour:02d}", np.broadcast_to(hours == hour, shape)
    for number, name in enumerate(WEEKDAYS):
        yield "weekday", name, np.broadcast_to((weekdays == number)[:, None], shape)
    for name, (low, high) in REGIMES.items():
        yield "regime", name, (true >= low) & (true < high)
    for name, days in _states(told).items():
        yield "state", name, np.broadcast_to(days[:, None], shape)


def _states(told: Told) -> dict[str, BoolArray]:
    """Return which of the days that count were of a kind that a forecast is flagged for."""
    awake_all = np.ones(len(told.rows), dtype=bool)
    for said in told.members.values():
        awake_all &= np.isfinite(said[told.rows]).all(axis=1)
    free = np.array([told.on(int(row)) in told.days.holidays for row in told.rows], dtype=bool)
    banded = np.isin(told.rows, told.banded)
    return {
        "every member spoke": awake_all,
        "a member slept": ~awake_all,
        "without quantiles": ~banded,
        "public holiday": free,
    }


def _split(told: Told, mask: BoolArray) -> Figures:
    if not mask.any():
        return {"slots": 0, "mae": None, "rmse": None, "bias": None, "mae_last_week": None}
    true, point = told.true[told.rows][mask], told.point[told.rows][mask]
    naive = told.naive[LAST_WEEK][told.rows][mask]
    known = np.isfinite(naive)
    return {
        "slots": int(mask.sum()),
        "mae": digits(mae(true, point)),
        "rmse": digits(rmse(true, point)),
        "bias": digits(bias(true, point)),
        "mae_last_week": digits(mae(true[known], naive[known])) if known.any() else None,
    }


def _interval(true: FloatArray, said: FloatArray, pct: int) -> Figures:
    low, high = (said[..., LEVELS.index(level)] for level in INTERVALS[pct])
    inside = coverage(true, low, high)
    return {
        "coverage_pct": digits(100.0 * inside),
        "kupiec_p": digits(kupiec(round(inside * true.size), true.size, pct / 100.0)),
        "width": digits(float(np.mean(high - low))),
        "winkler": digits(winkler(true, low, high, pct / 100.0)),
    }


def _kupiec_by_hour(true: FloatArray, said: FloatArray) -> list[float | None]:
    """Return p of each hour alone; days count as independent."""
    low, high = (said[..., LEVELS.index(level)] for level in INTERVALS[80])
    inside = ((true >= low) & (true <= high)).reshape(len(true), HOURS, -1)
    count = len(true) * inside.shape[2]
    return [digits(kupiec(int(hits), count, 0.8)) for hits in inside.sum(axis=(0, 2))]


def _by_hour(true: FloatArray, said: FloatArray) -> list[float | None]:
    low, high = (said[..., LEVELS.index(level)] for level in INTERVALS[80])
    inside = ((true >= low) & (true <= high)).reshape(len(true), HOURS, -1)
    return [digits(100.0 * share) for share in inside.mean(axis=(0, 2))]


def _all() -> range:
    return range(len(LEVELS))
