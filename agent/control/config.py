"""The ``[control]`` section: the units of the plant, what they may do, and how fast.

Powers are magnitudes, both directions counted positive. A site of one inverter says its limits in
``[control]`` itself; one of several says them for each in ``[[control.units]]``, and the plant's
are their sums.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.control.interlocks.config import (
    BatterySettings,
    FreshnessSettings,
    GridSettings,
    InputSettings,
)
from agent.control.interlocks.supervision.config import SupervisionSettings

_Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_Point = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$")]
POWER_KW_MAX = 10_000_000
UNITS_MAX = 32
_OF_PLANT = ("discharge_kw_max", "charge_kw_max")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UnitSettings(_Section):
    """One inverter with its battery."""

    inverter: _Identifier
    battery: tuple[_Identifier, ...] = Field(
        default=(),
        max_length=8,
        description="devices that tell about this unit's battery beside the inverter itself",
    )
    discharge_kw_max: float = Field(gt=0, le=POWER_KW_MAX)
    charge_kw_max: float = Field(gt=0, le=POWER_KW_MAX)
    soc_min_pct: float | None = Field(
        default=None, ge=0, le=100, description="default: the plant's, of [control]"
    )
    soc_max_pct: float | None = Field(
        default=None, ge=0, le=100, description="default: the plant's, of [control]"
    )
    capacity_kwh: float | None = Field(
        default=None, gt=0, le=POWER_KW_MAX, description="usable energy between 0 and 100 %"
    )
    power_min_kw: float = Field(
        default=0.0, ge=0, le=POWER_KW_MAX, description="below it the inverter cannot run"
    )
    stop_points: tuple[_Point, ...] = Field(
        default=(),
        max_length=20,
        description="points of this unit's devices that say stop while they are not 0",
    )


class RampSettings(_Section):
    """How fast the base may change; a response has no ramp, and protection none downwards."""

    operator_pct_per_s: float | None = Field(
        default=None, gt=0, le=100, description="of rated power; default: as the schedule"
    )
    local_pct_per_s: float | None = Field(
        default=None, gt=0, le=100, description="of local strategies; default: none"
    )
    grid_release_pct_per_min: float = Field(
        default=10.0,
        gt=0,
        le=6_000,
        description="of rated power, once a limit of the grid operator is lifted",
    )
    jitter_s: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="a schedule that ends a time without one begins up to so much later",
    )


class ControlSettings(_Section):
    """What the plant may do; powers are magnitudes, both directions counted positive."""

    discharge_kw_max: float = Field(gt=0, le=POWER_KW_MAX)
    charge_kw_max: float = Field(gt=0, le=POWER_KW_MAX)
    soc_min_pct: float = Field(default=10.0, ge=0, le=100)
    soc_max_pct: float = Field(default=90.0, ge=0, le=100)
    capacity_kwh: float | None = Field(
        default=None, gt=0, le=POWER_KW_MAX, description="usable energy between 0 and 100 %"
    )
    power_min_kw: float = Field(
        default=0.0, ge=0, le=POWER_KW_MAX, description="below it the inverter cannot run"
    )
    stop_points: tuple[_Point, ...] = Field(
        default=(), max_length=20, description="points that say stop while they are not 0"
    )
    units: tuple[UnitSettings, ...] = Field(
        default=(), max_length=UNITS_MAX, description="of a plant of several inverters"
    )
    ramp_pct_per_s: float = Field(
        default=10.0,
        gt=0,
        le=100,
        description="of rated power, for the schedule; a response has none",
    )
    ramps: RampSettings = RampSettings()
    balancing: bool = Field(
        default=False,
        description="units more than 10 % of charge apart are brought together, by 5 % of power",
    )
    leave_s: float = Field(
        default=0.0,
        ge=0,
        le=15,
        description="within it an ordered end brings the power to 0 and gives the inverters back"
        " to their own mode; 0: they are left to their own time-out",
    )
    period_s: float = Field(default=0.1, ge=0.02, le=1)
    frequency_period_s: float | None = Field(
        default=None,
        ge=0.01,
        le=0.5,
        description="how often a meter of the frequency is read between two beats while a product"
        " is armed, to be answered at once; without it once a beat",
    )
    record_period_s: float = Field(default=1.0, ge=0.1, le=60)
    supervision: SupervisionSettings = SupervisionSettings()
    battery: BatterySettings = BatterySettings()
    grid: GridSettings = GridSettings()
    freshness: FreshnessSettings = FreshnessSettings()
    inputs: InputSettings = InputSettings()
    outbox_bytes_max: int = Field(
        default=6 * 1024**2,
        ge=65_536,
        description="an hour and more of a gateway's absence, held in control's memory",
    )

    @model_validator(mode="before")
    @classmethod
    def _sums_of_units(cls, said: Any) -> Any:
        """Take the sums of the units for what the plant may do, where nothing else is said."""
        units = said.get("units") if isinstance(said, dict) else None
        if not isinstance(units, list | tuple) or not units:
            return said
        sums: dict[str, float] = {}
        for key in _OF_PLANT:
            powers = [unit.get(key) if isinstance(unit, dict) else None for unit in units]
            known = [float(power) for power in powers if isinstance(power, int | float)]
            if key not in said and len(known) == len(units):
                sums[key] = min(POWER_KW_MAX, sum(known))
        return {**said, **sums}

    @model_validator(mode="after")
    def _windows_are_open(self) -> "ControlSettings":
        self._open("", self.soc_min_pct, self.soc_max_pct)
        for place, unit in enumerate(self.units):
            low = self.soc_min_pct if unit.soc_min_pct is None else unit.soc_min_pct
            high = self.soc_max_pct if unit.soc_max_pct is None else unit.soc_max_pct
            self._open(f"units.{place}.", low, high)
        return self

    @model_validator(mode="after")
    def _units_are_distinct(self) -> "ControlSettings":
        named = [name for unit in self.units for name in (unit.inverter, *unit.battery)]
        for name in named:
            if named.count(name) > 1:
                raise ValueError(f"units: {name!r} is used twice; a device belongs to one unit")
        for key in _OF_PLANT:
            total_kw, said_kw = sum(getattr(u, key) for u in self.units), getattr(self, key)
            if self.units and abs(total_kw - said_kw) > 1e-6:
                raise ValueError(
                    f"{key}: {said_kw} is not allowed; {total_kw:g}, the sum of the units, is"
                    " expected, or nothing"
                )
        if self.units and (self.capacity_kwh or self.power_min_kw or self.stop_points):
            raise ValueError(
                "capacity_kwh, power_min_kw and stop_points are said for each of the units"
            )
        return self

    @staticmethod
    def _open(where: str, low_pct: float, high_pct: float) -> None:
        if low_pct >= high_pct:
            raise ValueError(
                f"{where}soc_min_pct: {low_pct} is not allowed;"
                f" less than soc_max_pct {high_pct} is expected"
            )
