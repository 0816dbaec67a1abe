"""What of the inputs can be believed: what is odd is left out, prices of the last days as well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from cloud.forecast.arrays import FloatArray
from cloud.forecast.service import odd
from cloud.forecast.service.reading import Reading
from cloud.forecast.service.retreat import Retreat
from cloud.forecast.service.sources import EXAA_PRICE, LOAD, PRICE, RENEWABLES

ALARMED = "an alarm of the watch stands"
_HOUR_US = 3_600_000_000


@dataclass(slots=True, eq=False)
class Sound:
    """The inputs that are read, and why others are not."""

    groups: dict[str, FloatArray]
    odd: dict[str, str] = field(default_factory=dict)
    """By name of the group, or price: one line."""

    @property
    def flags(self) -> tuple[str, ...]:
        return tuple(f"odd_{name}" for name in self.odd)


async def sound(
    read: Reading,
    groups: Mapping[str, FloatArray],
    row: int,
    first: date,
    asked: Retreat | None = None,
) -> Sound:
    """Return the groups without those that are odd on a day, or that are not to be read.

    Args:
        row: the first open day, in the groups.
        first: the day of row 0.
        asked: what is done about alarms, or a person's wish.

    Raises:
        Unavailable: the database does not answer.
    """
    found, day = Sound(dict(groups)), first + timedelta(days=row)
    if asked is not None:
        for name in asked.without:
            if found.groups.pop(name, None) is not None and not asked.pinned:
                found.odd[name] = ALARMED
    for name, values in list(found.groups.items()):
        why = odd.odd(values, row)
        uses = _uses(read, name)
        if why is None and uses and np.isfinite(values[row]).all():
            told = await read.versions(uses, day)
            if told is not None:
                why = odd.old((read.as_of_us - told[0]) / _HOUR_US)
                why = why or odd.revised(values, row, told[1])
        if why is not None:
            found.odd[name] = why
            del found.groups[name]
    return found


def believed(prices: FloatArray, row: int, found: Sound) -> int:
    """Return how many of the last days before a row have prices that are odd, and forget these."""
    count = 0
    while (why := odd.odd_price(prices, row - 1 - count)) is not None:
        found.odd[PRICE] = why
        count += 1
    prices[row - count : row] = np.nan
    return count


def _uses(read: Reading, group: str) -> list[str]:
    """Return what a group is the sum of; none where ages and revisions say nothing."""
    if group == RENEWABLES:
        return [*read.chosen.below("solar/"), *read.chosen.below("wind/")]
    return [group] if group in (LOAD, EXAA_PRICE) else []
