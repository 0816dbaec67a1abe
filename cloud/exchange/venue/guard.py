"""The seam between the venue and the pre-trade checks: what is asked, and what is told. Pure."""

from typing import NamedTuple, Protocol

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.market.contracts import Contract


class Refusal(NamedTuple):
    """Why an order is turned away: a stable code, and a sentence that names what is allowed."""

    code: str
    text: str


class Guard(Protocol):
    """Pre-trade checks in memory, O(1) a call; one instance a venue, used by its writer alone.

    Asked in the order calendar → halt (both the venue's own) → throttle → size and price →
    position and site → cash and credit. A replay tells, and never asks.
    """

    def refusal(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int = 1,
    ) -> Refusal | None:
        """Say why this may not be entered, or changed to; None: it may.

        An order that is to be changed is taken off the offer (`offered`, below zero) before the
        question, and put back where the answer is no.

        Args:
            quantity_steps: all of it that could still trade.
            reference_ticks: price that the collar is around; None: not known.
            new_orders: 1 for an entry, 0 for a change or an activation of one that lives already.
        """
        ...

    def acted(self, owner: Owner, market: str, at_us: int) -> None:
        """Count one entry or change, refused or not, after the question; deletions are not told."""
        ...

    def offered(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        steps: int,
        orders: int = 0,
    ) -> None:
        """Count what came to rest, or, below zero, what left.

        Args:
            orders: 1 where an order came to live in the venue by it, -1 where one left for good.
        """
        ...

    def orders_changed(self, owner: Owner, contract: Contract, orders: int) -> None:
        """Count orders that came to live in the venue (+1) or left it (-1) without `offered`."""
        ...

    def traded(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None:
        """Count a trade of this owner, or, with steps below zero, one that became void."""
        ...

    def forget_until(self, at_us: int) -> None:
        """Forget deliveries that have begun: nothing trades them any more."""
        ...

    def configured(self, what: str, version: int, content: str) -> Refusal | None:
        """Take a policy or limits into force, whole or not at all; None: they are in force.

        Args:
            what: see `facts.Configured`; one that is not the guard's is none of its business.
        """
        ...

    def dump(self) -> list[object]:
        """Return all that `acted`, `traded` and `configured` told, as plain lists, for a snapshot.

        What `offered` and `orders_changed` told is left out: the venue tells it again after
        `load`, from its orders.
        """
        ...

    def load(self, dumped: list[object]) -> None:
        """Take up what `dump` returned; this guard has been told nothing yet."""
        ...


class NoGuard:
    """Lets everything pass: for books alone, and for benchmarks that say so."""

    def refusal(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int = 1,
    ) -> Refusal | None:
        return None

    def acted(self, owner: Owner, market: str, at_us: int) -> None: ...

    def offered(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        steps: int,
        orders: int = 0,
    ) -> None: ...

    def orders_changed(self, owner: Owner, contract: Contract, orders: int) -> None: ...

    def traded(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None: ...

    def forget_until(self, at_us: int) -> None: ...

    def configured(self, what: str, version: int, content: str) -> Refusal | None:
        return None

    def dump(self) -> list[object]:
        return []

    def load(self, dumped: list[object]) -> None: ...
