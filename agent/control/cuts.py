"""What an interlock says: bounds, why, and what else must stop. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """Bounds that one interlock sets.

    Of an interlock that protects equipment they always leave 0 kW allowed, so that such cuts can
    be intersected in any order.
    """

    code: str
    """Stable: ``I1`` to ``I25``, ``DERATE_SOC``, ``DERATE_TEMP``, ``LIMIT``."""
    text: str
    lower_kw: float = -math.inf
    upper_kw: float = math.inf
    latched: bool = False
    """It stays until somebody resets it."""
    blind: bool = False
    """Something is missing that decides: data, not a limit, stand in the way."""
    silent: bool = False
    """Nothing at all is written: somebody else is in control."""

    @property
    def tells_only(self) -> bool:
        """Say whether it forbids nothing: something that people have to know."""
        return self.lower_kw == -math.inf and self.upper_kw == math.inf

    @property
    def stops(self) -> bool:
        """Say whether nothing but 0 kW is left."""
        return self.lower_kw >= 0.0 and self.upper_kw <= 0.0


@dataclass(frozen=True, slots=True)
class Hard:
    """The interval that protection leaves, never empty, always with 0 in it, and its cuts."""

    lower_kw: float
    upper_kw: float
    cuts: tuple[Cut, ...]

    @property
    def stale(self) -> Cut | None:
        """Return the cut that allows only 0 because something is missing, if there is one."""
        if self.lower_kw < 0.0 or self.upper_kw > 0.0:
            return None
        return next((cut for cut in self.cuts if cut.blind and cut.stops), None)

    @property
    def stopped(self) -> Cut | None:
        """Return the cut that allows only 0, whatever for; None: some power is allowed."""
        if self.lower_kw < 0.0 or self.upper_kw > 0.0:
            return None
        return next((cut for cut in self.cuts if cut.stops), None)

    @property
    def silent(self) -> bool:
        """Say whether nothing is to be written."""
        return any(cut.silent for cut in self.cuts)

    def binding(self, power_kw: float) -> Cut:
        """Return the cut that stands in the way of `power_kw`, which lies outside."""
        if power_kw > self.upper_kw:
            return min(self.cuts, key=lambda cut: cut.upper_kw)
        return max(self.cuts, key=lambda cut: cut.lower_kw)


def intersect(cuts: Sequence[Cut]) -> Hard:
    """Return what several cuts leave; at least one of them is finite in each direction."""
    return Hard(
        min(0.0, max([cut.lower_kw for cut in cuts])),
        max(0.0, min([cut.upper_kw for cut in cuts])),
        tuple(cuts),
    )
