"""What the journal keeps: one fact for each thing that happened in the venue. Pure.

A **cause** is what somebody asked for, or what the clock brought, as the writer decided it; its
**effects** follow it. Whoever reads needs nothing else: read model, market data and feeds are made
from facts alone. A replay does the causes again, unchecked; the effects must be equal, or it stops.

Numbers instead of names: contracts and owners are told once (`Listed`, `Joined`), orders and
trades refer to them. 0 and '' mean none. Prices in ticks of 0.01 EUR/MWh, quantities in steps of
the contract, times in µs since 1970 UTC, given by the writer. `by` is who did it: of an order, the
administrator who did it for its owner, and '' where the owner or the venue did.
"""

from typing import NamedTuple, get_args

from cloud.exchange.auction.facts import Auctioned
from cloud.exchange.matching.codes import (
    Action,
    Ending,
    Execution,
    Kind,
    Side,
    State,
    TradeState,
    Validity,
)


class Listed(NamedTuple):
    """Cause. A contract, or the range of a block, was named for the first time."""

    at_us: int
    contract: int
    market: str
    area: str
    product: str
    """``PT15M``, ``PT30M``, ``PT60M``; ``BLOCK`` for a range."""
    start_us: int
    end_us: int
    opens_us: int
    closes_us: int
    step_kw: int
    wh_per_step: int  # energy of one step over the whole of it, exact
    parts: tuple[int, ...]  # contracts of a range, earliest first; () for a single contract
    day: int = 0  # local delivery day as `date.toordinal`


class Joined(NamedTuple):
    """Cause. An owner was named for the first time."""

    at_us: int
    owner: int
    account: str
    member: str
    site: str
    portfolio: str
    strategy: str
    user: str
    self_trade: str  # value of `SelfTrade`
    stp_scope: str


class Entered(NamedTuple):
    """Cause. An order was accepted; what it did at once follows."""

    at_us: int
    order_id: int
    contract: int
    owner: int
    side: Side
    kind: Kind
    execution: Execution
    validity: Validity
    state: State
    price_ticks: int
    quantity_steps: int
    display_steps: int
    delta_ticks: int
    valid_until_us: int
    client_order_id: str
    text: str
    action: Action
    basket: int  # shared by the orders that came together in one request
    by: str = ""


class Refused(NamedTuple):
    """Cause. An entry or a change was turned away; nothing changed."""

    at_us: int
    owner: int
    contract: int
    order_id: int
    """The order that was to be changed; 0 for an entry, which never gets a number."""
    client_order_id: str
    code: str
    text: str
    action: Action
    basket: int
    by: str = ""  # of an order that is not the account's: "account", or "administrator account"


class Changed(NamedTuple):
    """Cause. An order was modified; with another `new_id` it lost its place and may have traded."""

    at_us: int
    order_id: int
    new_id: int
    revision: int
    price_ticks: int
    quantity_steps: int
    """The whole of the order, with what had traded of it."""
    display_steps: int
    delta_ticks: int
    validity: Validity
    valid_until_us: int
    text: str
    action: Action
    by: str = ""
    client_order_id: str = ""  # of the change, not of the order


class Hibernated(NamedTuple):
    """Cause. An order left its book and is kept."""

    at_us: int
    order_id: int
    revision: int
    action: Action
    reason: str
    by: str = ""


class Activated(NamedTuple):
    """Cause. A hibernated order went back into its book, behind the others; it may have traded."""

    at_us: int
    order_id: int
    revision: int
    action: Action
    by: str = ""


class Withdrawn(NamedTuple):
    """Cause. An order was deleted by its owner, an administrator, or a kill switch."""

    at_us: int
    order_id: int
    open_steps: int  # what of it had not traded, with what was hidden
    action: Action
    reason: str
    by: str = ""


class Expired(NamedTuple):
    """Cause. The own date of an order came."""

    at_us: int
    order_id: int
    open_steps: int


class Closed(NamedTuple):
    """Cause. The gate of a contract closed; an `Ended` follows for each order, in priority."""

    at_us: int
    contract: int


class Halted(NamedTuple):
    """Cause. Trading stopped in a scope; a `Hibernated` follows for each order in it."""

    at_us: int
    scope: str
    """``venue``, ``area``, ``product``, ``market``, ``contract``, ``member`` or ``account``."""
    value: str
    """What of it: ``AT``, ``PT15M``, a market code, ``MARKET/start_us``, a name; '' for venue."""
    by: str
    reason: str


class Resumed(NamedTuple):
    """Cause. Trading goes on in a scope; nothing is activated by that."""

    at_us: int
    scope: str
    value: str
    by: str
    reason: str


class Stopped(NamedTuple):
    """Cause. The kill switch of an account: a `Withdrawn` follows for each of its orders."""

    at_us: int
    account: str
    by: str
    reason: str


class Freed(NamedTuple):
    """Cause. The account may trade again."""

    at_us: int
    account: str
    by: str
    reason: str


class TradeMoved(NamedTuple):
    """Cause. A step of the recall or cancellation of a trade."""

    at_us: int
    trade_id: int
    state: TradeState
    by: str
    reason: str
    contract: int
    """This and what follows is the trade's own (`Traded`): sums reverse it without a list."""
    traded_us: int
    price_ticks: int
    quantity_steps: int
    self_trade: bool


class Configured(NamedTuple):
    """Cause. A policy or limits came into force; kept so that each refusal can be explained."""

    at_us: int
    what: str
    """``throttle``, ``limits``, ``self_trade``, ``calendar``."""
    version: int
    by: str
    content: str  # JSON


class Traded(NamedTuple):
    """Effect. Two orders met."""

    at_us: int
    trade_id: int
    contract: int
    price_ticks: int
    quantity_steps: int
    maker_id: int
    taker_id: int
    maker_owner: int
    taker_owner: int
    side: Side  # of the taker
    self_trade: bool


class Clipped(NamedTuple):
    """Effect. An iceberg showed its next clip, at the end of the queue of its (moved) price."""

    at_us: int
    order_id: int
    price_ticks: int
    open_steps: int


class Reduced(NamedTuple):
    """Effect. A self-trade rule took quantity from an order without a trade."""

    at_us: int
    order_id: int
    steps: int


class Ended(NamedTuple):
    """Effect. An order left for good; orders that fill end without this fact."""

    at_us: int
    order_id: int
    open_steps: int
    ending: Ending
    action: Action


Cause = (
    Listed
    | Joined
    | Entered
    | Refused
    | Changed
    | Hibernated
    | Activated
    | Withdrawn
    | Expired
    | Closed
    | Halted
    | Resumed
    | Stopped
    | Freed
    | TradeMoved
    | Configured
)
Effect = Traded | Clipped | Reduced | Ended
Fact = Cause | Effect | Auctioned
KINDS: tuple[type[Fact], ...] = get_args(Fact)
"""The index is the kind in the journal: add at the end of `Fact`, never change the order."""
