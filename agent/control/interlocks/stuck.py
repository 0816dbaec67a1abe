"""I10, a value that is bit for bit the same for too long: its register is frozen. Pure.

Only where the settings say that a value is finely stepped enough to move: a state of charge in
whole percent, or a power in steps of 1 kW, stands still in health.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from agent.control.cuts import Cut
from agent.control.interlocks.config import FreshnessSettings
from agent.control.limits import UnitLimits
from agent.control.plant import FrequencyMeter, PlantState, UnitState

POWER_SHARE_MIN = 0.05
"""Of rated power: below it a power may well stand still."""
FREQUENCY_RESOLUTION_HZ_MAX = 0.001 + 1e-9
"""A meter of coarser steps stands still in a calm grid."""


def cuts(unit: UnitState, limits: UnitLimits, settings: FreshnessSettings) -> Iterator[Cut]:
    """Yield a stop where the AC power of the unit is frozen."""
    still_s_max, power = settings.power_still_s_max, unit.power_kw
    if still_s_max is None or power.still_s < still_s_max or power.value is None:
        return
    if abs(power.value) > POWER_SHARE_MIN * limits.rated_kw:
        text = f"AC power: bit for bit the same for more than {still_s_max:g} s"
        yield Cut("I10", text, 0.0, 0.0, blind=True)


def thawed(plant: PlantState, settings: FreshnessSettings) -> PlantState:
    """Return the plant with its frozen frequencies and its frozen connection as old as can be.

    Whoever looks at them does what is right for a value that has not come for a long time.
    """
    site_s, hz_s = settings.site_still_s_max, settings.frequency_still_s_max
    site = plant.site_kw
    if site is not None and site_s is not None and site.still_s >= site_s:
        plant = replace(plant, site_kw=replace(site, age_s=math.inf))
    if hz_s is not None and any(_frozen(meter, hz_s) for meter in plant.frequencies):
        meters = tuple(
            replace(meter, hz=replace(meter.hz, age_s=math.inf)) if _frozen(meter, hz_s) else meter
            for meter in plant.frequencies
        )
        plant = replace(plant, frequencies=meters)
    return plant


def _frozen(meter: FrequencyMeter, still_s_max: float) -> bool:
    fine = meter.resolution_hz is not None and meter.resolution_hz <= FREQUENCY_RESOLUTION_HZ_MAX
    return fine and meter.hz.still_s >= still_s_max
