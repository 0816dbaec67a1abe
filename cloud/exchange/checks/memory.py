"""What the checks remember across a snapshot: as plain lists, and back. Pure.

Open orders are not in it: the venue tells them again. Nor is what the hub tells about batteries.
The lists are sorted and without what was only asked about, so that a replay, which does not ask,
leads to the same text.
"""

from collections.abc import Iterable
from typing import Any

from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.seats import Day, Seat
from cloud.exchange.checks.windows import Pace

_VERSION = 1


def dump(checks: Counters) -> list[object]:
    """Return configurations, accounts, sites and hooks."""
    return [
        _VERSION,
        sorted(checks.configurations.items()),
        [_seat(seat) for _, seat in sorted(checks.seats.items())],
        checks.sites.dump(),
        [hook.dump() for hook in checks.hooks],
    ]


def load(checks: Counters, dumped: list[Any]) -> None:
    """Take up what `dump` returned.

    Raises:
        ValueError: it is of another version, or cannot be taken into force.
    """
    if not dumped:
        return
    version, configurations, seats, sites, hooks = dumped
    if version != _VERSION:
        raise ValueError(f"checks: version {version!r} of a snapshot is not known")
    for what, content in configurations:
        refusal = checks.configured(what, 0, content)
        if refusal is not None:
            raise ValueError(refusal.text)
    for account, counts, windows, by_market, periods, days in seats:
        seat = checks.seat(account)
        seat.day_ends_us, seat.day_actions, seat.day_trades = counts
        _stamp(seat.pace, windows)
        for market, stamps in by_market:
            _stamp(seat.throttled(market, checks.policy), stamps)
        for area, start_us, net_kw in periods:
            checks.period(seat, area, start_us).net_kw = net_kw
        for number, in_cash, out_cash in days:
            day = checks.day(seat, number)
            day.in_cash, day.out_cash = in_cash, out_cash
    checks.sites.load(sites)
    for hook, own in zip(checks.hooks, hooks, strict=True):
        hook.load(own)


def _seat(seat: Seat) -> list[object]:
    seat.settle()
    periods = sorted(seat.periods.items())
    return [
        seat.account,
        [seat.day_ends_us, seat.day_actions, seat.day_trades],
        _stamps(seat.pace),
        [[name, _stamps(pace)] for name, pace in sorted(seat.by_market.items()) if pace.windows],
        [[area, at_us, period.net_kw] for (area, at_us), period in periods if period.net_kw],
        [[number, *_cash(day)] for number, day in sorted(seat.days.items()) if any(_cash(day))],
    ]


def _cash(day: Day) -> tuple[int, int]:
    return day.in_cash, day.out_cash


def _stamps(pace: Pace) -> list[list[int]]:
    return [window.counted() for window in pace.windows]


def _stamp(pace: Pace, stamps: Iterable[Iterable[int]]) -> None:
    for window, own in zip(pace.windows, stamps, strict=True):
        window.count(own)
