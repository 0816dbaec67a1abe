"""What is counted of an account: its orders, positions, cash and actions. Pure.

A **seat** is an account, a **desk** an account in one contract, a **period** its quarter-hour of
delivery in one area: an hour's trade counts in each of its quarters. Sold is positive, as in
`wire`; powers in kW, cash in units of 10⁻⁸ EUR.
"""

from collections.abc import Iterable
from itertools import chain

from cloud.exchange.checks.limits import UNBOUND, Limits, Quota, bound, cash_of, ticks_of
from cloud.exchange.checks.throttle import Policy
from cloud.exchange.checks.windows import SPARE_MAX, Pace, Window
from cloud.market.contracts import Contract

_DAY_US = 86_400_000_000
_EPOCH_ORDINAL = 719_163
"""`date(1970, 1, 1).toordinal()`."""


class Period:
    """One account's quarter-hour of delivery in one area."""

    __slots__ = ("buy_kw", "net_kw", "sealed_buy_kw", "sealed_sell_kw", "sell_kw")

    def __init__(self) -> None:
        self.net_kw = 0
        """Sold less bought."""
        self.sell_kw = 0
        """On offer to sell, and to buy, what is sealed in auctions with it: magnitudes."""
        self.buy_kw = 0
        self.sealed_sell_kw = 0
        """Sealed: all of it may come at once, so a position counts it also without what is open."""
        self.sealed_buy_kw = 0


class Day:
    """What an account receives and pays for the deliveries of one local day: magnitudes."""

    __slots__ = ("in_cash", "in_open", "out_cash", "out_open")

    def __init__(self) -> None:
        self.in_cash = 0
        self.out_cash = 0
        self.in_open = 0
        self.out_open = 0


class Desk:
    """One account in one contract, with what a check needs of both near at hand."""

    __slots__ = (
        "collar_ticks",
        "contract",
        "day",
        "further",
        "kw_max",
        "orders",
        "pace",
        "period",
        "periods",
        "seat",
        "step_kw",
        "wh_per_step",
    )

    def __init__(
        self, seat: "Seat", contract: Contract, periods: tuple[Period, ...], day: Day
    ) -> None:
        self.seat = seat
        self.contract = contract
        self.periods = periods
        self.period = periods[0]
        self.further = periods[1:]
        self.day = day
        self.orders = 0
        """That live, hibernated ones too."""
        self.pace = Pace()
        """The throttle's of this market."""
        self.step_kw = contract.rule.step_kw
        self.wh_per_step = contract.wh_per_step
        self.limit(seat.limits)

    def limit(self, limits: Limits) -> None:
        """Take limits into force."""
        self.kw_max = bound(limits.quantity_kw_max)
        own_ticks = ticks_of(limits.price_distance_eur_mwh_max)
        self.collar_ticks = min(own_ticks, bound(self.contract.rule.collar_ticks))


class Seat:
    """One account."""

    __slots__ = (
        "account",
        "bought_min",
        "by_market",
        "cash_in_max",
        "cash_out_max",
        "day_actions",
        "day_ends_us",
        "day_trades",
        "days",
        "desks",
        "free_actions",
        "limits",
        "net_max",
        "net_min",
        "open_max",
        "open_min",
        "orders",
        "orders_max",
        "orders_per_contract_max",
        "pace",
        "periods",
        "sold_max",
        "spare",
        "special",
    )

    def __init__(self, account: str, limits: Limits) -> None:
        self.account = account
        self.orders = 0
        self.desks: dict[tuple[str, int, int], Desk] = {}
        """By market, start and end."""
        self.periods: dict[tuple[str, int], Period] = {}
        """By area and start."""
        self.days: dict[int, Day] = {}
        self.pace = Pace()
        """Of all markets together."""
        self.by_market: dict[str, Pace] = {}
        """The throttle's, made where the account first acts."""
        self.spare = 0
        """At least so many more may come, whenever they do, before a window must be looked at."""
        self.day_ends_us = 0
        self.day_actions = 0
        self.day_trades = 0
        self.limit(limits)

    def limit(self, limits: Limits) -> None:
        """Take limits into force; windows of the same length go on with what they counted."""
        self.limits = limits
        self.orders_max = bound(limits.orders_max)
        self.orders_per_contract_max = bound(limits.orders_per_contract_max)
        self.net_min, self.net_max, self.open_min, self.open_max = limits.position_bounds()
        self.sold_max = min(self.net_max, self.open_max)
        self.bought_min = max(self.net_min, self.open_min)
        """Net with all that is open: what is within both keeps the other bounds as well."""
        self.cash_in_max = cash_of(limits.cash_in_eur_max)
        self.cash_out_max = cash_of(limits.cash_out_eur_max)
        self.special = (
            limits.state != "active" or bool(limits.strategies) or limits.member is not None
        )
        """Whether a check is needed that most do without; `spare` is never above 0 then."""
        self.settle()
        self.pace = _followed(self.pace, _wanted(limits))
        ratio = limits.order_to_trade_max
        self.free_actions = UNBOUND if ratio is None else max(limits.order_to_trade_free, ratio)
        """Of a day, however little it trades."""
        for desk in self.desks.values():
            desk.limit(limits)

    def throttled(self, market: str, policy: Policy) -> Pace:
        """Return the throttle's windows of one market; they are made at the first call."""
        pace = self.by_market.get(market)
        if pace is None:
            windows = policy.windows.get(market, ())
            pace = Pace(tuple(Window("THROTTLED", *wanted) for wanted in windows))
            self.by_market[market] = pace
        return pace

    def policy(self, policy: Policy) -> None:
        """Take a throttle policy into force; what was counted goes on where spans are the same."""
        self.settle()
        self.by_market = {
            market: _followed(
                pace, (Window("THROTTLED", *wanted) for wanted in policy.windows.get(market, ()))
            )
            for market, pace in self.by_market.items()
        }
        for desk in self.desks.values():
            desk.pace = self.throttled(desk.contract.market, policy)

    def acted(self, pace: Pace, at_us: int) -> None:
        """Count one entry or change, also by the throttle of its market; a UTC day begins anew."""
        if at_us >= self.day_ends_us:
            self.day_ends_us = at_us - at_us % _DAY_US + _DAY_US
            self.day_actions = self.day_trades = 0
        self.day_actions += 1
        self.spare -= 1
        pace.uncounted.append(at_us)
        if self.spare < -SPARE_MAX:
            self.settle()

    def settle(self) -> None:
        """Bring all windows up to date: actions wait by market until somebody has to know."""
        markets = self.by_market.values()
        self.pace.count(sorted(chain.from_iterable(pace.uncounted for pace in markets)))
        for pace in markets:
            pace.count(pace.uncounted)
            pace.uncounted.clear()
        self.spare = 0

    def used_up(self, pace: Pace, at_us: int) -> Window | None:
        """Return a window that allows nothing now, of this market first; None where none is."""
        self.settle()
        window = pace.used_up(at_us) or self.pace.used_up(at_us)
        if window is None:
            rest = [every.remaining(at_us) for every in (self.pace, *self.by_market.values())]
            spare = min(*rest, self.free_actions - self.day_actions, SPARE_MAX)
            self.spare = 0 if self.special else spare
        return window


def day_of(contract: Contract) -> int:
    """Return the delivery day as an ordinal; the UTC day where the contract does not say one."""
    return contract.day or _EPOCH_ORDINAL + contract.start_us // _DAY_US


def midnight_us(day: int) -> int:
    """Return the UTC midnight of a day given as an ordinal."""
    return (day - _EPOCH_ORDINAL) * _DAY_US


def _wanted(limits: Limits) -> Iterable[Window]:
    for count in limits.order_counts:
        yield Window("ORDER_COUNT", count.window_s * 1_000_000, count.allowed)
    quota: Quota | None = limits.action_quota
    for count in () if quota is None else (quota.short, quota.long):
        assert quota is not None
        cap = int(count.allowed * quota.fraction_max)
        yield Window("ACTION_QUOTA", count.window_s * 1_000_000, cap)


def _followed(old: Pace, new: Iterable[Window]) -> Pace:
    """Give each new window the stamps of the old one of its name and span."""
    stamps = {(window.code, window.span_us): window.stamps for window in old.windows}
    pace = Pace(tuple(new))
    for window in pace.windows:
        window.count(stamps.get((window.code, window.span_us), ()))
    return pace
