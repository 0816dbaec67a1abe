"""Who may order how much in an auction: kill switch, halts, limits of the account. Pure.

The codes are those of continuous trading (`cloud.exchange.venue.refusals`), in its order. What
is left out has no sense before a gate: there is no reference price for a collar, and what is sealed
is no live order, no entry of a throttle, and trades nothing yet.
"""

from collections.abc import Sequence

from cloud.exchange.auction import members
from cloud.exchange.auction.calendar import Session
from cloud.exchange.auction.demand import Demand, demand, most_steps
from cloud.exchange.auction.orders import Submission
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.seats import Period, Seat
from cloud.exchange.facts import Halted
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.desk import Desk
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import PRODUCTS
from cloud.market.money import eur
from wire import clock
from wire.clock import QUARTER_HOUR_US

_UNTRADED = Period()


def of_session(desk: Desk, session: Session) -> Refusal | None:
    """Say which halt the whole auction is under; its code counts as the market's."""
    product = PRODUCTS[session.period_us // 1_000_000]
    scopes = ("venue", ""), ("area", session.area), ("market", session.code), ("product", product)
    return _halted(desk, scopes)


def of_account(desk: Desk, checks: Counters, owner: Owner) -> Refusal | None:
    """Say why somebody may order nothing at all."""
    stopped = desk.stopped.get(owner.account)
    if stopped is not None:
        return Refusal("ACCOUNT_STOPPED", f"the account is stopped: {stopped.reason}")
    halted = _halted(desk, (("account", owner.account), ("member", owner.member)))
    if halted is None and checks.limits.of(owner.account).state == "suspended":
        return Refusal("ACCOUNT_SUSPENDED", f"account {owner.account} may not trade")
    return halted


def of_limits(checks: Counters, session: Session, one: Submission) -> Refusal | None:
    """Say which limit of its account a submission could break, beside all else that is sealed."""
    seat = checks.seat(one.account)
    most_kw = most_steps(one) * session.step_kw
    allowed_kw = seat.limits.quantity_kw_max
    if allowed_kw is not None and most_kw > allowed_kw:
        return Refusal(
            "QUANTITY_LIMIT",
            f"{most_kw} kW are too many for one order of {one.account};"
            f" {allowed_kw} kW are allowed",
        )
    wanted = demand(one, session.terms)
    return (
        _positions(seat, session, wanted)
        or _cash(seat, session, wanted)
        or members.refusal(checks, session, wanted, one.account)
    )


def _halted(desk: Desk, scopes: Sequence[tuple[str, str]]) -> Refusal | None:
    halt: Halted | None = next((desk.halts[key] for key in scopes if key in desk.halts), None)
    if halt is None:
        return None
    what = f"{halt.scope} {halt.value}".strip()
    return Refusal("HALTED", f"trading is halted ({what}): {halt.reason}")


def _positions(seat: Seat, session: Session, wanted: Demand) -> Refusal | None:
    """Look at each quarter-hour of delivery, as what is traded and on offer makes it now."""
    for found, sign in ((wanted.sold, 1), (wanted.bought, -1)):
        for period, steps in enumerate(found):
            if steps == 0:
                continue
            for start_us in _quarters(session, period):
                kept = seat.periods.get((session.area, start_us), _UNTRADED)
                refusal = _position(seat, kept, sign, steps * session.step_kw, start_us)
                if refusal is not None:
                    return refusal
    return None


def _position(seat: Seat, kept: Period, sign: int, power_kw: int, start_us: int) -> Refusal | None:
    open_kw, sealed_kw = kept.sell_kw, kept.sealed_sell_kw
    if sign < 0:
        open_kw, sealed_kw = kept.buy_kw, kept.sealed_buy_kw
    with_open = sign * kept.net_kw + open_kw + power_kw
    alone = sign * kept.net_kw + sealed_kw + power_kw
    most, most_open = seat.net_max, seat.open_max
    if sign < 0:
        most, most_open = -seat.net_min, -seat.open_min
    start = f"{clock.utc(start_us):%Y-%m-%dT%H:%MZ}"
    left_kw = -sign * kept.net_kw - open_kw
    if seat.limits.state == "reduce_only" and power_kw > left_kw:
        return Refusal(
            "REDUCE_ONLY",
            f"account {seat.account} may only make its positions smaller; {max(0, left_kw)} kW are"
            f" left for that in the quarter-hour of {start}",
        )
    if alone <= most and with_open <= most_open:
        return None
    over = alone > most
    position_kw, bound = (alone, most) if over else (with_open, most_open)
    return Refusal(
        "POSITION_LIMIT" if over else "POSITION_OPEN",
        f"the position of {seat.account} in the quarter-hour of {start} could come to"
        f" {sign * position_kw:+d} kW{'' if over else ' with all its open orders'} (sold is +);"
        f" {sign * bound:+d} kW is allowed",
    )


def _cash(seat: Seat, session: Session, wanted: Demand) -> Refusal | None:
    day = seat.days.get(session.day.toordinal())
    wh = session.step_kw * 1_000 * session.period_us // 3_600_000_000
    for amount, done, most, word in (
        (wanted.received, day and day.in_cash + day.in_open, seat.cash_in_max, "receive"),
        (wanted.paid, day and day.out_cash + day.out_open, seat.cash_out_max, "pay"),
    ):
        cash = (done or 0) + amount * wh
        if amount and cash > most:
            return Refusal(
                "CASH_LIMIT",
                f"account {seat.account} could come to {word} {eur(cash):.2f} EUR for this day of"
                f" delivery with all its open orders; {eur(most):.2f} EUR are allowed",
            )
    return None


def _quarters(session: Session, period: int) -> range:
    start_us = session.start_us + period * session.period_us
    return range(start_us, start_us + session.period_us, QUARTER_HOUR_US)
