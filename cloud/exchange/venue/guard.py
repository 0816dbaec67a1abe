"""The seam between the venue and the pre-trade checks: what is asked, and what is told. Pure.

Through the **post** of an owner at a contract the venue asks the checks, and tells them; so
neither has to be looked up again. The guard makes posts, takes policies into force, and remembers
across a snapshot. An order is **on offer** from its acceptance until it trades, falls asleep, or
leaves.
"""

from typing import NamedTuple, Protocol

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.market.contracts import Contract


class Refusal(NamedTuple):
    """Why an order is turned away: a stable code, and a sentence that names what is allowed."""

    code: str
    text: str


class Post:
    """An owner at a contract. This one lets everything pass and counts nothing.

    Asked in the order calendar → halt (both the venue's own) → throttle → size and price →
    position and site → cash and credit; O(1) a call. A replay tells, and never asks.
    """

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

    def refusal(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int,
    ) -> Refusal | None:
        """Say why this may not be entered, or changed to; None: it may.

        An order that is to be changed is taken off the offer (`offered`, below zero) before the
        question, and put back where the answer is no.

        Args:
            steps: all of it that could still trade.
            reference_ticks: price that the collar is around; None: not known.
            new_orders: 1 for an entry, 0 for a change or an activation of one that lives already.
        """
        return None

    def acted(self, at_us: int) -> None:
        """Count one entry or change, refused or not, that was not asked for by `ask`.

        Deletions are not told.
        """

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        """Count what came to be on offer, or, below zero, what left.

        Args:
            orders: 1 where an order came to live in the venue by it, -1 where one left for good.
        """

    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        """Count a trade of this owner, or, with steps below zero, one that became void."""


class Guard(Protocol):
    """Pre-trade checks in memory; one instance a venue, used by its writer alone."""

    def post(self, owner: Owner, contract: Contract) -> Post:
        """Return an owner's post at a contract; the venue keeps it until the gate closes."""
        ...

    def acted(self, owner: Owner, at_us: int) -> None:
        """Count one entry or change of no known contract; all others are told to a post."""
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
        """Return all that was acted, traded and configured, as plain lists, for a snapshot.

        What was offered is left out: the venue tells it again after `load`, from its orders.
        """
        ...

    def load(self, dumped: list[object]) -> None:
        """Take up what `dump` returned; this guard has been told nothing yet."""
        ...
