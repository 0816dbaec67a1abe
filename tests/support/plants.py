"""Plants and limits for the tests of the pure control rooms."""

from dataclasses import replace

from agent.control.interlocks import Limits
from agent.control.plant import PlantState, Quantity

LIMITS = Limits(
    discharge_kw_max=100.0,
    charge_kw_max=80.0,
    soc_min_pct=10.0,
    soc_max_pct=90.0,
    ramp_kw_per_s=10.0,
)

HEALTHY = PlantState(
    at_s=100.0,
    ready=True,
    power_kw=Quantity(0.0, 0.05),
    soc_pct=Quantity(55.0, 0.5),
    frequency_hz=Quantity(50.0, 0.05),
)


def with_soc(soc_pct: float | None, plant: PlantState = HEALTHY) -> PlantState:
    return replace(plant, soc_pct=Quantity(soc_pct, 0.5))
