"""The checks of one venue: every order is asked here, and all that happens is told here. Pure.

The order of the checks: how often (throttle, counts, ratio) → account → price and size → number
of orders → position → site → cash → risk and credit. O(1) a call; a contract of several
quarter-hours costs a step for each. The limits of the contract itself are the venue's own.
"""

from collections.abc import Sequence

from cloud.exchange.checks import memory, reasons
from cloud.exchange.checks.counters import Counters
from cloud.exchange.checks.hooks import Hook
from cloud.exchange.checks.seats import Desk
from cloud.exchange.checks.sites import Sites
from cloud.exchange.matching.codes import Side
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.guard import Refusal
from cloud.market.contracts import Contract

_BUY, _SELL = Side.BUY, Side.SELL


class Checks(Counters):
    """The real `Guard`. `sites` is told of batteries by the hub; the rest comes from the writer."""

    def __init__(self, hooks: Sequence[Hook] = (), sites: Sites | None = None) -> None:
        super().__init__(hooks, sites)

    def refusal(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        quantity_steps: int,
        reference_ticks: int | None,
        at_us: int,
        new_orders: int = 1,
    ) -> Refusal | None:
        """Say why this may not be entered, or changed to; None: it may.

        The quick way looks at all that binds most accounts at once; `_refusal` finds the reason.
        """
        try:
            desk = self.near[owner][contract.start_us]
        except KeyError:
            desk = self.desk(owner, contract)
        if desk.contract is not contract:
            desk = self.desk(owner, contract)
        seat = desk.seat
        if seat.rated and (
            desk.pace.spare < 1 or seat.pace.spare < 1 or seat.day_actions >= seat.free_actions
        ):
            refusal = reasons.of_rate(seat, contract.market, self.policy, at_us)
            if refusal is not None:
                return refusal
        power_kw = quantity_steps * desk.step_kw
        period = desk.period
        net_kw = period.net_kw
        if side is _SELL:
            fits = (
                net_kw + power_kw <= seat.net_max
                and net_kw + period.sell_kw + power_kw <= seat.open_max
                and (reference_ticks is None or reference_ticks - price_ticks <= desk.collar_ticks)
            )
        else:
            fits = (
                net_kw - power_kw >= seat.net_min
                and net_kw - period.buy_kw - power_kw >= seat.open_min
                and (reference_ticks is None or price_ticks - reference_ticks <= desk.collar_ticks)
            )
        if (
            fits
            and power_kw <= desk.kw_max
            and seat.orders + new_orders <= seat.orders_max
            and desk.orders + new_orders <= seat.orders_per_contract_max
            and not (seat.special or desk.further or owner.site)
            and (not seat.paid or _payable(desk, side is _SELL, price_ticks, quantity_steps))
        ):
            return None
        asked = reasons.Asked(
            owner, desk, side is _SELL, price_ticks, power_kw, reference_ticks, new_orders
        )
        return self._refusal(asked, contract, side, quantity_steps, at_us)

    def acted(self, owner: Owner, market: str, at_us: int) -> None:
        """Count one entry or change, refused or not."""
        seat = self.seats.get(owner.account) or self.seat(owner.account)
        if at_us >= seat.day_ends_us:
            seat.begin_day(at_us)
        seat.day_actions += 1
        if seat.rated:
            for pace in (
                seat.pace,
                seat.by_market.get(market) or seat.throttled(market, self.policy),
            ):
                pace.uncounted.append(at_us)
                pace.spare -= 1
                if pace.spare < 0:
                    pace.settle()

    def offered(
        self,
        owner: Owner,
        contract: Contract,
        side: Side,
        price_ticks: int,
        steps: int,
        orders: int = 0,
    ) -> None:
        """Count what came to rest, or, below zero, what left."""
        try:
            desk = self.near[owner][contract.start_us]
        except KeyError:
            desk = self.desk(owner, contract)
        if desk.contract is not contract:
            desk = self.desk(owner, contract)
        if orders:
            desk.orders += orders
            desk.seat.orders += orders
        power_kw = steps * desk.step_kw
        cash = price_ticks * steps * desk.wh_per_step
        period, day, sold = desk.period, desk.day, side is _SELL
        if sold:
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
        if owner.site or desk.further or self.hooks:
            self._offered_further(owner, desk, sold, price_ticks, steps)

    def orders_changed(self, owner: Owner, contract: Contract, orders: int) -> None:
        """Count orders that came to live in the venue, or left it."""
        try:
            desk = self.near[owner][contract.start_us]
        except KeyError:
            desk = self.desk(owner, contract)
        if desk.contract is not contract:
            desk = self.desk(owner, contract)
        desk.orders += orders
        desk.seat.orders += orders

    def traded(
        self, owner: Owner, contract: Contract, side: Side, price_ticks: int, steps: int
    ) -> None:
        """Count a trade, or, below zero, one that became void."""
        try:
            desk = self.near[owner][contract.start_us]
        except KeyError:
            desk = self.desk(owner, contract)
        if desk.contract is not contract:
            desk = self.desk(owner, contract)
        power_kw = steps * desk.step_kw
        cash = price_ticks * steps * desk.wh_per_step
        day, sold = desk.day, side is _SELL
        if sold:
            desk.period.net_kw += power_kw
            if price_ticks >= 0:
                day.in_cash += cash
            else:
                day.out_cash -= cash
        else:
            desk.period.net_kw -= power_kw
            if price_ticks >= 0:
                day.out_cash += cash
            else:
                day.in_cash -= cash
        if steps > 0:
            desk.seat.day_trades += 1
        if owner.site or desk.further or self.hooks:
            self._traded_further(owner, desk, sold, price_ticks, steps)

    def forget_until(self, at_us: int) -> None:
        """Forget deliveries that have begun: nothing trades them any more."""
        self.forget(at_us)
        self.sites.forget_until(at_us)
        for hook in self.hooks:
            hook.forget_until(at_us)

    def throttle_remaining(self, account: str, market: str, at_us: int) -> int | None:
        """Return how many more entries and changes would be taken now; None: nothing bounds it."""
        seat = self.seats.get(account)
        if seat is None:
            seat = self.seat(account)
        paces = (seat.pace, seat.throttled(market, self.policy))
        bounds = [pace.remaining(at_us) for pace in paces]
        return min((bound for bound in bounds if bound is not None), default=None)

    def dump(self) -> list[object]:
        """Return all that `acted`, `traded` and `configured` told, as plain lists."""
        return memory.dump(self)

    def load(self, dumped: list[object]) -> None:
        """Take up what `dump` returned; this guard has been told nothing yet."""
        memory.load(self, dumped)

    def _offered_further(
        self, owner: Owner, desk: Desk, sold: bool, price_ticks: int, steps: int
    ) -> None:
        power_kw = steps * desk.step_kw
        for period in desk.further:
            if sold:
                period.sell_kw += power_kw
            else:
                period.buy_kw += power_kw
        if owner.site:
            self.sites.offered(owner.site, desk.contract, sold, power_kw)
        for hook in self.hooks:
            hook.offered(owner, desk.contract, _SELL if sold else _BUY, price_ticks, steps)

    def _traded_further(
        self, owner: Owner, desk: Desk, sold: bool, price_ticks: int, steps: int
    ) -> None:
        power_kw = steps * desk.step_kw
        for period in desk.further:
            period.net_kw += power_kw if sold else -power_kw
        if owner.site:
            self.sites.traded(owner.site, desk.contract, sold, power_kw)
        for hook in self.hooks:
            hook.traded(owner, desk.contract, _SELL if sold else _BUY, price_ticks, steps)

    def _refusal(
        self, asked: reasons.Asked, contract: Contract, side: Side, steps: int, at_us: int
    ) -> Refusal | None:
        """Go through the checks one by one, in their order."""
        refusal = reasons.of_order(asked)
        site = asked.owner.site
        if refusal is None and site:
            refusal = self.sites.refusal(site, contract, asked.sold, asked.power_kw, at_us)
        if refusal is None:
            refusal = reasons.of_cash(asked)
        for hook in self.hooks:
            if refusal is None:
                refusal = hook.refusal(asked.owner, contract, side, asked.price_ticks, steps, at_us)
        return refusal


def _payable(desk: Desk, sold: bool, price_ticks: int, steps: int) -> bool:
    """Say whether cash allows an order; see `reasons.of_cash`."""
    seat, day = desk.seat, desk.day
    cash = price_ticks * steps * desk.wh_per_step
    if cash < 0:
        cash, sold = -cash, not sold
    if sold:
        return day.in_cash + day.in_open + cash <= seat.cash_in_max
    return day.out_cash + day.out_open + cash <= seat.cash_out_max
