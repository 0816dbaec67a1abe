"""The ``[frequency]`` section: when a frequency is believed and what a product needs to arm."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.control.energy.config import EnergySettings
from agent.control.response.ffr import FfrSettings


class FrequencySettings(BaseModel):
    """When a frequency is believed (I8) and what a product needs to arm."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    age_s_max: float = Field(
        default=1.0, gt=0, le=10, description="an older frequency is not believed"
    )
    hz_min: float = Field(default=45.0, ge=40, le=49.5, description="less is not believed")
    hz_max: float = Field(default=55.0, ge=50.5, le=60, description="more is not believed")
    rate_hz_per_s_max: float = Field(
        default=5.0, gt=0, le=100, description="what moves faster is a leap and not believed"
    )
    hold_s: float = Field(
        default=2.0, ge=0, le=10, description="how long the response is held once in doubt"
    )
    fade_s: float = Field(
        default=10.0, gt=0, le=60, description="over which it is then let out to 0"
    )
    good_s: float = Field(
        default=10.0, ge=0, le=600, description="of good values before they are believed again"
    )
    meters_apart_hz_max: float = Field(
        default=0.010, gt=0, le=1, description="what two meters may be apart"
    )
    meters_apart_s: float = Field(
        default=2.0, ge=0, le=60, description="and for how long they may be further apart"
    )
    arming: Literal["off", "known", "strict"] = Field(
        default="known",
        description="off: whatever is awarded is answered; known: what is known to be insufficient"
        " is refused; strict: what nobody knows is refused as well",
    )
    coarse_s: float = Field(
        default=60.0,
        gt=0,
        le=3_600,
        description="a frequency that moves only in steps of 10 mHz for so long is a coarse one",
    )
    second_meter_waived: bool = Field(
        default=False, description="strict: arm without a second meter beside the first"
    )
    meter_lag_s: float | None = Field(
        default=None, ge=0, le=10, description="strict: of the meter, measured or documented"
    )
    meter_lag_measured: bool = Field(
        default=False, description="strict: the lag was measured, not read in a document"
    )
    loop_s: float | None = Field(
        default=None,
        ge=0,
        le=60,
        description="strict: measured from a step of the frequency to power at the meter",
    )
    link_loss_tested: bool = Field(
        default=False, description="strict: the inverter fell back when its line was pulled"
    )
    ffr: FfrSettings | None = Field(
        default=None, description="what the inverter is set to; without it FFR does not arm"
    )
    energy: EnergySettings = EnergySettings()
