"""The ``[archive]`` section: what is kept as evidence, and for how long."""

from pydantic import BaseModel, ConfigDict, Field


class ArchiveSettings(BaseModel):
    """What is kept as evidence, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=True, description="one row a second, the reasons, and 10 Hz around events"
    )
    days_max: float = Field(
        default=186.0,
        ge=14,
        le=3_650,
        description="the Netherlands ask for six months, the Nordic countries for 14 days",
    )
    bytes_max: int = Field(
        default=2 * 1024**3, ge=8 * 1024**2, description="beyond it the oldest goes first"
    )
    record_deviation_hz: float = Field(
        default=0.15,
        ge=0.01,
        le=5.0,
        description="so far from 50 Hz begins a record of every beat",
    )
    record_before_s: float = Field(default=60.0, ge=0, le=300)
    record_after_s: float = Field(default=900.0, ge=1, le=3_600)
