"""What the accounts of a member may order in an auction together, beside all else they do. Pure.

The same limits and codes as in continuous trading (`cloud.exchange.checks.members`).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.demand import Demand
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.limits import MemberLimits, cash_of
from cloud.exchange.checks.seats import Seat
from cloud.exchange.venue.guard import Refusal
from cloud.market.money import eur
from wire import clock
from wire.clock import QUARTER_HOUR_US


class _Member(NamedTuple):
    name: str
    limits: MemberLimits
    seats: Sequence[Seat]


def refusal(checks: Counters, session: Session, wanted: Demand, account: str) -> Refusal | None:
    """Say which limit of its member a submission could break; None: it keeps all, or has none."""
    name = checks.seat(account).limits.member
    limits = None if name is None else checks.limits.members.get(name)
    if name is None or limits is None:
        return None
    names = checks.limits.accounts_of(name)
    seats = [checks.seats[one] for one in names if one in checks.seats]
    member = _Member(name, limits, seats)
    return _positions(member, session, wanted) or _cash(member, session, wanted)


def _positions(member: _Member, session: Session, wanted: Demand) -> Refusal | None:
    net_min, net_max, open_min, open_max = member.limits.position_bounds()
    for found, sign, bounds in (
        (wanted.sold, 1, (net_max, open_max)),
        (wanted.bought, -1, (-net_min, -open_min)),
    ):
        for start_us, power_kw in _quarters(session, found):
            alone_kw, with_open_kw = _sums(member, session.area, start_us, sign, power_kw)
            over = alone_kw > bounds[0]
            if not over and with_open_kw <= bounds[1]:
                continue
            position_kw, most_kw = (alone_kw, bounds[0]) if over else (with_open_kw, bounds[1])
            return Refusal(
                "MEMBER_POSITION",
                f"the position of member {member.name} in the quarter-hour of"
                f" {clock.utc(start_us):%Y-%m-%dT%H:%MZ} could come to {sign * position_kw:+d} kW"
                f"{'' if over else ' with all open orders'} (sold is +);"
                f" {sign * most_kw:+d} kW is allowed",
            )
    return None


def _sums(member: _Member, area: str, start_us: int, sign: int, power_kw: int) -> tuple[int, int]:
    """Return what a direction comes to with all that is sealed, then with all that is open."""
    found = [seat.periods.get((area, start_us)) for seat in member.seats]
    periods = [period for period in found if period is not None]
    net_kw = sign * sum(period.net_kw for period in periods) + power_kw
    if sign > 0:
        sealed_kw = sum(period.sealed_sell_kw for period in periods)
        open_kw = sum(period.sell_kw for period in periods)
    else:
        sealed_kw = sum(period.sealed_buy_kw for period in periods)
        open_kw = sum(period.buy_kw for period in periods)
    return net_kw + sealed_kw, net_kw + open_kw


def _cash(member: _Member, session: Session, wanted: Demand) -> Refusal | None:
    number = session.day.toordinal()
    days = [seat.days[number] for seat in member.seats if number in seat.days]
    wh = session.step_kw * 1_000 * session.period_us // 3_600_000_000
    done_in = sum(day.in_cash + day.in_open for day in days)
    done_out = sum(day.out_cash + day.out_open for day in days)
    for amount, done, limit, word in (
        (wanted.received, done_in, member.limits.cash_in_eur_max, "receive"),
        (wanted.paid, done_out, member.limits.cash_out_eur_max, "pay"),
    ):
        cash, most = done + amount * wh, cash_of(limit)
        if amount and cash > most:
            return Refusal(
                "MEMBER_CASH",
                f"member {member.name} could come to {word} {eur(cash):.2f} EUR for this day of"
                f" delivery with all open orders; {eur(most):.2f} EUR are allowed",
            )
    return None


def _quarters(session: Session, found: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield start and power of each quarter-hour in which something is ordered."""
    for period, steps in enumerate(found):
        if steps:
            start_us = session.start_us + period * session.period_us
            for quarter_us in range(start_us, start_us + session.period_us, QUARTER_HOUR_US):
                yield quarter_us, steps * session.step_kw
