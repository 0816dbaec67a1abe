"""Prices that auctions have decided so far, and the one that is to come. Pure.

The coupled day-ahead auction decides every period; three intraday auctions decide it anew, the
third one only the second half of the day. The price that counts is that of the last of them that
was known; the aim of a forecast is the index of the continuous market where the store has it, or
the next auction of the slot. Which of the slots one is still to come for is read from the days
before: no table says it better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

import numpy as np

from cloud.forecast.arrays import BoolArray, FloatArray, IntArray
from cloud.forecast.intraday.past import SLOTS, Issues
from cloud.forecast.intraday.vintages import NEVER_US, NOTHING, History
from cloud.market.areas.model import Area

LADDER = ("price", "ida/IDA1", "ida/IDA2", "ida/IDA3")
"""In the order in which they decide a period."""
INDEX = "index"
_GATES = ((-1, time(12)), (-1, time(15)), (-1, time(22)), (0, time(10)))
"""Days from that of the delivery, and local time (NEMO Committee, timings of SIDC auctions)."""
OPEN_DAYS = 14
OPEN_SHARE_MIN = 0.5
"""A slot that had an aim on fewer of the last days is not awaited."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What was known at one instant of consecutive slots."""

    price: FloatArray
    """EUR/MWh, of the last auction that was known; NaN where none was."""
    stage: IntArray
    """Which of `LADDER` that was; -1: none."""
    coupled: FloatArray
    """The day-ahead price."""


@dataclass(frozen=True, slots=True, eq=False)
class Aims:
    """What was to be forecast at each issue, as it is known now."""

    price: FloatArray
    """EUR/MWh, shape (days, 96); NaN where it is not known, or where there is none."""
    known_us: IntArray
    """When it became known."""
    is_index: bool


def decided(series: Mapping[str, History], as_of_us: int, first: int, count: int) -> Decided:
    """Return what the auctions had decided by an instant."""
    price, stage = np.full(count, np.nan), np.full(count, -1, dtype=np.int64)
    coupled = price
    for place, name in enumerate(LADDER):
        told = series.get(name, NOTHING).at(as_of_us, first, count)
        if place == 0:
            coupled = told
        known = np.isfinite(told)
        price = np.where(known, told, price)
        stage = np.where(known, place, stage)
    return Decided(price, stage, coupled)


def aims(
    series: Mapping[str, History], issues: Issues, stages: IntArray, *, of_index: bool
) -> Aims:
    """Return the aims of all issues, with what is known at the last of them.

    Args:
        stages: of the auction that was known at each issue, shape (days, 96).
        of_index: of the continuous market's index; else of the next auction.
    """
    now_us = int(issues.at_us[-1])
    prices = np.full(stages.shape, np.nan)
    known_us = np.full(stages.shape, NEVER_US, dtype=np.int64)
    for row, first in enumerate(issues.firsts.tolist()):
        if of_index:
            read = series.get(INDEX, NOTHING).read(now_us, first, SLOTS)
            # What was told before the issue is an input of it, and no aim.
            came = (stages[row] >= 0) & (read.known_us > issues.at_us[row])
            prices[row] = np.where(came, read.values, np.nan)
            known_us[row] = np.where(came, read.known_us, NEVER_US)
            continue
        for place in range(len(LADDER) - 1, 0, -1):
            read = series.get(LADDER[place], NOTHING).read(now_us, first, SLOTS)
            later = (stages[row] >= 0) & (stages[row] < place) & np.isfinite(read.values)
            later &= read.known_us > issues.at_us[row]
            prices[row] = np.where(later, read.values, prices[row])
            known_us[row] = np.where(later, read.known_us, known_us[row])
    return Aims(prices, known_us, of_index)


def awaited(price: FloatArray) -> BoolArray:
    """Tell which slots of the last row have an aim, by the rows before it."""
    before = np.isfinite(price[max(len(price) - 1 - OPEN_DAYS, 0) : -1])
    rows = before[before.any(axis=1)]
    if len(rows) == 0:
        return np.zeros(price.shape[1], dtype=np.bool_)
    return np.asarray(rows.mean(axis=0) >= OPEN_SHARE_MIN)


def gate_us(area: Area, stage: int, day: int) -> int:
    """Return when the orders of an auction of a delivery day, an ordinal, were closed."""
    days, at = _GATES[stage]
    return area.at_us(date.fromordinal(day) + timedelta(days=days), at)
