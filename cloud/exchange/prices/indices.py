"""Volume-weighted prices of a delivery: ID1, ID3, IDFull and any other window. Pure.

One function serves all. A trade counts once, with its power times the time in which its contract
and the delivery overlap: an hourly trade counts a quarter of its energy in each quarter-hour.
Self-trades and void trades are in no sum. One division at the end, ties away from zero.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.exchange.facts import Listed
from cloud.exchange.prices.mark import DayAhead
from cloud.exchange.prices.rules import DAY_AHEAD, MINUTE_US, IndexRule, Window
from cloud.exchange.prices.session import Session
from cloud.exchange.prices.sums import Sum, added, divided
from cloud.market.contracts import wh_of

Bounds = tuple[int | None, int | None]
"""Trade times ``[start, end)`` in µs, whole minutes; None is where the session begins or ends."""


class Index(NamedTuple):
    """A result that says what it was made from."""

    price_ticks: int | None
    """None: no volume, or too little, and no step of the fallback had any."""
    window_start_us: int | None
    window_end_us: int | None
    volume_wh: int
    trades: int
    step: int | None
    """0: the window asked for; n: the n-th step of the fallback; None: nothing was found."""
    source: str | None
    """``TRADES``, ``DAY_AHEAD`` or None."""


def vwap(
    delivery: Listed,
    sessions: Iterable[Session],
    window_start_us: int | None,
    window_end_us: int | None,
    products: frozenset[str],
    volume_wh_min: int,
    fallback: Sequence[Bounds | str],
    day_ahead: DayAhead,
) -> Index:
    """Return the volume-weighted price of a delivery over trade times ``[start, end)``.

    Args:
        sessions: candidates; those that do not overlap the delivery, or are of another product,
            count nothing.
        volume_wh_min: energy in the delivery below which the next step of `fallback` is tried.

    Raises:
        ValueError: a bound is no whole minute.
    """
    counted = [
        (session, factor)
        for session in sessions
        if session.listed.product in products and (factor := _overlap_wh(delivery, session.listed))
    ]
    steps: list[Bounds | str] = [(window_start_us, window_end_us), *fallback]
    for step, bounds in enumerate(steps):
        if isinstance(bounds, str):
            price = day_ahead(delivery.area, delivery.start_us, delivery.end_us)
            if price is not None:
                return Index(price, None, None, 0, 0, step, DAY_AHEAD)
            continue
        total = added(_sum(session, bounds).times(factor) for session, factor in counted)
        if total.weight and total.weight >= volume_wh_min:
            return Index(total.average, *bounds, total.weight, total.trades, step, "TRADES")
    return Index(None, window_start_us, window_end_us, 0, 0, None, None)


def bounds_of(window: Window, start_us: int) -> Bounds:
    """Return the trade times of a window before this start of delivery."""
    return (
        None if window.from_lead_min is None else start_us - window.from_lead_min * MINUTE_US,
        None if window.to_lead_min is None else start_us - window.to_lead_min * MINUTE_US,
    )


def index(
    delivery: Listed, sessions: Iterable[Session], rule: IndexRule, day_ahead: DayAhead
) -> Index:
    """Return a named index of a delivery."""
    start_us, end_us = bounds_of(rule.window, delivery.start_us)
    fallback = [
        step if isinstance(step, str) else bounds_of(step, delivery.start_us)
        for step in rule.fallback
    ]
    return vwap(
        delivery, sessions, start_us, end_us, rule.products, rule.volume_wh_min, fallback, day_ahead
    )


def german_imbalance_index(
    quarter_hour: Iterable[tuple[int, int]],
    hour: Iterable[tuple[int, int]],
    power_kw: int = 500_000,
) -> int | None:
    """Return the German "IP index" in ticks: the last trades up to 500 MW, None below that.

    Args:
        quarter_hour: (price in ticks, kW) of the quarter-hour product's trades that count, newest
            first; the last one needed is taken in part.
        hour: the same of the hour that contains it, for what is missing.

    Source: netztransparenz.de, index of the balancing price for under- and over-supply.
    """
    missing_kw, value = power_kw, 0
    for trades in (quarter_hour, hour):
        for price_ticks, kw in trades:
            taken_kw = min(kw, missing_kw)
            value += price_ticks * taken_kw
            missing_kw -= taken_kw
            if not missing_kw:
                return divided(value, power_kw)
    return None


def _overlap_wh(delivery: Listed, traded: Listed) -> int:
    """Return the energy of one kW in the time that both deliver."""
    shared_us = min(delivery.end_us, traded.end_us) - max(delivery.start_us, traded.start_us)
    return wh_of(1, shared_us) if shared_us > 0 else 0


def _sum(session: Session, bounds: Bounds) -> Sum:
    for bound in bounds:
        if bound is not None and bound % MINUTE_US:
            raise ValueError(f"window: {bound} is not allowed; whole minutes are expected")
    return session.minutes.sum(*bounds)
