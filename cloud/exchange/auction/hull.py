"""How dear a step can be, by what the curves of a period must give: straight lines above and below.

Prices follow from quantities, and not in a straight line. A linear problem may know of them what
holds wherever the curves can be: no price lies above the lines of the upper hull, none below those
of the lower one. They are made of what the curves give exactly, in ticks and steps, so nothing
that could be published is outside of them. Pure.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from cloud.exchange.auction.ladder import Ladder
from cloud.market.contracts import TICKS_PER_EUR

SAMPLES_MAX = 100
"""Prices of a period that are looked at; between them the hulls are a little wider."""
LINES_MAX = 12
"""Of each hull: with fewer lines it is wider, and as right."""
_Point = tuple[float, float]


class Line(NamedTuple):
    """Price in EUR/MWh: ``at + slope * quantity``."""

    at: float
    slope: float


class Hull(NamedTuple):
    """Bounds of the price of a period; the lowest and highest of all, and the lines."""

    lowest: float
    highest: float
    above: tuple[Line, ...]
    below: tuple[Line, ...]


def hull(ladder: Ladder, low: int, high: int, off: int) -> Hull:
    """Return the bounds of the price while the curves give `low` to `high` steps.

    Args:
        off: by how many steps what is settled may differ from what the linear problem has.
    """
    lowest, highest = _span(ladder, low)[0], _span(ladder, high)[1]
    sampled = [(ticks, ladder.total(ticks)) for ticks in _grid(ladder, low, high)]
    above: list[_Point] = []
    given = low
    for ticks, most in sampled:
        if most > given:  # from here on until just below `most` no price is higher
            above.append((max(low, given - off), ticks / TICKS_PER_EUR))
            given = most
    above.append((max(low, min(high, given) - off), highest / TICKS_PER_EUR))
    below: list[_Point] = []
    given = high
    for ticks, most in reversed(sampled):
        if most < given:  # with more than `most`, and up to here, no price is lower
            below.append((min(high, given + off), (ticks + 1) / TICKS_PER_EUR))
            given = most
    below.append((min(high, max(low, given) + off), lowest / TICKS_PER_EUR))
    return Hull(
        lowest / TICKS_PER_EUR,
        highest / TICKS_PER_EUR,
        _lines([point for point in above if point[0] <= high], _turns_left),
        _lines([point for point in reversed(below) if point[0] >= low], _turns_right),
    )


def _span(ladder: Ladder, quantity: int) -> tuple[int, int]:
    span = ladder.interval(quantity)
    assert span is not None, "the curves can give it"
    return span


def _grid(ladder: Ladder, low: int, high: int) -> list[int]:
    """Return prices over the whole range: every tick of a narrow one, else by equal quantities."""
    first, last = _span(ladder, low)[0], _span(ladder, high)[1]
    if last - first <= SAMPLES_MAX:
        return list(range(first, last + 1))
    step = (high - low) / SAMPLES_MAX
    middle = {round(ladder.price(low + step * place)) for place in range(SAMPLES_MAX + 1)}
    return sorted({first, last, *(ticks for ticks in middle if first < ticks < last)})


def _lines(
    points: Sequence[_Point], wrong: Callable[[_Point, _Point, _Point], bool]
) -> tuple[Line, ...]:
    """Return lines that have all points on one side."""
    corners: list[_Point] = []
    for point in points:
        while len(corners) > 1 and wrong(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    sides = [pair for pair in pairwise(corners) if pair[0][0] < pair[1][0]]
    found = []
    for (q0, p0), (q1, p1) in sides:
        slope = (p1 - p0) / (q1 - q0)
        found.append(Line(p0 - slope * q0, slope))
    every = -(-len(found) // LINES_MAX)
    return tuple(found[:: every or 1])


def _cross(one: _Point, two: _Point, three: _Point) -> float:
    return (two[0] - one[0]) * (three[1] - one[1]) - (two[1] - one[1]) * (three[0] - one[0])


def _turns_left(one: _Point, two: _Point, three: _Point) -> bool:
    return _cross(one, two, three) >= 0


def _turns_right(one: _Point, two: _Point, three: _Point) -> bool:
    return _cross(one, two, three) <= 0
