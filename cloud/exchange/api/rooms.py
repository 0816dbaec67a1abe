"""The rooms of a running exchange that its API opens onto; whoever runs it provides them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from cloud.exchange.checks.guard import Checks
from cloud.exchange.matching.order import Order
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.history import History
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Command
from cloud.exchange.venue.venue import Venue
from cloud.exchange.writer import Busy, Stopped, Writer
from cloud.fleet.model import Site
from cloud.kernel.context import HubHere
from cloud.market.catalogue import Catalogue
from cloud.market.contracts import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """`Hub.service(Rooms)` for routes and sockets."""

    catalogue: Catalogue
    venue: Venue
    """Changed by the writer alone. Here it is only asked what never changes: whose an order is,
    and of which contract; all else is shown from committed facts."""
    writer: Writer
    checks: Checks
    data: MarketData
    history: History
    caught_up: Callable[[], Awaitable[None]]
    """Returns when all that was answered before is in the read model."""
    sites: Callable[[str], Awaitable[Sequence[Site]]]
    """The sites of an account."""

    async def ask(self, command: Command) -> list[Answer]:
        """Return what became of each order of a command, once it is safe; a refusal is an answer.

        Raises:
            OrderRefused: BUSY or STOPPING; nothing was changed.
        """
        try:
            return await self.writer.ask(command)
        except Busy as error:
            raise OrderRefused("BUSY", f"the exchange is busy: {error}") from error
        except Stopped as error:
            raise OrderRefused("STOPPING", str(error)) from error

    async def do(self, command: Command) -> Answer:
        """Do one thing and return its answer.

        Raises:
            OrderRefused: it was turned away; the code says why.
        """
        (*_, answer) = await self.ask(command)
        if answer.code:
            raise OrderRefused(answer.code, answer.text)
        return answer

    def order(self, account: str, order_id: int) -> tuple[Order, Contract] | None:
        """Return a live order of this account and its contract, None where it has none."""
        desk = self.venue.desk
        order = desk.orders.get(order_id)
        if order is None or order.owner.account != account:
            return None
        return order, desk.stalls[order.contract].contract


async def _rooms(hub: HubHere) -> Rooms:
    return hub.service(Rooms)


RoomsHere = Annotated[Rooms, Depends(_rooms)]
"""The type of a route's parameter that wants the exchange."""
