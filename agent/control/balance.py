"""Bringing units together whose states of charge lie apart. Pure.

The only case in which one unit may charge while another discharges: where the site wants it, the
fullest unit gives a little more, or takes a little less, and the emptiest the other way round, by
the same power, so that the plant's setpoint stays what it is.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.control.cuts import Hard
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState
from agent.control.share import UnitSetpoint

SPREAD_PCT = 10.0
"""So far apart it begins."""
ENOUGH_PCT = 5.0
"""So near it ends."""
SHARE = 0.05
"""Of the smaller of the two units' rated power."""


@dataclass(frozen=True, slots=True)
class BalanceMemory:
    """Whether balancing is going on."""

    active: bool = False


def balanced(
    told: tuple[UnitSetpoint, ...],
    units: Sequence[UnitState],
    limits: Sequence[UnitLimits],
    hards: Mapping[str, Hard],
    memory: BalanceMemory,
) -> tuple[tuple[UnitSetpoint, ...], BalanceMemory]:
    """Return the setpoints with a little moved from the emptiest unit to the fullest."""
    known = [
        (unit.soc_pct.value, place)
        for place, unit in enumerate(units)
        if unit.soc_pct.value is not None
        and math.isfinite(unit.soc_pct.value)
        and told[place].power_kw is not None
        and hards[unit.unit].stopped is None
    ]
    if len(known) < 2:
        return told, BalanceMemory()
    (low_pct, empty), (high_pct, full) = min(known), max(known)
    active = high_pct - low_pct > (ENOUGH_PCT if memory.active else SPREAD_PCT)
    if not active:
        return told, BalanceMemory()
    gives_kw, takes_kw = told[full].power_kw or 0.0, told[empty].power_kw or 0.0
    move_kw = min(
        SHARE * min(limits[full].rated_kw, limits[empty].rated_kw),
        hards[units[full].unit].upper_kw - gives_kw,
        takes_kw - hards[units[empty].unit].lower_kw,
    )
    moved = {full: gives_kw + move_kw, empty: takes_kw - move_kw}
    unable = any(0.0 < abs(kw) < limits[place].power_min_kw for place, kw in moved.items())
    if move_kw <= 0.0 or unable:
        return told, BalanceMemory(active)
    return tuple(
        replace(setpoint, power_kw=moved.get(place, setpoint.power_kw))
        for place, setpoint in enumerate(told)
    ), BalanceMemory(active)
