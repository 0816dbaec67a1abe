"""Candles, indicators, indices and series as version 1 shows them; null where nothing is known."""

from pydantic import BaseModel, Field

from cloud.exchange.api.market_views import eur
from cloud.exchange.prices.board import Quarter
from cloud.exchange.prices.candles import Candle
from cloud.exchange.prices.indices import Index
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"


class CandleView(BaseModel):
    start: str = Field(examples=[_AT])
    open: float
    high: float
    low: float
    close: float
    vwap: float | None
    trades: int
    amended: bool = Field(
        description="a trade of it became void later: open, high, low, close may contain it"
    )

    @classmethod
    def of(cls, candle: Candle) -> "CandleView":
        return cls(
            start=iso(candle.start_us),
            open=eur_mwh(candle.open),
            high=eur_mwh(candle.high),
            low=eur_mwh(candle.low),
            close=eur_mwh(candle.close),
            vwap=eur(candle.vwap_ticks),
            trades=candle.sum.trades,
            amended=candle.amended,
        )


class Candles(BaseModel):
    """A candle a period with trades; periods without one are left out, never repeated."""

    market: str
    length_min: int
    candles: list[CandleView]


class IndicatorsView(BaseModel):
    """Values at the end of each candle, null until there are enough of them."""

    market: str
    length_min: int
    start: list[str] = Field(description="of the candles")
    close: list[float]
    sma: list[float | None]
    ema: list[float | None]
    bollinger_lower: list[float | None]
    bollinger_middle: list[float | None]
    bollinger_upper: list[float | None]
    rsi: list[float | None] = Field(description="0 to 100")
    atr: list[float | None]


class IndexView(BaseModel):
    """A volume-weighted price that says what it was made from."""

    price: float | None = Field(description="EUR/MWh; null: no volume, or too little")
    window_start: str | None = Field(description="of trading; null: from the first trade on")
    window_end: str | None = Field(description="not included; null: to the last trade")
    volume_mwh: float
    trades: int
    step: int | None = Field(description="0: the window asked for; n: the n-th fallback")
    source: str | None = Field(description="TRADES, DAY_AHEAD or null")

    @classmethod
    def of(cls, index: Index) -> "IndexView":
        return cls(
            price=eur(index.price_ticks),
            window_start=iso_or_none(index.window_start_us),
            window_end=iso_or_none(index.window_end_us),
            volume_mwh=mwh(index.volume_wh),
            trades=index.trades,
            step=index.step,
            source=index.source,
        )


class IndicesView(BaseModel):
    market: str
    delivery_start: str
    delivery_end: str
    indices: dict[str, IndexView] = Field(description="ID1, ID3, IDFull")


class QuarterView(BaseModel):
    start: str = Field(examples=[_AT])
    vwap: float | None
    high: float | None
    low: float | None
    volume_mwh: float
    trades: int

    @classmethod
    def of(cls, quarter: Quarter) -> "QuarterView":
        return cls(
            start=iso(quarter.start_us),
            vwap=eur(quarter.vwap),
            high=eur(quarter.high),
            low=eur(quarter.low),
            volume_mwh=mwh(quarter.volume_wh),
            trades=quarter.trades,
        )


class Quarters(BaseModel):
    market: str
    day: str
    by: str = Field(description="trading: when it was traded; delivery: for when")
    quarters: list[QuarterView] = Field(description="92, 96 or 100")
