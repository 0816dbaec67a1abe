"""What a portfolio is made of. Pure; signs as in `wire`: sold is positive."""

from dataclasses import dataclass
from typing import NamedTuple


class Total(NamedTuple):
    """The sum of some positions."""

    net_wh: int
    """Sold less bought."""
    cash: int


NOTHING = Total(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One side of one trade."""

    account: str
    site: str | None
    market: str
    start_us: int
    power_kw: int
    """Sold is positive, bought negative; constant over the delivery period."""
    energy_wh: int
    """The same sign."""
    price_ticks: int
    void: bool = False
    """The trade is not in force any more: this takes back what it had added."""

    @property
    def cash(self) -> int:
        """Return what the account receives, in 10⁻⁸ EUR; negative is paid."""
        return self.energy_wh * self.price_ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The sum of all entries of one owner in one market and period."""

    account: str
    site: str | None
    market: str
    start_us: int
    net_kw: int = 0
    sold_wh: int = 0
    bought_wh: int = 0
    """A magnitude, as `sold_wh`."""
    cash: int = 0

    @property
    def net_wh(self) -> int:
        return self.sold_wh - self.bought_wh

    def with_entry(self, entry: Entry) -> "Position":
        """Return the position after one more trade, or one less."""
        count = -1 if entry.void else 1
        return Position(
            account=self.account,
            site=self.site,
            market=self.market,
            start_us=self.start_us,
            net_kw=self.net_kw + count * entry.power_kw,
            sold_wh=self.sold_wh + count * max(0, entry.energy_wh),
            bought_wh=self.bought_wh + count * max(0, -entry.energy_wh),
            cash=self.cash + count * entry.cash,
        )
