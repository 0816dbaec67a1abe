"""The price that a contract is worth now, and where it comes from. Pure."""

from typing import NamedTuple, Protocol

from cloud.exchange.prices.rules import DAY_AHEAD, Rules

TRADE = "TRADE"
MID = "MID"


class Mark(NamedTuple):
    """A price in ticks, half ticks possible; None where nothing is known, never 0 for that."""

    ticks: float | None
    source: str | None
    """``TRADE``, ``MID``, ``DAY_AHEAD`` or None."""


UNKNOWN = Mark(None, None)


class DayAhead(Protocol):
    """Who knows the auction's prices."""

    def __call__(self, area: str, start_us: int, end_us: int) -> int | None:
        """Return the price of this delivery in ticks, None where it is not known."""
        ...


def no_day_ahead(area: str, start_us: int, end_us: int) -> int | None:
    """Nobody knows the auction's prices."""
    return None


def mark(
    last: tuple[int, int] | None,
    bid_ticks: int | None,
    ask_ticks: int | None,
    day_ahead_ticks: int | None,
    at_us: int,
    rules: Rules,
) -> Mark:
    """Return the last trade while young, else the middle of a narrow spread, else the auction.

    Args:
        last: time and price in ticks of the newest trade that counts.
        bid_ticks: best price at which part of an order can be sold; `ask_ticks` likewise.
    """
    if last is not None and at_us - last[0] <= rules.mark_age_us_max:
        return Mark(float(last[1]), TRADE)
    if bid_ticks is None or ask_ticks is None:
        pass
    elif ask_ticks - bid_ticks <= rules.mark_spread_ticks_max:
        return Mark((bid_ticks + ask_ticks) / 2, MID)
    if day_ahead_ticks is not None:
        return Mark(float(day_ahead_ticks), DAY_AHEAD)
    return UNKNOWN
