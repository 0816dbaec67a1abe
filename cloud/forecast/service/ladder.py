"""What can be forecast from how much history: the ladder of the cold start, and what is flagged.

Nothing is made up for an input that is missing: the members are asked without it, and the
forecast says so. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray
from cloud.forecast.configuration import DAY_AHEAD, Configuration, Ridge
from cloud.forecast.days import Days, filled, similar_day

FULL, SHORT_HISTORY, SIMILAR_DAY, TEMPLATE = "full", "short_history", "similar_day", "template"
SIMILAR_DAYS_MIN, SHORT_DAYS_MIN, FULL_DAYS_MIN = 7, 28, 90
"""Days with prices, for each rung."""
SHORT = Configuration(
    name="dayahead-1-short",
    members=(Ridge(56, 300.0), Ridge(84, 300.0)),
    weights=(0.5, 0.5),
)
"""Few days calibrate little: ten times the penalty of the same ridges, and no others."""
CONFIGURATIONS: Mapping[str, Configuration] = {FULL: DAY_AHEAD, SHORT_HISTORY: SHORT}
COVERED_DAYS = 364
COVERED_SHARE_MIN = 0.6
"""An input that came on fewer of the days with prices would cost more days than it is worth."""


class TooShort(ValueError):
    """There is no history to forecast from; one line says what is there."""


@dataclass(frozen=True, slots=True)
class Footing:
    """What a forecast stands on."""

    quality: str
    groups: tuple[str, ...]
    """Input groups that are read, in the order of the columns."""
    flags: tuple[str, ...]


def footing(
    prices: FloatArray, groups: Mapping[str, FloatArray], target: int, wanted: tuple[str, ...] = ()
) -> Footing:
    """Return the rung and the inputs for the first wanted day, row `target`.

    Args:
        prices: shape (days, 24).
        groups: each of the same shape, in the order of the columns.
        wanted: names of the only inputs that may be read; none: all.
    """
    whole = whole_days(prices[:target])
    known = int(whole.sum())
    if known < SIMILAR_DAYS_MIN:
        return Footing(TEMPLATE, (), (TEMPLATE,))
    flags, kept = [], []
    begin = max(target - COVERED_DAYS, 0)
    for name, values in groups.items():
        complete = whole_days(values)
        both = complete[begin:target] & whole[begin:target]
        enough = both.sum() >= COVERED_SHARE_MIN * whole[begin:target].sum()
        if (wanted and name not in wanted) or not enough:
            continue
        if complete[target]:
            kept.append(name)
        else:
            flags.append(f"no_{name}")
    if known < SHORT_DAYS_MIN:
        return Footing(SIMILAR_DAY, (), (SIMILAR_DAY,))
    if known < FULL_DAYS_MIN:
        return Footing(SHORT_HISTORY, tuple(kept), (SHORT_HISTORY, *flags))
    return Footing(FULL, tuple(kept), tuple(flags))


def whole_days(values: FloatArray) -> BoolArray:
    """Tell which days have every hour, small holes bridged."""
    return np.asarray(np.isfinite(filled(values)).all(axis=1))


def fallback(days: Days, target: int) -> FloatArray | None:
    """Return the similar day of a row, or the last whole day before it; None: there is none."""
    naive = similar_day(days)[target]
    if np.isfinite(naive).all():
        return np.asarray(naive)
    whole = np.flatnonzero(whole_days(days.prices[:target]))
    return None if len(whole) == 0 else np.asarray(filled(days.prices)[whole[-1]])


def model_name(quality: str) -> str:
    """Return what a forecast says of how it was made."""
    configuration = CONFIGURATIONS.get(quality)
    return f"{quality}-1" if configuration is None else configuration.name


def told_key(quality: str, groups: tuple[str, ...], beside: str = "") -> str:
    """Return the name under which what the members said is kept; `beside`: of more members."""
    configuration = CONFIGURATIONS.get(quality)
    digest = "none" if configuration is None else configuration.members_digest()
    return f"{digest}{beside}/{'+'.join(groups) or 'prices'}"
