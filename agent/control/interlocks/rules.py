"""What the settings say to the guard; the same for the life of the process. Pure."""

from dataclasses import dataclass, field
from functools import cached_property

from agent.control.config import ControlSettings
from agent.control.interlocks.config import (
    BatterySettings,
    FreshnessSettings,
    GridSettings,
    InputSettings,
)
from agent.control.interlocks.derating import Curves, curves_of


@dataclass(frozen=True, kw_only=True)
class GuardRules:
    """One section for each part of the guard; neutral unless the site says otherwise."""

    battery: BatterySettings = field(default_factory=BatterySettings)
    grid: GridSettings = field(default_factory=GridSettings)
    freshness: FreshnessSettings = field(default_factory=FreshnessSettings)
    inputs: InputSettings = field(default_factory=InputSettings)

    @cached_property
    def curves(self) -> Curves:
        return curves_of(self.battery)


NEUTRAL = GuardRules()


def guard_rules(control: ControlSettings) -> GuardRules:
    """Return what the ``[control]`` section says to the guard."""
    return GuardRules(
        battery=control.battery,
        grid=control.grid,
        freshness=control.freshness,
        inputs=control.inputs,
    )
