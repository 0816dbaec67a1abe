"""How prices are made: windows, ages, widths and limits, all of them settings. Pure.

What no public source confirms (``domain/exchange.md`` §5) is a default here and nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MINUTE_US = 60_000_000
DAY_AHEAD = "DAY_AHEAD"
"""The last step of a fallback: the price of the auction for the same delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Trade times before delivery that an index looks at: ``[delivery - from, delivery - to)``."""

    from_lead_min: int | None
    """None: from the first trade of the session on."""
    to_lead_min: int | None
    """None: to the last trade of the session."""

    def __post_init__(self) -> None:
        if (
            self.from_lead_min is not None
            and self.to_lead_min is not None
            and self.from_lead_min <= self.to_lead_min
        ):
            raise ValueError(
                f"from_lead_min: {self.from_lead_min} is not allowed; more than to_lead_min,"
                f" {self.to_lead_min}, is expected"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRule:
    """One named index."""

    window: Window
    products: frozenset[str]
    """Whose trades count; an hourly trade counts with the part that overlaps the delivery."""
    volume_wh_min: int = 0
    """With less in the window the next step of `fallback` is tried; 0: any trade will do."""
    fallback: tuple[Window | str, ...] = ()
    """Wider windows, then `DAY_AHEAD`; () means none."""


SINGLE_PRODUCTS = frozenset({"PT15M", "PT30M", "PT60M"})
WHOLE_SESSION = Window(from_lead_min=None, to_lead_min=None)
INDICES = {
    "ID1": IndexRule(window=Window(from_lead_min=60, to_lead_min=30), products=SINGLE_PRODUCTS),
    "ID3": IndexRule(window=Window(from_lead_min=180, to_lead_min=30), products=SINGLE_PRODUCTS),
    "IDFull": IndexRule(window=WHOLE_SESSION, products=SINGLE_PRODUCTS),
}
"""Windows end 30 minutes before delivery as in the literature; hourly and quarter-hourly products
count together as in the EPEX notice of 11 September 2015. Both unconfirmed for today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Everything that can be chosen about market data."""

    indices: Mapping[str, IndexRule] = field(default_factory=lambda: INDICES)
    depth_levels: int = 10
    tape_trades_max: int = 5_000
    """Newest public trades kept of a market; the oldest leave."""
    mark_age_us_max: int = 15 * MINUTE_US
    mark_spread_ticks_max: int = 2_000
    ema_alpha: float = 0.2
    """Of the value of the prototype that this replaces."""
    kept_after_delivery_us: int = 8 * 24 * 60 * MINUTE_US
    """How long a contract is remembered after its delivery has ended; at least as long as a trade
    of it can become void (`venue.profile.CLOSED_KEPT_S`). One traded in 100 minutes takes 40 kB."""
    market_minutes_max: int = 9 * 24 * 60
    """One-minute sums kept of a market in memory; older ones are in the history alone."""
    contract_minutes_max: int = 4 * 24 * 60
    """One-minute sums kept of a contract; beyond it the oldest two become one (see `Minutes`)."""

    def __post_init__(self) -> None:
        if not 0 < self.ema_alpha <= 1:
            raise ValueError(f"ema_alpha: {self.ema_alpha} is not allowed; above 0, at most 1")
        for name in ("depth_levels", "tape_trades_max", "market_minutes_max"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name}: {value} is not allowed; 1 at least is expected")


def pools_of(markets: Iterable[str]) -> dict[str, str]:
    """Return which markets are counted together in an index: those whose codes differ in their
    last part alone, the resolution (``EPEX_AT_INTRADAY_15MIN`` and ``_60MIN``)."""
    return {market: market.rpartition("_")[0] or market for market in markets}
