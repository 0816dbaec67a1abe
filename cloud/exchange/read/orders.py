"""An order as the facts leave it, step by step. Pure."""

from operator import attrgetter
from typing import Any

from cloud.exchange.facts import Changed, Entered
from cloud.exchange.matching.codes import Action, Ending, State

ACTIVE, HIBERNATED, INACTIVE = State.ACTIVE.value, State.HIBERNATED.value, State.INACTIVE.value

_KEPT = (
    "order_id",
    "sequence",
    "at_us",
    "contract",
    "owner",
    "account",
    "side",
    "kind",
    "execution",
    "client_order_id",
    "initial_id",
    "parent_id",
    "basket",
)
CHANGING = (
    "validity",
    "state",
    "price_ticks",
    "quantity_steps",
    "filled_steps",
    "open_steps",
    "visible_steps",
    "reduced_steps",
    "display_steps",
    "delta_ticks",
    "valid_until_us",
    "text",
    "revision",
    "action",
    "reason",
    "changed_us",
    "ending",
    "ended_us",
)
COLUMNS = _KEPT + CHANGING
"""Names of the columns of `venue_order`, in the order of `values` and of `restored`."""


class Order:
    """One row of the table; see there. It is asked and changed by `fold` alone."""

    __slots__ = COLUMNS

    order_id: int
    sequence: int
    at_us: int
    contract: int
    owner: int
    account: str
    side: int
    kind: str
    execution: str
    client_order_id: str
    initial_id: int
    parent_id: int
    basket: int
    validity: str
    state: str
    price_ticks: int
    quantity_steps: int
    filled_steps: int
    open_steps: int
    visible_steps: int
    reduced_steps: int
    display_steps: int
    delta_ticks: int
    valid_until_us: int
    text: str
    revision: int
    action: str
    reason: str
    changed_us: int
    ending: str | None
    ended_us: int | None

    def traded(self, steps: int, at_us: int) -> Action:
        """Take a trade of what the book shows of it; return whether it is executed."""
        self.filled_steps += steps
        self._less(steps)
        self.changed_us = at_us
        if self.open_steps:
            self.action = Action.PARTLY_EXECUTED.value
            return Action.PARTLY_EXECUTED
        self.end(Ending.FILLED, Action.EXECUTED, at_us)
        return Action.EXECUTED

    def reduced(self, steps: int, at_us: int) -> None:
        """Take away what a self-trade rule took."""
        self.reduced_steps += steps
        self._less(steps)
        self.changed_us = at_us

    def clipped(self, price_ticks: int, visible_steps: int, at_us: int) -> None:
        """Show the next clip."""
        self.price_ticks = price_ticks
        self.visible_steps = visible_steps
        self.action = Action.CLIP_ADDED.value
        self.changed_us = at_us

    def switched(self, state: State, revision: int, action: Action, at_us: int) -> None:
        """Leave the book, or come back into it."""
        self.state = state.value
        self.revision = revision
        self.action = action.value
        self.changed_us = at_us
        self.visible_steps = self.shown() if state is State.ACTIVE else 0

    def changed(self, fact: Changed) -> None:
        """Take new terms: in its place, where it decreases only what is hidden goes first."""
        self.price_ticks = fact.price_ticks
        self.quantity_steps = fact.quantity_steps
        self.open_steps = fact.quantity_steps - self.filled_steps - self.reduced_steps
        self.display_steps = fact.display_steps
        self.delta_ticks = fact.delta_ticks
        self.validity = fact.validity.value
        self.valid_until_us = fact.valid_until_us
        self.text = plain(fact.text)
        self.revision = fact.revision
        self.action = fact.action.value
        self.changed_us = fact.at_us
        self.visible_steps = min(self.visible_steps, self.open_steps)

    def replacement(self, fact: Changed, sequence: int) -> "Order":
        """Return the order that stands for this one, behind the others at its price."""
        new = restored(values(self))
        new.order_id = fact.new_id
        new.parent_id = self.order_id
        new.sequence = sequence
        new.at_us = fact.at_us
        new.reason = ""
        new.changed(fact)
        new.visible_steps = new.shown() if new.state == ACTIVE else 0
        return new

    def end(self, ending: Ending, action: Action, at_us: int) -> None:
        """Leave for good; what had not traded of it is quantity - filled - reduced."""
        self.state = INACTIVE
        self.ending = ending.value
        self.action = action.value
        self.open_steps = self.visible_steps = 0
        self.changed_us = self.ended_us = at_us

    def _less(self, steps: int) -> None:
        self.open_steps -= steps
        self.visible_steps = max(0, self.visible_steps - steps)
        assert self.open_steps >= 0, f"order {self.order_id} traded more than it had"

    def shown(self) -> int:
        return min(self.display_steps or self.open_steps, self.open_steps)


values = attrgetter(*COLUMNS)
changing = attrgetter(*CHANGING, "order_id")


def restored(row: Any) -> Order:
    """Return the order of a row with these `COLUMNS`."""
    order = Order()
    for name, value in zip(COLUMNS, row, strict=True):
        setattr(order, name, value)
    return order


def entered(fact: Entered, sequence: int, account: str) -> Order:
    """Return a new order."""
    order = Order()
    order.order_id = order.initial_id = fact.order_id
    order.sequence = sequence
    order.at_us = order.changed_us = fact.at_us
    order.contract = fact.contract
    order.owner = fact.owner
    order.account = account
    order.side = int(fact.side)
    order.kind = fact.kind.value
    order.execution = fact.execution.value
    order.client_order_id = plain(fact.client_order_id)
    order.parent_id = 0
    order.basket = fact.basket
    order.validity = fact.validity.value
    order.state = fact.state.value
    order.price_ticks = fact.price_ticks
    order.quantity_steps = order.open_steps = fact.quantity_steps
    order.filled_steps = order.reduced_steps = 0
    order.display_steps = fact.display_steps
    order.delta_ticks = fact.delta_ticks
    order.valid_until_us = fact.valid_until_us
    order.text = plain(fact.text)
    order.revision = 1
    order.action = fact.action.value
    order.reason = ""
    order.ending = None
    order.ended_us = None
    shown = fact.display_steps or fact.quantity_steps
    order.visible_steps = 0 if order.state == HIBERNATED else min(shown, fact.quantity_steps)
    return order


def plain(text: str) -> str:
    """Return a text that every database takes; PostgreSQL keeps no NUL."""
    return text.replace("\0", "") if "\0" in text else text
