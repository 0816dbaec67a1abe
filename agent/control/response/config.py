"""The ``[frequency]`` section: when a frequency is believed and what a product needs to arm."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.control.energy.config import EnergySettings

FULL_S = {49.7: 1.30, 49.6: 1.00, 49.5: 0.70}
"""Threshold in Hz → time to full power in s: the three pairs there are."""
SUPPORT_SHORT_S = 5.0
SUPPORT_LONG_S = 30.0
RELEASE_PER_S_MAX = 0.20
"""Of the capacity, after the short support; after the long one it may be a step."""


class FfrSettings(BaseModel):
    """What the inverter of this site is set to; refused where the product does not allow it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold_hz: float = Field(description="at or below it the inverter steps to full power")
    support_s: float = Field(default=SUPPORT_LONG_S, description="5 or 30")
    release_pct_per_s: float = Field(
        default=20.0, gt=0, le=100, description="of the capacity; 20 at most after 5 s of support"
    )

    @model_validator(mode="after")
    def _is_a_product(self) -> "FfrSettings":
        if self.threshold_hz not in FULL_S:
            pairs = ", ".join(f"{hz:g} ({full_s:.2f} s)" for hz, full_s in FULL_S.items())
            raise ValueError(
                f"threshold_hz: {self.threshold_hz:.3f} is not allowed; one of {pairs} is expected"
            )
        if self.support_s not in (SUPPORT_SHORT_S, SUPPORT_LONG_S):
            raise ValueError(f"support_s: {self.support_s:g} is not allowed; 5 or 30 is expected")
        if self.support_s == SUPPORT_SHORT_S and self.release_pct_per_s > 100 * RELEASE_PER_S_MAX:
            raise ValueError(
                f"release_pct_per_s: {self.release_pct_per_s:g} is not allowed;"
                f" at most {100 * RELEASE_PER_S_MAX:g} is expected after 5 s of support"
            )
        return self

    @property
    def full_s(self) -> float:
        """Return the time from the threshold to full power."""
        return FULL_S[self.threshold_hz]

    @property
    def release_per_s(self) -> float:
        return self.release_pct_per_s / 100


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
