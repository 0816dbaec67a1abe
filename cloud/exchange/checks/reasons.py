"""The checks of an account one by one: the first that fails, with its sentence. Pure."""

from typing import NamedTuple

from cloud.exchange.checks.limits import Algorithm, ticks_of
from cloud.exchange.checks.seats import Desk, Seat
from cloud.exchange.checks.throttle import Policy
from cloud.exchange.checks.windows import Window
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Refusal
from cloud.market.money import eur, eur_mwh
from wire import clock
from wire.clock import QUARTER_HOUR_US


class Asked(NamedTuple):
    """An order that somebody wants to enter, or to change to."""

    owner: Owner
    desk: Desk
    sold: bool
    price_ticks: int
    power_kw: int
    """A magnitude."""
    reference_ticks: int | None
    new_orders: int


def of_rate(seat: Seat, market: str, policy: Policy, at_us: int) -> Refusal | None:
    """Say whether the account acts too often."""
    pace = seat.throttled(market, policy)
    window = seat.used_up(pace, at_us)
    if window is not None:
        where = f" of {market}" if window in pace.windows else ""
        return _too_often(window, seat.account, where)
    most = seat.limits.order_to_trade_max
    if most is None or at_us >= seat.day_ends_us:
        return None
    free = max(seat.limits.order_to_trade_free, most * max(1, seat.day_trades))
    if seat.day_actions < free:
        return None
    return Refusal(
        "ORDER_TO_TRADE",
        f"account {seat.account} has made {seat.day_actions} entries and changes and"
        f" {seat.day_trades} trades today; {most} for each trade are allowed",
    )


def of_order(asked: Asked) -> Refusal | None:
    """Say which check of account, price, size, number or position an order does not pass."""
    return (
        _state(asked)
        or _collar(asked)
        or _size(asked)
        or _algorithm(asked)
        or _orders(asked)
        or _position(asked)
    )


def of_cash(asked: Asked) -> Refusal | None:
    """Say whether the account would receive or pay too much for one day of delivery."""
    desk, price = asked.desk, asked.price_ticks
    seat, day = desk.seat, desk.day
    cash = abs(price) * (asked.power_kw // desk.step_kw) * desk.wh_per_step
    if (price >= 0) is asked.sold:
        done, most, word = day.in_cash + day.in_open, seat.cash_in_max, "receive"
    else:
        done, most, word = day.out_cash + day.out_open, seat.cash_out_max, "pay"
    if cash == 0 or done + cash <= most:
        return None
    return Refusal(
        "CASH_LIMIT",
        f"account {seat.account} would {word} {eur(done + cash):.2f} EUR for this day of delivery"
        f" with all its open orders; {eur(most):.2f} EUR are allowed",
    )


def _too_often(window: Window, account: str, where: str) -> Refusal:
    free = window.frees_us()
    when = f"; the next may come at {clock.utc(free):%H:%M:%S.%f} UTC" if free else ""
    return Refusal(window.code, f"account {account}: {window.text()}{where} are allowed{when}")


def _state(asked: Asked) -> Refusal | None:
    seat = asked.desk.seat
    if seat.limits.state == "suspended":
        return Refusal("ACCOUNT_SUSPENDED", f"account {seat.account} may not trade")
    if seat.limits.state == "active":
        return None
    for period in asked.desk.periods:
        left_kw = -period.net_kw - period.sell_kw if asked.sold else period.net_kw - period.buy_kw
        if asked.power_kw > left_kw:
            return Refusal(
                "REDUCE_ONLY",
                f"account {seat.account} may only make its positions smaller;"
                f" {max(0, left_kw)} kW are left for that in this contract",
            )
    return None


def _collar(asked: Asked) -> Refusal | None:
    return _distance(asked, asked.desk.collar_ticks)


def _distance(asked: Asked, most: int) -> Refusal | None:
    reference = asked.reference_ticks
    if reference is None:
        return None
    price = asked.price_ticks
    if (reference - price if asked.sold else price - reference) <= most:
        return None
    bound = reference - most if asked.sold else reference + most
    return Refusal(
        "PRICE_COLLAR",
        f"a price of {eur_mwh(bound):.2f} EUR/MWh or {'more' if asked.sold else 'less'} is allowed"
        f" while the reference is {eur_mwh(reference):.2f}",
    )


def _size(asked: Asked) -> Refusal | None:
    most_kw = asked.desk.kw_max
    if asked.power_kw <= most_kw:
        return None
    account = asked.desk.seat.account
    return Refusal(
        "QUANTITY_LIMIT",
        f"{asked.power_kw} kW are too many for one order of {account}; {most_kw} kW are allowed",
    )


def _algorithm(asked: Asked) -> Refusal | None:
    name = asked.owner.strategy
    own: Algorithm | None = asked.desk.seat.limits.strategies.get(name)
    if own is None:
        return None
    most_kw = own.quantity_kw_max
    if most_kw is not None and asked.power_kw > most_kw:
        return Refusal(
            "QUANTITY_LIMIT",
            f"{asked.power_kw} kW are too many for one order of strategy {name};"
            f" {most_kw} kW are allowed",
        )
    return _distance(asked, ticks_of(own.price_distance_eur_mwh_max))


def _orders(asked: Asked) -> Refusal | None:
    desk = asked.desk
    seat = desk.seat
    if seat.orders + asked.new_orders > seat.orders_max:
        return Refusal(
            "ACTIVE_ORDERS", f"at most {seat.orders_max} orders of an account may be open"
        )
    if desk.orders + asked.new_orders > seat.orders_per_contract_max:
        return Refusal(
            "ACTIVE_ORDERS_CONTRACT",
            f"at most {seat.orders_per_contract_max} orders of an account may be open in a"
            " contract",
        )
    return None


def _position(asked: Asked) -> Refusal | None:
    """Look at each quarter-hour: of an hour the worst one counts."""
    desk = asked.desk
    seat = desk.seat
    for index, period in enumerate(desk.periods):
        if asked.sold:
            alone_kw = period.net_kw + period.sealed_sell_kw + asked.power_kw
            over = alone_kw > seat.net_max
            with_open_kw = period.net_kw + asked.power_kw + period.sell_kw
            over_open = with_open_kw > seat.open_max
            bounds = seat.net_max, seat.open_max
        else:
            alone_kw = period.net_kw - period.sealed_buy_kw - asked.power_kw
            over = alone_kw < seat.net_min
            with_open_kw = period.net_kw - asked.power_kw - period.buy_kw
            over_open = with_open_kw < seat.open_min
            bounds = seat.net_min, seat.open_min
        if not over and not over_open:
            continue
        start = clock.utc(desk.contract.start_us + index * QUARTER_HOUR_US)
        position_kw, bound = (alone_kw, bounds[0]) if over else (with_open_kw, bounds[1])
        return Refusal(
            "POSITION_LIMIT" if over else "POSITION_OPEN",
            f"the position of {seat.account} in the quarter-hour of {start:%Y-%m-%dT%H:%MZ} would"
            f" be {position_kw:+d} kW{'' if over else ' with all its open orders'} (sold is +);"
            f" {bound:+d} kW is allowed",
        )
    return None
