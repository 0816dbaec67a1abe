"""The battery of one unit: I1 limits it reports, I2 its state-of-charge window. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from agent.control.cuts import Cut
from agent.control.limits import UnitLimits
from agent.control.plant import LIMIT_AGE_S_MAX, UnitState
from agent.control.quantity import Quantity

SOC_HYSTERESIS_PCT = 1.0


@dataclass(frozen=True, slots=True)
class BatteryMemory:
    """Which directions the state of charge has closed; remembered for the hysteresis."""

    no_discharge: bool = False
    no_charge: bool = False


def cuts(
    unit: UnitState, limits: UnitLimits, memory: BatteryMemory
) -> tuple[tuple[Cut, ...], BatteryMemory]:
    """Return what the battery allows now, and what to remember for the next cycle."""
    memory = _closed(unit.soc_pct, limits, memory)
    return (*_window(unit.soc_pct, limits, memory), *_reported(unit)), memory


def _closed(soc_pct: Quantity, limits: UnitLimits, before: BatteryMemory) -> BatteryMemory:
    """I2: close at the limit, open again 1 % inside it; an unknown state changes nothing."""
    soc = soc_pct.value
    if soc is None or not math.isfinite(soc):
        return before
    margin_pct = min(SOC_HYSTERESIS_PCT, (limits.soc_max_pct - limits.soc_min_pct) / 4)
    return BatteryMemory(
        no_discharge=soc < limits.soc_min_pct + (margin_pct if before.no_discharge else 0.0)
        or soc <= limits.soc_min_pct,
        no_charge=soc > limits.soc_max_pct - (margin_pct if before.no_charge else 0.0)
        or soc >= limits.soc_max_pct,
    )


def _window(soc_pct: Quantity, limits: UnitLimits, closed: BatteryMemory) -> Iterator[Cut]:
    shown = "unknown" if soc_pct.value is None else f"{soc_pct.value:.1f} %"
    if closed.no_discharge:
        text = f"state of charge {shown}: no discharging at {limits.soc_min_pct:g} %"
        yield Cut("I2", text, upper_kw=0.0)
    if closed.no_charge:
        text = f"state of charge {shown}: no charging at {limits.soc_max_pct:g} %"
        yield Cut("I2", text, lower_kw=0.0)


def _reported(unit: UnitState) -> Iterator[Cut]:
    """I1: what the battery allows, as power at the AC terminals."""
    discharge, charge = unit.discharge_kw_max, unit.charge_kw_max
    if discharge is not None and discharge.usable(LIMIT_AGE_S_MAX):
        allowed_kw = max(0.0, discharge.value or 0.0)
        text = f"the battery allows {allowed_kw:.6g} kW of discharging"
        yield Cut("I1", text, upper_kw=allowed_kw)
    if charge is not None and charge.usable(LIMIT_AGE_S_MAX):
        allowed_kw = max(0.0, charge.value or 0.0)
        yield Cut("I1", f"the battery allows {allowed_kw:.6g} kW of charging", -allowed_kw)
