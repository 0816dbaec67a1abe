"""What cells and temperatures leave of the rated power: I3, I4 and the deratings. Pure.

A quantity that nobody measures is told as not available and limits nothing; one that is measured
and unknown for 10 s closes its directions. A polyline that has come to 0 closes its direction, and
opens it again with a hysteresis: cells 50 mV inside for 60 s, temperatures 2 K inside.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.interlocks.derating import NONE, Curves, Points, share
from agent.control.interlocks.gate import OPEN, Gate
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState
from agent.control.quantity import Quantity

CELL_HYSTERESIS_V = 0.05
CELL_HOLD_S = 60.0
TEMP_HYSTERESIS_K = 2.0
MEAN_MARGIN_K = 5.0
"""Of the hottest and the coldest cell from the mean, where only that is measured."""
AGE_S_MAX = 10.0

NO_CELLS = Cut("I3", "cell voltages: not available")
NO_TEMPERATURE = Cut("I4", "temperature: not available")
_CELL_UNKNOWN = "cell voltages are not known"
_TEMP_UNKNOWN = "the temperature is not known"


@dataclass(frozen=True, slots=True)
class StateMemory:
    """Which polylines have closed a direction."""

    cell_charge: Gate = OPEN
    cell_discharge: Gate = OPEN
    temp_charge: Gate = OPEN
    temp_discharge: Gate = OPEN


ALL_OPEN = StateMemory()


@dataclass(frozen=True, slots=True)
class Share:
    """What one state leaves of the rated power in one direction."""

    share: float
    """0 to 1; 0: the direction is closed."""
    code: str
    what: str
    """The value that decides, or why there is none."""
    blind: bool = False


Shares = tuple[list[Share], list[Share]]
"""Of discharging, and of charging; only what is below 1."""


def shares(
    unit: UnitState, limits: UnitLimits, curves: Curves, memory: StateMemory, at_s: float
) -> tuple[Shares, StateMemory]:
    """Return what limits each direction now, and what to remember for the next cycle."""
    found: Shares = ([], [])
    if curves is NONE:
        return found, memory
    soc_pct = unit.soc_pct.within(math.inf)
    if soc_pct is not None:
        above_pct = soc_pct - limits.soc_min_pct
        _line(found[0], curves.soc_discharge, above_pct, soc_pct)
        _line(found[1], curves.soc_charge, soc_pct, soc_pct)
    cells = (
        _cell(found[1], curves.cell_charge, unit.cell_max_v, 1.0, memory.cell_charge, at_s),
        _cell(found[0], curves.cell_discharge, unit.cell_min_v, -1.0, memory.cell_discharge, at_s),
    )
    extremes = _extremes(unit)
    temps = (
        _temp(found[1], curves.temp_charge, extremes, memory.temp_charge, at_s),
        _temp(found[0], curves.temp_discharge, extremes, memory.temp_discharge, at_s),
    )
    after = (*cells, *temps)
    if after == (OPEN, OPEN, OPEN, OPEN):
        return found, ALL_OPEN
    return found, StateMemory(*after)


def missing(unit: UnitState, curves: Curves) -> Iterator[Cut]:
    """Yield what a polyline would need and nobody measures: told, and limiting nothing."""
    if curves.cell_charge and unit.cell_max_v is None and unit.cell_min_v is None:
        yield NO_CELLS
    temperatures = (unit.temp_max_c, unit.temp_min_c, unit.temp_mean_c)
    if curves.temp_charge and temperatures == (None, None, None):
        yield NO_TEMPERATURE


def _line(found: list[Share], points: Points | None, at: float, soc_pct: float) -> None:
    if points is not None and (left := share(points, at)) < 1.0:
        found.append(Share(left, "DERATE_SOC", f"state of charge {soc_pct:.1f} %"))


def _cell(
    found: list[Share],
    points: Points | None,
    cell_v: Quantity | None,
    outwards: float,
    gate: Gate,
    at_s: float,
) -> Gate:
    """Judge one extreme cell; `outwards` is +1 for the highest and -1 for the lowest."""
    if points is None or cell_v is None:
        return gate
    volts = cell_v.within(AGE_S_MAX)
    if volts is None:
        found.append(Share(0.0, "I3", _CELL_UNKNOWN, blind=True))
        return gate
    left = share(points, volts)
    if left >= 1.0 and not gate.closed:
        return gate
    well = share(points, volts + outwards * CELL_HYSTERESIS_V) > 0.0
    gate = gate.after(bad=left <= 0.0, well=well, hold_s=CELL_HOLD_S, at_s=at_s)
    found.append(Share(0.0 if gate.closed else left, "I3", f"cell voltage {volts:.3f} V"))
    return gate


def _temp(
    found: list[Share],
    points: Points | None,
    extremes: tuple[float, float] | bool,
    gate: Gate,
    at_s: float,
) -> Gate:
    """Judge the coldest and the hottest place; True: measured and unknown, False: not measured."""
    if points is None or extremes is False:
        return gate
    if extremes is True:
        found.append(Share(0.0, "I4", _TEMP_UNKNOWN, blind=True))
        return gate
    cold_c, hot_c = extremes
    at_cold, at_hot = share(points, cold_c), share(points, hot_c)
    left = min(at_cold, at_hot)
    if left >= 1.0 and not gate.closed:
        return gate
    inside = min(
        share(points, cold_c - TEMP_HYSTERESIS_K), share(points, hot_c + TEMP_HYSTERESIS_K)
    )
    gate = gate.after(bad=left <= 0.0, well=inside > 0.0, hold_s=0.0, at_s=at_s)
    shown = f"temperature {cold_c if at_cold < at_hot else hot_c:.1f} °C"
    found.append(Share(0.0, "I4", shown) if gate.closed else Share(left, "DERATE_TEMP", shown))
    return gate


def _extremes(unit: UnitState) -> tuple[float, float] | bool:
    """Return the coldest and the hottest place; True: measured and unknown, False: not measured."""
    measured = (unit.temp_min_c, unit.temp_mean_c, unit.temp_max_c)
    if measured == (None, None, None):
        return False
    for quantity in measured:
        if quantity is not None and not quantity.usable(AGE_S_MAX):
            return True
    low, mean, high = (None if quantity is None else quantity.value for quantity in measured)
    near = [value for value in (low, mean, high) if value is not None]
    cold = low if low is not None else near[0] - MEAN_MARGIN_K * (1 if mean is not None else 2)
    hot = high if high is not None else near[-1] + MEAN_MARGIN_K * (1 if mean is not None else 2)
    return min(cold, hot), max(cold, hot)
