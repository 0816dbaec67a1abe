"""How good the forecasts of the next hours were, by delivery day, and when the gate is shut. Pure.

A slot is told by the newest run before its gate. What it costs to believe the members is their
error less that of the last price, which is free: where they lose for a week the last price is told
in their place, whatever the test of the gate says of the months before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.metrics import pinball
from cloud.forecast.service.model import LEVELS

SHORT_DAYS, LONG_DAYS = 14, 60
WORSE_DAYS, HEARD_DAYS_MIN = 7, 5
"""Over the last scored days, so many of them with members that were heard..."""
WORSE_TIMES = 1.05
"""... they err so many times what the last price does. On made-up markets in which members are good
a plain week of bad luck would have shut the gate on half of the days."""
KNOWN_SHARE_MIN = 0.75
"""Of the slots that were to be known: with fewer a day has no score."""
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one delivery day, EUR/MWh."""

    area: str
    day: date
    forecast: str
    """The newest of its runs."""
    runs: int
    slots: int
    """That are scored: a price was told, the last one and the one aimed at are known."""
    mae: float
    last_mae: float
    """Of the price of the last auction that was known to each run."""
    banded: int
    """Slots with quantiles."""
    pinball: float | None
    inside80: int | None
    heard: int
    """Slots of which it is known what the members' mean said, told or not."""
    heard_mae: float | None
    heard_last_mae: float | None
    """Of the last price, on the same slots."""


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """A delivery day by quarter-hours, NaN where nothing is known; EUR/MWh."""

    true: FloatArray
    told: FloatArray
    last: FloatArray
    mean: FloatArray
    """What the members' mean said."""
    quantiles: FloatArray
    """Shape (slots, levels)."""
    expected: BoolArray
    """Where a price that is aimed at is to come."""

    @property
    def known(self) -> BoolArray:
        """Tell which slots can be scored."""
        return np.asarray(np.isfinite(self.true + self.told + self.last))

    @property
    def share(self) -> float:
        """Return how much of what is to come has come; 0 where nothing is to come."""
        count = int(self.expected.sum())
        return float((self.known & self.expected).sum()) / count if count else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Over the last days; None where too little is known."""

    mae14: float | None = None
    last_mae14: float | None = None
    mae60: float | None = None
    last_mae60: float | None = None
    coverage80: float | None = None


def owners(issued_us: Sequence[int], gates_us: Sequence[IntArray]) -> IntArray:
    """Return by slot the place of the newest run before its gate, `NOBODY` where there is none.

    Args:
        issued_us: of the runs, ascending.
        gates_us: of each run shape (slots,); of slots that it does not tell 0.
    """
    found = np.full(len(gates_us[0]) if gates_us else 0, NOBODY, dtype=np.int64)
    for place, (at_us, gates) in enumerate(zip(issued_us, gates_us, strict=True)):
        found[at_us < gates] = place
    return found


def score(slots: Slots, area: str, day: date, runs: Sequence[str]) -> Score | None:
    """Return the score of a day, None where nothing of it is known; `runs`: the newest last."""
    known = slots.known
    if not known.any():
        return None
    true, last = slots.true[known], slots.last[known]
    bands, mean = slots.quantiles[known], slots.mean[known]
    banded = np.asarray(np.isfinite(bands).all(axis=1))
    heard = np.isfinite(mean)
    levels = np.array(LEVELS)
    low, high = LEVELS.index(0.1), LEVELS.index(0.9)
    inside = (true[banded] >= bands[banded, low]) & (true[banded] <= bands[banded, high])
    return Score(
        area=area,
        day=day,
        forecast=runs[-1],
        runs=len(runs),
        slots=len(true),
        mae=float(np.abs(true - slots.told[known]).mean()),
        last_mae=float(np.abs(true - last).mean()),
        banded=int(banded.sum()),
        pinball=pinball(true[banded], bands[banded], levels) if banded.any() else None,
        inside80=int(inside.sum()) if banded.any() else None,
        heard=int(heard.sum()),
        heard_mae=_error(true, mean, heard),
        heard_last_mae=_error(true, last, heard),
    )


def figures(scores: Sequence[Score]) -> Figures:
    """Return figures over the last scores, in order of their days."""
    if not scores:
        return Figures()
    short, long = scores[-SHORT_DAYS:], scores[-LONG_DAYS:]
    banded = sum(one.banded for one in long)
    return Figures(
        mae14=float(np.mean([one.mae for one in short])),
        last_mae14=float(np.mean([one.last_mae for one in short])),
        mae60=float(np.mean([one.mae for one in long])),
        last_mae60=float(np.mean([one.last_mae for one in long])),
        coverage80=sum(one.inside80 or 0 for one in long) / banded if banded else None,
    )


def verdict(scores: Sequence[Score]) -> str | None:
    """Return why the last price is to be told in the members' place, None: it is not.

    Args:
        scores: in order of their days; the last seven count.
    """
    week = scores[-WORSE_DAYS:]
    heard = [
        (one.heard_mae, one.heard_last_mae)
        for one in week
        if one.heard_mae is not None and one.heard_last_mae is not None
    ]
    if len(week) < WORSE_DAYS or len(heard) < HEARD_DAYS_MIN:
        return None
    members, last = (float(np.mean(each)) for each in zip(*heard, strict=True))
    if members <= WORSE_TIMES * last:
        return None
    return f"intraday MAE of {WORSE_DAYS} days {members:.2f}, of the last price {last:.2f}"


def _error(true: FloatArray, told: FloatArray, where: BoolArray) -> float | None:
    return float(np.abs(true - told)[where].mean()) if where.any() else None
