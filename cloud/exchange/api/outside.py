"""Prices from outside: the newest of each market, kept over a restart; shown, never traded on."""

from cloud.exchange.prices import history_store
from cloud.exchange.prices.history_store import Fed
from cloud.kernel.database import Database
from cloud.kernel.metrics import gauge

PRICE = gauge("pho_outside_price", "Newest price that a service fed in, EUR/MWh", ["market"])


class OutsidePrices:
    """One price a market of the catalogue; `Hub.service(OutsidePrices)`."""

    def __init__(self) -> None:
        self._newest: dict[str, Fed | None] = {}
        """What is in the database, as far as somebody has asked or told; None: nothing is."""

    async def take(self, database: Database, market: str, fed: Fed) -> None:
        """Keep a price that is no older than the one before; `market` is of the catalogue."""
        async with database.transaction() as connection:
            await history_store.keep_outside(connection, market, fed)
        before = self._newest.get(market)
        if before is None or fed.at_us >= before.at_us:
            self._show(market, fed)

    async def newest(self, database: Database, market: str) -> Fed | None:
        """Return the newest price of a market, None where none ever came."""
        if market not in self._newest:
            async with database.reading() as connection:
                kept = await history_store.outside(connection, market)
            if market not in self._newest:  # nobody has told one meanwhile
                self._show(market, kept)
        return self._newest[market]

    def _show(self, market: str, fed: Fed | None) -> None:
        self._newest[market] = fed
        if fed is not None:
            PRICE.labels(market).set(fed.eur_mwh)
