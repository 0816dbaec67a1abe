"""Owners of orders, one object for each chain, so that the venue knows them by sight. Pure."""

from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.profile import FACES_MAX

Chain = tuple[str, str, str, str, str]


class Owners:
    """As many as the venue knows by sight; beyond it all are made anew."""

    def __init__(self) -> None:
        self._owners: dict[Chain, Owner] = {}

    def of(self, account: str, site: str, portfolio: str, strategy: str, user: str) -> Owner:
        """Return an owner, the same object each time."""
        chain = account, site, portfolio, strategy, user
        owner = self._owners.get(chain)
        if owner is None:
            if len(self._owners) >= FACES_MAX:
                self._owners.clear()
            owner = self._owners[chain] = Owner(
                0, account, site=site, portfolio=portfolio, strategy=strategy, user=user
            )
        return owner
