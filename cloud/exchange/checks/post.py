"""An owner at a contract, with all that the checks count of both near at hand. Pure.

What passes every check that binds most accounts is let through at once; all the rest is looked at
in the order of the checks, and finds its reason. Most posts are `CheckedPost`; a `WidePost` is one
of which more has to be told than the counters of one quarter-hour.
"""

from typing import Final

from cloud.exchange.checks import members, reasons
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.seats import Desk
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Post, Refusal

_SELL: Final = Side.SELL


class CheckedPost(Post):
    """The real post: of one owner of an account, at the account's desk in the contract."""

    __slots__ = ("counters", "day", "desk", "period", "seat", "step_kw", "wh_per_step")

    def __init__(self, counters: Counters, owner: Owner, desk: Desk) -> None:
        super().__init__(owner, desk.contract)
        self.counters = counters
        self.desk = desk
        self.seat = desk.seat
        self.period = desk.period
        self.day = desk.day
        self.step_kw = desk.step_kw
        self.wh_per_step = desk.wh_per_step

    def ask(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
    ) -> Refusal | None:
        """Say why an order may not be entered; None: it may, lives, and is on offer."""
        seat, desk, period, day = self.seat, self.desk, self.period, self.day
        power_kw = steps * self.step_kw
        cash = price_ticks * steps * self.wh_per_step
        if side is _SELL:
            open_kw = period.sell_kw + power_kw
            fits = period.net_kw + open_kw <= seat.sold_max and (
                reference_ticks is None or reference_ticks - price_ticks <= desk.collar_ticks
            )
        else:
            open_kw = period.buy_kw + power_kw
            cash = -cash
            fits = period.net_kw - open_kw >= seat.bought_min and (
                reference_ticks is None or price_ticks - reference_ticks <= desk.collar_ticks
            )
        if cash >= 0:
            open_cash = day.in_open + cash
            fits = fits and day.in_cash + open_cash <= seat.cash_in_max
        else:
            open_cash = day.out_open - cash
            fits = fits and day.out_cash + open_cash <= seat.cash_out_max
        if not (
            fits
            and power_kw <= desk.kw_max
            and seat.orders < seat.orders_max
            and desk.orders < seat.orders_per_contract_max
            and seat.spare > 0
            and at_us < seat.day_ends_us
        ):
            return super().ask(side, price_ticks, steps, reference_ticks, at_us)
        desk.pace.uncounted.append(at_us)
        seat.spare -= 1
        seat.day_actions += 1
        seat.orders += 1
        desk.orders += 1
        if side is _SELL:
            period.sell_kw = open_kw
        else:
            period.buy_kw = open_kw
        if cash >= 0:
            day.in_open = open_cash
        else:
            day.out_open = open_cash
        return None

    def filled(
        self, side: Side, limit_ticks: int, steps: int, price_ticks: int, orders: int
    ) -> None:
        """Count that so much of what was on offer at `limit_ticks` has traded at `price_ticks`."""
        if limit_ticks < 0 or price_ticks < 0:
            super().filled(side, limit_ticks, steps, price_ticks, orders)
            return
        period, day = self.period, self.day
        power_kw, energy_wh = steps * self.step_kw, steps * self.wh_per_step
        if side is _SELL:
            period.sell_kw -= power_kw
            period.net_kw += power_kw
            day.in_open -= limit_ticks * energy_wh
            day.in_cash += price_ticks * energy_wh
        else:
            period.buy_kw -= power_kw
            period.net_kw -= power_kw
            day.out_open -= limit_ticks * energy_wh
            day.out_cash += price_ticks * energy_wh
        self.seat.day_trades += 1
        if orders:
            self.seat.orders += orders
            self.desk.orders += orders

    def refusal(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int,
    ) -> Refusal | None:
        """Go through the checks one by one, in their order; the first that fails is the reason."""
        counters, owner, contract = self.counters, self.owner, self.contract
        sold = side is _SELL
        asked = reasons.Asked(
            owner,
            self.desk,
            sold,
            price_ticks,
            steps * self.step_kw,
            reference_ticks,
            new_orders,
        )
        refusal = reasons.of_rate(self.seat, contract.market, counters.policy, at_us)
        if refusal is None:
            refusal = reasons.of_order(asked)
        if refusal is None and owner.site:
            refusal = counters.sites.refusal(owner.site, contract, sold, asked.power_kw, at_us)
        if refusal is None:
            refusal = reasons.of_cash(asked) or members.refusal(counters, asked)
        for hook in counters.hooks:
            if refusal is None:
                refusal = hook.refusal(owner, contract, side, price_ticks, steps, at_us)
        return refusal

    def acted(self, at_us: int) -> None:
        """Count one entry or change, refused or not."""
        self.seat.acted(self.desk.pace, at_us)

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        """Count what came to be on offer, or, below zero, what left."""
        seat, desk, period, day = self.seat, self.desk, self.period, self.day
        seat.orders += orders
        desk.orders += orders
        power_kw = steps * self.step_kw
        cash = price_ticks * steps * self.wh_per_step
        if side is _SELL:
            period.sell_kw += power_kw
            if price_ticks >= 0:
                day.in_open += cash
            else:
                day.out_open -= cash
        else:
            period.buy_kw += power_kw
            if price_ticks >= 0:
                day.out_open += cash
            else:
                day.in_open -= cash

    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        """Count a trade, or, below zero, one that became void."""
        day, desk = self.day, self.desk
        power_kw = steps * self.step_kw
        cash = price_ticks * steps * self.wh_per_step
        if side is _SELL:
            if price_ticks >= 0:
                day.in_cash += cash
            else:
                day.out_cash -= cash
        else:
            power_kw = -power_kw
            if price_ticks >= 0:
                day.out_cash += cash
            else:
                day.in_cash -= cash
        for period in desk.periods:
            period.net_kw += power_kw
        if steps > 0:
            self.seat.day_trades += 1


class WidePost(CheckedPost):
    """The same where there are a site, several quarter-hours, or hooks."""

    __slots__ = ()

    def ask(
        self,
        side: Side,
        price_ticks: int,
        steps: int,
        reference_ticks: int | None,
        at_us: int,
    ) -> Refusal | None:
        """Say why an order may not be entered; None: it may, lives, and is on offer."""
        return Post.ask(self, side, price_ticks, steps, reference_ticks, at_us)

    def filled(
        self, side: Side, limit_ticks: int, steps: int, price_ticks: int, orders: int
    ) -> None:
        """Count that so much of what was on offer at `limit_ticks` has traded at `price_ticks`."""
        Post.filled(self, side, limit_ticks, steps, price_ticks, orders)

    def offered(self, side: Side, price_ticks: int, steps: int, orders: int) -> None:
        """Count what came to be on offer, or, below zero, what left."""
        super().offered(side, price_ticks, steps, orders)
        if not steps:
            return
        owner, contract, sold = self.owner, self.contract, side is _SELL
        power_kw = steps * self.step_kw
        for period in self.desk.further:
            if sold:
                period.sell_kw += power_kw
            else:
                period.buy_kw += power_kw
        if owner.site:
            self.counters.sites.offered(owner.site, contract, sold, power_kw)
        for hook in self.counters.hooks:
            hook.offered(owner, contract, side, price_ticks, steps)

    def traded(self, side: Side, price_ticks: int, steps: int) -> None:
        """Count a trade, or, below zero, one that became void."""
        super().traded(side, price_ticks, steps)
        owner, contract, power_kw = self.owner, self.contract, steps * self.step_kw
        if owner.site:
            self.counters.sites.traded(owner.site, contract, side is _SELL, power_kw)
        for hook in self.counters.hooks:
            hook.traded(owner, contract, side, price_ticks, steps)
