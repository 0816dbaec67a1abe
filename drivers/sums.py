"""Values that a device tells in parts: export less import, or phase by phase. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.base import Rate
from drivers.dispatch import Points
from drivers.point import Coding, Point
from drivers.table import Table
from wire.block import Quality, Reading
from wire.points import is_point_name, unit_of

SUMS_MAX = 64
TERMS_MAX = 16
DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Sum:
    """A value made of others of the same device, unit and rate."""

    name: str
    rate: Rate
    plus: tuple[str, ...]
    minus: tuple[str, ...]

    def reading(self, given: Mapping[str, Reading], now_us: int) -> Reading:
        """Return the sum of what the device gave; as old as its oldest part, as bad as its worst.

        Args:
            given: by name, newest readings of the device.
            now_us: the time of a sum that has no value.
        """
        values, at_us = [], now_us
        for names, sign in ((self.plus, 1.0), (self.minus, -1.0)):
            for name in names:
                reading = given.get(name)
                if reading is None or reading.quality is not Quality.GOOD or reading.value is None:
                    worst = Quality.BAD if reading is None else reading.quality
                    return Reading(self.name, None, worst, now_us)
                values.append(sign * reading.value)
                at_us = min(at_us, reading.at_us)
        total = round(math.fsum(values), DECIMALS) + 0.0  # + 0.0: no negative zero
        return Reading(self.name, total, Quality.GOOD, at_us)


def read_sum(row: Table, points: Points) -> Sum:
    """Return what one ``[[sum]]`` says.

    Raises:
        ProfileError: a key is missing, unknown or wrong.
    """
    name = row.text("name")
    if not is_point_name(name) or name in points:
        raise row.wrong("name", name, "a dotted name in lower case that no point has")
    plus, minus = _terms(row, "plus", points), _terms(row, "minus", points)
    terms = (*plus, *minus)
    if not terms:
        row.text("plus")
    for term in terms:
        if unit_of(term.name) != unit_of(name) or term.coding is Coding.STRING:
            raise row.wrong("name", name, f"the unit of {term.name}")
        if term.rate is not terms[0].rate:
            raise row.wrong("plus", term.name, f"a point of rate {terms[0].rate.value}")
    row.close()
    return Sum(name, terms[0].rate, tuple(p.name for p in plus), tuple(p.name for p in minus))


def _terms(row: Table, key: str, points: Points) -> tuple[Point, ...]:
    allowed = f"a list of at most {TERMS_MAX} names of points"
    names = row.raw(key, allowed, default=[])
    if not isinstance(names, list) or len(names) > TERMS_MAX:
        raise row.wrong(key, names, allowed)
    return tuple(points.readable(row.entry(key, {"point": name}), "point") for name in names)
