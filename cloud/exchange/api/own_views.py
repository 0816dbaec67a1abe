"""Own orders, what happened to them, and own trades as version 1 shows them to their owner."""

from pydantic import BaseModel, Field

from cloud.exchange.matching.codes import Side
from cloud.exchange.read.model import ActionRow, ContractRow, MoveRow, OrderRow, TradeRow
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"
_MARKET = "PHO_AT_INTRADAY_15MIN"
SIDE_NAMES = {Side.BUY: "BUY", Side.SELL: "SELL"}


class OwnOrder(BaseModel):
    """An order and what has become of it."""

    order_id: str = Field(examples=["17"])
    initial_order_id: str = Field(description="the first of its chain of changes", examples=["17"])
    parent_order_id: str | None = Field(description="the one it replaced", examples=[None])
    revision: int = Field(examples=[1])
    client_order_id: str | None
    account: str = Field(examples=["stadtwerk"])
    site: str | None = Field(examples=["werk-sued"])
    portfolio: str | None
    strategy: str | None
    market: str = Field(examples=[_MARKET])
    product: str = Field(description="BLOCK for a range", examples=["PT15M"])
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str
    side: str = Field(description="BUY or SELL", examples=["SELL"])
    type: str = Field(description="O limit, B block, I iceberg", examples=["O"])
    execution: str = Field(examples=["NON"])
    validity: str = Field(examples=["GFS"])
    valid_until: str | None
    state: str = Field(description="ACTI, HIBE, IACT", examples=["ACTI"])
    status: str = Field(
        description="ACCEPTED, PARTIALLY_FILLED, or why it ended", examples=["ACCEPTED"]
    )
    price: float = Field(description="EUR/MWh", examples=[85.5])
    peak_price_delta: float
    quantity_mwh: float = Field(examples=[0.0075])
    filled_mwh: float
    open_mwh: float = Field(description="what can still trade, hidden quantity with it")
    reduced_mwh: float = Field(description="what self-trade prevention took away")
    power_kw: int = Field(description="of the whole order; always positive", examples=[30])
    open_kw: int
    visible_kw: int = Field(description="what the book shows of it")
    display_kw: int | None = Field(description="the peak of an iceberg")
    text: str
    basket: str | None = Field(description="shared by orders that came in one request")
    last_action: str = Field(
        description="U, A, S (owner, administrator, system) with ADD, MOD, HIB, DEL, REJ; PEXE,"
        " FEXE executed in part, in full; IADD next peak",
        examples=["UADD"],
    )
    reason: str
    timestamp: str = Field(examples=[_AT])
    changed_at: str
    ended_at: str | None

    @classmethod
    def of(cls, order: OrderRow) -> "OwnOrder":
        contract, owner = order.contract, order.owner
        wh, kw = contract.wh_per_step, contract.step_kw
        return cls(
            order_id=str(order.order_id),
            initial_order_id=str(order.initial_id),
            parent_order_id=_id(order.parent_id),
            revision=order.revision,
            client_order_id=order.client_order_id or None,
            account=owner.account,
            site=owner.site or None,
            portfolio=owner.portfolio or None,
            strategy=owner.strategy or None,
            market=contract.market,
            product=contract.product,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            side=SIDE_NAMES[order.side],
            type=order.kind.value,
            execution=order.execution.value,
            validity=order.validity.value,
            valid_until=iso_or_none(order.valid_until_us or None),
            state=order.state.value,
            status=order.status,
            price=eur_mwh(order.price_ticks),
            peak_price_delta=eur_mwh(order.delta_ticks),
            quantity_mwh=mwh(order.quantity_steps * wh),
            filled_mwh=mwh(order.filled_steps * wh),
            open_mwh=mwh(order.open_steps * wh),
            reduced_mwh=mwh(order.reduced_steps * wh),
            power_kw=order.quantity_steps * kw,
            open_kw=order.open_steps * kw,
            visible_kw=order.visible_steps * kw,
            display_kw=order.display_steps * kw or None,
            text=order.text,
            basket=_id(order.basket),
            last_action=order.action,
            reason=order.reason,
            timestamp=iso(order.at_us),
            changed_at=iso(order.changed_us),
            ended_at=iso_or_none(order.ended_us),
        )


class OwnOrders(BaseModel):
    orders: list[OwnOrder] = Field(description="newest first")
    next_before: str | None = Field(
        description="give it as `before` for the next page; null: this was the last"
    )


class OrderAction(BaseModel):
    """What happened to an order, and how it stood afterwards."""

    sequence: int = Field(description="of the journal; rises")
    order_id: str
    timestamp: str = Field(examples=[_AT])
    action: str = Field(examples=["UADD"])
    who: str = Field(description="an API key for an administrator; '' for the venue itself")
    revision: int
    price: float
    quantity_mwh: float
    filled_mwh: float
    open_mwh: float
    changed_mwh: float = Field(description="how much it was about: traded, shown, taken away")
    trade_id: str | None
    code: str | None = Field(description="of a refusal or an ending")
    text: str

    @classmethod
    def of(cls, row: ActionRow, contract: ContractRow) -> "OrderAction":
        wh = contract.wh_per_step
        return cls(
            sequence=row.sequence,
            order_id=str(row.order_id),
            timestamp=iso(row.at_us),
            action=row.action,
            who=row.who,
            revision=row.revision,
            price=eur_mwh(row.price_ticks),
            quantity_mwh=mwh(row.quantity_steps * wh),
            filled_mwh=mwh(row.filled_steps * wh),
            open_mwh=mwh(row.open_steps * wh),
            changed_mwh=mwh(row.steps * wh),
            trade_id=_id(row.trade_id),
            code=row.code or None,
            text=row.text,
        )


class OrderHistory(BaseModel):
    """An order, all that replaced it, and what happened to them, oldest first."""

    order: OwnOrder
    actions: list[OrderAction]
    next_after: int | None = Field(
        description="give it as `after` for the next page; null: this was the last"
    )


class OwnTrade(BaseModel):
    """One side of a trade: the owner's."""

    trade_id: str = Field(examples=["4"])
    order_id: str = Field(description="yours", examples=["17"])
    account: str
    site: str | None = Field(examples=["werk-sued"])
    portfolio: str | None
    strategy: str | None
    market: str = Field(examples=[_MARKET])
    product: str
    delivery_start: str = Field(examples=[_AT])
    delivery_end: str
    side: str = Field(description="yours: BUY or SELL", examples=["SELL"])
    aggressor: str = Field(description="of the order that came in", examples=["BUY"])
    price: float = Field(description="EUR/MWh", examples=[85.5])
    quantity_mwh: float = Field(examples=[0.0075])
    power_kw: int = Field(description="always positive", examples=[30])
    self_trade: bool
    state: str = Field(
        description="ACTI in force; RREQ, RSFA, RGRA, RREJ of a recall; CREQ, CNCL, CREJ of a"
        " cancellation; RGRA and CNCL make it void",
        examples=["ACTI"],
    )
    void: bool
    timestamp: str = Field(examples=[_AT])
    moved_at: str | None = Field(description="when its state changed last")

    @classmethod
    def of(cls, trade: TradeRow) -> "OwnTrade":
        contract, owner = trade.contract, trade.owner
        return cls(
            trade_id=str(trade.trade_id),
            order_id=str(trade.order_id),
            account=owner.account,
            site=owner.site or None,
            portfolio=owner.portfolio or None,
            strategy=owner.strategy or None,
            market=contract.market,
            product=contract.product,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            side=SIDE_NAMES[trade.side],
            aggressor=SIDE_NAMES[trade.aggressor],
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.quantity_steps * contract.wh_per_step),
            power_kw=trade.quantity_steps * contract.step_kw,
            self_trade=trade.self_trade,
            state=trade.state.value,
            void=trade.void,
            timestamp=iso(trade.at_us),
            moved_at=iso_or_none(trade.moved_us or None),
        )


class OwnTrades(BaseModel):
    trades: list[OwnTrade] = Field(description="newest first")
    next_before: str | None


class TradeStep(BaseModel):
    """A step of the recall or cancellation of a trade."""

    timestamp: str = Field(examples=[_AT])
    state: str = Field(examples=["RREQ"])
    reason: str

    @classmethod
    def of(cls, move: MoveRow) -> "TradeStep":
        return cls(timestamp=iso(move.at_us), state=move.state.value, reason=move.reason)


class TradeSteps(BaseModel):
    trade_id: str
    steps: list[TradeStep] = Field(description="oldest first")


def _id(number: int) -> str | None:
    return str(number) if number else None
