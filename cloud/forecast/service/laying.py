"""From forecasts by the wall clock to the slots of the real days, as they are sent. Pure."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.days import Days
from cloud.forecast.scenarios import SCENARIOS
from cloud.forecast.service import alternatives
from cloud.forecast.service.fields import fields
from cloud.forecast.service.hours import slots, starts
from cloud.forecast.service.model import LEVELS
from cloud.forecast.service.rows import rows
from cloud.forecast.service.task import Task
from cloud.market.areas.model import Area
from cloud.market.series.model import Kind


@dataclass(slots=True, eq=False)
class Made:
    """What is known of the open days so far, by the wall clock: 24 hours or 96 quarters."""

    flags: list[str]
    points: list[FloatArray] = field(default_factory=list)
    margins: list[FloatArray | None] = field(default_factory=list)
    courses: list[FloatArray | None] = field(default_factory=list)
    """What each course adds to the point, shape (24 or 96, courses)."""
    resting: FloatArray | None = None
    """What the members say of the first open day, where they are not believed."""

    def flag(self, name: str) -> None:
        if name not in self.flags:
            self.flags.append(name)


class _Day(NamedTuple):
    """One wanted day by its slots, EUR/MWh; NaN where not known."""

    price: FloatArray
    levels: FloatArray
    courses: FloatArray | None
    clipped: int = 0


def laid(task: Task, area: Area, days: Days, made: Made) -> tuple[bytes, bytes]:
    """Return the rows of all wanted days as JSON, and their courses as `alternatives` packs them.

    Prices that an auction has decided stand for themselves.
    """
    first = len(days) - task.targets
    at_us: list[int] = []
    found = []
    for row in range(first, len(days)):
        slot_us = starts(area, days.on(row), task.step_s)
        place = row - first - task.decided
        if place < 0:
            made.flag("auction_known")
            found.append(_decided(task, len(at_us), len(slot_us)))
        else:
            found.append(_open(task, area, days, row, made, place))
        at_us += slot_us
    if clipped := sum(one.clipped for one in found):
        made.flag(f"clipped_{clipped}")
    beside = fields(task, area, days.on(first))
    for flag in beside.flags:
        made.flag(flag)
    price = np.concatenate([one.price for one in found])
    levels = np.concatenate([one.levels for one in found])
    told = rows(at_us, price, levels, beside.points, beside.quantiles)
    return told, alternatives.pack([one.courses for one in found])


def _decided(task: Task, begin: int, count: int) -> _Day:
    known = task.foreseen.get("price")
    price = np.full(count, np.nan) if known is None else known[begin : begin + count]
    levels = np.full((count, len(LEVELS)), np.nan)
    return _Day(price, levels, np.repeat(price[:, None], SCENARIOS, axis=1))


def _open(task: Task, area: Area, days: Days, row: int, made: Made, place: int) -> _Day:
    day = days.on(row)
    limit = area.limit(Kind.PRICE_DAY_AHEAD.value, day)
    low, high = (-np.inf, np.inf) if limit is None else (limit.low, limit.high)
    told = slots(made.points[place], area, day, task.step_s)

    def around(added: FloatArray | None) -> FloatArray | None:
        if added is None:
            return None
        return np.clip(told[:, None] + slots(added, area, day, task.step_s), low, high)

    levels = around(made.margins[place])
    if levels is None:
        levels = np.full((len(told), len(LEVELS)), np.nan)
    clipped = int(((told < low) | (told > high)).sum())
    return _Day(np.clip(told, low, high), levels, around(made.courses[place]), clipped)
