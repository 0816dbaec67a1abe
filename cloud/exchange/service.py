"""What the exchange does for the rest of the hub: take orders, show markets, tell own orders.

`cloud.exchange.running` makes one `Exchange` and keeps it alive around the hub's life.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from cloud.exchange.audience import MARKET_TOPIC, Audience
from cloud.exchange.batteries import Batteries
from cloud.exchange.entry import Ticket, entry_of
from cloud.exchange.facts import Listed
from cloud.exchange.journal.journal import Journal
from cloud.exchange.journal.reading import Follower
from cloud.exchange.matching.codes import Linking, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.owners import Owners
from cloud.exchange.prices import views
from cloud.exchange.prices.history import History
from cloud.exchange.prices.tape import PublicTrade
from cloud.exchange.read import store
from cloud.exchange.read.model import OrderRow, TradeRow
from cloud.exchange.read.projection import PROJECTED_TOPIC, Projection
from cloud.exchange.refusals import OrderRefused
from cloud.exchange.repeats import Repeats
from cloud.exchange.room import Room
from cloud.exchange.timings import Timings
from cloud.exchange.venue.answers import Answer
from cloud.exchange.venue.commands import Basket, Command, Entry, Switch
from cloud.exchange.writer import Answers, Busy, Stopped, Writer
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound
from cloud.market.contracts import Contract
from cloud.portfolio import service as portfolio

__all__ = ["MARKET_TOPIC", "PROJECTED_TOPIC", "TRADES_TOPIC", "Exchange"]

TRADES_TOPIC = portfolio.CHANGED_TOPIC
"""Woken when trades are in the read model and in the positions, both at once."""
ROWS_MAX = 500
"""Orders or trades in one answer."""
BULK_MAX = 500
"""Orders in one request."""
_TOGETHER = "another order of the basket was refused"


class Done(NamedTuple):
    """What became of an order, and what it was for."""

    answer: Answer
    contract: Contract


class Exchange:
    """The running exchange; `Hub.service(Exchange)` for routes and pages.

    `prices`, `history` and what they show is made from committed facts. The venue itself is the
    writer's alone.
    """

    def __init__(self, hub: Hub, room: Room, journal: Journal, batteries: Batteries) -> None:
        self._hub = hub
        self.catalogue = room.catalogue
        self.checks = room.checks
        self._owners = Owners(lambda: room.checks.limits)
        self.prices = room.prices
        self.journal = journal
        self.batteries = batteries
        self.configuring = asyncio.Lock()
        self.history = History(
            hub.database, hub.clock, room.prices, hub.settings.price_history_days
        )
        self.audience = Audience(hub, room, journal)
        self.standings, self.feeds = self.audience.standings, self.audience.feeds
        self._follower = Follower(journal.folder)
        self.desk = room.venue.desk
        self.timings = Timings()
        self.writer = Writer(
            room.venue, journal, hub.clock, self.audience.told, took=self.timings.committed
        )
        self.projection = Projection(
            self._follower,
            lambda: self.writer.committed_until,
            hub.database,
            hub.bus,
            journal.fence,
        )
        self.reading = self.projection.reading
        """Yields a connection that sees all that was answered before."""
        self._repeats = Repeats(self.desk.answers, self.projection)

    async def place(self, ticket: Ticket) -> Done:
        """Return what became of the order, once it is safe; a repeated client order id changes
        nothing and gets the first answer.

        Raises:
            OrderRefused: it was turned away; the code says why.
        """
        entry = await self.entry(ticket)
        (answer,) = await self.ask(entry)
        return Done(accepted(answer), entry.contract)

    async def place_all(
        self, tickets: Sequence[Ticket], linking: Linking = Linking.NONE
    ) -> list[Done | OrderRefused]:
        """Return what became of each order of a request, in its order.

        Raises:
            OrderRefused: nothing of it was even looked at (BASKET_SIZE, BUSY, …).
        """
        if not 0 < len(tickets) <= BULK_MAX:
            raise OrderRefused("BASKET_SIZE", f"orders: 1 to {BULK_MAX} are allowed")
        made = [await self._entry_or_refusal(ticket) for ticket in tickets]
        entries = [each for each in made if isinstance(each, Entry)]
        if linking is not Linking.NONE:
            if len(entries) < len(made):
                return [
                    OrderRefused("BASKET_REFUSED", _TOGETHER) if isinstance(each, Entry) else each
                    for each in made
                ]
            answers = await self.ask(Basket(entries=tuple(entries), linking=linking))
            return [_done_or_refusal(*each) for each in zip(entries, answers, strict=True)]
        waiting = [self._begun(each) if isinstance(each, Entry) else each for each in made]
        return [
            await self._ended(each, answers) if isinstance(each, Entry) else each
            for each, answers in zip(made, waiting, strict=True)
        ]

    async def entry(self, ticket: Ticket) -> Entry:
        """Return the order as the writer takes it.

        Raises:
            OrderRefused: its form is wrong, or its client order id stands for another order.
        """
        sites = await self.batteries.sites_of(ticket.account)
        entry = entry_of(ticket, self.catalogue, sites, self.owner)
        if entry.owner.site:
            await self.batteries.look_at(entry.owner.site)
        await self._repeats.check(entry)
        return entry

    def owner(self, account: str, site: str, portfolio: str, strategy: str, user: str) -> Owner:
        """Return an owner, the same object each time."""
        return self._owners.of(account, site, portfolio, strategy, user)

    async def withdraw(self, account: str, order_id: int, *, by_admin: str = "") -> Answer:
        """Take the rest of an order out of its book; `by_admin` does it for its owner.

        Raises:
            NotFound: this account has no such order.
            OrderRefused: ORDER_ENDED, nothing of it rests in a book.
        """
        command = Switch(account=account, order_id=order_id, to=State.INACTIVE, by_admin=by_admin)
        (answer,) = await self.ask(command)
        return await self.of_order(account, order_id, answer)

    async def of_order(self, account: str, order_id: int, answer: Answer) -> Answer:
        """Return an answer about an order that has to be there.

        Raises:
            NotFound: this account never had such an order.
            OrderRefused: ORDER_ENDED, or what the answer says.
        """
        if answer.code != "ORDER_UNKNOWN":
            return accepted(answer)
        async with self.reading() as connection:
            order = await store.order(connection, order_id, account)
        if order is None:
            raise NotFound(f"order {order_id} is not known")
        raise OrderRefused("ORDER_ENDED", f"order {order_id} lives no more: {order.status}")

    def contract_of(self, account: str, order_id: int) -> Contract | None:
        """Return the contract of a live order of this account, None where it has none such.

        Whose an order is, and of which contract, never changes; so the venue may be asked.
        """
        order = self.desk.orders.get(order_id)
        if order is None or order.owner.account != account:
            return None
        return self.desk.stalls[order.contract].contract

    async def ask(self, command: Command) -> list[Answer]:
        """Have the writer do something; return its answers once they are safe.

        Raises:
            OrderRefused: BUSY or STOPPING; refusals of the venue are answers.
        """
        return await self._answers(self._submit(command))

    async def orders(
        self,
        account: str,
        *,
        before: int | None = None,
        limit: int = ROWS_MAX,
        only_open: bool = False,
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first, with all that was answered before the call."""
        async with self.reading() as connection:
            return await store.orders(
                connection,
                account,
                before=before,
                limit=min(limit, ROWS_MAX),
                only_open=only_open,
            )

    async def trades(
        self, account: str, *, before: int | None = None, limit: int = ROWS_MAX
    ) -> Sequence[TradeRow]:
        """Return an account's sides of its trades, newest first, as complete as `orders`."""
        async with self.reading() as connection:
            return await store.trades(
                connection, account, before=before, limit=min(limit, ROWS_MAX)
            )

    async def caught_up(self) -> None:
        """Return when all that was answered before can be read; raises `Behind`: not in time."""
        await self.projection.caught_up()

    def listed(self, market: str, start_us: int) -> Listed | None:
        """Return a contract that somebody has ordered in; None: nobody has."""
        found = self.prices.board.contracts(market, start_us, start_us + 1)
        return found[0] if found else None

    def view(self, market: str, start_us: int | None) -> views.View | None:
        """Return a contract as everybody sees it; None: nobody has ordered in it."""
        listed = None if start_us is None else self.listed(market, start_us)
        if listed is None:
            return None
        return views.view(self.prices, listed.contract, self._hub.clock.now_us())

    def newest_trades(self, market: str, contract: int) -> list[PublicTrade]:
        """Return the public trades of a contract that are remembered, newest first."""
        tape = self.prices.tape(market)
        newest = () if tape is None else tape.newest()
        return [trade for trade in newest if trade.contract == contract][:ROWS_MAX]

    def close(self) -> None:
        self._follower.close()

    async def _entry_or_refusal(self, ticket: Ticket) -> Entry | OrderRefused:
        try:
            return await self.entry(ticket)
        except OrderRefused as error:
            return error

    def _begun(self, entry: Entry) -> Answers | OrderRefused:
        """Submit one of several orders; those before it are under way, so it is refused alone."""
        try:
            return self._submit(entry)
        except OrderRefused as error:
            return error

    async def _ended(self, entry: Entry, begun: Answers | OrderRefused) -> Done | OrderRefused:
        if isinstance(begun, OrderRefused):
            return begun
        try:
            (answer,) = await self._answers(begun)
        except OrderRefused as error:
            return error
        return _done_or_refusal(entry, answer)

    def _submit(self, command: Command) -> Answers:
        with _unavailable():
            return self.writer.submit(command)

    async def _answers(self, waiting: Answers) -> list[Answer]:
        with _unavailable():
            return await waiting


def accepted(answer: Answer) -> Answer:
    """Return an answer that is no refusal.

    Raises:
        OrderRefused: it is one.
    """
    if answer.code:
        raise OrderRefused(answer.code, answer.text)
    return answer


def _done_or_refusal(entry: Entry, answer: Answer) -> Done | OrderRefused:
    if answer.code:
        return OrderRefused(answer.code, answer.text)
    return Done(answer, entry.contract)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except Busy as error:
        raise OrderRefused("BUSY", f"the exchange is busy: {error}") from error
    except Stopped as error:
        raise OrderRefused("STOPPING", str(error)) from error
