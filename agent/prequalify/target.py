"""What the rule wants at a frequency: an evaluation of its own, independent of control's. Pure."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

NOMINAL_HZ = 50.0
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A product's curve and its capacity."""

    curve: Curve
    """(deviation in Hz, response per unit), as the rule book states it."""
    capacity_kw: float

    def kw_at(self, hz: float) -> float:
        """Return the power that is wanted, sign as in `wire`."""
        deviation_hz = hz - NOMINAL_HZ
        for (x0, y0), (x1, y1) in pairwise(self.curve):
            if x0 <= deviation_hz <= x1:
                return self.capacity_kw * (y0 + (y1 - y0) * (deviation_hz - x0) / (x1 - x0))
        return self.capacity_kw * self.curve[0 if deviation_hz < self.curve[0][0] else -1][1]

    def of(self, hz: Sequence[float]) -> "array[float]":
        return array("d", (self.kw_at(one) for one in hz))


def summed(parts: Sequence[tuple[float, Curve]]) -> Curve:
    """Return the curve of several products together, each with its share of the capacity."""
    places = sorted({deviation_hz for _, curve in parts for deviation_hz, _ in curve})
    targets = [Target(curve, share) for share, curve in parts]
    return tuple((x, sum(one.kw_at(NOMINAL_HZ + x) for one in targets)) for x in places)
