"""Where risk and credit come in: asked last, told all. Pure."""

from typing import Protocol

from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract


class Hook(Protocol):
    """A further check in memory; it answers at once, without a loop, a disk or a network.

    What an order would take (credit, value at risk) counts when `offered` tells that it rests,
    comes free with steps below zero, and is taken for good by `traded`. Nothing that is only
    asked about is reserved: the venue tells before it asks about the next order.
    """

    def refusal(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        at_us: int,
    ) -> Refusal | None:
        """Say why this may not be entered, with a code of its own; None: it may."""
        ...

    def offered(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None: ...

    def traded(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None: ...

    def forget_until(self, at_us: int) -> None: ...

    def dump(self) -> list[object]:
        """Return what `traded` told, as plain lists, for a snapshot."""
        ...

    def load(self, dumped: list[object]) -> None:
        """Take up what `dump` returned."""
        ...
