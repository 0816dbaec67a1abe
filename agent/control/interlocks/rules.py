"""What the settings say to the guard; the same for the life of the process. Pure."""

from dataclasses import dataclass, field

from agent.control.interlocks.config import (
    BatterySettings,
    FreshnessSettings,
    GridSettings,
    InputSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """One section for each part of the guard; neutral unless the site says otherwise."""

    battery: BatterySettings = field(default_factory=BatterySettings)
    grid: GridSettings = field(default_factory=GridSettings)
    freshness: FreshnessSettings = field(default_factory=FreshnessSettings)
    inputs: InputSettings = field(default_factory=InputSettings)


NEUTRAL = GuardRules()
