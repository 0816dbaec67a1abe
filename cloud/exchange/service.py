"""What the exchange does for the rest of the hub: take orders, show markets, tell own orders.

`running` opens the journal, brings back the books and keeps the writer and the projection alive
around the hub's life; it provides one `Exchange`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

from cloud.exchange import meters, store
from cloud.exchange.engine import Busy, Engine, Stopped, open_floor
from cloud.exchange.entry import Ticket, order_of
from cloud.exchange.market_data import MarketData
from cloud.exchange.model import OrderRow, TradeRow
from cloud.exchange.projection import JOURNAL_TOPIC, PROJECTED_TOPIC, Projection
from cloud.exchange.records import Placed, Record, Turned, Withdrawn
from cloud.exchange.refusals import OrderRefused
from cloud.fleet import service as fleet
from cloud.kernel.context import Hub
from cloud.kernel.errors import NotFound
from cloud.market import catalogue as markets
from cloud.market.catalogue import Catalogue
from cloud.portfolio import service as portfolio

__all__ = ["MARKET_TOPIC", "PROJECTED_TOPIC", "TRADES_TOPIC", "Exchange", "running"]

JOURNAL_FILE = "exchange.journal"
MARKET_TOPIC = "market"
"""Woken when a view or a price has changed; what is shown then is safe."""
TRADES_TOPIC = portfolio.CHANGED_TOPIC
"""Woken when trades are in the read model and in the positions, both at once."""
ROWS_MAX = 500
"""Orders or trades in one answer."""


class Exchange:
    """The running exchange; `Hub.service(Exchange)` for routes and pages."""

    def __init__(
        self,
        hub: Hub,
        catalogue: Catalogue,
        engine: Engine,
        projection: Projection,
        market_data: MarketData,
    ) -> None:
        self._hub = hub
        self._engine = engine
        self._projection = projection
        self.catalogue = catalogue
        self.market_data = market_data

    async def place(self, ticket: Ticket) -> Placed:
        """Return the accepted order, once it is safe; a repeated client order id changes nothing.

        Raises:
            OrderRefused: it was turned away; the code says why.
        """
        async with self._hub.database.reading() as connection:
            sites = await fleet.sites(connection, ticket.account)
        order = order_of(ticket, self.catalogue, sites)
        with _unavailable():
            answer = await self._engine.place(order)
        if isinstance(answer, Turned):
            raise OrderRefused(answer.code, answer.text)
        return answer

    async def withdraw(self, account: str, order_id: int) -> Withdrawn:
        """Take the rest of an order out of its book.

        Raises:
            NotFound: this account has no such order.
            OrderRefused: ORDER_ENDED, nothing of it rests in a book.
        """
        with _unavailable():
            withdrawn = await self._engine.withdraw(account, order_id)
        if withdrawn is not None:
            return withdrawn
        await self._projection.caught_up()
        async with self._hub.database.reading() as connection:
            order = await store.order(connection, account, order_id)
        if order is None:
            raise NotFound(f"order {order_id} is not known")
        raise OrderRefused("ORDER_ENDED", f"order {order_id} rests no more: {order.status}")

    async def orders(
        self,
        account: str,
        *,
        before: int | None = None,
        limit: int = ROWS_MAX,
        only_open: bool = False,
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first, with all that was answered before the call."""
        await self._projection.caught_up()
        async with self._hub.database.reading() as connection:
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
        await self._projection.caught_up()
        async with self._hub.database.reading() as connection:
            return await store.trades(
                connection, account, before=before, limit=min(limit, ROWS_MAX)
            )

    async def caught_up(self) -> None:
        """Return when all that was answered before is in the read model and the positions."""
        await self._projection.caught_up()


@asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[None]:
    """Run the exchange of this hub while the block lasts.

    Raises:
        JournalUnusable: damaged, of a newer program, in use, or not this database's.
        ReplayDiffers: this program would have decided otherwise than the journal says.
    """
    catalogue = markets.load(hub.settings.markets_file)
    market_data = MarketData(catalogue)
    path = hub.settings.data_dir / JOURNAL_FILE
    with open_floor(path, hub.clock, market_data.remember) as (floor, journal):
        market_data.show(floor)
        meters.show(market_data, catalogue, hub.clock.now_us())

        def committed(records: Sequence[Record]) -> None:
            market_data.remember(records)
            market_data.show(floor, {(record.market, record.start_us) for record in records})
            meters.count(records)
            traded = {record.market for record in records} & set(catalogue)
            meters.show(market_data, traded, hub.clock.now_us())
            hub.bus.wake(JOURNAL_TOPIC)
            hub.bus.wake(MARKET_TOPIC)

        engine = Engine(floor, journal, hub.clock, committed)
        projection = Projection(journal, hub.database, hub.bus)
        await projection.open()
        hub.provide(Exchange(hub, catalogue, engine, projection, market_data))
        async with asyncio.TaskGroup() as tasks:
            started = [
                tasks.create_task(engine.run(), name="exchange"),
                tasks.create_task(projection.run(), name="projection"),
            ]
            try:
                yield
            finally:
                for task in started:
                    task.cancel()


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except Busy as error:
        raise OrderRefused("BUSY", f"the exchange is busy: {error}") from error
    except Stopped as error:
        raise OrderRefused("STOPPING", str(error)) from error
