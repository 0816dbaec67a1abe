"""The fleet as the API shows it: what comes in, what goes out, with an example each."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.fleet.model import ENERGY_KWH_MAX, POWER_KW_MAX, Site
from cloud.kernel.events import EventRow
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from cloud.kernel.routes import NAME
from wire.schedule import Schedule

_AT = "2026-11-21T10:15:00Z"
_LEAST = 0.001
"""A watt, or a watt-hour: with less there is no battery."""


class SiteBody(BaseModel):
    """A battery system at one grid connection. Powers are magnitudes."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str = Field(pattern=IDENTIFIER, examples=["werk-sued"])
    name: str | None = Field(default=None, pattern=NAME, examples=["Werk Süd"])
    account: str = Field(pattern=IDENTIFIER, examples=["stadtwerk"])
    power_kw: float = Field(ge=_LEAST, le=POWER_KW_MAX, examples=[100])
    energy_kwh: float = Field(ge=_LEAST, le=ENERGY_KWH_MAX, examples=[200])
    fcr_kw: float = Field(
        default=0, ge=0, le=POWER_KW_MAX, description="awarded for FCR", examples=[20]
    )

    @model_validator(mode="after")
    def _service_fits(self) -> "SiteBody":
        if self.fcr_kw > self.power_kw:
            raise ValueError(f"fcr_kw: at most power_kw, {self.power_kw:g}, is expected")
        return self


class SiteView(BaseModel):
    id: str = Field(examples=["werk-sued"])
    name: str = Field(examples=["Werk Süd"])
    account: str = Field(examples=["stadtwerk"])
    power_kw: float = Field(examples=[100])
    energy_kwh: float = Field(examples=[200])
    fcr_kw: float = Field(examples=[20])
    uploaded_at: str | None = Field(
        description="when its gateway last uploaded; null: never", examples=[_AT]
    )

    @classmethod
    def of(cls, site: Site, uploaded_us: int | None) -> "SiteView":
        return cls(
            id=site.id,
            name=site.name,
            account=site.account,
            power_kw=site.power_kw,
            energy_kwh=site.energy_kwh,
            fcr_kw=site.fcr_kw,
            uploaded_at=iso_or_none(uploaded_us),
        )


class SitesView(BaseModel):
    sites: list[SiteView]


class EventView(BaseModel):
    id: int = Field(examples=[1041])
    at: str = Field(examples=[_AT])
    code: str = Field(examples=["DEVICE_LOST"])
    severity: str = Field(description="info, warning or alarm", examples=["alarm"])
    source: str = Field(examples=["inverter"])
    text: str = Field(examples=["inverter does not answer"])

    @classmethod
    def of(cls, event: EventRow) -> "EventView":
        return cls(
            id=event.id,
            at=iso(event.at_us),
            code=event.code,
            severity=event.severity.name.lower(),
            source=event.source,
            text=event.text,
        )


class EventsView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    events: list[EventView]


class SlotView(BaseModel):
    start: str = Field(examples=[_AT])
    end: str = Field(examples=["2026-11-21T10:30:00Z"])
    power_kw: float = Field(description="positive: sell; negative: buy", examples=[30.0])


class ServiceView(BaseModel):
    product: str = Field(examples=["fcr_ce"])
    start: str = Field(examples=[_AT])
    end: str = Field(examples=["2026-11-21T14:15:00Z"])
    capacity_kw: float = Field(examples=[20.0])
    curve: list[tuple[float, float]] = Field(
        description="[deviation in Hz, response per unit of capacity]",
        examples=[[[-0.2, 1.0], [-0.01, 0.0], [0.01, 0.0], [0.2, -1.0]]],
    )


class ScheduleView(BaseModel):
    site: str = Field(examples=["werk-sued"])
    version: int = Field(examples=[17])
    issued_at: str = Field(examples=[_AT])
    slots: list[SlotView]
    services: list[ServiceView]

    @classmethod
    def of(cls, schedule: Schedule) -> "ScheduleView":
        return cls(
            site=schedule.site,
            version=schedule.version,
            issued_at=iso(schedule.issued_us),
            slots=[
                SlotView(start=iso(s.start_us), end=iso(s.end_us), power_kw=s.power_kw)
                for s in schedule.slots
            ],
            services=[
                ServiceView(
                    product=s.product,
                    start=iso(s.start_us),
                    end=iso(s.end_us),
                    capacity_kw=s.capacity_kw,
                    curve=list(s.curve),
                )
                for s in schedule.services
            ],
        )
