"""All interlocks of one unit, in the order in which they are told. Pure."""

from dataclasses import dataclass, field

from agent.control.cuts import Cut, Hard, intersect
from agent.control.interlocks import battery, fresh, inverter
from agent.control.interlocks.battery import BatteryMemory
from agent.control.interlocks.inverter import InverterMemory
from agent.control.limits import UnitLimits
from agent.control.plant import UnitState


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMemory:
    """What the interlocks of one unit remember from cycle to cycle."""

    battery: BatteryMemory = field(default_factory=BatteryMemory)
    inverter: InverterMemory = field(default_factory=InverterMemory)


def unit_hard(
    unit: UnitState, limits: UnitLimits, memory: UnitMemory, at_s: float
) -> tuple[Hard, UnitMemory]:
    """Return the interval that this unit may work in now, with 0 in it."""
    of_battery, battery_memory = battery.cuts(unit, limits, memory.battery)
    of_inverter, inverter_memory = inverter.cuts(unit, limits, memory.inverter, at_s)
    allowed = Cut(
        "LIMIT",
        f"the settings allow {limits.charge_kw_max:g} kW of charging"
        f" and {limits.discharge_kw_max:g} kW of discharging",
        -limits.charge_kw_max,
        limits.discharge_kw_max,
    )
    hard = intersect((*fresh.cuts(unit), *of_battery, *of_inverter, allowed))
    return hard, UnitMemory(battery=battery_memory, inverter=inverter_memory)
