"""Prices from outside: the newest of each market, kept over a restart; shown, never traded on."""

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Float, String, Table, select

from cloud.kernel.database import Database, metadata, upsert
from cloud.kernel.metrics import gauge

PRICE = gauge("pho_outside_price", "Newest price that a service fed in, EUR/MWh", ["market"])

outside_price = Table(
    "outside_price",
    metadata,
    Column("market", String(40), primary_key=True),
    Column("eur_mwh", Float, nullable=False),
    Column("mwh", Float, nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
_c = outside_price.c


@dataclass(frozen=True, slots=True)
class Fed:
    """A price as it was told."""

    eur_mwh: float
    mwh: float
    at_us: int


class OutsidePrices:
    """One price a market of the catalogue; `Hub.service(OutsidePrices)`."""

    def __init__(self) -> None:
        self._newest: dict[str, Fed | None] = {}
        """What is in the database, as far as somebody has asked or told; None: nothing is."""

    async def take(self, database: Database, market: str, fed: Fed) -> None:
        """Keep a price that is no older than the one before; `market` is of the catalogue."""
        row = {"market": market, "eur_mwh": fed.eur_mwh, "mwh": fed.mwh, "at_us": fed.at_us}
        async with database.transaction() as connection:
            await upsert(
                connection,
                outside_price,
                [row],
                lambda new: {name: new[name] for name in ("eur_mwh", "mwh", "at_us")},
                lambda new: new.at_us >= _c.at_us,
            )
        before = self._newest.get(market)
        if before is None or fed.at_us >= before.at_us:
            self._show(market, fed)

    async def newest(self, database: Database, market: str) -> Fed | None:
        """Return the newest price of a market, None where none ever came."""
        if market not in self._newest:
            async with database.reading() as connection:
                row = (
                    await connection.execute(select(outside_price).where(_c.market == market))
                ).one_or_none()
            if market not in self._newest:  # nobody has told one meanwhile
                self._show(market, None if row is None else Fed(row.eur_mwh, row.mwh, row.at_us))
        return self._newest[market]

    def _show(self, market: str, fed: Fed | None) -> None:
        self._newest[market] = fed
        if fed is not None:
            PRICE.labels(market).set(fed.eur_mwh)
