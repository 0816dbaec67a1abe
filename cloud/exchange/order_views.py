"""Orders and trades as the API shows them: integers inside, MWh and EUR/MWh outside."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.exchange.api.forms import ClientOrderId, Energy, Instant, Price, Text
from cloud.exchange.entry import STRATEGY_MAX, Ticket
from cloud.exchange.matching.codes import Execution, Kind, Side, Validity
from cloud.exchange.read.model import OrderRow, TradeRow
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.service import Done
from cloud.exchange.venue.answers import Answer
from cloud.kernel.instants import iso, iso_or_none
from cloud.kernel.keys import IDENTIFIER
from cloud.market.money import eur_mwh, mwh
from wire.clock import micros

_AT = "2026-11-21T10:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
_NAME = r"^[A-Za-z0-9_.-]*$"
_EXECUTIONS = {each.value for each in Execution}

MarketCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$", examples=[_MARKET])]
SideName = Literal["BUY", "SELL"]


class OrderBody(BaseModel):
    """An order for one delivery period, or for a range of them as a block.

    The quantity is always positive; the side says the rest.
    """

    model_config = ConfigDict(extra="forbid")

    market: MarketCode
    delivery_start: Instant = Field(examples=[_AT])
    delivery_end: Instant | None = Field(default=None, examples=["2026-11-21T10:30:00Z"])
    side: SideName
    quantity_mwh: Energy = Field(
        description="energy over the whole of it: 0.0075 MWh in a quarter-hour are 30 kW",
        examples=[0.0075],
    )
    limit_price_eur_mwh: Price | None = Field(
        default=None,
        description="needed for LIMIT, forbidden for MARKET",
        examples=[85.5],
    )
    order_type: Literal["LIMIT", "MARKET", "ICEBERG"] = Field(
        default="LIMIT", description="a MARKET order never rests"
    )
    time_in_force: Literal["GFD", "GTD", "AON", "IOC", "FOK"] = Field(
        default="GFD",
        description="GFD rests until the gate closes, GTD until valid_until, AON until the whole"
        " of it can trade; a block that rests is AON",
    )
    valid_until: Instant | None = Field(default=None, description="needed for GTD")
    display_mwh: Energy | None = Field(
        default=None,
        description="what an ICEBERG shows at a time",
    )
    peak_price_delta: Price | None = Field(
        default=None,
        description="how each next part of an ICEBERG moves its price: a buy down, a sale up",
    )
    state: Literal["ACTI", "HIBE"] = Field(
        default="ACTI", description="HIBE: kept, and not in the book"
    )
    text: Text = ""
    strategy: str = Field(default="", max_length=STRATEGY_MAX, pattern=_NAME)
    portfolio: str = Field(default="", max_length=STRATEGY_MAX, pattern=_NAME)
    site: str | None = Field(
        default=None,
        pattern=IDENTIFIER,
        description="which battery delivers; default: the account's only one",
        examples=["werk-sued"],
    )
    client_order_id: ClientOrderId | None = Field(
        default=None,
        description="yours: repeating it gets the first answer again and changes nothing",
    )
    target_exchange: Literal["INTERNAL", "EPEX_SPOT", "APG"] = "INTERNAL"

    def ticket(self, account: str, user: str = "") -> Ticket:
        """Return the order as the exchange takes it.

        Raises:
            OrderRefused: it is for another exchange, or price and type do not go together.
        """
        if self.target_exchange != "INTERNAL":
            raise OrderRefused(
                "BRIDGE_NOT_CONFIGURED",
                f"target_exchange: {self.target_exchange} is not connected to this hub",
            )
        self._check_price()
        end = None if self.delivery_end is None else micros(self.delivery_end)
        return Ticket(
            account=account,
            market=self.market,
            start_us=micros(self.delivery_start),
            end_us=end,
            side=SIDES[self.side],
            quantity_mwh=self.quantity_mwh,
            limit_eur_mwh=self.limit_price_eur_mwh,
            kind=Kind.ICEBERG.value if self.order_type == "ICEBERG" else None,
            execution=self.time_in_force if self.time_in_force in _EXECUTIONS else None,
            validity=Validity.GTD.value if self.time_in_force == "GTD" else None,
            valid_until_us=0 if self.valid_until is None else micros(self.valid_until),
            state=self.state,
            display_mwh=self.display_mwh,
            delta_eur_mwh=self.peak_price_delta,
            site=self.site,
            client_order_id=self.client_order_id or "",
            text=self.text,
            portfolio=self.portfolio,
            strategy=self.strategy,
            user=user,
        )

    def _check_price(self) -> None:
        price = self.limit_price_eur_mwh
        if self.order_type != "MARKET" and price is None:
            raise OrderRefused(
                "PRICE_MISSING",
                f"limit_price_eur_mwh: is missing; a {self.order_type} order needs one",
            )
        if self.order_type == "MARKET" and price is not None:
            raise OrderRefused(
                "PRICE_FORBIDDEN",
                f"limit_price_eur_mwh: {price} is not allowed; a MARKET order has none",
            )


class OrderAnswer(BaseModel):
    """The order is on the disk; whatever happens now, it counts."""

    order_id: str = Field(examples=["17"])
    status: Literal["ACCEPTED"] = "ACCEPTED"
    state: str = Field(
        description="ACTI: rests in the book; HIBE: is kept beside it; IACT: neither",
        examples=["ACTI"],
    )
    ending: str | None = Field(description="why it does not rest", examples=[None])
    filled_mwh: float = Field(description="traded at once", examples=[0.0])
    revision: int = Field(description="to be given with a change", examples=[1])
    timestamp: str = Field(examples=[_AT])
    throttle_remaining: int | None = Field(default=None, description="null: no throttle is set")

    @classmethod
    def of(cls, done: Done, throttle_remaining: int | None) -> "OrderAnswer":
        answer = done.answer
        return cls(
            order_id=str(answer.order_id),
            state=answer.state,
            ending=answer.ending or None,
            filled_mwh=mwh(answer.filled_steps * done.contract.wh_per_step),
            revision=answer.revision,
            timestamp=iso(answer.at_us),
            throttle_remaining=throttle_remaining,
        )


class WithdrawalAnswer(BaseModel):
    order_id: str = Field(examples=["17"])
    status: Literal["CANCELLED"] = "CANCELLED"
    state: Literal["IACT"] = "IACT"
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, answer: Answer) -> "WithdrawalAnswer":
        return cls(order_id=str(answer.order_id), timestamp=iso(answer.at_us))


class OrderView(BaseModel):
    order_id: str = Field(examples=["17"])
    client_order_id: str | None
    market: str = Field(examples=[_MARKET])
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str = Field(examples=["2026-11-21T10:30:00Z"])
    site: str | None = Field(examples=["werk-sued"])
    side: SideName
    quantity_mwh: float = Field(examples=[0.0075])
    filled_mwh: float = Field(examples=[0.005])
    power_kw: int = Field(description="of the whole order; always positive", examples=[30])
    price: float = Field(description="EUR/MWh", examples=[85.5])
    order_kind: str = Field(description="O limit, B block, I iceberg", examples=["O"])
    time_in_force: str = Field(description="GFD, GTD, AON, IOC, FOK", examples=["GFD"])
    status: str = Field(
        description="ACCEPTED, PARTIALLY_FILLED, FILLED, CANCELLED, REPLACED, EXPIRED, KILLED,"
        " SELF_TRADE",
        examples=["PARTIALLY_FILLED"],
    )
    state: str = Field(examples=["ACTI"])
    revision: int = Field(examples=[1])
    timestamp: str = Field(examples=[_AT])
    ended_at: str | None

    @classmethod
    def of(cls, order: OrderRow) -> "OrderView":
        contract = order.contract
        return cls(
            order_id=str(order.order_id),
            client_order_id=order.client_order_id or None,
            market=contract.market,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            site=order.owner.site or None,
            side=side_name(order.side),
            quantity_mwh=mwh(order.quantity_steps * contract.wh_per_step),
            filled_mwh=mwh(order.filled_steps * contract.wh_per_step),
            power_kw=order.quantity_steps * contract.step_kw,
            price=eur_mwh(order.price_ticks),
            order_kind=order.kind.value,
            time_in_force=_time_in_force(order),
            status=order.status,
            state=order.state.value,
            revision=order.revision,
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
    delivery_end: str = Field(examples=["2026-11-21T10:30:00Z"])
    site: str | None = Field(examples=["werk-sued"])
    side: SideName = Field(description="yours")
    quantity_mwh: float = Field(examples=[0.0075])
    power_kw: int = Field(description="always positive", examples=[30])
    price: float = Field(description="EUR/MWh", examples=[85.5])
    state: str = Field(description="ACTI: in force; see the recall of trades", examples=["ACTI"])
    timestamp: str = Field(examples=[_AT])

    @classmethod
    def of(cls, trade: TradeRow) -> "TradeView":
        contract = trade.contract
        return cls(
            trade_id=str(trade.trade_id),
            order_id=str(trade.order_id),
            market=contract.market,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            site=trade.owner.site or None,
            side=side_name(trade.side),
            quantity_mwh=mwh(trade.quantity_steps * contract.wh_per_step),
            power_kw=trade.quantity_steps * contract.step_kw,
            price=eur_mwh(trade.price_ticks),
            state=trade.state.value,
            timestamp=iso(trade.at_us),
        )


class TradesView(BaseModel):
    trades: list[TradeView]


class PolicyAnswer(BaseModel):
    status: Literal["OK"] = "OK"
    version: int = Field(description="of the throttle policy in force", examples=[7])


SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


def side_name(side: Side) -> SideName:
    return "BUY" if side is Side.BUY else "SELL"


def _time_in_force(order: OrderRow) -> str:
    if order.execution is not Execution.NON:
        return str(order.execution.value)
    return "GTD" if order.validity is Validity.GTD else "GFD"
