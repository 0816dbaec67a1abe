"""The ``[connection]`` and ``[local]`` sections: what the grid allows, and what the site wants.

Powers are magnitudes unless a field says that it has a sign; then + is discharge or export.
"""

from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_Kw = Annotated[float, Field(ge=0, le=10_000_000)]
_SignedKw = Annotated[float, Field(ge=-10_000_000, le=10_000_000)]
_Pct = Annotated[float, Field(ge=0, le=100)]
_TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
_Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Strategy = Literal["peak_shaving", "calendar", "prices", "self_consumption"]
Priority = Literal["before_schedule", "after_schedule"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GridOperatorSettings(_Section):
    """Limits and setpoints that reach the box as points: ``dso.import_kw_max`` and
    ``dso.export_kw_max`` at the connection, ``dso.power_kw`` of the battery."""

    installed_kw: _Kw | None = Field(
        default=None,
        description="what a feed-in step of 60 % is a share of; without it, pv_installed_kw,"
        " or the rated power of the battery",
    )
    validity_s: float = Field(
        default=120.0, gt=0, le=86_400, description="how long a limit or setpoint holds unrenewed"
    )
    failsafe_power_kw: _SignedKw | None = Field(
        default=None,
        description="what the battery does once a setpoint was lost; without it, lower classes say",
    )
    failsafe_import_kw: _Kw | None = Field(
        default=None,
        description="what may be drawn once a limit was lost; without it, the limit, and 0"
        " before the first",
    )
    failsafe_export_kw: _Kw | None = Field(
        default=None,
        description="what may be fed in once a limit was lost; without it, the limit, and 0"
        " before the first",
    )


class ConnectionSettings(_Section):
    """What may flow at the connection to the grid; nothing is limited that is not said."""

    import_kw_max: _Kw | None = Field(default=None, description="drawn from the grid at most")
    export_kw_max: _Kw | None = Field(default=None, description="fed into the grid at most")
    apparent_kva_max: _Kw | None = Field(default=None, description="both directions")
    reactive_kvar: _Kw = Field(
        default=0.0, description="reckoned with where the meter does not tell the reactive power"
    )
    phase_a_max: float | None = Field(
        default=None, gt=0, le=100_000, description="the fuse; the worst phase decides"
    )
    phase_v: float = Field(default=230.0, gt=0, le=100_000, description="phase to neutral")
    margin_kw: _Kw = Field(default=0.0, description="kept clear of every limit")
    legal_duty: bool = Field(
        default=False, description="the limits are a legal duty: without the meter nothing flows"
    )
    no_meter_kw: _Kw | None = Field(
        default=None,
        description="what the battery may do without the meter; without it, 0 for a legal duty or"
        " zero export, else a fifth of the limit",
    )
    meter_lag_s: float = Field(
        default=0.0, ge=0, le=5, description="by which the meter tells later than the inverter"
    )
    pv_installed_kw: _Kw | None = Field(default=None, description="of all PV of the site")
    feed_in_share: float | None = Field(
        default=None, ge=0, le=1, description="of pv_installed_kw that may be fed in; 0: nothing"
    )
    grid_operator: GridOperatorSettings = GridOperatorSettings()

    @model_validator(mode="after")
    def _share_of_something(self) -> "ConnectionSettings":
        if self.feed_in_share is not None and self.pv_installed_kw is None:
            raise ValueError("pv_installed_kw: is missing; feed_in_share is a share of it")
        return self

    @cached_property
    def limited(self) -> bool:
        """Say whether anything is limited."""
        limits = (self.import_kw_max, self.export_kw_max, self.apparent_kva_max)
        return any(v is not None for v in (*limits, self.phase_a_max, self.feed_in_share))


class ScheduleSettings(_Section):
    """How the hub's schedule is followed."""

    correct_energy: bool = Field(
        default=False, description="make up inside a slot for energy that was missed in it"
    )
    correction_pct_max: float = Field(
        default=5.0, gt=0, le=50, description="of rated power, around the slot's power"
    )
    gaps: Literal["zero", "local"] = Field(
        default="zero", description="between slots: 0 kW, or what the local strategies want"
    )


class SelfConsumptionSettings(_Section):
    """Keep the power at the connection at a target."""

    target_kw: _SignedKw | None = Field(
        default=None, description="at the connection, + export; without it, 0.5 % of rated import"
    )
    meter_lag_s: float = Field(default=1.0, ge=0, le=30, description="how late the meter tells")
    inverter_lag_s: float = Field(default=1.0, ge=0, le=30, description="to follow a setpoint")
    deadband_pct: float = Field(default=0.5, ge=0, le=10, description="of rated power")
    soc_floor_pct: _Pct = Field(default=0.0, description="no discharging for this at or below it")
    grid_charging: bool = Field(default=False, description="the battery may draw from the grid")
    battery_export: bool = Field(default=False, description="the battery may feed into the grid")


class PeakShavingSettings(_Section):
    """Keep what is drawn from the grid below a peak."""

    peak_kw: Annotated[float, Field(gt=0, le=10_000_000)]
    measured: Literal["instant", "interval"] = Field(
        default="interval", description="each moment, or the mean of the tariff's interval"
    )
    interval_s: int = Field(default=900, ge=60, le=3_600, description="of the tariff's meter")
    interval_offset_s: float = Field(
        default=0.0, ge=-1_800, le=1_800, description="by which its intervals begin later than ours"
    )
    margin_kw: _Kw = Field(default=0.0, description="left below the peak while recharging")
    priority: Literal["contract", "before_schedule", "after_schedule"] = Field(
        default="before_schedule", description="contract: above reserves, operators and schedule"
    )
    reserve_pct: _Pct = Field(
        default=0.0, description="charge that nothing but peak shaving may use in its windows"
    )
    recharge_kw: _Kw = Field(default=0.0, description="to fill the reserve again; 0: not by itself")
    windows: tuple["Window", ...] = Field(
        default=(), max_length=50, description="when the reserve is held; without one, always"
    )


class Window(_Section):
    """Hours of some days, in the site's own time; over midnight where the end is not later."""

    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, max_length=7)
    start: _TimeOfDay = "00:00"
    end: _TimeOfDay = "00:00"


class BackupSettings(_Section):
    """Charge that is kept for a failure of the grid; only operators and reserves may use it."""

    reserve_pct: Annotated[float, Field(gt=0, le=100)]
    recharge_kw: _Kw = Field(default=0.0, description="to fill it again; 0: not by itself")


class CalendarRule(Window):
    """What holds in some hours; the first rule whose hours have come decides."""

    name: _Name
    power_kw: _SignedKw | None = Field(default=None, description="+ discharge, - charge")
    discharge_kw_max: _Kw | None = None
    charge_kw_max: _Kw | None = None
    soc_min_pct: _Pct = Field(default=0.0, description="no discharging at or below it")
    soc_max_pct: _Pct = Field(default=100.0, description="no charging at or above it")

    @model_validator(mode="after")
    def _says_something(self) -> "CalendarRule":
        if self.soc_min_pct > self.soc_max_pct:
            raise ValueError(
                f"soc_min_pct: {self.soc_min_pct} is not allowed;"
                f" at most soc_max_pct {self.soc_max_pct} is expected"
            )
        return self


class PriceSettings(_Section):
    """Charge when power is cheap, discharge when it is dear, by the prices in the schedule."""

    charge_below_eur_mwh: float | None = Field(default=None, ge=-100_000, le=100_000)
    discharge_above_eur_mwh: float | None = Field(default=None, ge=-100_000, le=100_000)
    charge_kw: _Kw = 0.0
    discharge_kw: _Kw = 0.0
    soc_min_pct: _Pct = Field(default=0.0, description="no discharging for this at or below it")
    soc_max_pct: _Pct = Field(default=100.0, description="no charging for this at or above it")
    curtail_below_eur_mwh: float | None = Field(
        default=None,
        ge=-100_000,
        le=100_000,
        description="nothing is fed in while the price is lower",
    )

    @model_validator(mode="after")
    def _cheap_is_below_dear(self) -> "PriceSettings":
        cheap, dear = self.charge_below_eur_mwh, self.discharge_above_eur_mwh
        if cheap is not None and dear is not None and cheap > dear:
            raise ValueError(
                f"charge_below_eur_mwh: {cheap} is not allowed;"
                f" at most discharge_above_eur_mwh {dear} is expected"
            )
        return self


class LocalSettings(_Section):
    """What the site wants by itself; without anything here it does what the schedule says."""

    timezone: str = Field(default="Europe/Berlin", max_length=60)
    order: tuple[Strategy, ...] = Field(
        default=("peak_shaving", "calendar", "prices", "self_consumption"),
        description="who is asked first; the others choose inside what it leaves",
    )
    before_schedule: tuple[Strategy, ...] = Field(
        default=(), description="those that go before the schedule; peak_shaving says it itself"
    )
    schedule: ScheduleSettings = ScheduleSettings()
    self_consumption: SelfConsumptionSettings | None = None
    peak_shaving: PeakShavingSettings | None = None
    backup: BackupSettings | None = None
    forced_charge_kw: float | None = Field(
        default=None,
        gt=0,
        le=10_000_000,
        description="charged with while the battery asks for it (input.charge_request)",
    )
    calendar: tuple[CalendarRule, ...] = Field(default=(), max_length=50)
    prices: PriceSettings | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("a name such as Europe/Berlin is expected") from None
        return name

    @field_validator("order")
    @classmethod
    def _each_once(cls, order: tuple[Strategy, ...]) -> tuple[Strategy, ...]:
        if len(set(order)) != len(order):
            raise ValueError("each strategy once is expected")
        return order

    @property
    def meters_needed(self) -> bool:
        """Say whether a strategy needs to know the power at the connection."""
        return self.self_consumption is not None or self.peak_shaving is not None
