"""Polylines of batteries: which share of rated power a state allows. Pure.

Linear between the points, held outside; a share of 0 blocks. What the battery's own management
allows stays the master. Each kind of battery is data; a site may replace every line of it.

Source: OpenEMS, battery definitions of BYD C130 and Soltaro (rack), FENECON Commercial (rack_wide)
and FENECON Home (home); the discharging side over the state of charge is ours.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from agent.control.interlocks.config import BatterySettings

_ABSCISSA = itemgetter(0)
Points = tuple[tuple[float, float], ...]

_SOC_CHARGE: Points = ((96, 1), (97, 0.625), (98, 0.40), (99, 0.20), (100, 0.05))
_SOC_DISCHARGE: Points = ((0, 0), (2, 0.3), (5, 1))
_CELL_CHARGE: Points = ((3.350, 1), (3.450, 1), (3.600, 0.02), (3.650, 0))
_CELL_DISCHARGE: Points = ((2.900, 0), (2.920, 0.01), (3.000, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """All lines of one kind of battery; None: that state derates nothing."""

    soc_charge: Points | None = None
    soc_discharge: Points | None = None
    """Over what the state of charge is above the lower limit."""
    temp_charge: Points | None = None
    temp_discharge: Points | None = None
    cell_charge: Points | None = None
    cell_discharge: Points | None = None


NONE = Curves()
"""Nothing derates."""
_RACK = Curves(
    soc_charge=_SOC_CHARGE,
    soc_discharge=_SOC_DISCHARGE,
    temp_charge=((0, 0), (18, 1), (35, 1), (40, 0)),
    temp_discharge=((0, 0), (12, 1), (45, 1), (55, 0)),
    cell_charge=_CELL_CHARGE,
    cell_discharge=_CELL_DISCHARGE,
)
KINDS: Mapping[str, Curves] = {
    "none": NONE,
    "rack": _RACK,
    "home": _RACK,
    "rack_wide": Curves(
        soc_charge=_SOC_CHARGE,
        soc_discharge=_SOC_DISCHARGE,
        temp_charge=((0, 0), (15, 1), (50, 1), (55, 0)),
        temp_discharge=((0, 0), (10, 1), (50, 1), (55, 0)),
        cell_charge=_CELL_CHARGE,
        cell_discharge=_CELL_DISCHARGE,
    ),
}


def curves_of(battery: BatterySettings) -> Curves:
    """Return the lines of the kind of battery, each replaced where the site says its own."""
    kind = KINDS[battery.type]
    curves = Curves(
        soc_charge=battery.soc_charge or kind.soc_charge,
        soc_discharge=battery.soc_discharge or kind.soc_discharge,
        temp_charge=battery.temp_charge or kind.temp_charge,
        temp_discharge=battery.temp_discharge or kind.temp_discharge,
        cell_charge=battery.cell_charge or kind.cell_charge,
        cell_discharge=battery.cell_discharge or kind.cell_discharge,
    )
    return NONE if curves == NONE else curves


def share(points: Points, at: float) -> float:
    """Return the share of rated power at `at`, 0 to 1."""
    if at <= points[0][0]:
        return points[0][1]
    if at >= points[-1][0]:
        return points[-1][1]
    right = bisect_right(points, at, key=_ABSCISSA)
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)
