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
"""Of the running sum of the bias, in mean absolute errors."""


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


def score(slots: Slots, area: str, day: date, forecast: tuple[str, str, str]) -> Score | None:
    """Return the score of a day, None where a price is missing; `forecast`: id, model, quality."""
    if not np.isfinite(slots.true - slots.point).all():
        return None
    naive = np.isfinite(slots.naive).all()
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
        naive_mae=float(np.abs(slots.true - slots.naive).mean()) if naive else None,
        bias=float((slots.point - slots.true).mean()),
        pinball=loss,
        inside80=inside80,
        inside90=inside90,
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
    if len(scores) >= SHORT_DAYS and last.rmae14 is not None and last.rmae60 is not None:
        if last.rmae14 > RMAE_MAX:
            found[Code.ACCURACY] = f"rMAE of 14 days {last.rmae14:.2f}, above {RMAE_MAX}"
        elif last.rmae14 > WORSE * last.rmae60:
            found[Code.ACCURACY] = (
                f"rMAE of 14 days {last.rmae14:.2f}, of 60 days {last.rmae60:.2f}"
            )
    known = [one for one in scores[-LONG_DAYS:] if one.inside80 is not None]
    if len(known) >= CALIBRATION_DAYS_MIN:
        for level, share in ((0.8, last.coverage80), (0.9, last.coverage90)):
            count = len(known) * BLOCKS
            if share is not None and kupiec(round(share * count), count, level) < CALIBRATION_P_MIN:
                found[Code.CALIBRATION] = f"the {level:.0%} interval holds {share:.0%} of 60 days"
    if len(scores) >= SHORT_DAYS and (drift := _drift(scores[-LONG_DAYS:])) > SUM_MAX:
        found[Code.BIAS] = f"running sum of the bias {drift:.1f} mean errors, above {SUM_MAX:g}"
    return found


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
    scale = float(np.mean([one.mae for one in scores])) or 1.0
    above = below = 0.0
    for one in scores:
        above = max(0.0, above + one.bias / scale - SLACK)
        below = max(0.0, below - one.bias / scale - SLACK)
    return max(above, below)


def _inside(true: FloatArray, told: FloatArray, tail: float) -> int:
    low, high = LEVELS.index(tail), LEVELS.index(round(1 - tail, 2))
    return int(((true >= told[:, low]) & (true <= told[:, high])).sum())
