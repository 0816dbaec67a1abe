"""What the settings allow, in the terms of the decisions. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from agent.control.interlocks.supervision.config import SupervisionSettings


class Ramp(StrEnum):
    """Whose ramp a change of the base follows; a response has none."""

    SCHEDULE = "schedule"
    OPERATOR = "operator"
    LOCAL = "local"
    """Of strategies that follow the site's own power."""
    GRID = "grid"
    """Back up after a limit of the grid operator is lifted; down it is always at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLimits:
    """What one inverter and its battery may do; powers are magnitudes."""

    unit: str
    discharge_kw_max: float
    charge_kw_max: float
    soc_min_pct: float
    soc_max_pct: float
    capacity_kwh: float | None = None
    """Usable energy between 0 and 100 %; None: nobody has said."""
    power_min_kw: float = 0.0
    """Below it, and above 0, the inverter cannot run."""
    step_kw: float = 0.0
    """What its setpoint can be told in; 0: not known."""
    supervision: SupervisionSettings = field(default_factory=SupervisionSettings)

    @property
    def rated_kw(self) -> float:
        return max(self.discharge_kw_max, self.charge_kw_max)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the plant may do."""

    units: tuple[UnitLimits, ...]
    """In the order of the plant's units."""
    ramp_kw_per_s: float
    """Of the schedule, and of whatever `ramps_kw_per_s` does not name."""
    ramps_kw_per_s: Mapping[Ramp, float] = field(default_factory=dict)
    """Infinite: none."""

    balancing: bool = False
    """Units whose states of charge lie apart are brought together."""

    def ramp(self, ramp: Ramp) -> float:
        """Return how fast the base may change, in kW a second."""
        return self.ramps_kw_per_s.get(ramp, self.ramp_kw_per_s)

    @cached_property
    def rated_kw(self) -> float:
        return sum(unit.rated_kw for unit in self.units)

    @cached_property
    def power_min_kw(self) -> float:
        """Return the smallest power but 0 that some unit can run at."""
        return min(unit.power_min_kw for unit in self.units)

    @cached_property
    def capacity_kwh(self) -> float | None:
        """Return the usable energy of the plant; None: not known of every unit."""
        known = [unit.capacity_kwh for unit in self.units if unit.capacity_kwh is not None]
        return sum(known) if len(known) == len(self.units) else None
