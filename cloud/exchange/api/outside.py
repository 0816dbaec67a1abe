"""Prices from outside: the newest of each market, in memory; shown, never traded on."""

from dataclasses import dataclass

from cloud.kernel.metrics import gauge

PRICE = gauge("pho_outside_price", "Newest price that a service fed in, EUR/MWh", ["market"])


@dataclass(frozen=True, slots=True)
class Fed:
    """A price as it was told."""

    eur_mwh: float
    mwh: float
    at_us: int


class OutsidePrices:
    """One price a market of the catalogue; `Hub.service(OutsidePrices)`."""

    def __init__(self) -> None:
        self._newest: dict[str, Fed] = {}

    def take(self, market: str, fed: Fed) -> None:
        """Keep a price; `market` is one of the catalogue."""
        self._newest[market] = fed
        PRICE.labels(market).set(fed.eur_mwh)

    def newest(self, market: str) -> Fed | None:
        return self._newest.get(market)
