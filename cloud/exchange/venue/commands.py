"""What the writer is asked to do; the form is checked, the chances are not. Pure."""

from dataclasses import dataclass

from cloud.exchange.matching.codes import (
    Execution,
    Kind,
    Linking,
    Side,
    State,
    TradeState,
    Validity,
)
from cloud.exchange.matching.order import Owner
from cloud.market.contracts import Contract


@dataclass(slots=True, kw_only=True)
class Entry:
    """A new order. Its combination of codes has passed the matrix (`cloud.exchange.matrix`)."""

    owner: Owner
    contract: Contract
    side: Side
    price_ticks: int | None
    """None: a market order, a limit at the reference price and no worse than the protection."""
    quantity_steps: int
    kind: Kind = Kind.LIMIT
    execution: Execution = Execution.NON
    validity: Validity = Validity.GFS
    valid_until_us: int = 0
    state: State = State.ACTIVE
    display_steps: int = 0
    delta_ticks: int = 0
    client_order_id: str = ""
    text: str = ""
    by_admin: str = ""
    """Who enters it for the owner; '' is the owner himself."""


@dataclass(slots=True, kw_only=True)
class Basket:
    """Several new orders in one request; answers come in the same order."""

    entries: tuple[Entry, ...]
    linking: Linking = Linking.NONE


@dataclass(slots=True, kw_only=True)
class Modification:
    """A change of an order. None leaves as it is; `revision` must be the order's own."""

    account: str
    order_id: int
    revision: int
    price_ticks: int | None = None
    quantity_steps: int | None = None
    display_steps: int | None = None
    delta_ticks: int | None = None
    valid_until_us: int | None = None
    text: str | None = None
    client_order_id: str = ""
    by_admin: str = ""


@dataclass(slots=True, kw_only=True)
class Switch:
    """Hibernate (`State.HIBERNATED`), activate (`ACTIVE`) or delete (`INACTIVE`) one order."""

    account: str
    order_id: int
    to: State
    revision: int | None = None
    """Must be the order's own where it is given; activation needs it."""
    by_admin: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class SwitchAll:
    """The same for all orders of an account, of one market, contract or site where it is given."""

    account: str
    to: State
    market: str = ""
    start_us: int | None = None
    site: str = ""
    by_admin: str = ""
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Halt:
    """Stop trading in a scope (see `facts.Halted`), or let it go on."""

    scope: str
    value: str
    by: str
    reason: str
    resume: bool = False


@dataclass(slots=True, kw_only=True)
class Kill:
    """The kill switch of an account, or its release: deletes all, refuses entry and change."""

    account: str
    by: str
    reason: str
    release: bool = False


@dataclass(slots=True, kw_only=True)
class MoveTrade:
    """A step of the recall or cancellation of a trade (§4.7)."""

    trade_id: int
    to: TradeState
    by: str
    account: str
    """Of the party that asks; '' is operations."""
    reason: str
    same: frozenset[str] = frozenset()
    """Keys that may be in the same hands as `by`: none of them is a second person."""


@dataclass(slots=True, kw_only=True)
class Configure:
    """Take a policy or limits into force: `facts.Configured` with the writer's stamp."""

    what: str
    version: int
    by: str
    content: str


@dataclass(slots=True, kw_only=True)
class Allot:
    """Take the result of an auction into the positions; a repeat of the same changes nothing."""

    auction: str
    area: str
    day: int
    start_us: int
    period_us: int
    step_kw: int
    price_ticks: tuple[int, ...]
    awards: tuple[tuple[Owner, tuple[int, ...]], ...]
    """Owner, and what he sold (+) or bought (-) in each period, in steps."""
    by: str = "auction"


Command = (
    Entry | Basket | Modification | Switch | SwitchAll | Halt | Kill | MoveTrade | Configure | Allot
)
