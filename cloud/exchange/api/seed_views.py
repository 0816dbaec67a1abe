"""The seed's answers that are neither orders nor trades: battery, history of prices."""

from typing import Literal

from pydantic import BaseModel, Field

from cloud.exchange.api.forms import Form, Instant, MarketCode
from cloud.exchange.api.market_views import eur
from cloud.exchange.prices.history import POINTS_MAX
from cloud.exchange.prices.history_store import Point, Span, Spread
from cloud.kernel.instants import iso

_AT = "2026-11-21T10:15:00Z"


class BessStatus(BaseModel):
    """The newest of the account's battery; null where nothing is known, never a sample number."""

    site: str | None = Field(examples=["werk-sued"])
    soc_percent: float | None = Field(examples=[63.5])
    active_power_mw: float | None = Field(description="+ is discharge", examples=[0.03])
    temperature_c: float | None = Field(examples=[24.0])
    timestamp: str | None = Field(description="of the oldest value shown", examples=[_AT])
    status: Literal["online", "offline"]
    telemetry_source: str | None = Field(
        description="GATEWAY: a box; API: told over POST /api/telemetry; null: nobody"
    )


class TelemetryBody(Form):
    """What a battery's own system tells where no box of ours stands."""

    site: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="default: the account's only one",
    )
    soc_percent: float | None = Field(default=None, strict=True, ge=0, le=100, examples=[63.5])
    active_power_mw: float | None = Field(
        default=None, strict=True, ge=-10_000, le=10_000, description="+ is discharge"
    )
    temperature_c: float | None = Field(default=None, strict=True, ge=-60, le=200, examples=[24.0])


class Ok(BaseModel):
    status: Literal["OK"] = "OK"


class HistoryPoint(BaseModel):
    """One minute of a market in EUR/MWh."""

    timestamp: str = Field(examples=[_AT])
    mark: float | None
    ema: float | None
    vwap: float | None

    @classmethod
    def of(cls, point: Point) -> "HistoryPoint":
        return cls(
            timestamp=iso(point.start_us),
            mark=eur(point.mark),
            ema=eur(point.ema),
            vwap=eur(point.vwap),
        )


class HistoryView(BaseModel):
    market: str
    count: int
    history: list[HistoryPoint] = Field(description="oldest first")


class SpanPoint(BaseModel):
    """An hour or a local day: the mean of the minutes known, with their least and most."""

    timestamp: str = Field(description="when it begins", examples=[_AT])
    mark: float | None
    mark_min: float | None
    mark_max: float | None
    ema: float | None
    ema_min: float | None
    ema_max: float | None
    vwap: float | None
    vwap_min: float | None
    vwap_max: float | None
    volume_mwh: float
    trades: int

    @classmethod
    def of(cls, span: Span) -> "SpanPoint":
        numbers: dict[str, float | None] = {}
        for name in ("mark", "ema", "vwap"):
            spread: Spread = getattr(span, name)
            numbers |= {
                name: eur(spread.mean),
                f"{name}_min": eur(spread.low),
                f"{name}_max": eur(spread.high),
            }
        return cls(
            timestamp=iso(span.start_us),
            **numbers,
            volume_mwh=span.volume_wh / 1_000_000,
            trades=span.trades,
        )


class LongtermView(BaseModel):
    market: str
    aggregation: Literal["hour", "day"]
    count: int
    history: list[SpanPoint] = Field(description="oldest first")


class KnownPoint(BaseModel):
    """A minute that the client has, with or without its numbers, which are not looked at."""

    timestamp: Instant = Field(examples=[_AT])


class SyncBody(Form):
    """What a client knows, to be told what it lacks."""

    market: MarketCode
    client_history: list[KnownPoint] = Field(
        default_factory=list, max_length=POINTS_MAX, description="the minutes it has"
    )
    last_sync: Instant | None = Field(
        default=None, description="minutes before it are not looked at; default: a day ago"
    )


class SyncView(BaseModel):
    market: str
    count: int
    history: list[HistoryPoint] = Field(description="oldest first; at most 10,000, then ask again")


class OutsidePrice(BaseModel):
    """The newest price that a service fed in; it is shown, and no trade is made of it."""

    market: str
    price: float | None = Field(description="EUR/MWh; null: none came since the start")
    volume: float | None = Field(description="MWh")
    timestamp: str | None = Field(examples=[_AT])


class PriceBody(Form):
    """A price from outside."""

    market: MarketCode
    price: float = Field(strict=True, ge=-100_000, le=100_000, description="EUR/MWh")
    volume: float = Field(default=0, strict=True, ge=0, le=1_000_000, description="MWh")
