"""I2, the state-of-charge window: the end of it closes a direction, 1 % inside opens it. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.limits import UnitLimits
from agent.control.quantity import Quantity

HYSTERESIS_PCT = 1.0
HYSTERESIS_COARSE_PCT = 2.0
"""Where the state of charge comes in steps of 1 %: one step is noise."""
WHOLE_STEPS_MIN = 3
"""So many changes between whole numbers, and never a fraction, make steps of 1 %."""


@dataclass(frozen=True, slots=True)
class SocMemory:
    """Which directions the state of charge has closed, and how finely it is told."""

    no_discharge: bool = False
    no_charge: bool = False
    last_pct: float | None = None
    whole_steps: int = 0
    """Changes between whole numbers so far, counted to 3; -1: a fraction has been seen."""


def remembered(soc_pct: Quantity, limits: UnitLimits, before: SocMemory) -> SocMemory:
    """Close at the limit, open again inside it; an unknown state changes nothing."""
    soc = soc_pct.value
    if soc is None or not math.isfinite(soc):
        return before
    steps = before.whole_steps
    if soc != before.last_pct and 0 <= steps < WHOLE_STEPS_MIN:
        steps = -1 if soc != int(soc) else steps + (before.last_pct is not None)
    wanted_pct = HYSTERESIS_COARSE_PCT if steps == WHOLE_STEPS_MIN else HYSTERESIS_PCT
    margin_pct = min(wanted_pct, (limits.soc_max_pct - limits.soc_min_pct) / 4)
    low_pct, high_pct = limits.soc_min_pct, limits.soc_max_pct
    no_discharge = soc <= low_pct or (before.no_discharge and soc < low_pct + margin_pct)
    no_charge = soc >= high_pct or (before.no_charge and soc > high_pct - margin_pct)
    after = (no_discharge, no_charge, soc, steps)
    if after == (before.no_discharge, before.no_charge, before.last_pct, before.whole_steps):
        return before
    return SocMemory(*after)


def cuts(soc_pct: Quantity, limits: UnitLimits, closed: SocMemory) -> Iterator[Cut]:
    """Yield a cut for each direction that is closed."""
    if not (closed.no_discharge or closed.no_charge):
        return
    shown = "unknown" if soc_pct.value is None else f"{soc_pct.value:.1f} %"
    if closed.no_discharge:
        text = f"state of charge {shown}: no discharging at {limits.soc_min_pct:g} %"
        yield Cut("I2", text, upper_kw=0.0)
    if closed.no_charge:
        text = f"state of charge {shown}: no charging at {limits.soc_max_pct:g} %"
        yield Cut("I2", text, lower_kw=0.0)
