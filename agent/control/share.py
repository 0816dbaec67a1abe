"""How a plant shares its setpoint over its units: by the energy each has in that direction. Pure.

Discharging, a unit takes part by what it holds above its lower limit; charging, by what it can
still take. What one unit cannot take, others do, in the same cycle. A unit that is blocked has an
interval of nothing but 0 and gets 0; one whose part would be below what its inverter can run at
stays off, unless a product is armed, which wants all of them at hand. No unit charges while
another discharges, but for balancing (see `balance`).
"""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from agent.control.cuts import Hard
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState

_NOTHING_KW = 1e-9
HYSTERESIS = 0.2
"""Of the smallest power: what more it takes to start a unit than to keep it going."""
_STEP_KW_MIN = 0.001


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareMemory:
    """What sharing remembers from cycle to cycle."""

    idle: frozenset[str] = frozenset()
    """Units that were off because their part was too small."""
    off: bool = False
    """The plant was at 0 because what was asked is too little for any unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one unit can take of the plant's power; magnitudes in the direction that is wanted."""

    unit: str
    room_kw: float
    weight: float
    min_kw: float
    step_kw: float
    rated_kw: float


def shared(
    power_kw: float,
    units: Sequence[UnitState],
    limits: Sequence[UnitLimits],
    hards: Mapping[str, Hard],
    memory: ShareMemory,
    *,
    armed: bool = False,
) -> tuple[tuple[UnitSetpoint, ...], ShareMemory]:
    """Return the setpoint of each unit; their sum is `power_kw` as far as their intervals allow.

    Args:
        power_kw: of the plant, inside the sum of the intervals.
        units: of the plant.
        limits: of each unit, in the same order.
        hards: what protection leaves each unit.
        memory: of the cycle before.
        armed: a product wants all units at hand, also those with a small part.
    """
    idle: frozenset[str] = frozenset()
    if len(units) == 1:
        hard = hards[units[0].unit]
        parts = {units[0].unit: min(max(power_kw, hard.lower_kw), hard.upper_kw)}
    else:
        able = [_part(power_kw, *pair, hards) for pair in zip(units, limits, strict=True)]
        if not armed and any(part.min_kw for part in able):
            idle = _idle(abs(power_kw), able, memory.idle)
        magnitudes = _rounded(abs(power_kw), _filled(abs(power_kw), able, idle), able)
        sign = 1.0 if power_kw > 0.0 else -1.0
        parts = {unit: sign * part if part else 0.0 for unit, part in magnitudes.items()}
    told = tuple([told_to(unit, hards[unit.unit], parts[unit.unit]) for unit in units])
    return told, memory if idle == memory.idle else ShareMemory(idle=idle, off=memory.off)


def told_to(unit: UnitState, hard: Hard, power_kw: float) -> UnitSetpoint:
    """Return what a unit is told; nothing while it is not ours."""
    stop = hard.stopped
    return UnitSetpoint(
        unit=unit.unit,
        power_kw=power_kw if unit.ready and not hard.silent else None,
        lower_kw=hard.lower_kw,
        upper_kw=hard.upper_kw,
        code="" if stop is None else stop.code,
        text="" if stop is None else stop.text,
    )


def excluded(
    power_kw: float,
    interval_kw: tuple[float, float],
    limits: Sequence[UnitLimits],
    hards: Mapping[str, Hard],
    memory: ShareMemory,
) -> tuple[float, ShareMemory]:
    """Return the power with the zone left out in which no unit can run, and what to remember.

    Inside the zone it is 0 or the nearer edge, whichever the interval allows; half of the smallest
    power decides, with hysteresis. Where the interval allows neither, the power stays.
    """
    able = [limit.power_min_kw for limit in limits if hards[limit.unit].stopped is None]
    edge_kw = min(able, default=0.0)
    if not edge_kw or power_kw == 0.0 or abs(power_kw) >= edge_kw:
        return power_kw, ShareMemory(idle=memory.idle, off=False) if memory.off else memory
    threshold = 0.5 * edge_kw * (1.0 + (HYSTERESIS if memory.off else -HYSTERESIS))
    low_kw, high_kw = interval_kw
    off = abs(power_kw) < threshold
    candidates = [0.0, math.copysign(edge_kw, power_kw)]
    for candidate_kw in candidates if off else reversed(candidates):
        if low_kw <= candidate_kw <= high_kw:
            return candidate_kw, ShareMemory(idle=memory.idle, off=candidate_kw == 0.0)
    return power_kw, ShareMemory(idle=memory.idle, off=False)


def _part(power_kw: float, unit: UnitState, limits: UnitLimits, hards: Mapping[str, Hard]) -> _Part:
    hard, discharging = hards[unit.unit], power_kw > 0.0
    return _Part(
        unit=unit.unit,
        room_kw=hard.upper_kw if discharging else -hard.lower_kw,
        weight=_energy(unit, limits, discharging=discharging),
        min_kw=limits.power_min_kw,
        step_kw=max(limits.step_kw, _STEP_KW_MIN),
        rated_kw=limits.rated_kw,
    )


def _energy(unit: UnitState, limits: UnitLimits, *, discharging: bool) -> float:
    """Return what the unit has left in this direction, in kWh, or in % of its rated power."""
    size = limits.capacity_kwh if limits.capacity_kwh is not None else limits.rated_kw
    soc_pct = unit.soc_pct.value
    if soc_pct is None or not math.isfinite(soc_pct):
        return 0.0
    span = soc_pct - limits.soc_min_pct if discharging else limits.soc_max_pct - soc_pct
    return size * max(0.0, span)


def _filled(total_kw: float, able: Sequence[_Part], without: Set[str]) -> dict[str, float]:
    """Fill the units by their weights; what overflows one goes to those that still have room."""
    filled = {part.unit: 0.0 for part in able}
    left_kw = total_kw
    open_parts = [p for p in able if p.room_kw > _NOTHING_KW and p.unit not in without]
    while left_kw > _NOTHING_KW and open_parts:
        total = sum(part.weight for part in open_parts)
        sizes = sum(part.rated_kw for part in open_parts)
        for part in open_parts:
            share = part.weight / total if total else part.rated_kw / sizes
            more_kw = min(left_kw * share, part.room_kw - filled[part.unit])
            filled[part.unit] += more_kw
        left_kw = total_kw - sum(filled.values())
        open_parts = [p for p in open_parts if p.room_kw - filled[p.unit] > _NOTHING_KW]
    return filled


def _idle(total_kw: float, able: Sequence[_Part], before: Set[str]) -> frozenset[str]:
    """Return the units that stay off: the smallest part goes, until each that is left can run."""
    idle: set[str] = set()
    by_name = {part.unit: part for part in able}
    while True:
        filled = _filled(total_kw, able, idle)
        weak = [
            (kw / by_name[unit].min_kw, unit)
            for unit, kw in filled.items()
            if 0.0 < kw < by_name[unit].min_kw * (1.0 + HYSTERESIS * (unit in before))
        ]
        running = sum(kw > 0.0 for kw in filled.values())
        without = idle | {min(weak)[1]} if weak else idle
        if not weak or running <= 1 or _short(total_kw, able, without):
            return frozenset(idle)
        idle = without


def _short(total_kw: float, able: Sequence[_Part], without: Set[str]) -> bool:
    """Say whether the units that are left could not carry it all."""
    return sum(p.room_kw for p in able if p.unit not in without) < total_kw - _NOTHING_KW


def _rounded(
    total_kw: float, filled: dict[str, float], able: Sequence[_Part]
) -> Mapping[str, float]:
    """Round each part down to what its inverter can be told; the rest goes to the largest."""
    for part in able:
        kw = filled[part.unit]
        filled[part.unit] = math.floor(kw / part.step_kw + 1e-6) * part.step_kw
    left_kw = total_kw - sum(filled.values())
    for part in sorted(able, key=lambda part: (-part.rated_kw, part.unit)):
        if left_kw <= _NOTHING_KW:
            break
        kw = filled[part.unit]
        if kw or part.min_kw <= left_kw:
            more_kw = min(left_kw, part.room_kw - kw)
            filled[part.unit], left_kw = kw + max(0.0, more_kw), left_kw - max(0.0, more_kw)
    return filled
