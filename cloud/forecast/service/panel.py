"""Who is asked what tomorrow costs, and how they are weighed: members, and those beside them. Pure.

Beside the members stand some that read the neighbours' prices too: kernels and trees once more,
for an input that helps most areas and harms one is best weighed as a voice of its own. Where the
early auction has told the day its members join, in quarter-hours where both auctions have them;
then all are weighed by quarter-hours, the others with the shape of the hour laid on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from cloud.forecast import early, near
from cloud.forecast.arrays import FloatArray
from cloud.forecast.configuration import Configuration
from cloud.forecast.days import HOURS, NEIGHBOURS, Days, filled
from cloud.forecast.members import Grove
from cloud.forecast.quarters import SLOTS, flat
from cloud.forecast.service import retreat
from cloud.forecast.service.task import Task
from cloud.forecast.shape import QUARTERS, shape

NEAR_VERSION = "near-1"
"""Changes with anything that makes these say something else."""
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """Forecasts of past days and of the first open one, the last row."""

    begin: int
    points: FloatArray
    """Shape (rows, 24)."""
    weights: Mapping[str, float]
    told: Mapping[date, FloatArray]
    said: FloatArray | None = None
    """By the members of the first open day, shape (members, 24)."""
    doubt: FloatArray | None = None
    """How far members were apart, shape (rows, 24), or (rows, 96) with `quarters`."""
    quarters: FloatArray | None = None
    """Points by quarter-hours, shape (rows, 96), where members tell these."""


class Panel:
    """All who are asked by one task."""

    def __init__(self, task: Task, days: Days, configuration: Configuration, grove: Grove) -> None:
        self._task, self._days = task, days
        self._asked = near.Asked(days, configuration, grove)
        self.names, self.prior = near.names(days, configuration), self._asked.prior
        self._count = len(self.names)
        self._quarters: _Quarters | None = None
        if task.early is not None:
            self.names += early.NAMES
            self.prior = early.beside(self.prior)
            if task.early_quarters is not None and task.step_s < _HOUR_S:
                self._quarters = _Quarters(task, days, task.early, task.early_quarters)

    @property
    def by_quarters(self) -> bool:
        return self._quarters is not None

    @property
    def rows(self) -> int:
        """How many rows of 24 values a day is kept in."""
        each = 0 if self._task.early is None else QUARTERS if self.by_quarters else 1
        return self._count + len(early.NAMES) * each

    def told(self, row: int) -> FloatArray:
        """Return what all say of a day as it is kept, shape (rows, 24), EUR/MWh."""
        found = [self._asked.told(row)]
        if self._quarters is not None:
            found.append(self._quarters.told(row).reshape(-1, HOURS))
        elif self._task.early is not None:
            found.append(early.told(self._days.prices, self._task.early, row))
        return np.concatenate(found)

    def said(self, row: int, kept: FloatArray) -> FloatArray:
        """Return by member what is weighed of a day, shape (members, 24), or (members, 96)."""
        hourly = kept[: self._count]
        if self._task.retreat.members is retreat.Members.SHORT_WINDOWS:
            hourly = self._shortened(hourly)
        if self._quarters is None:
            return np.concatenate([hourly, kept[self._count :]])
        return self._quarters.joined(row, hourly, kept[self._count :].reshape(-1, SLOTS))

    def true(self, begin: int, first: int) -> FloatArray:
        """Return the prices of the rows [begin, first], by the same slots; NaN of the last one."""
        if self._quarters is not None:
            found = self._quarters.true[begin : first + 1].copy()
        else:
            # Of the task: what stands in for a price that is not known teaches nothing.
            found = filled(self._task.prices)[begin : first + 1].copy()
        found[-1] = np.nan
        return found

    def _shortened(self, hourly: FloatArray) -> FloatArray:
        found, begin = [], 0
        for configuration in self._asked.parts:
            end = begin + len(configuration.members)
            found.append(retreat.asleep(configuration, hourly[begin:end]))
            begin = end
        return np.concatenate(found)


class _Quarters:
    """A history by quarter-hours: days of hours, and of clock changes, are four of one price."""

    def __init__(self, task: Task, days: Days, auction: FloatArray, fine: FloatArray) -> None:
        self._lead = len(days) - len(task.quarters)
        self._known = task.quarters
        self._whole = np.asarray(np.isfinite(task.quarters).all(axis=1))
        self._begun = int(np.argmax(self._whole)) if self._whole.any() else len(self._whole)
        self.true = flat(filled(task.prices))
        self.true[self._lead + self._begun :] = task.quarters[self._begun :]
        self._prices = _by_slots(task.quarters, filled(days.prices)[self._lead :])
        self._auction = _by_slots(fine, filled(auction)[self._lead :])

    def told(self, row: int) -> FloatArray:
        """Return what the early members say, shape (members, 96)."""
        place = row - self._lead
        if place < 0:
            return np.full((len(early.NAMES), SLOTS), np.nan)
        found = early.told(self._prices, self._auction, place, self._whole)
        if place < self._begun:  # the coupled auction had hours alone
            means = found.reshape(-1, HOURS, QUARTERS).mean(axis=2)
            return flat(means)
        return found

    def joined(self, row: int, hourly: FloatArray, fine: FloatArray) -> FloatArray:
        place = max(row - self._lead, 0)
        return np.concatenate([shape(self._known[:place]).quarters(hourly), fine])


def _by_slots(quarters: FloatArray, hours: FloatArray) -> FloatArray:
    whole = np.asarray(np.isfinite(quarters).all(axis=1))
    return np.where(whole[:, None], quarters, flat(hours))


def mark(
    groups: tuple[str, ...], step_s: int, auction: FloatArray | None, fine: FloatArray | None
) -> str:
    """Return what tells answers of this panel from those of the members alone."""
    found = f"+{NEAR_VERSION}" if NEIGHBOURS in groups else ""
    if auction is None:
        return found
    by_quarters = fine is not None and step_s < _HOUR_S
    return f"{found}+{early.VERSION}{'-quarters' if by_quarters else ''}"
