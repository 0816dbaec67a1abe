"""All interlocks of one unit, in the order in which they are told. Pure."""

from dataclasses import dataclass, field
from functools import lru_cache

from agent.control.cuts import Cut, Hard, intersect
from agent.control.interlocks import battery, fresh, inverter, manual, stuck
from agent.control.interlocks.battery import BatteryMemory
from agent.control.interlocks.fresh import WELL, FreshMemory
from agent.control.interlocks.inverter import InverterMemory
from agent.control.interlocks.latch import Latches, added
from agent.control.interlocks.rules import NEUTRAL, GuardRules
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMemory:
    """What the interlocks of one unit remember from cycle to cycle."""

    battery: BatteryMemory = field(default_factory=BatteryMemory)
    inverter: InverterMemory = field(default_factory=InverterMemory)
    fresh: FreshMemory = WELL
    latches: Latches = ()
    """Of what stops this unit: contactor, insulation, fire, gas, door."""


NEW = UnitMemory()
"""Of a unit that was never looked at."""


def unit_hard(
    unit: UnitState,
    limits: UnitLimits,
    memory: UnitMemory,
    at_s: float,
    rules: GuardRules = NEUTRAL,
) -> tuple[Hard, UnitMemory]:
    """Return the interval that this unit may work in now, with 0 in it."""
    stops = manual.unit_cuts(unit)
    latches = added(memory.latches, manual.latches(stops, unit.unit)) if stops else memory.latches
    of_age, fresh_memory = fresh.cuts(unit, memory.fresh, rules.freshness)
    of_battery, battery_memory = battery.cuts(unit, limits, memory.battery, at_s, rules)
    of_inverter, inverter_memory = inverter.cuts(unit, limits, memory.inverter, at_s)
    hard = intersect(
        (
            *[manual.held(latch) for latch in latches],
            *of_age,
            *fresh.absurd(unit, limits),
            *stuck.cuts(unit, limits, rules.freshness),
            *of_battery,
            *of_inverter,
            _allowed(limits.discharge_kw_max, limits.charge_kw_max),
        )
    )
    return hard, UnitMemory(
        battery=battery_memory, inverter=inverter_memory, fresh=fresh_memory, latches=latches
    )


@lru_cache(maxsize=64)
def _allowed(discharge_kw_max: float, charge_kw_max: float) -> Cut:
    text = (
        f"the settings allow {charge_kw_max:g} kW of charging"
        f" and {discharge_kw_max:g} kW of discharging"
    )
    return Cut("LIMIT", text, -charge_kw_max, discharge_kw_max)
