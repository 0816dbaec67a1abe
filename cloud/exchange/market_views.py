"""Markets, contracts and books as the API shows them: MWh and EUR/MWh, null where unknown."""

from pydantic import BaseModel, Field

from cloud.exchange.book import Level
from cloud.exchange.market_data import PublicTrade, Quote, View
from cloud.exchange.order_views import SideName, side_name
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.contracts import TICKS_PER_EUR, Contract
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
_DECIMALS = 4
"""Of averages: finer than a tick, coarser than a float's noise."""


class QuoteView(BaseModel):
    """Averages of a market in EUR/MWh; null where nothing is known."""

    market: str = Field(examples=[_MARKET])
    mark: float | None = Field(examples=[85.5])
    mark_source: str | None = Field(description="TRADE, MID or null", examples=["TRADE"])
    ema: float | None = Field(examples=[84.93])
    vwap: float | None = Field(description="of today's trades", examples=[85.1])
    last_trade_at: str | None = Field(examples=[_AT])
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, market: str, quote: Quote, now_us: int) -> "QuoteView":
        return cls(
            market=market,
            mark=_eur(quote.mark_ticks),
            mark_source=quote.mark_source,
            ema=_eur(quote.ema_ticks),
            vwap=_eur(quote.vwap_ticks),
            last_trade_at=iso_or_none(quote.last_us),
            timestamp=iso(now_us),
        )


class ContractView(BaseModel):
    """One delivery period that can be traded now, and the best of its book."""

    market: str = Field(examples=[_MARKET])
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str = Field(examples=["2026-11-21T10:30:00Z"])
    closes_at: str = Field(examples=[_AT])
    bid: float | None = Field(description="EUR/MWh", examples=[84.9])
    bid_kw: int | None = Field(examples=[50])
    ask: float | None = Field(examples=[86.1])
    ask_kw: int | None = Field(examples=[30])
    last: float | None = Field(examples=[85.5])
    last_trade_at: str | None = Field(examples=[_AT])
    traded_mwh: float = Field(examples=[0.0075])

    @classmethod
    def of(cls, contract: Contract, view: View | None) -> "ContractView":
        bid = view.bids[0] if view is not None and view.bids else None
        ask = view.asks[0] if view is not None and view.asks else None
        step_kw = contract.rule.step_kw
        return cls(
            market=contract.market,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            closes_at=iso(contract.closes_us),
            bid=None if bid is None else eur_mwh(bid.price_ticks),
            bid_kw=None if bid is None else bid.quantity_steps * step_kw,
            ask=None if ask is None else eur_mwh(ask.price_ticks),
            ask_kw=None if ask is None else ask.quantity_steps * step_kw,
            last=None if view is None else _eur(view.last_ticks),
            last_trade_at=None if view is None else iso_or_none(view.last_us),
            traded_mwh=0.0 if view is None else mwh(view.traded_steps * view.wh_per_step),
        )


class ContractsView(BaseModel):
    market: str = Field(examples=[_MARKET])
    now: str = Field(examples=[_AT])
    contracts: list[ContractView]


class LevelView(BaseModel):
    price: float = Field(description="EUR/MWh", examples=[84.9])
    power_kw: int = Field(examples=[50])
    quantity_mwh: float = Field(examples=[0.0125])
    orders: int = Field(examples=[2])

    @classmethod
    def of(cls, level: Level, contract: Contract) -> "LevelView":
        return cls(
            price=eur_mwh(level.price_ticks),
            power_kw=level.quantity_steps * contract.rule.step_kw,
            quantity_mwh=mwh(level.quantity_steps * contract.wh_per_step),
            orders=level.orders,
        )


class PublicTradeView(BaseModel):
    """A trade without its parties."""

    trade_id: str = Field(examples=["4"])
    delivery_start: str = Field(examples=[_AT])
    price: float = Field(examples=[85.5])
    quantity_mwh: float = Field(examples=[0.0075])
    aggressor: SideName
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, trade: PublicTrade) -> "PublicTradeView":
        return cls(
            trade_id=str(trade.trade_id),
            delivery_start=iso(trade.start_us),
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.energy_wh),
            aggressor=side_name(trade.aggressor),
            timestamp=iso(trade.at_us),
        )


class BookView(BaseModel):
    """The ten best prices of each side, best first, and the contract's newest trades."""

    contract: ContractView
    bids: list[LevelView]
    asks: list[LevelView]
    trades: list[PublicTradeView]


def _eur(ticks: float | None) -> float | None:
    return None if ticks is None else round(ticks / TICKS_PER_EUR, _DECIMALS)
