"""What all accounts of a member do together, against the member's own limits. Pure.

Nothing is counted twice: the seats of its accounts are added up when one of them asks, at most
`limits.MEMBER_ACCOUNTS_MAX` of them. An account whose member has no limits never comes here far.
"""

from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.limits import MemberLimits, cash_of
from cloud.exchange.checks.reasons import Asked
from cloud.exchange.checks.seats import Seat, day_of
from cloud.exchange.venue.guard import Refusal
from cloud.market.money import eur
from wire import clock
from wire.clock import QUARTER_HOUR_US


def refusal(counters: Counters, asked: Asked) -> Refusal | None:
    """Say which limit of its member an order does not keep; None: it keeps all, or has none."""
    member = asked.desk.seat.limits.member
    own = None if member is None else counters.limits.members.get(member)
    if member is None or own is None:
        return None
    names = counters.limits.accounts_of(member)
    seats = [counters.seats[name] for name in names if name in counters.seats]
    return (
        _orders(member, own, seats, asked)
        or _position(member, own, seats, asked)
        or _cash(member, own, seats, asked)
    )


def _orders(member: str, own: MemberLimits, seats: list[Seat], asked: Asked) -> Refusal | None:
    if own.orders_max is None or not asked.new_orders:
        return None
    if sum(seat.orders for seat in seats) + asked.new_orders <= own.orders_max:
        return None
    return Refusal(
        "MEMBER_ORDERS", f"at most {own.orders_max} orders of member {member} may be open"
    )


def _position(member: str, own: MemberLimits, seats: list[Seat], asked: Asked) -> Refusal | None:
    """Look at each quarter-hour: of an hour the worst one counts."""
    contract = asked.desk.contract
    net_min, net_max, open_min, open_max = own.position_bounds()
    for start_us in range(contract.start_us, contract.end_us, QUARTER_HOUR_US):
        found = [seat.periods.get((contract.area, start_us)) for seat in seats]
        periods = [period for period in found if period is not None]
        net_kw = sum(period.net_kw for period in periods)
        if asked.sold:
            with_open_kw = net_kw + asked.power_kw + sum(period.sell_kw for period in periods)
            sealed_kw = sum(period.sealed_sell_kw for period in periods)
            alone_kw = net_kw + sealed_kw + asked.power_kw
            over, over_open = alone_kw > net_max, with_open_kw > open_max
            bounds = net_max, open_max
        else:
            with_open_kw = net_kw - asked.power_kw - sum(period.buy_kw for period in periods)
            sealed_kw = sum(period.sealed_buy_kw for period in periods)
            alone_kw = net_kw - sealed_kw - asked.power_kw
            over, over_open = alone_kw < net_min, with_open_kw < open_min
            bounds = net_min, open_min
        if over or over_open:
            position_kw, allowed_kw = (alone_kw, bounds[0]) if over else (with_open_kw, bounds[1])
            return Refusal(
                "MEMBER_POSITION",
                f"the position of member {member} in the quarter-hour of"
                f" {clock.utc(start_us):%Y-%m-%dT%H:%MZ} would be {position_kw:+d} kW"
                f"{'' if over else ' with all open orders'} (sold is +);"
                f" {allowed_kw:+d} kW is allowed",
            )
    return None


def _cash(member: str, own: MemberLimits, seats: list[Seat], asked: Asked) -> Refusal | None:
    desk, price = asked.desk, asked.price_ticks
    cash = abs(price) * (asked.power_kw // desk.step_kw) * desk.wh_per_step
    number = day_of(desk.contract)
    days = [seat.days[number] for seat in seats if number in seat.days]
    if (price >= 0) is asked.sold:
        done = sum(day.in_cash + day.in_open for day in days)
        most, word = cash_of(own.cash_in_eur_max), "receive"
    else:
        done = sum(day.out_cash + day.out_open for day in days)
        most, word = cash_of(own.cash_out_eur_max), "pay"
    if cash == 0 or done + cash <= most:
        return None
    return Refusal(
        "MEMBER_CASH",
        f"member {member} would {word} {eur(done + cash):.2f} EUR for this day of delivery with all"
        f" open orders; {eur(most):.2f} EUR are allowed",
    )
