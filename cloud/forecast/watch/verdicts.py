"""What the scores of past days say of the forecasts: accuracy, calibration, bias. Pure.

Alarms are those of the design: the relative error of 14 days against that of 60, the coverage of
60 days by Kupiec's test, a running sum of the bias.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.metrics import kupiec, pinball
from cloud.forecast.service.model import LEVELS

SHORT_DAYS, LONG_DAYS = 14, 60
WORSE = 1.3
"""Times the relative error of the long time: an alarm."""
RMAE_MAX = 0.95
"""Hardly better than last week's price: an alarm."""
CALIBRATION_DAYS_MIN = 30
CALIBRATION_P_MIN = 0.01
BLOCKS = 3
"""Slots of one day err together: a day counts as so many independent ones, whatever its slots."""
SLACK, SUM_MAX = 0.25, 8.0
"""Of the running sum of the bias, in mean absolute errors..."""
SUM_CAP = 10.0
"""... that grows no further: what is over is forgotten within days, however large it was."""
NEW_DAYS = 3
"""The last days say nothing of what errors usually are: they may be what is wrong."""


@unique
class Code(StrEnum):
    ACCURACY = "ACCURACY"
    CALIBRATION = "CALIBRATION"
    BIAS = "BIAS"
    STAYS = "STAYS"
    """Of the accuracy: a day and more, while the similar day errs less."""
    INPUTS = "INPUTS"
    MEMBERS = "MEMBERS"
    SEQUENCE = "SEQUENCE"
    JOBS = "JOBS"
    INTRADAY = "INTRADAY"
    """Of the next hours: see `watch.intraday.scores`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one delivery day, EUR/MWh."""

    area: str
    day: date
    forecast: str
    model: str
    quality: str
    slots: int
    mae: float
    naive_mae: float | None
    """Of the price a week before; None where it was not known."""
    bias: float
    """Mean of forecast minus truth."""
    pinball: float | None
    inside80: int | None
    inside90: int | None
    similar_mae: float | None = None
    """Of the similar day; None where it was not known."""
    models_mae: float | None = None
    """Of the members, where the similar day was issued in their place."""

    @property
    def members_mae(self) -> float:
        """Return the error of the members, whether they were issued or not."""
        return self.mae if self.models_mae is None else self.models_mae


@dataclass(frozen=True, slots=True)
class Figures:
    """Over the last days; None where too little is known."""

    mae14: float | None
    mae60: float | None
    rmae14: float | None
    rmae60: float | None
    coverage80: float | None
    coverage90: float | None


@dataclass(frozen=True, slots=True)
class Slots:
    """A delivery day, slot by slot: what was told, what came."""

    true: FloatArray
    point: FloatArray
    naive: FloatArray
    """NaN where not known."""
    quantiles: FloatArray | None
    """Shape (slots, levels)."""
    similar: FloatArray | None = None
    resting: FloatArray | None = None
    """What the members said, where the similar day took their place."""


def score(slots: Slots, area: str, day: date, forecast: tuple[str, str, str]) -> Score | None:
    """Return the score of a day, None where a price is missing; `forecast`: id, model, quality."""
    if not np.isfinite(slots.true - slots.point).all():
        return None
    loss = inside80 = inside90 = None
    if slots.quantiles is not None:
        true, told = slots.true, slots.quantiles
        loss = pinball(true, told, np.array(LEVELS))
        inside80 = _inside(true, told, 0.1)
        inside90 = _inside(true, told, 0.05)
    return Score(
        area=area,
        day=day,
        forecast=forecast[0],
        model=forecast[1],
        quality=forecast[2],
        slots=len(slots.true),
        mae=float(np.abs(slots.true - slots.point).mean()),
        naive_mae=_error(slots.true, slots.naive),
        bias=float((slots.point - slots.true).mean()),
        pinball=loss,
        inside80=inside80,
        inside90=inside90,
        similar_mae=_error(slots.true, slots.similar),
        models_mae=_error(slots.true, slots.resting),
    )


def figures(scores: Sequence[Score]) -> Figures:
    """Return figures over the last scores, in order of their days."""
    recent = scores[-SHORT_DAYS:]
    return Figures(
        mae14=_mae(recent),
        mae60=_mae(scores[-LONG_DAYS:]),
        rmae14=_rmae(recent),
        rmae60=_rmae(scores[-LONG_DAYS:]),
        coverage80=_share([(one.inside80, one.slots) for one in scores[-LONG_DAYS:]]),
        coverage90=_share([(one.inside90, one.slots) for one in scores[-LONG_DAYS:]]),
    )


def verdicts(scores: Sequence[Score]) -> dict[Code, str]:
    """Return the alarms that the scores give reason to, each with a line that says why."""
    found = {}
    last = figures(scores)
    short, long = _members_rmae(scores[-SHORT_DAYS:]), _members_rmae(scores[-LONG_DAYS:])
    if len(scores) >= SHORT_DAYS and short is not None and long is not None:
        if short > RMAE_MAX:
            found[Code.ACCURACY] = f"rMAE of 14 days {short:.2f}, above {RMAE_MAX}"
        elif short > WORSE * long:
            found[Code.ACCURACY] = f"rMAE of 14 days {short:.2f}, of 60 days {long:.2f}"
    known = [one for one in scores[-LONG_DAYS:] if one.inside80 is not None]
    if len(known) >= CALIBRATION_DAYS_MIN:
        for level, share in ((0.8, last.coverage80), (0.9, last.coverage90)):
            count = len(known) * BLOCKS
            if share is not None and kupiec(round(share * count), count, level) < CALIBRATION_P_MIN:
                found[Code.CALIBRATION] = f"the {level:.0%} interval holds {share:.0%} of 60 days"
    if len(scores) >= SHORT_DAYS and (drift := _drift(scores[-LONG_DAYS:])) > SUM_MAX:
        found[Code.BIAS] = f"running sum of the bias {drift:.1f} mean errors, above {SUM_MAX:g}"
    return found


def stays(scores: Sequence[Score]) -> str | None:
    """Return why the similar day is to take the members' place, None: it errs more.

    Asked only where an alarm of the accuracy has stood for a day.
    """
    both = [one for one in scores[-SHORT_DAYS:] if one.similar_mae is not None]
    if len(both) < SHORT_DAYS:
        return None
    similar = float(np.mean([one.similar_mae for one in both]))
    members = float(np.mean([one.members_mae for one in both]))
    if members <= similar:
        return None
    return f"MAE of 14 days {members:.2f}, of the similar day {similar:.2f}"


def _error(true: FloatArray, told: FloatArray | None) -> float | None:
    """Return the mean absolute error, None where a slot is not known."""
    if told is None or told.shape != true.shape or not np.isfinite(told).all():
        return None
    return float(np.abs(true - told).mean())


def _members_rmae(scores: Sequence[Score]) -> float | None:
    both = [(one.members_mae, one.naive_mae) for one in scores if one.naive_mae is not None]
    naive = sum(naive for _, naive in both)
    return sum(mae for mae, _ in both) / naive if both and naive > 0 else None


def _mae(scores: Sequence[Score]) -> float | None:
    return float(np.mean([one.mae for one in scores])) if scores else None


def _rmae(scores: Sequence[Score]) -> float | None:
    both = [(one.mae, one.naive_mae) for one in scores if one.naive_mae is not None]
    naive = sum(naive for _, naive in both)
    return sum(mae for mae, _ in both) / naive if both and naive > 0 else None


def _share(counted: Sequence[tuple[int | None, int]]) -> float | None:
    known = [(inside, slots) for inside, slots in counted if inside is not None]
    slots = sum(of for _, of in known)
    return sum(inside for inside, _ in known) / slots if slots else None


def _drift(scores: Sequence[Score]) -> float:
    usual = scores[:-NEW_DAYS] or scores
    scale = float(np.mean([one.mae for one in usual])) or 1.0
    above = below = 0.0
    for one in scores:
        above = min(SUM_CAP, max(0.0, above + one.bias / scale - SLACK))
        below = min(SUM_CAP, max(0.0, below - one.bias / scale - SLACK))
    return max(above, below)


def _inside(true: FloatArray, told: FloatArray, tail: float) -> int:
    low, high = LEVELS.index(tail), LEVELS.index(round(1 - tail, 2))
    return int(((true >= told[:, low]) & (true <= told[:, high])).sum())
