"""What each site may come to owe in each quarter-hour: sold, bought and still on offer. Pure.

Counted over all markets together, since the battery behind them is one.
"""

from dataclasses import dataclass

from cloud.exchange.book import Side


@dataclass(slots=True)
class _Exposure:
    net_kw: int = 0
    """Sign as in `wire`: sold is positive."""
    open_sell_kw: int = 0
    open_buy_kw: int = 0


class Exposures:
    """By start of delivery and site; a site of None is no site, and nothing is counted."""

    def __init__(self) -> None:
        self._by_start: dict[int, dict[str, _Exposure]] = {}

    def offered(self, start_us: int, site: str | None, side: Side, power_kw: int) -> None:
        """Count what came to rest in a book, or, below zero, what left it."""
        if site is None:
            return
        exposure = self._of(start_us, site)
        if side is Side.SELL:
            exposure.open_sell_kw += power_kw
        else:
            exposure.open_buy_kw += power_kw

    def traded(self, start_us: int, site: str | None, side: Side, power_kw: int) -> None:
        if site is not None:
            self._of(start_us, site).net_kw += power_kw if side is Side.SELL else -power_kw

    def worst_kw(self, start_us: int, site: str, side: Side, power_kw: int) -> int:
        """Return what the site owes in the direction of an order if all open ones trade with it."""
        exposure = self._by_start.get(start_us, {}).get(site, _Exposure())
        if side is Side.SELL:
            return exposure.net_kw + exposure.open_sell_kw + power_kw
        return -exposure.net_kw + exposure.open_buy_kw + power_kw

    def forget_until(self, at_us: int) -> None:
        """Forget the deliveries that have begun: nothing trades them any more."""
        for start_us in [start for start in self._by_start if start <= at_us]:
            del self._by_start[start_us]

    def _of(self, start_us: int, site: str) -> _Exposure:
        return self._by_start.setdefault(start_us, {}).setdefault(site, _Exposure())
