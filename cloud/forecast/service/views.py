"""Forecasts and their jobs as they are shown. Prices in EUR/MWh, powers in MW."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.forecast.service.flags import CLIPPED, FLAGS, QUALITIES
from cloud.forecast.service.model import HORIZON_H_MAX, LEVELS, Forecast, Job, Kind, State
from cloud.kernel.instants import iso, iso_or_none

_FLAGS = "; ".join(
    [
        *(f"{flag}: {said}" for flag, said in FLAGS.items()),
        f"{CLIPPED}N: so many slots lay beyond the limits of the auction",
    ]
)
_QUALITIES = "; ".join(f"{quality}: {said}" for quality, said in QUALITIES.items())
_AREA = Field(min_length=1, max_length=20, examples=["AT"])
STATUS_PATH = "/api/forecast/status/"


class IntradayBody(BaseModel):
    """The next hours."""

    model_config = ConfigDict(extra="forbid")

    area: str = _AREA
    horizon_h: int = Field(default=8, ge=1, le=HORIZON_H_MAX)
    granularity_min: Literal[15, 60] = 15


class DayAheadBody(IntradayBody):
    """Whole local days from tomorrow on."""

    horizon_h: int = Field(
        default=24, ge=1, le=HORIZON_H_MAX, description="rounded up to whole local days"
    )
    assets: list[str] = Field(
        default=[], max_length=100, description="sites; accepted, and without effect yet"
    )
    features: list[str] = Field(
        default=[],
        max_length=20,
        description="load, renewables (or wind, solar), exaa: the only inputs that may be read"
        " beside prices; none: all that have arrived; other names are ignored",
    )


class AcceptedView(BaseModel):
    """A job that is queued, or was asked for before."""

    job_id: str
    status: State
    status_url: str

    @classmethod
    def of(cls, job: Job) -> "AcceptedView":
        return cls(job_id=job.id, status=job.state, status_url=STATUS_PATH + job.id)


class RowView(BaseModel):
    """One slot; null is what is not known."""

    ts: str = Field(description="start of the slot, UTC")
    price_eur_mwh: float | None
    load_mw: float | None
    gen_solar_mw: float | None
    gen_wind_mw: float | None
    soc_target_pct: float | None
    price_q: list[float] | None = Field(description="by quantile_levels, never falling")
    load_q: list[float] | None
    solar_q: list[float] | None
    wind_q: list[float] | None


class JobView(BaseModel):
    """A job that is not done, or failed."""

    job_id: str
    status: State
    area: str
    type: Kind
    progress: float = Field(description="0 to 1")
    as_of: str = Field(description="what became known later is not read")
    created: str
    ended: str | None
    reason: str | None = Field(description="why it failed")

    @classmethod
    def of(cls, job: Job) -> "JobView":
        return cls(
            job_id=job.id,
            status=job.state,
            area=job.request.area,
            type=job.request.kind,
            progress=round(job.progress, 3),
            as_of=iso(job.as_of_us),
            created=iso(job.created_us),
            ended=iso_or_none(job.ended_us),
            reason=job.reason or None,
        )


class JobsView(BaseModel):
    jobs: list[JobView]


class ForecastView(BaseModel):
    """A forecast that is done."""

    status: Literal["done"]
    job_id: str
    forecast_id: str
    area: str
    type: Kind
    issued_at: str
    as_of: str
    model: str
    quality: str = Field(description=_QUALITIES, json_schema_extra={"enum": list(QUALITIES)})
    simulated: bool = Field(description="made from a simulated market: no market has seen it")
    flags: list[str] = Field(description=_FLAGS)
    data_age_s: dict[str, int] = Field(description="of each input, at as_of")
    weights: dict[str, float] = Field(description="of each member")
    quantile_levels: list[float]
    scenario_seed: int
    granularity_min: int
    series: list[RowView]


def forecast_json(forecast: Forecast) -> bytes:
    """Return a `ForecastView` as JSON; the rows are kept as they are sent."""
    head = ForecastView.model_construct(
        status="done",
        job_id=forecast.id,
        forecast_id=forecast.id,
        area=forecast.request.area,
        type=forecast.request.kind,
        issued_at=iso(forecast.issued_us),
        as_of=iso(forecast.as_of_us),
        model=forecast.model,
        quality=forecast.quality,
        simulated=forecast.simulated,
        flags=list(forecast.flags),
        data_age_s=forecast.data_age_s,
        weights=forecast.weights,
        quantile_levels=list(LEVELS),
        scenario_seed=forecast.seed,
        granularity_min=forecast.request.granularity_min,
        series=[],
    )
    return head.model_dump_json().encode().removesuffix(b"[]}") + forecast.series + b"}"
