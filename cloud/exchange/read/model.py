"""Orders, trades and records as the API shows them to their owners. Pure."""

from dataclasses import dataclass

from cloud.exchange.matching.codes import (
    Ending,
    Execution,
    Kind,
    Side,
    State,
    TradeState,
    Validity,
)

VOID_STATES = (TradeState.RECALLED.value, TradeState.CANCELLED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractRow:
    """What was, or can be, traded; `product` ``BLOCK`` is a range of contracts."""

    contract: int
    market: str
    area: str
    product: str
    start_us: int
    end_us: int
    opens_us: int
    closes_us: int
    step_kw: int
    wh_per_step: int
    closed_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRow:
    """Who is behind an order or a trade."""

    owner: int
    account: str
    member: str
    site: str
    portfolio: str
    strategy: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order and what has become of it; quantities in steps of its contract."""

    order_id: int
    contract: ContractRow
    owner: OwnerRow
    at_us: int
    side: Side
    kind: Kind
    execution: Execution
    validity: Validity
    valid_until_us: int
    state: State
    price_ticks: int
    quantity_steps: int
    filled_steps: int
    open_steps: int
    """What can still trade, hidden quantity with it; 0 once it has ended."""
    visible_steps: int
    """What the book shows of it."""
    reduced_steps: int
    """What a self-trade rule took away."""
    display_steps: int
    delta_ticks: int
    client_order_id: str
    text: str
    initial_id: int
    parent_id: int
    basket: int
    revision: int
    action: str
    """Code of what happened to it last."""
    reason: str
    changed_us: int
    ending: Ending | None
    ended_us: int | None

    @property
    def status(self) -> str:
        """Return how far it is: ``ACCEPTED``, ``PARTIALLY_FILLED``, or why it has ended."""
        if self.ending is not None:
            return self.ending.value
        return "PARTIALLY_FILLED" if self.filled_steps else "ACCEPTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """What happened to an order, and how it stood afterwards."""

    sequence: int
    order_id: int
    at_us: int
    action: str
    who: str
    """The user or account for U, the administrator for A, '' for what the venue did."""
    revision: int
    price_ticks: int
    quantity_steps: int
    filled_steps: int
    open_steps: int
    steps: int
    """How much it was about: traded, taken away, shown, left."""
    trade_id: int
    code: str
    """Of a refusal or of an ending; '' where there is none."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One owner's side of a trade."""

    trade_id: int
    at_us: int
    contract: ContractRow
    order_id: int
    owner: OwnerRow
    side: Side
    """The owner's."""
    aggressor: Side
    price_ticks: int
    quantity_steps: int
    self_trade: bool
    state: TradeState
    moved_us: int
    """Of the last step of a recall; 0: none."""

    @property
    def void(self) -> bool:
        return self.state.value in VOID_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicTrade:
    """A trade as everybody may see it."""

    trade_id: int
    at_us: int
    price_ticks: int
    quantity_steps: int
    aggressor: Side
    self_trade: bool
    state: TradeState


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A step of the recall or cancellation of a trade."""

    sequence: int
    trade_id: int
    at_us: int
    state: TradeState
    who: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveillanceRow:
    """A refusal with its code, or a self-trade that was prevented or let happen."""

    sequence: int
    at_us: int
    owner: int
    account: str
    contract: int
    order_id: int
    client_order_id: str
    action: str
    code: str
    text: str
    steps: int
    basket: int
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """What an account did in a UTC day."""

    account: str
    day_us: int
    entered: int
    changed: int
    withdrawn: int
    refused: int
    trades: int
    """A self-trade counts twice; a void one stays counted."""
    traded_wh: int

    @property
    def order_to_trade(self) -> float | None:
        """Return orders, changes and deletions for each trade, None without a trade."""
        orders = self.entered + self.changed + self.withdrawn
        return orders / self.trades if self.trades else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltRow:
    """A halt, or with scope ``stop`` the kill switch of an account."""

    sequence: int
    scope: str
    value: str
    at_us: int
    who: str
    reason: str
    resumed_us: int | None
    resumed_by: str | None
    resumed_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """A policy or limits that came into force."""

    sequence: int
    at_us: int
    what: str
    version: int
    who: str
    content: str
    """JSON."""
