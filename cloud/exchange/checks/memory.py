"""What the checks remember across a snapshot: as plain lists, and back. Pure.

Open orders are not in it: the venue tells them again. Nor is what the hub tells about batteries.
"""

from collections.abc import Iterable
from typing import Any

from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.seats import Seat
from cloud.exchange.checks.windows import Pace

_VERSION = 1


def dump(checks: Counters) -> list[object]:
    """Return configurations, accounts, sites and hooks."""
    return [
        _VERSION,
        sorted(checks.configurations.items()),
        [_seat(seat) for seat in checks.seats.values()],
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
    for account, day, windows, by_market, periods, days in seats:
        seat = checks.seat(account)
        seat.day_ends_us, seat.day_actions, seat.day_trades = day
        _stamp(seat.pace, windows)
        for market, stamps in by_market:
            _stamp(seat.throttled(market, checks.policy), stamps)
        for area, start_us, net_kw in periods:
            checks.period(seat, area, start_us).net_kw = net_kw
        for number, start_us, in_cash, out_cash in days:
            day_of = checks.day(seat, number, start_us)
            day_of.in_cash, day_of.out_cash = in_cash, out_cash
    checks.sites.load(sites)
    for hook, own in zip(checks.hooks, hooks, strict=True):
        hook.load(own)


def _seat(seat: Seat) -> list[object]:
    return [
        seat.account,
        [seat.day_ends_us, seat.day_actions, seat.day_trades],
        _stamps(seat.pace),
        [[market, _stamps(pace)] for market, pace in seat.by_market.items()],
        [[area, at_us, period.net_kw] for (area, at_us), period in seat.periods.items()],
        [[number, day.start_us, day.in_cash, day.out_cash] for number, day in seat.days.items()],
    ]


def _stamps(pace: Pace) -> list[list[int]]:
    pace.settle()
    return [list(window.stamps) for window in pace.windows]


def _stamp(pace: Pace, stamps: Iterable[Iterable[int]]) -> None:
    for window, own in zip(pace.windows, stamps, strict=True):
        window.stamps.extend(own)
