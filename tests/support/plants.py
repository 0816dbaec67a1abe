"""Plants, rules and decisions for the tests of the pure control rooms: one unit unless said."""

from dataclasses import fields, replace
from typing import Any

from agent.control.decide import Decision, Memory, Orders, Rules, decide
from agent.control.limits import Limits, UnitLimits
from agent.control.plant import FrequencyMeter, PlantState, UnitState
from agent.control.quantity import Quantity
from agent.steering import FREE, Steering
from wire.schedule import Schedule

UNIT = UnitLimits(
    unit="pcs", discharge_kw_max=100.0, charge_kw_max=80.0, soc_min_pct=10.0, soc_max_pct=90.0
)
LIMITS = Limits(units=(UNIT,), ramp_kw_per_s=10.0)
RULES = Rules(limits=LIMITS)
_OF_UNIT = {field.name for field in fields(UnitState)}


def changed(plant: PlantState, **values: Any) -> PlantState:
    """Return the plant with some values of its first unit, or of itself, replaced.

    `frequency_hz` stands for its only meter of the frequency.
    """
    frequency: Quantity | None
    if "frequency_hz" in values:
        frequency = values.pop("frequency_hz")
        meters = () if frequency is None else (FrequencyMeter(device="meter", hz=frequency),)
        plant = replace(plant, frequencies=meters)
    of_unit = {name: values.pop(name) for name in list(values) if name in _OF_UNIT}
    unit = replace(plant.units[0], **of_unit)
    return replace(plant, units=(unit, *plant.units[1:]), **values)


def plant_of(**values: Any) -> PlantState:
    """Return a plant of one unit that is not ready and knows nothing but `values`."""
    bare = PlantState(at_s=values.pop("at_s"), units=(UnitState(unit="pcs", ready=False),))
    return changed(bare, **values)


HEALTHY = plant_of(
    at_s=100.0,
    ready=True,
    power_kw=Quantity(0.0, 0.05),
    soc_pct=Quantity(55.0, 0.5),
    frequency_hz=Quantity(50.0, 0.05),
)


def with_soc(soc_pct: float | None, plant: PlantState = HEALTHY) -> PlantState:
    return changed(plant, soc_pct=Quantity(soc_pct, 0.5))


def decided(
    plant: PlantState,
    schedule: Schedule | None,
    memory: Memory,
    now_us: int,
    steering: Steering = FREE,
    rules: Rules = RULES,
) -> tuple[Decision, Memory]:
    """Decide upon a schedule and what operators want."""
    orders = Orders(now_us=now_us, schedule=schedule, steering=steering)
    return decide(plant, orders, rules, memory)
