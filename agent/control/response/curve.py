"""Curves from the grid's deviation to power, as data, and how they are read. Pure.

A curve is a table of (deviation from 50 Hz in Hz, response per unit of capacity): linear between
its points, held outside the first and the last. Under-frequency asks for power above 0,
over-frequency for power below. The tables are those of the synchronous areas: SOGL Annex V,
TenneT FCR manual 3.10, Nordic FCR requirements 1.1. Of Great Britain only the 5 % knee and the
15 mHz are confirmed; the other frequencies are data for a person to check. No insensitivity is
implemented: it is a permission, and using it costs the slope that is settled.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter

NOMINAL_HZ = 50.0
_ABSCISSA = itemgetter(0)

Curve = tuple[tuple[float, float], ...]


def share(curve: Sequence[tuple[float, float]], deviation_hz: float) -> float:
    """Return the response per unit of capacity at a deviation in Hz; the deviation is finite."""
    if deviation_hz <= curve[0][0]:
        return curve[0][1]
    if deviation_hz >= curve[-1][0]:
        return curve[-1][1]
    right = bisect_right(curve, deviation_hz, key=_ABSCISSA)
    (x0, y0), (x1, y1) = curve[right - 1], curve[right]
    return y0 + (y1 - y0) * (deviation_hz - x0) / (x1 - x0)


def falls(curve: Sequence[tuple[float, float]]) -> bool:
    """Say whether more frequency never brings more power: anything else would feed a deviation."""
    return all(left[1] >= right[1] for left, right in pairwise(curve))


def low(curve: Curve) -> Curve:
    """Return the part that discharges at low frequency, 0 elsewhere; exact also where it crosses 0.

    DCL, DML and DRL are made so from DC, DM and DR.
    """
    return _clipped(curve, 1.0)


def high(curve: Curve) -> Curve:
    """Return the part that charges at high frequency, 0 elsewhere."""
    return _clipped(curve, -1.0)


def _clipped(curve: Curve, sign: float) -> Curve:
    points: list[tuple[float, float]] = []
    for i, (hz, pu) in enumerate(curve):
        before = curve[i - 1] if i else None
        if before is not None and before[1] * pu < 0.0:
            points.append((before[0] + (hz - before[0]) * before[1] / (before[1] - pu), 0.0))
        points.append((hz, pu if pu * sign > 0.0 else 0.0))
    return tuple(points)


FCR_CE: Curve = ((-0.200, 1.0), (0.200, -1.0))
FCR_N: Curve = ((-0.100, 1.0), (0.100, -1.0))
FCR_D_UP: Curve = ((-0.500, 1.0), (-0.100, 0.0))
FCR_D_DOWN: Curve = ((0.100, 0.0), (0.500, -1.0))
FCR_D: Curve = (*FCR_D_UP, *FCR_D_DOWN)
"""Up and down together, as one entity may sell them."""
DC: Curve = (
    (-0.500, 1.0),
    (-0.200, 0.05),
    (-0.015, 0.0),
    (0.015, 0.0),
    (0.200, -0.05),
    (0.500, -1.0),
)
DM: Curve = (
    (-0.200, 1.0),
    (-0.100, 0.05),
    (-0.015, 0.0),
    (0.015, 0.0),
    (0.100, -0.05),
    (0.200, -1.0),
)
DR: Curve = ((-0.200, 1.0), (-0.015, 0.0), (0.015, 0.0), (0.200, -1.0))
