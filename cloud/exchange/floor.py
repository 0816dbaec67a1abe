"""The trading floor: every open book, and what a command does to them. Pure.

One function a command; each checks, matches and returns the record of what happened. Nothing
here reads a clock or waits: the writer stamps the command, and a replay of the records with
their own stamps rebuilds the same floor or stops.

The checks come in this order: gate, price and quantity limits, open orders, site limit.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from cloud.exchange.book import Book, Execution, Side
from cloud.exchange.exposure import Exposures
from cloud.exchange.records import Closed, Placed, Record, Trade, Turned, Withdrawn
from cloud.market.contracts import Contract
from cloud.market.money import eur_mwh

OPEN_ORDERS_PER_ACCOUNT_MAX = 5_000
ANSWERS_PER_ACCOUNT_MAX = 10_000
"""Client order ids that are remembered; beyond it the oldest is forgotten."""

ContractKey = tuple[str, int]
"""Market code and start of delivery."""


class ReplayDiffers(Exception):
    """The journal says something else happened than what its commands lead to: stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order as it reaches the writer; its form is checked, its chances are not."""

    account: str
    client_order_id: str | None = None
    site: str | None = None
    site_limit_kw: float | None = None
    """The power of the site's connection, looked up when the order came in."""
    contract: Contract
    side: Side
    price_ticks: int | None
    """None: a market order, at the reference price and no worse than the protection allows."""
    quantity_steps: int
    execution: Execution


@dataclass(slots=True)
class Stall:
    """One contract's book and its last price."""

    book: Book = field(default_factory=Book)
    closes_us: int = 0
    step_kw: int = 0
    wh_per_step: int = 0
    last_ticks: int | None = None
    last_us: int | None = None
    traded_steps: int = 0

    def reference_ticks(self) -> int | None:
        """Return the last price, else the middle of bid and ask rounded down, else None."""
        if self.last_ticks is not None:
            return self.last_ticks
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        return None if bid is None or ask is None else (bid + ask) // 2


class Floor:
    """All that the exchange's single writer decides on."""

    def __init__(self) -> None:
        self.stalls: dict[ContractKey, Stall] = {}
        self.last_us = 0
        """The stamp of the last record; no record has an earlier one."""
        self._last_order_id = 0
        self._last_trade_id = 0
        self._open: dict[int, Placed] = {}
        self._open_by_account: dict[str, int] = {}
        self._closings: list[tuple[int, str, int]] = []
        self._exposures = Exposures()
        self._answers: dict[str, OrderedDict[str, Placed | Turned]] = {}

    def place(self, order: NewOrder, at_us: int) -> Placed | Turned:
        """Check an order and match it; call `answered` first, and `close` what is due."""
        refusal = self._refusal(order, at_us)
        limit_ticks = order.price_ticks
        if refusal is None and limit_ticks is None:
            limit_ticks = self._protected_ticks(order)
            if limit_ticks is None:
                refusal = "NO_REFERENCE_PRICE", "nothing has traded yet and no two sides are quoted"
        contract = order.contract
        if refusal is not None:
            client_id = order.client_order_id
            turned = Turned(
                at_us, order.account, client_id, contract.market, contract.start_us, *refusal
            )
            self._remember(turned)
            self.last_us = at_us
            return turned
        assert limit_ticks is not None
        return self._match(
            Placed(
                at_us=at_us,
                order_id=self._last_order_id + 1,
                account=order.account,
                client_order_id=order.client_order_id,
                site=order.site,
                market=contract.market,
                start_us=contract.start_us,
                closes_us=contract.closes_us,
                step_kw=contract.rule.step_kw,
                wh_per_step=contract.wh_per_step,
                side=order.side,
                price_ticks=limit_ticks,
                quantity_steps=order.quantity_steps,
                execution=order.execution,
                trades=(),
                ending=None,
            )
        )

    def answered(self, account: str, client_order_id: str | None) -> Placed | Turned | None:
        """Return the first answer to this client order id, if it was given before."""
        if client_order_id is None or account not in self._answers:
            return None
        return self._answers[account].get(client_order_id)

    def withdraw(self, account: str, order_id: int, at_us: int) -> Withdrawn | None:
        """Take an order back; None where this account has no such order in a book."""
        order = self._open.get(order_id)
        if order is None or order.account != account:
            return None
        return self._withdraw(order_id, at_us)

    def next_close_us(self) -> int | None:
        """Return when the next gate closes over a book, None while there is none."""
        return self._closings[0][0] if self._closings else None

    def close(self, at_us: int) -> Iterator[Closed]:
        """Close every gate that is due, in order of time."""
        while self._closings and self._closings[0][0] <= at_us:
            _, market, start_us = self._closings[0]
            yield self._close(market, start_us, at_us)

    def replay(self, record: Record) -> None:
        """Do again what `record` says.

        Raises:
            ReplayDiffers: something else happens than what it says.
        """
        again: Record | None
        match record:
            case Placed():
                again = self._match(record)
            case Turned():
                again = record
                self._remember(record)
                self.last_us = record.at_us
            case Withdrawn():
                known = record.order_id in self._open
                again = self._withdraw(record.order_id, record.at_us) if known else None
            case Closed(at_us, market, start_us, _):
                due = bool(self._closings) and self._closings[0][1:] == (market, start_us)
                again = self._close(market, start_us, at_us) if due else None
        if again != record:
            raise ReplayDiffers(f"the journal says {record!r}, the replay {again!r}")

    def _refusal(self, order: NewOrder, at_us: int) -> tuple[str, str] | None:
        contract, rule = order.contract, order.contract.rule
        if at_us < contract.opens_us:
            return "CONTRACT_NOT_OPEN", "this contract is not open for trading yet"
        if at_us >= contract.closes_us:
            return "CONTRACT_CLOSED", "the gate of this contract is closed"
        ticks = order.price_ticks
        if ticks is not None and not rule.price_ticks_min <= ticks <= rule.price_ticks_max:
            low, high = eur_mwh(rule.price_ticks_min), eur_mwh(rule.price_ticks_max)
            return "PRICE_RANGE", f"a price of {low} to {high} EUR/MWh is allowed"
        if order.quantity_steps > contract.steps_max:
            return "QUANTITY_MAX", f"at most {rule.quantity_kw_max} kW are allowed"
        if self._open_by_account.get(order.account, 0) >= OPEN_ORDERS_PER_ACCOUNT_MAX:
            return (
                "ACTIVE_ORDERS",
                f"at most {OPEN_ORDERS_PER_ACCOUNT_MAX} orders of an account may be open",
            )
        return self._site_refusal(order)

    def _site_refusal(self, order: NewOrder) -> tuple[str, str] | None:
        if order.site is None or order.site_limit_kw is None:
            return None
        worst_kw = self._exposures.worst_kw(
            order.contract.start_us,
            order.site,
            order.side,
            order.quantity_steps * order.contract.rule.step_kw,
        )
        if worst_kw <= order.site_limit_kw:
            return None
        return (
            "SITE_LIMIT",
            f"site {order.site} would come to owe {worst_kw} kW in this quarter-hour with all its"
            f" open orders; {order.site_limit_kw:g} kW is its power",
        )

    def _protected_ticks(self, order: NewOrder) -> int | None:
        rule = order.contract.rule
        stall = self.stalls.get((order.contract.market, order.contract.start_us))
        reference = None if stall is None else stall.reference_ticks()
        if reference is None:
            return None
        protection = rule.protection_ticks if order.side is Side.BUY else -rule.protection_ticks
        return max(rule.price_ticks_min, min(rule.price_ticks_max, reference + protection))

    def _match(self, order: Placed) -> Placed:
        """Match an order that has passed the checks; return its complete record.

        What the argument says about trades and ending is not looked at.
        """
        stall = self._stall(order)
        outcome = stall.book.submit(
            order.order_id,
            order.account,
            order.side,
            order.price_ticks,
            order.quantity_steps,
            order.execution,
        )
        self.last_us = order.at_us
        self._last_order_id = order.order_id
        trades = tuple(
            self._trade(stall, order, fill.maker, fill.price_ticks, fill.quantity_steps)
            for fill in outcome.fills
        )
        order = order.with_outcome(trades, outcome.ending)
        if outcome.ending is None:
            self._open[order.order_id] = order
            self._count_open(order, +1, outcome.resting_steps)
        self._remember(order)
        return order

    def _trade(
        self, stall: Stall, taker: Placed, maker_id: int, price_ticks: int, quantity_steps: int
    ) -> Trade:
        maker = self._open[maker_id]
        power_kw = quantity_steps * taker.step_kw
        for party in (maker, taker):
            self._exposures.traded(party.start_us, party.site, party.side, power_kw)
        gone = not stall.book.open_steps(maker_id)
        self._count_open(maker, -1 if gone else 0, -quantity_steps)
        if gone:
            del self._open[maker_id]
        stall.last_ticks, stall.last_us = price_ticks, taker.at_us
        stall.traded_steps += quantity_steps
        self._last_trade_id += 1
        return Trade(
            self._last_trade_id, maker_id, maker.account, maker.site, price_ticks, quantity_steps
        )

    def _withdraw(self, order_id: int, at_us: int) -> Withdrawn:
        order = self._open.pop(order_id)
        open_steps = self.stalls[order.market, order.start_us].book.cancel(order_id)
        self._count_open(order, -1, -open_steps)
        self.last_us = at_us
        return Withdrawn(at_us, order.market, order.start_us, order_id, open_steps)

    def _close(self, market: str, start_us: int, at_us: int) -> Closed:
        heappop(self._closings)
        stall = self.stalls.pop((market, start_us))
        expired = tuple(order.order_id for order in stall.book.in_priority())
        for order_id in expired:
            order = self._open.pop(order_id)
            self._count_open(order, -1, -stall.book.open_steps(order_id))
        self._exposures.forget_until(at_us)
        self.last_us = at_us
        return Closed(at_us, market, start_us, expired)

    def _stall(self, order: Placed) -> Stall:
        key = order.market, order.start_us
        stall = self.stalls.get(key)
        if stall is None:
            stall = self.stalls[key] = Stall(
                closes_us=order.closes_us, step_kw=order.step_kw, wh_per_step=order.wh_per_step
            )
            heappush(self._closings, (order.closes_us, *key))
        return stall

    def _count_open(self, order: Placed, orders: int, steps: int) -> None:
        """Change the numbers of open orders and of what they may still trade."""
        self._open_by_account[order.account] = self._open_by_account.get(order.account, 0) + orders
        self._exposures.offered(order.start_us, order.site, order.side, steps * order.step_kw)

    def _remember(self, record: Placed | Turned) -> None:
        if record.client_order_id is None:
            return
        answers = self._answers.setdefault(record.account, OrderedDict())
        answers[record.client_order_id] = record
        if len(answers) > ANSWERS_PER_ACCOUNT_MAX:
            answers.popitem(last=False)
