"""An owner at a contract: through his post the venue asks the checks, and tells them. Pure.

It is what a `Guard` is, for one owner and one contract, so that neither has to be looked up again;
and it puts together what is asked and told together. An order is **on offer** from its acceptance
until it trades, falls asleep, or leaves.
"""

from abc import ABC, abstractmethod

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Guard, Refusal
from cloud.market.contracts import Contract


class Post(ABC):
    """What every post does; how it is done is the guard's own."""

    __slots__ = ("contract", "owner")

    def __init__(self, owner: Owner, contract: Contract) -> None:
        self.owner = owner
        self.contract = contract

    def ask(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
    ) -> Refusal | None:
        """Say why an order may not be entered; None: it may, lives, and is on offer.

        It counts as an action either way.
        """
        refusal = self.refusal(side, price_ticks, steps, reference_ticks, at_us, 1)
        self.acted(at_us)
        if refusal is None:
            self.offered(side, price_ticks, steps, 1)
        return refusal

    def filled(
        self, side: Side, limit_ticks: int, steps: int, price_ticks: int, orders: int
    ) -> None:
        """Count that so much of what was on offer at `limit_ticks` has traded at `price_ticks`.

        Args:
            orders: -1 where the order left by it, else 0.
        """
        self.offered(side, limit_ticks, -steps, orders)
        self.traded(side, price_ticks, steps)

    @abstractmethod
    def refusal(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int,
    ) -> Refusal | None:
        """Say why this may not be entered, or changed to; see `Guard.refusal`."""

    @abstractmethod
    def acted(self, at_us: int) -> None:
        """Count one entry or change that was not asked for by `ask`."""

    @abstractmethod
    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        """Count what came to be on offer, or, below zero, what left; see `Guard.offered`."""

    @abstractmethod
    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        """Count a trade, or, with steps below zero, one that became void."""


class PlainPost(Post):
    """Tells any guard, each time by owner and contract."""

    __slots__ = ("guard",)

    def __init__(self, guard: Guard, owner: Owner, contract: Contract) -> None:
        super().__init__(owner, contract)
        self.guard = guard

    def refusal(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int,
    ) -> Refusal | None:
        return self.guard.refusal(
            self.owner,
            self.contract,
            side,
            price_ticks,
            steps,
            reference_ticks,
            at_us,
            new_orders,
        )

    def acted(self, at_us: int) -> None:
        self.guard.acted(self.owner, self.contract.market, at_us)

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        if steps:
            self.guard.offered(self.owner, self.contract, side, price_ticks, steps, orders)
        elif orders:
            self.guard.orders_changed(self.owner, self.contract, orders)

    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        self.guard.traded(self.owner, self.contract, side, price_ticks, steps)
