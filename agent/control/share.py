"""How a plant shares its setpoint over its units: by the energy each has in that direction. Pure.

Discharging, a unit takes part by what it holds above its lower limit; charging, by what it can
still take. What one unit cannot take, others do, in the same cycle. A unit that is blocked has an
interval of nothing but 0 and gets 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.control.cuts import Hard
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState

_NOTHING_KW = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSetpoint:
    """What one unit is told."""

    unit: str
    power_kw: float | None
    """None: nothing is written, because the unit is not ours."""
    lower_kw: float
    upper_kw: float
    code: str = ""
    """Of the interlock that leaves it nothing but 0; empty: it may work."""
    text: str = ""


def shared(
    power_kw: float,
    units: Sequence[UnitState],
    limits: Sequence[UnitLimits],
    hards: Mapping[str, Hard],
) -> tuple[UnitSetpoint, ...]:
    """Return the setpoint of each unit; their sum is `power_kw` as far as their intervals allow."""
    parts = _filled(power_kw, units, limits, hards)
    setpoints: list[UnitSetpoint] = []
    for unit in units:
        hard, stop = hards[unit.unit], hards[unit.unit].stopped
        setpoints.append(
            UnitSetpoint(
                unit=unit.unit,
                power_kw=parts[unit.unit] if unit.ready and not hard.silent else None,
                lower_kw=hard.lower_kw,
                upper_kw=hard.upper_kw,
                code="" if stop is None else stop.code,
                text="" if stop is None else stop.text,
            )
        )
    return tuple(setpoints)


def _filled(
    power_kw: float,
    units: Sequence[UnitState],
    limits: Sequence[UnitLimits],
    hards: Mapping[str, Hard],
) -> dict[str, float]:
    """Fill the units by their weights; what overflows one goes to those that still have room."""
    discharging = power_kw > 0.0
    parts = {unit.unit: 0.0 for unit in units}
    room = {
        unit.unit: hards[unit.unit].upper_kw if discharging else -hards[unit.unit].lower_kw
        for unit in units
    }
    weights = {
        state.unit: _energy(state, allowed, discharging=discharging)
        for state, allowed in zip(units, limits, strict=True)
    }
    left_kw = abs(power_kw)
    open_units = [unit for unit in parts if room[unit] > _NOTHING_KW]
    while left_kw > _NOTHING_KW and open_units:
        total = sum(weights[unit] for unit in open_units)
        share = {u: weights[u] / total if total else 1.0 / len(open_units) for u in open_units}
        for unit in open_units:
            parts[unit] += min(left_kw * share[unit], room[unit] - parts[unit])
        left_kw = abs(power_kw) - sum(parts.values())
        open_units = [unit for unit in open_units if room[unit] - parts[unit] > _NOTHING_KW]
    sign = 1.0 if discharging else -1.0
    return {unit: sign * part if part else 0.0 for unit, part in parts.items()}


def _energy(unit: UnitState, limits: UnitLimits, *, discharging: bool) -> float:
    """Return what the unit has left in this direction, in kWh, or in % of its rated power."""
    size = limits.capacity_kwh if limits.capacity_kwh is not None else limits.rated_kw
    soc_pct = unit.soc_pct.value
    if soc_pct is None:
        return 0.0
    span = soc_pct - limits.soc_min_pct if discharging else limits.soc_max_pct - soc_pct
    return size * max(0.0, span)
