"""Orders and trades as the API shows them: integers inside, MWh and EUR/MWh outside."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.exchange.book import Ending, Execution, Side
from cloud.exchange.model import OrderRow, TradeRow
from cloud.exchange.read.tables import CLIENT_ORDER_ID_MAX
from cloud.exchange.records import Placed, Withdrawn
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
_PRICE_EUR_MAX = 1_000_000
_ENERGY_MWH_MAX = 1_000_000

MarketCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$", examples=[_MARKET])]
SideName = Literal["BUY", "SELL"]


class OrderBody(BaseModel):
    """An order for one delivery period. The quantity is always positive; the side says the rest."""

    model_config = ConfigDict(extra="forbid")

    market: MarketCode
    delivery_start: AwareDatetime = Field(examples=[_AT])
    delivery_end: AwareDatetime | None = Field(default=None, examples=["2026-11-21T10:30:00Z"])
    side: SideName
    quantity_mwh: Decimal = Field(
        gt=0,
        le=_ENERGY_MWH_MAX,
        decimal_places=9,
        description="energy over the period: 0.0075 MWh in a quarter-hour are 30 kW",
        examples=[0.0075],
    )
    limit_price_eur_mwh: Decimal | None = Field(
        default=None,
        ge=-_PRICE_EUR_MAX,
        le=_PRICE_EUR_MAX,
        decimal_places=9,
        description="needed for LIMIT, forbidden for MARKET",
        examples=[85.5],
    )
    order_type: Literal["LIMIT", "MARKET"] = "LIMIT"
    time_in_force: Literal["GFD", "IOC", "FOK"] = "GFD"
    site: str | None = Field(
        default=None,
        pattern=IDENTIFIER,
        description="which battery delivers; default: the account's only one",
        examples=["werk-sued"],
    )
    client_order_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=CLIENT_ORDER_ID_MAX,
        description="yours: repeating it gets the first answer again and changes nothing",
    )
    target_exchange: Literal["INTERNAL", "EPEX_SPOT", "APG"] = "INTERNAL"


class OrderAnswer(BaseModel):
    """The order is on the disk; whatever happens now, it counts."""

    order_id: str = Field(examples=["17"])
    status: Literal["ACCEPTED"] = "ACCEPTED"
    state: str = Field(description="ACTI: rests in the book; IACT: it does not", examples=["ACTI"])
    ending: str | None = Field(description="why it does not rest", examples=[None])
    filled_mwh: float = Field(description="traded at once", examples=[0.0])
    timestamp: str = Field(examples=[_AT])
    throttle_remaining: int | None = Field(default=None, description="null: no throttle is set")

    @classmethod
    def of(cls, order: Placed) -> "OrderAnswer":
        return cls(
            order_id=str(order.order_id),
            state=_state(order.ending),
            ending=None if order.ending is None else order.ending.value,
            filled_mwh=mwh(order.filled_steps * order.wh_per_step),
            timestamp=iso(order.at_us),
        )


class WithdrawalAnswer(BaseModel):
    order_id: str = Field(examples=["17"])
    status: Literal["CANCELLED"] = "CANCELLED"
    state: Literal["IACT"] = "IACT"
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, withdrawn: Withdrawn) -> "WithdrawalAnswer":
        return cls(order_id=str(withdrawn.order_id), timestamp=iso(withdrawn.at_us))


class OrderView(BaseModel):
    order_id: str = Field(examples=["17"])
    client_order_id: str | None
    market: str = Field(examples=[_MARKET])
    delivery_start: str = Field(examples=[_AT])
    site: str | None = Field(examples=["werk-sued"])
    side: SideName
    quantity_mwh: float = Field(examples=[0.0075])
    filled_mwh: float = Field(examples=[0.005])
    power_kw: int = Field(description="of the whole order; always positive", examples=[30])
    price: float = Field(description="EUR/MWh", examples=[85.5])
    time_in_force: str = Field(examples=["GFD"])
    status: str = Field(
        description="ACCEPTED, PARTIALLY_FILLED, FILLED, CANCELLED, EXPIRED, KILLED, SELF_TRADE",
        examples=["PARTIALLY_FILLED"],
    )
    state: str = Field(examples=["ACTI"])
    timestamp: str = Field(examples=[_AT])
    ended_at: str | None

    @classmethod
    def of(cls, order: OrderRow) -> "OrderView":
        return cls(
            order_id=str(order.order_id),
            client_order_id=order.client_order_id,
            market=order.market,
            delivery_start=iso(order.start_us),
            site=order.site,
            side=side_name(order.side),
            quantity_mwh=mwh(order.quantity_steps * order.wh_per_step),
            filled_mwh=mwh(order.filled_steps * order.wh_per_step),
            power_kw=order.quantity_steps * order.step_kw,
            price=eur_mwh(order.price_ticks),
            time_in_force=order.execution.value,
            status=order.status,
            state=_state(order.ending),
            timestamp=iso(order.at_us),
            ended_at=iso_or_none(order.ended_us),
        )


class OrdersView(BaseModel):
    orders: list[OrderView]


class TradeView(BaseModel):
    trade_id: str = Field(examples=["4"])
    order_id: str = Field(description="yours", examples=["17"])
    market: str = Field(examples=[_MARKET])
    delivery_start: str = Field(examples=[_AT])
    site: str | None = Field(examples=["werk-sued"])
    side: SideName = Field(description="yours")
    quantity_mwh: float = Field(examples=[0.0075])
    power_kw: int = Field(description="always positive", examples=[30])
    price: float = Field(description="EUR/MWh", examples=[85.5])
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, trade: TradeRow) -> "TradeView":
        return cls(
            trade_id=str(trade.trade_id),
            order_id=str(trade.order_id),
            market=trade.market,
            delivery_start=iso(trade.start_us),
            site=trade.site,
            side=side_name(trade.side),
            quantity_mwh=mwh(trade.quantity_steps * trade.wh_per_step),
            power_kw=trade.quantity_steps * trade.step_kw,
            price=eur_mwh(trade.price_ticks),
            timestamp=iso(trade.at_us),
        )


class TradesView(BaseModel):
    trades: list[TradeView]


EXECUTIONS = {name: Execution(name) for name in ("GFD", "IOC", "FOK")}
SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


def side_name(side: Side) -> SideName:
    return "BUY" if side is Side.BUY else "SELL"


def _state(ending: Ending | None) -> str:
    return "ACTI" if ending is None else "IACT"
