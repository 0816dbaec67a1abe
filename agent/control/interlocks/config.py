"""What a site may set about its guard: battery, grid voltage, freshness, contacts."""

from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

POINTS_MAX = 20
_Point = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+){1,4}$", max_length=64)]
Polyline = Annotated[tuple[tuple[float, float], ...], Field(min_length=2, max_length=POINTS_MAX)]
"""(quantity, share of rated power), linear between, held outside; a share of 0 blocks."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BatterySettings(_Section):
    """``[control.battery]``: what this kind of battery may do when cold, hot, empty or full.

    What the battery itself allows stays the master; a polyline is the second opinion.
    """

    type: Literal["none", "rack", "rack_wide", "home"] = Field(
        default="none", description="polylines of a kind of battery; each may be replaced below"
    )
    soc_charge: Polyline | None = Field(default=None, description="over the state of charge in %")
    soc_discharge: Polyline | None = Field(
        default=None, description="over what the state of charge is above soc_min_pct, in %"
    )
    temp_charge: Polyline | None = Field(default=None, description="over the temperature in °C")
    temp_discharge: Polyline | None = Field(default=None, description="over the temperature in °C")
    cell_charge: Polyline | None = Field(default=None, description="over the highest cell in V")
    cell_discharge: Polyline | None = Field(default=None, description="over the lowest cell in V")
    rise_pct_per_s: float = Field(
        default=5.0, gt=0, le=100, description="of the allowed power: how fast a limit comes back"
    )

    @field_validator(
        "soc_charge",
        "soc_discharge",
        "temp_charge",
        "temp_discharge",
        "cell_charge",
        "cell_discharge",
    )
    @classmethod
    def _is_a_polyline(cls, points: Polyline | None) -> Polyline | None:
        for at, share in points or ():
            if not 0.0 <= share <= 1.0 or not -1e6 <= at <= 1e6:
                raise ValueError(f"({at:g}, {share:g}): a share of 0 to 1 is expected")
        places = [at for at, _ in points or ()]
        if any(later <= before for before, later in pairwise(places)):
            raise ValueError("points in ascending order are expected")
        return points


class GridSettings(_Section):
    """``[control.grid]``: the voltage at the connection, without which no frequency counts."""

    nominal_v: float | None = Field(
        default=None,
        gt=0,
        le=1_000_000,
        description="phase to neutral, what all shares refer to; without it nobody watches",
    )
    low_pu: float = Field(default=0.85, gt=0, lt=1, description="below it no response")
    high_pu: float = Field(default=1.10, gt=1, le=2, description="above it see over_voltage")
    release_low_pu: float = Field(default=0.90, gt=0, lt=1)
    release_high_pu: float = Field(default=1.09, gt=1, le=2)
    release_s: float = Field(default=60.0, ge=0, le=3_600, description="so long all is well again")
    dead_pu: float = Field(default=0.20, gt=0, lt=1, description="below it the bus is dead: 0 kW")
    age_s_max: float = Field(default=2.0, gt=0, le=60)
    over_voltage: Literal["alarm", "no_response"] = Field(
        default="alarm", description="alarm: it is left to the inverter's own protection"
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> "GridSettings":
        if not self.dead_pu < self.low_pu < self.release_low_pu:
            raise ValueError(
                f"low_pu: {self.low_pu:g} is not allowed; a value between dead_pu"
                f" {self.dead_pu:g} and release_low_pu {self.release_low_pu:g} is expected"
            )
        if self.release_high_pu >= self.high_pu:
            raise ValueError(
                f"release_high_pu: {self.release_high_pu:g} is not allowed;"
                f" less than high_pu {self.high_pu:g} is expected"
            )
        return self


class FreshnessSettings(_Section):
    """``[control.freshness]``: how old a value may be, and how long it may stand still."""

    power_age_s_max: float = Field(default=2.0, gt=0, le=60)
    soc_age_s_max: float = Field(default=30.0, gt=0, le=600)
    limit_age_s_max: float = Field(default=10.0, gt=0, le=600, description="of battery limits")
    heartbeat_age_s_max: float = Field(default=10.0, gt=0, le=600)
    release_samples: int = Field(
        default=3, ge=1, le=100, description="fresh ones, after a value was too old"
    )
    power_still_s_max: float | None = Field(
        default=None,
        gt=0,
        le=3_600,
        description="AC power above 5 % may be bit for bit the same; 30 s for a finely stepped one",
    )
    site_still_s_max: float | None = Field(
        default=None,
        gt=0,
        le=3_600,
        description="the power at the connection; 10 s for a finely stepped one",
    )
    frequency_still_s_max: float | None = Field(
        default=None, gt=0, le=3_600, description="a meter of 1 mHz; 5 s for a finely stepped one"
    )


class StopInput(_Section):
    """A contact that stops the plant."""

    point: _Point
    name: str = Field(default="", max_length=80, description="what people call it")
    stops_at: Literal[0, 1] = Field(
        default=0, description="0: the loop is closed in health, so a cut wire stops too"
    )
    latched: bool = Field(default=True, description="it stays until somebody resets it")
    age_s_max: float = Field(default=1.0, gt=0, le=60, description="older: the wire is broken")


class TripInput(StopInput):
    """A contact by which the grid operator stops the plant."""

    latched: bool = False
    release_s: float = Field(default=60.0, ge=0, le=3_600)


class StepInput(_Section):
    """One contact of a ripple-control receiver."""

    point: _Point
    feed_in_share: float = Field(ge=0, le=1, description="of the installed power, while it is 1")


class RippleSettings(_Section):
    """Contacts of a ripple-control receiver: how much may be fed in."""

    steps: tuple[StepInput, ...] = Field(min_length=1, max_length=16)
    none_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="while no contact is closed; without it the smallest step, as if broken",
    )
    age_s_max: float = Field(default=1.0, gt=0, le=60)
    release_s: float = Field(default=60.0, ge=0, le=3_600)


class DimmingSettings(_Section):
    """A contact that dims what the site may take from the grid (§ 14a EnWG)."""

    point: _Point
    dims_at: Literal[0, 1] = 1
    import_kw_max: float = Field(
        default=4.2, ge=0, le=1_000_000, description="while dimmed; OpenEMS uses 4.2 kW"
    )
    age_s_max: float = Field(default=1.0, gt=0, le=60)
    release_s: float = Field(default=60.0, ge=0, le=3_600)


class ShareSettings(_Section):
    """A value by which the grid operator limits what is fed in, in % of the installed power."""

    point: _Point
    age_s_max: float = Field(default=120.0, gt=0, le=3_600, description="older: its fail-safe")
    failsafe_pct: float = Field(default=0.0, ge=0, le=100)
    release_s: float = Field(default=60.0, ge=0, le=3_600)


class InputSettings(_Section):
    """``[control.inputs]``: contacts and values from outside that may stop or limit the plant."""

    stops: tuple[StopInput, ...] = Field(
        default=(), max_length=16, description="emergency stop, local or manual, doors, fire"
    )
    trips: tuple[TripInput, ...] = Field(default=(), max_length=16)
    ripple: RippleSettings | None = None
    dimming: DimmingSettings | None = None
    feed_in_pct: ShareSettings | None = None

    @property
    def points(self) -> tuple[tuple[str, str], ...]:
        """Return (key below this section, point) of everything that is wired to the box."""
        steps = () if self.ripple is None else self.ripple.steps
        one = (("dimming", self.dimming), ("feed_in_pct", self.feed_in_pct))
        return (
            *((f"stops.{place}.point", stop.point) for place, stop in enumerate(self.stops)),
            *((f"trips.{place}.point", trip.point) for place, trip in enumerate(self.trips)),
            *((f"ripple.steps.{place}.point", step.point) for place, step in enumerate(steps)),
            *((f"{key}.point", said.point) for key, said in one if said is not None),
        )

    @cached_property
    def none(self) -> bool:
        """Say whether nothing is wired to the box."""
        return not (self.stops or self.trips or self.ripple or self.dimming or self.feed_in_pct)
