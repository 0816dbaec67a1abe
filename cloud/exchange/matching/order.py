"""An order while it is in the venue, and who owns it. Pure; changed only by book and venue."""

from typing import Final

from cloud.exchange.matching.codes import Execution, Kind, SelfTrade, Side, State, Validity

_ACTIVE: Final = State.ACTIVE


class Owner:
    """Who is behind an order: the chain on which limits and self-trade rules hang."""

    __slots__ = (
        "account",
        "member",
        "number",
        "portfolio",
        "self_trade",
        "site",
        "stp_scope",
        "strategy",
        "user",
    )

    def __init__(
        self,
        number: int,
        account: str,
        member: str = "",
        site: str = "",
        portfolio: str = "",
        strategy: str = "",
        user: str = "",
    ) -> None:
        self.number = number
        """Of its `Joined` fact; orders refer to it."""
        self.account = account
        self.member = member or account
        self.site = site
        """The battery that has to deliver; '' means none."""
        self.portfolio = portfolio
        self.strategy = strategy
        self.user = user
        self.self_trade = SelfTrade.CANCEL_NEWEST
        self.stp_scope = self.account
        """Owners of one scope are the same for self-trade prevention: account, or member."""


class Details:
    """What is said of an order beyond a plain limit; matching asks for none of it."""

    __slots__ = (
        "client_order_id",
        "initial_id",
        "kind",
        "parent_id",
        "revision",
        "text",
        "valid_until_us",
        "validity",
    )

    def __init__(self) -> None:
        self.kind = Kind.LIMIT
        self.validity = Validity.GFS
        self.valid_until_us = 0
        self.initial_id = 0
        """0: its own number."""
        self.parent_id = 0
        self.revision = 1
        self.client_order_id = ""
        self.text = ""


PLAIN: Final = Details()
"""Of all orders of which nothing is said; never changed."""


class Order:
    """One order. `open_steps` is what the book shows, `hidden_steps` what an iceberg keeps back.

    What of its quantity is neither, nor was taken away by a self-trade rule, has traded.
    """

    __slots__ = (
        "ahead",
        "at_us",
        "behind",
        "contract",
        "delta_ticks",
        "details",
        "display_steps",
        "execution",
        "hidden_steps",
        "limit_ticks",
        "open_steps",
        "order_id",
        "owner",
        "price_ticks",
        "quantity_steps",
        "reduced_steps",
        "side",
        "state",
    )

    def __init__(
        self,
        order_id: int,
        owner: Owner,
        contract: int,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        execution: Execution = Execution.NON,
        at_us: int = 0,
    ) -> None:
        self.order_id = order_id
        self.owner = owner
        self.contract = contract
        """Number of its `Listed` fact."""
        self.side = side
        self.price_ticks = self.limit_ticks = price_ticks
        """The price of an iceberg moves with its clips; its limit stays what it came with."""
        self.quantity_steps = self.open_steps = quantity_steps
        self.hidden_steps = self.display_steps = self.delta_ticks = self.reduced_steps = 0
        """Of an iceberg what it hides, its peak, and its peak price delta (ppd): what each new
        clip's price moves by, buy ≤ 0, sell ≥ 0; and what a self-trade rule took away."""
        self.execution = execution
        self.state = _ACTIVE
        self.at_us = at_us
        """Of its last change of priority."""
        self.details = PLAIN
        """See `own_details` before any of it is changed."""
        self.ahead: Order | None = None
        self.behind: Order | None = None
        """Its neighbours in the queue of its price; the book's alone."""

    def own_details(self) -> Details:
        """Return details that are this order's alone."""
        if self.details is PLAIN:
            self.details = Details()
        return self.details

    @property
    def left_steps(self) -> int:
        """What of it has not traded, with what is hidden."""
        return self.open_steps + self.hidden_steps

    @property
    def filled_steps(self) -> int:
        """What of it has traded."""
        return self.quantity_steps - self.open_steps - self.hidden_steps - self.reduced_steps

    @property
    def kind(self) -> Kind:
        return self.details.kind

    @property
    def validity(self) -> Validity:
        return self.details.validity

    @property
    def valid_until_us(self) -> int:
        return self.details.valid_until_us

    @property
    def initial_id(self) -> int:
        """The first order of the chain of changes that this one stands for."""
        return self.details.initial_id or self.order_id

    @property
    def parent_id(self) -> int:
        """The order that this one took the place of; 0: none."""
        return self.details.parent_id

    @property
    def revision(self) -> int:
        return self.details.revision

    @property
    def client_order_id(self) -> str:
        return self.details.client_order_id

    @property
    def text(self) -> str:
        return self.details.text
