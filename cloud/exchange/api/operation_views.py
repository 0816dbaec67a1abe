"""What operations see of the exchange: halts, trades to be undone, refusals, policies."""

import json
from typing import Any, Literal

from pydantic import BaseModel, Field

from cloud.exchange.api.forms import Form, Instant, MarketCode, Reason
from cloud.exchange.read.model import ActivityRow, HaltRow, PolicyRow, SurveillanceRow
from cloud.exchange.read.moving import MovedTrade
from cloud.kernel.instants import iso, iso_or_none
from cloud.market.money import eur_mwh, mwh

_AT = "2026-11-21T10:15:00Z"

ScopeName = Literal["venue", "area", "product", "market", "contract", "member", "account"]


class HaltBody(Form):
    """What trading stops in, or goes on in."""

    scope: ScopeName = Field(examples=["market"])
    value: str = Field(
        default="",
        max_length=80,
        pattern=r"^[\x20-\x7e]*$",
        description="AT, PT15M, a market's code, an account; nothing for venue and contract",
        examples=["PHO_AT_INTRADAY_15MIN"],
    )
    market: MarketCode | None = Field(default=None, description="of the scope contract")
    delivery_start: Instant | None = Field(default=None, description="of the scope contract")
    reason: Reason


class HaltView(BaseModel):
    """A halt, or with scope `stop` the kill switch of an account."""

    sequence: int
    scope: str = Field(examples=["market"])
    value: str = Field(description="of a contract: MARKET/start in microseconds")
    since: str = Field(examples=[_AT])
    by: str = Field(description="the API key that did it")
    reason: str
    resumed_at: str | None
    resumed_by: str | None
    resumed_reason: str | None

    @classmethod
    def of(cls, halt: HaltRow) -> "HaltView":
        return cls(
            sequence=halt.sequence,
            scope=halt.scope,
            value=halt.value,
            since=iso(halt.at_us),
            by=halt.who,
            reason=halt.reason,
            resumed_at=iso_or_none(halt.resumed_us),
            resumed_by=halt.resumed_by,
            resumed_reason=halt.resumed_reason,
        )


class HaltsView(BaseModel):
    halts: list[HaltView] = Field(description="newest first")
    next_before: int | None


class CancellationBody(Form):
    """A step of the cancellation of a trade by operations."""

    step: Literal["ASK", "CONFIRM", "REJECT"] = Field(
        description="ASK, then CONFIRM by a second person, or REJECT"
    )
    reason: Reason


class RecallBody(Form):
    """What operations decide about a recall that a party asked for."""

    step: Literal["GRANT", "REJECT", "WAIT"] = Field(
        description="WAIT: the coupled market has to agree"
    )
    reason: Reason


class MovedTradeView(BaseModel):
    """A trade that somebody asked to undo."""

    trade_id: str
    market: str
    delivery_start: str
    delivery_end: str
    price: float
    quantity_mwh: float
    power_kw: int
    buyer: str = Field(description="account")
    seller: str
    state: str = Field(examples=["RREQ"])
    timestamp: str = Field(examples=[_AT])
    moved_at: str

    @classmethod
    def of(cls, trade: MovedTrade) -> "MovedTradeView":
        contract = trade.contract
        return cls(
            trade_id=str(trade.trade_id),
            market=contract.market,
            delivery_start=iso(contract.start_us),
            delivery_end=iso(contract.end_us),
            price=eur_mwh(trade.price_ticks),
            quantity_mwh=mwh(trade.quantity_steps * contract.wh_per_step),
            power_kw=trade.quantity_steps * contract.step_kw,
            buyer=trade.buyer,
            seller=trade.seller,
            state=trade.state.value,
            timestamp=iso(trade.at_us),
            moved_at=iso(trade.moved_us),
        )


class MovedTradesView(BaseModel):
    trades: list[MovedTradeView] = Field(description="newest first")
    next_before: str | None


class Incident(BaseModel):
    """A refusal with its code, or a self-trade that was prevented or let happen."""

    sequence: int
    timestamp: str = Field(examples=[_AT])
    account: str
    order_id: str | None
    client_order_id: str | None
    action: str = Field(examples=["UREJ"])
    code: str = Field(examples=["THROTTLED"])
    text: str
    by: str

    @classmethod
    def of(cls, row: SurveillanceRow) -> "Incident":
        return cls(
            sequence=row.sequence,
            timestamp=iso(row.at_us),
            account=row.account,
            order_id=str(row.order_id) if row.order_id else None,
            client_order_id=row.client_order_id or None,
            action=row.action,
            code=row.code,
            text=row.text,
            by=row.who,
        )


class Surveillance(BaseModel):
    incidents: list[Incident] = Field(description="newest first")
    next_before: int | None


class ActivityView(BaseModel):
    """What an account did in a UTC day."""

    account: str
    day: str = Field(examples=["2026-11-21"])
    entered: int
    changed: int
    withdrawn: int
    refused: int
    trades: int
    traded_mwh: float
    order_to_trade: float | None = Field(
        description="entries, changes and deletions for each trade; null without a trade"
    )

    @classmethod
    def of(cls, row: ActivityRow) -> "ActivityView":
        return cls(
            account=row.account,
            day=iso(row.day_us)[:10],
            entered=row.entered,
            changed=row.changed,
            withdrawn=row.withdrawn,
            refused=row.refused,
            trades=row.trades,
            traded_mwh=mwh(row.traded_wh),
            order_to_trade=row.order_to_trade,
        )


class ActivitiesView(BaseModel):
    activities: list[ActivityView] = Field(description="newest day first")


class LimitsBody(Form):
    """The limits of all accounts; what is not named does not bind."""

    version: int = Field(ge=0, le=2**53, description="yours; higher than the one in force")
    default: dict[str, Any] = Field(default_factory=dict, description="of every account")
    accounts: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="by account: what differs from the default"
    )
    members: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="by member: what its accounts may do together"
    )


class PolicyView(BaseModel):
    """A policy, or limits, that came into force."""

    sequence: int
    timestamp: str = Field(examples=[_AT])
    what: str = Field(examples=["limits"])
    version: int
    by: str
    content: dict[str, Any]

    @classmethod
    def of(cls, row: PolicyRow) -> "PolicyView":
        return cls(
            sequence=row.sequence,
            timestamp=iso(row.at_us),
            what=row.what,
            version=row.version,
            by=row.who,
            content=json.loads(row.content),
        )


class PoliciesView(BaseModel):
    policies: list[PolicyView] = Field(description="newest first: the first one is in force")
    next_before: int | None


class VenueState(BaseModel):
    """How the exchange itself is."""

    sequence: int = Field(description="of the last fact that is safe on the disk")
    projected: int = Field(description="of the last fact that is in the database")
    closed_until: int = Field(description="of the last fact in a segment that will never change")
    commits: int = Field(description="since the start")
    fence: int = Field(description="the writer's number: a higher one takes the journal over")
    live_orders: int
    feed_clients: int
    commit_p50_ms: float | None = Field(
        description="of the last minute, until it is safe on the disk; null: there was none"
    )
    commit_p99_ms: float | None
    loop_lag_max_ms: float | None = Field(
        description="of the last minute: how long the hub answered nobody"
    )
    timestamp: str = Field(examples=[_AT])
