"""Books, trades, prices and indices as version 1 shows them; null where nothing is known."""

from pydantic import BaseModel, Field

from cloud.exchange.api.own_views import SIDE_NAMES
from cloud.exchange.facts import Listed
from cloud.exchange.prices.depth import Level
from cloud.exchange.prices.session import Statistics
from cloud.exchange.prices.tape import VOID, PublicTrade
from cloud.exchange.prices.views import View
from cloud.exchange.read import model
from cloud.kernel.instants import iso
from cloud.market.contracts import TICKS_PER_EUR, Contract
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
_DECIMALS = 4
"""Of averages: finer than a tick, coarser than a float's noise."""


def eur(ticks: float | None) -> float | None:
    """Return a price for JSON, None for none."""
    return None if ticks is None else round(ticks / TICKS_PER_EUR, _DECIMALS)


class BookLevel(BaseModel):
    """One price; what can be filled in part, and what only as a whole, apart."""

    price: float = Field(description="EUR/MWh", examples=[84.9])
    power_kw: int = Field(description="visible, of orders that can be filled in part")
    quantity_mwh: float
    orders: int = Field(examples=[2])
    aon_kw: int = Field(description="of all-or-none orders")
    aon_orders: int

    @classmethod
    def of(cls, level: Level, listed: Listed) -> "BookLevel":
        return cls(
            price=eur_mwh(level.price_ticks),
            power_kw=level.steps * listed.step_kw,
            quantity_mwh=mwh(level.steps * listed.wh_per_step),
            orders=level.orders,
            aon_kw=level.aon_steps * listed.step_kw,
            aon_orders=level.aon_orders,
        )


class StatisticsView(BaseModel):
    """A contract's session so far."""

    open: float | None = Field(description="first price, EUR/MWh")
    high: float | None
    low: float | None
    last: float | None
    last_trade_at: str | None
    vwap: float | None
    volume_mwh: float
    trades: int

    @classmethod
    def of(cls, found: Statistics | None) -> "StatisticsView":
        if found is None:
            nothing = dict.fromkeys(("open", "high", "low", "last", "last_trade_at", "vwap"))
            return cls(**nothing, volume_mwh=0.0, trades=0)
        return cls(
            open=eur(found.open),
            high=eur(found.high),
            low=eur(found.low),
            last=None if found.last is None else eur(found.last.price_ticks),
            last_trade_at=None if found.last is None else iso(found.last.at_us),
            vwap=eur(found.vwap),
            volume_mwh=mwh(found.volume_wh),
            trades=found.trades,
        )


class PublicBook(BaseModel):
    """The ten best prices of each side, best first, and what is known of the contract."""

    market: str = Field(examples=[_MARKET])
    product: str = Field(examples=["PT15M"])
    contract: int | None = Field(description="its number in the feeds; null: nobody has ordered")
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str
    phase: str = Field(examples=["OPEN"])
    closes_at: str
    epoch: str = Field(
        description="of the hub's run, and the beginning of each feed's epoch: with another one"
        " `sequence` has begun anew",
        examples=["1795260000000000"],
    )
    sequence: int = Field(
        description="rises by one with each change of the book; deltas of the feed carry it"
    )
    mark: float | None
    mark_source: str | None = Field(description="TRADE, MID, DAY_AHEAD or null")
    statistics: StatisticsView
    bids: list[BookLevel]
    asks: list[BookLevel]
    timestamp: str

    @classmethod
    def of(cls, contract: Contract, view: View | None, epoch: str, now_us: int) -> "PublicBook":
        found = view
        return cls(
            market=contract.market,
            product=contract.product,
            contract=None if found is None else found.listed.contract,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            phase=contract.phase(now_us).value,
            closes_at=iso(contract.closes_us),
            epoch=epoch,
            sequence=0 if found is None else found.sequence,
            mark=None if found is None else eur(found.mark.ticks),
            mark_source=None if found is None else found.mark.source,
            statistics=StatisticsView.of(None if found is None else found.statistics),
            bids=[] if found is None else [BookLevel.of(x, found.listed) for x in found.bids],
            asks=[] if found is None else [BookLevel.of(x, found.listed) for x in found.asks],
            timestamp=iso(now_us),
        )


class ContractStatistics(BaseModel):
    """One contract of a day that somebody has ordered in."""

    delivery_start: str = Field(examples=[_AT])
    delivery_end: str
    sequence: int
    bid: float | None
    ask: float | None
    mark: float | None
    mark_source: str | None
    statistics: StatisticsView

    @classmethod
    def of(cls, view: View) -> "ContractStatistics":
        return cls(
            delivery_start=iso(view.listed.start_us),
            delivery_end=iso(view.listed.end_us),
            sequence=view.sequence,
            bid=eur(view.bids[0].price_ticks) if view.bids else None,
            ask=eur(view.asks[0].price_ticks) if view.asks else None,
            mark=eur(view.mark.ticks),
            mark_source=view.mark.source,
            statistics=StatisticsView.of(view.statistics),
        )


class DayStatistics(BaseModel):
    market: str
    day: str
    contracts: list[ContractStatistics] = Field(description="nearest delivery first")


class MarketTrade(BaseModel):
    """A trade without its parties."""

    trade_id: str = Field(examples=["4"])
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str
    price: float = Field(examples=[85.5])
    quantity_mwh: float = Field(examples=[0.0075])
    power_kw: int
    aggressor: str = Field(description="BUY or SELL", examples=["BUY"])
    self_trade: bool = Field(description="between orders of one owner: in no average")
    state: str = Field(examples=["ACTI"])
    void: bool
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, trade: PublicTrade, listed: Listed) -> "MarketTrade":
        return cls(
            trade_id=str(trade.trade_id),
            delivery_start=iso(listed.start_us),
            delivery_end=iso(listed.end_us),
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.energy_wh),
            power_kw=trade.steps * listed.step_kw,
            aggressor=SIDE_NAMES[trade.side],
            self_trade=trade.self_trade,
            state=trade.state.value,
            void=trade.state in VOID,
            timestamp=iso(trade.at_us),
        )

    @classmethod
    def kept(cls, trade: model.PublicTrade, listed: model.ContractRow) -> "MarketTrade":
        return cls(
            trade_id=str(trade.trade_id),
            delivery_start=iso(listed.start_us),
            delivery_end=iso(listed.end_us),
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.quantity_steps * listed.wh_per_step),
            power_kw=trade.quantity_steps * listed.step_kw,
            aggressor=SIDE_NAMES[trade.aggressor],
            self_trade=trade.self_trade,
            state=trade.state.value,
            void=trade.state in VOID,
            timestamp=iso(trade.at_us),
        )


class MarketTrades(BaseModel):
    market: str
    trades: list[MarketTrade] = Field(description="newest first")
    next_before: str | None
