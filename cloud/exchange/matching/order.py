"""An order while it is in the venue, and who owns it. Pure; changed only by book and venue."""

from cloud.exchange.matching.codes import Execution, Kind, SelfTrade, Side, State, Validity


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


class Order:
    """One order. `open_steps` is what the book shows, `hidden_steps` what an iceberg keeps back.

    ``quantity_steps == filled_steps + open_steps + hidden_steps`` while it lives, but for what a
    self-trade rule took away (`reduced_steps`).
    """

    __slots__ = (
        "ahead",
        "at_us",
        "behind",
        "client_order_id",
        "contract",
        "delta_ticks",
        "display_steps",
        "execution",
        "filled_steps",
        "hidden_steps",
        "initial_id",
        "kind",
        "limit_ticks",
        "open_steps",
        "order_id",
        "owner",
        "parent_id",
        "price_ticks",
        "quantity_steps",
        "reduced_steps",
        "revision",
        "side",
        "state",
        "text",
        "valid_until_us",
        "validity",
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
    ) -> None:
        self.order_id = order_id
        self.owner = owner
        self.contract = contract
        """Number of its `Listed` fact."""
        self.side = side
        self.price_ticks = self.limit_ticks = price_ticks
        """The price of an iceberg moves with its clips; its limit stays what it came with."""
        self.quantity_steps = quantity_steps
        self.open_steps = quantity_steps
        self.hidden_steps = 0
        self.display_steps = 0
        self.delta_ticks = 0
        """Peak price delta (ppd): what each new clip's price moves by; buy ≤ 0, sell ≥ 0."""
        self.filled_steps = 0
        self.reduced_steps = 0
        self.execution = execution
        self.kind = Kind.LIMIT
        self.validity = Validity.GFS
        self.valid_until_us = 0
        self.state = State.ACTIVE
        self.at_us = 0
        """Of its last change of priority."""
        self.initial_id = order_id
        self.parent_id = 0
        self.revision = 1
        self.client_order_id = ""
        self.text = ""
        self.ahead: Order | None = None
        self.behind: Order | None = None
        """Its neighbours in the queue of its price; the book's alone."""

    @property
    def left_steps(self) -> int:
        """What of it has not traded, with what is hidden."""
        return self.open_steps + self.hidden_steps
