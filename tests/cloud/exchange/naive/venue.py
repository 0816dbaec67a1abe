"""A venue as one page of rules: the calendar, halts, the life of an order, blocks and baskets.

The oracle of `cloud.exchange.venue`, written from the rule book (domain/exchange.md §2-4) over
the naive market. It knows no checks of size, position or money. Where the page is silent:

* Numbers of orders and trades count from 1; a refused entry gets none, a killed one does.
* A linked basket that cannot be filled is refused as a whole: none of its orders ever existed.
* A change of the peak costs the place, as one of the price does.
* Activation enters the order anew, at the price it had come to, its visible part refilled.
* A change that costs the place gives what is left a new number, in one step; a hibernated order
  that is changed so stays hibernated. One that leaves nothing to trade deletes the order.
* What is done to all orders of an account is done in the order of their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cloud.exchange.matching.codes import Ending, Linking, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.commands import (
    Basket,
    Command,
    Entry,
    Halt,
    Kill,
    Modification,
    MoveTrade,
    Switch,
    SwitchAll,
)
from cloud.market.contracts import Contract
from tests.cloud.exchange.naive.floor import Key, Life, NaiveFloor
from tests.cloud.exchange.naive.market import Paper
from tests.cloud.exchange.naive.recalls import NaiveRecalls


@dataclass
class NaiveVenue(NaiveFloor):
    halts: set[tuple[str, str]] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    recalls: NaiveRecalls = field(default_factory=NaiveRecalls)
    slept: dict[Key, list[int]] = field(default_factory=dict)
    """What halts put to sleep, in this order."""
    gates: dict[Key, int] = field(default_factory=dict)
    """When each contract closes."""

    def handle(self, command: Command, at_us: int) -> list[str]:
        """Return the code of each refusal, '' for what was done; a basket has one an order."""
        self.at_us = at_us
        self.pass_time(at_us)
        match command:
            case Entry():
                return [self.entry(command, at_us)]
            case Basket():
                return self.basket(command, at_us)
            case Modification():
                return [self.modification(command, at_us)]
            case Switch():
                return [self.switch(command, at_us)]
            case SwitchAll():
                return self.switch_all(command, at_us)
            case Halt():
                return self.halt(command)
            case Kill():
                return self.kill(command)
            case MoveTrade():
                return [self.move(command, at_us)]
        raise AssertionError(command)

    def pass_time(self, at_us: int) -> None:
        """Let go whose date has come, or whose gate has closed; the instant itself counts."""
        for life in list(self.lives.values()):
            if at_us >= min(life.until_us or life.contract.closes_us, life.contract.closes_us):
                self.end(life, Ending.EXPIRED)

    # What an order may do

    def objection(self, owner: Owner, contracts: Sequence[Contract], at_us: int) -> str:
        for contract in contracts:
            if at_us < contract.opens_us:
                return "CONTRACT_NOT_OPEN"
            if at_us >= contract.closes_us:
                return "CONTRACT_CLOSED"
        if owner.account in self.stopped:
            return "ACCOUNT_STOPPED"
        if any(self.halted(owner, contract) for contract in contracts):
            return "HALTED"
        return ""

    def halted(self, owner: Owner, contract: Contract) -> bool:
        return bool(self.halts & scopes_of(owner, contract))

    # Entry

    def entry(self, entry: Entry, at_us: int) -> str:
        known = self.answers.get((entry.owner.account, entry.client_order_id))
        if entry.client_order_id and known is not None:
            return known
        code = self.objection_to(entry, at_us)
        if not code:
            self.accept(entry)
        self.remember(entry, code)
        return code

    def remember(self, entry: Entry, code: str) -> None:
        if entry.client_order_id:
            self.answers[entry.owner.account, entry.client_order_id] = code

    def objection_to(self, entry: Entry, at_us: int) -> str:
        code = self.objection(entry.owner, [entry.contract, *entry.contract.parts], at_us)
        if not code and entry.valid_until_us and entry.valid_until_us <= at_us:
            return "VALID_UNTIL"
        if not code and entry.price_ticks is None and self.protected(entry) is None:
            return "NO_REFERENCE_PRICE"
        return code

    def basket(self, basket: Basket, at_us: int) -> list[str]:
        if basket.linking is Linking.NONE:
            return [self.entry(entry, at_us) for entry in basket.entries]
        codes = [self.objection_to(entry, at_us) for entry in basket.entries]
        if any(codes):
            return [code or "BASKET_REFUSED" for code in codes]
        entries = tuple(self.limited(entry) for entry in basket.entries)
        if basket.linking is Linking.LINKED and not self.all_fill(entries):
            return ["BASKET_UNFILLED" for _ in entries]
        for entry in entries:
            self.accept(entry)
        return codes

    def limited(self, entry: Entry) -> Entry:
        """Give a market order the limit that it has when its basket comes in."""
        if entry.price_ticks is None:
            return replace(entry, price_ticks=self.protected(entry))
        return entry

    def all_fill(self, entries: tuple[Entry, ...]) -> bool:
        attempt = NaiveFloor({key: market.copied() for key, market in self.markets.items()})
        attempt.orders, attempt.at_us = self.orders, self.at_us
        numbers = [attempt.accept(entry) for entry in entries]
        return all(attempt.ended.get(number) is Ending.FILLED for number in numbers)

    # Changes

    def own(self, account: str, number: int) -> Life | None:
        life = self.lives.get(number)
        return life if life is not None and life.owner.account == account else None

    def modification(self, change: Modification, at_us: int) -> str:
        life = self.own(change.account, change.order_id)
        if life is None:
            return "ORDER"
        if change.revision != life.revision:
            return "STALE_REVISION"
        code = self.objection(life.owner, [life.contract], at_us)
        if code:
            return code
        paper = life.paper
        if change.valid_until_us is not None:
            if change.valid_until_us <= at_us:
                return "VALID_UNTIL"
            life.until_us = change.valid_until_us
        price = paper.price if change.price_ticks is None else change.price_ticks
        total = life.total if change.quantity_steps is None else change.quantity_steps
        left = total - life.filled
        if left <= 0:
            self.end(life, Ending.CANCELLED)
        elif price != paper.price or total > life.total or self.other_peak(life, change):
            self.renew(life, price, total, left, change)
        else:
            if left < paper.left:
                paper.left, paper.shown = left, min(paper.shown, left)
            life.total = total
            life.revision += 1
        return ""

    def other_peak(self, life: Life, change: Modification) -> bool:
        return change.display_steps not in (None, life.paper.display)

    def renew(self, life: Life, price: int, total: int, left: int, change: Modification) -> None:
        """Delete it and enter what is left of it under a new number, in one step."""
        old = life.paper
        self.end(life, Ending.REPLACED)
        self.orders += 1
        paper = Paper(
            self.orders, old.scope, old.side, price, left, old.execution,
            change.display_steps or old.display, old.delta, old.policy,
        )  # fmt: skip
        self.known[paper.number] = self.known[old.number]
        renewed = Life(paper, life.contract, life.owner, total, life.until_us, life.hibernated)
        renewed.parent, renewed.initial = old.number, life.initial
        self.lives[paper.number] = renewed
        if not life.hibernated:
            self.inside(life.contract, paper)

    def switch(self, switch: Switch, at_us: int) -> str:
        life = self.own(switch.account, switch.order_id)
        if life is None:
            return "ORDER"
        if switch.revision not in (None, life.revision):
            return "STALE_REVISION"
        if switch.to is State.INACTIVE:
            self.end(life, Ending.CANCELLED)
            return ""
        if switch.to is State.HIBERNATED:
            return self.hibernate(life)
        return self.activate(life, at_us)

    def hibernate(self, life: Life) -> str:
        if life.hibernated:
            return "ORDER_STATE"
        self.market(life.contract).take_out(life.paper)
        life.hibernated = True
        life.revision += 1
        return ""

    def activate(self, life: Life, at_us: int) -> str:
        code = self.objection(life.owner, [life.contract], at_us)
        if code:
            return code
        if not life.hibernated:
            return "ORDER_STATE"
        life.hibernated = False
        life.revision += 1
        self.inside(life.contract, life.paper)
        return ""

    def switch_all(self, switch: SwitchAll, at_us: int) -> list[str]:
        for number in sorted(self.lives):
            life = self.own(switch.account, number)
            if life is None or switch.market not in ("", life.contract.market):
                continue
            if switch.start_us not in (None, life.contract.start_us):
                continue
            self.switch(Switch(account=switch.account, order_id=number, to=switch.to), at_us)
        return [""]

    # Operations

    def halt(self, halt: Halt) -> list[str]:
        if halt.resume:
            self.halts.discard((halt.scope, halt.value))
            return [""]
        self.halts.add((halt.scope, halt.value))
        for key, market in self.markets.items():
            for number, *_ in market.book():
                life = self.lives[number]
                if self.halted(life.owner, life.contract):
                    self.slept.setdefault(key, []).append(number)
                    self.hibernate(life)
        return [""]

    def move(self, move: MoveTrade, at_us: int) -> str:
        if not 1 <= move.trade_id <= len(self.trades):
            return self.recalls.move(move, None, closed=False)
        key, maker, taker, *_ = self.trades[move.trade_id - 1]
        parties = {self.known[maker][0].account, self.known[taker][0].account}
        return self.recalls.move(move, parties, closed=at_us >= self.gates[key])

    def void(self, trade_id: int) -> bool:
        return self.recalls.void(trade_id)

    def kill(self, kill: Kill) -> list[str]:
        if kill.release:
            self.stopped.discard(kill.account)
            return [""]
        self.stopped.add(kill.account)
        for life in list(self.lives.values()):
            if life.owner.account == kill.account:
                self.end(life, Ending.CANCELLED)
        return [""]


def scopes_of(owner: Owner, contract: Contract) -> set[tuple[str, str]]:
    """Return every scope whose halt would stop this order."""
    return {
        ("venue", ""),
        ("market", contract.market),
        ("member", owner.member),
        ("account", owner.account),
        *(("area", c.area) for c in (contract, *contract.parts)),
        *(("product", c.product) for c in (contract, *contract.parts)),
        *(("contract", f"{c.market}/{c.start_us}") for c in contract.parts or (contract,)),
    }
