"""Markets, contracts and books as the API shows them: MWh and EUR/MWh, null where unknown."""

from pydantic import BaseModel, Field

from cloud.exchange.facts import Listed
from cloud.exchange.order_views import SideName, side_name
from cloud.exchange.prices.depth import Level
from cloud.exchange.prices.tape import PublicTrade
from cloud.exchange.prices.views import Quote, View
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
    mark_source: str | None = Field(description="TRADE, MID, DAY_AHEAD or null", examples=["TRADE"])
    ema: float | None = Field(examples=[84.93])
    vwap: float | None = Field(description="of today's trades", examples=[85.1])
    last_trade_at: str | None = Field(examples=[_AT])
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, market: str, quote: Quote, now_us: int) -> "QuoteView":
        return cls(
            market=market,
            mark=_eur(quote.mark.ticks),
            mark_source=quote.mark.source,
            ema=_eur(quote.ema_ticks),
            vwap=_eur(quote.vwap_ticks),
            last_trade_at=iso_or_none(None if quote.last is None else quote.last.at_us),
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
        bid = None if view is None else _best(view.bids)
        ask = None if view is None else _best(view.asks)
        last = None if view is None else view.statistics.last
        step_kw = contract.rule.step_kw
        return cls(
            market=contract.market,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            closes_at=iso(contract.closes_us),
            bid=None if bid is None else eur_mwh(bid.price_ticks),
            bid_kw=None if bid is None else bid.steps * step_kw,
            ask=None if ask is None else eur_mwh(ask.price_ticks),
            ask_kw=None if ask is None else ask.steps * step_kw,
            last=None if last is None else eur_mwh(last.price_ticks),
            last_trade_at=None if last is None else iso(last.at_us),
            traded_mwh=0.0 if view is None else mwh(view.statistics.volume_wh),
        )


class ContractsView(BaseModel):
    market: str = Field(examples=[_MARKET])
    now: str = Field(examples=[_AT])
    contracts: list[ContractView]


class LevelView(BaseModel):
    """One price: what can be filled in part, and apart what is filled as a whole or not at all."""

    price: float = Field(description="EUR/MWh", examples=[84.9])
    power_kw: int = Field(examples=[50])
    quantity_mwh: float = Field(examples=[0.0125])
    orders: int = Field(examples=[2])
    aon_kw: int = Field(description="of all-or-none orders", examples=[0])
    aon_orders: int = Field(examples=[0])

    @classmethod
    def of(cls, level: Level, contract: Contract) -> "LevelView":
        return cls(
            price=eur_mwh(level.price_ticks),
            power_kw=level.steps * contract.rule.step_kw,
            quantity_mwh=mwh(level.steps * contract.wh_per_step),
            orders=level.orders,
            aon_kw=level.aon_steps * contract.rule.step_kw,
            aon_orders=level.aon_orders,
        )


class PublicTradeView(BaseModel):
    """A trade without its parties."""

    trade_id: str = Field(examples=["4"])
    delivery_start: str = Field(examples=[_AT])
    price: float = Field(examples=[85.5])
    quantity_mwh: float = Field(examples=[0.0075])
    aggressor: SideName
    state: str = Field(description="ACTI: in force", examples=["ACTI"])
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, trade: PublicTrade, listed: Listed) -> "PublicTradeView":
        return cls(
            trade_id=str(trade.trade_id),
            delivery_start=iso(listed.start_us),
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.energy_wh),
            aggressor=side_name(trade.side),
            state=trade.state.value,
            timestamp=iso(trade.at_us),
        )


class BookView(BaseModel):
    """The ten best prices of each side, best first, and the contract's newest trades."""

    contract: ContractView
    epoch: str = Field(description="of the hub's run: with another one `sequence` begins anew")
    sequence: int = Field(description="of the newest change in it, as the feed counts")
    bids: list[LevelView]
    asks: list[LevelView]
    trades: list[PublicTradeView]


def _eur(ticks: float | None) -> float | None:
    return None if ticks is None else round(ticks / TICKS_PER_EUR, _DECIMALS)


def _best(levels: tuple[Level, ...]) -> Level | None:
    """Return the best price at which part of an order can trade."""
    return next((level for level in levels if level.orders), None)
