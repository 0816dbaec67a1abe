"""``[control.supervision]``: how closely an inverter is watched."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class SelfTest(StrEnum):
    """Whether power in the right direction has to be proved before it is relied upon."""

    REQUIRED = "required"
    OFF = "off"


class SupervisionSettings(BaseModel):
    """How closely an inverter is watched; shares are of the unit's rated power."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    settle_s: float = Field(
        default=5.0, ge=0, le=600, description="I5: an inverter has run for so long before it works"
    )
    standby_stops: bool = Field(
        default=True,
        description="I5: false for an inverter that leaves its standby only for a setpoint",
    )
    readback_count: int = Field(
        default=3, ge=1, le=100, description="I11: so many wrong read-backs in a row are too many"
    )
    readback_pct: float = Field(
        default=0.5,
        gt=0,
        le=10,
        description="I11: a read-back may differ by this; at least half a step of the register",
    )
    readback_lag_s: float = Field(
        default=0.3, ge=0, le=10, description="I11: a device may show a new setpoint this late"
    )
    latch_window_s: float = Field(
        default=600.0, ge=1, le=86_400, description="I11: blocked three times in this is latched"
    )
    response_pct: float = Field(
        default=10.0, gt=0, le=100, description="I12: measured power may be off by this"
    )
    response_s: float = Field(
        default=5.0, ge=0.5, le=300, description="I12: and longer than this by no more"
    )
    ramp_pct_per_s: float = Field(
        default=2.0,
        gt=0,
        le=1_000,
        description="I12: the inverter's own slowest ramp; power that comes nearer half as fast"
        " is on its way",
    )
    retry_s_min: float = Field(
        default=30.0, ge=1, le=3_600, description="I12: the first pause before another attempt"
    )
    retry_s_max: float = Field(
        default=900.0, ge=1, le=86_400, description="I12: pauses double up to this"
    )
    reversion_kw: float = Field(
        default=0.0,
        ge=-10_000_000,
        le=10_000_000,
        description="I16: a device that shows this has fallen back and was not told by another",
    )
    foreign_count: int = Field(
        default=3, ge=1, le=100, description="I16: another controller's writes before we yield"
    )
    foreign_window_s: float = Field(default=60.0, ge=1, le=86_400, description="I16: within this")
    self_test: SelfTest = Field(
        default=SelfTest.OFF,
        description="I24: required: without a passed sign self-test a tenth of the power, and no"
        " product",
    )
    self_test_pct: float = Field(
        default=10.0, gt=0, le=10, description="I24: allowed before the test, and the test's power"
    )
