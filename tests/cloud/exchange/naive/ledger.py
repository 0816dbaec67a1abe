"""What facts alone say about orders and trades: every reader of the journal knows this much."""

from dataclasses import dataclass, field

from cloud.exchange.facts import (
    Activated,
    Changed,
    Ended,
    Entered,
    Expired,
    Fact,
    Hibernated,
    Listed,
    Reduced,
    Refused,
    Traded,
    Withdrawn,
)
from cloud.exchange.matching.codes import Action, Ending, State
from tests.cloud.exchange.naive.floor import Key


@dataclass
class Line:
    """An order that lives, as the facts tell it."""

    contract: int
    total: int
    left: int
    hibernated: bool


@dataclass
class Ledger:
    keys: dict[int, Key] = field(default_factory=dict)
    parts: dict[int, tuple[int, ...]] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    trades: list[tuple[Key, int, int, int, int, bool]] = field(default_factory=list)
    ended: dict[int, Ending] = field(default_factory=dict)
    slept: dict[Key, list[int]] = field(default_factory=dict)
    """What operations put to sleep, in this order."""
    refused: list[str] = field(default_factory=list)

    def read(self, facts: list[Fact]) -> None:
        for fact in facts:
            self.read_one(fact)

    def read_one(self, fact: Fact) -> None:
        match fact:
            case Listed():
                self.keys[fact.contract] = fact.market, fact.start_us, fact.end_us
                self.parts[fact.contract] = fact.parts
            case Refused():
                self.refused.append(fact.code)
            case Entered():
                asleep = fact.state is State.HIBERNATED
                steps = fact.quantity_steps
                self.lines[fact.order_id] = Line(fact.contract, steps, steps, asleep)
            case Hibernated() | Activated():
                line = self.lines[fact.order_id]
                line.hibernated = isinstance(fact, Hibernated)
                if fact.action is Action.HIBERNATED_BY_ADMIN:
                    self.slept.setdefault(self.keys[line.contract], []).append(fact.order_id)
            case Changed():
                self.change(fact)
            case Traded():
                self.trade(fact)
            case Reduced():
                self.lines[fact.order_id].left -= fact.steps
            case _:
                self.read_end(fact)

    def read_end(self, fact: Fact) -> None:
        match fact:
            case Ended():
                self.end(fact.order_id, fact.ending, fact.open_steps)
            case Withdrawn():
                self.end(fact.order_id, Ending.CANCELLED, fact.open_steps)
            case Expired():
                self.end(fact.order_id, Ending.EXPIRED, fact.open_steps)

    def change(self, fact: Changed) -> None:
        line = self.lines[fact.order_id]
        if fact.new_id != fact.order_id:
            self.end(fact.order_id, Ending.REPLACED, line.left)
            self.lines[fact.new_id] = line
        line.left += fact.quantity_steps - line.total
        line.total = fact.quantity_steps

    def trade(self, fact: Traded) -> None:
        """Count a trade for both; what sweeps a range trades its power once in each contract."""
        assert len(self.trades) + 1 == fact.trade_id
        key = self.keys[fact.contract]
        self.trades.append(
            (
                key,
                fact.maker_id,
                fact.taker_id,
                fact.price_ticks,
                fact.quantity_steps,
                fact.self_trade,
            )
        )
        for order_id in (fact.maker_id, fact.taker_id):
            line = self.lines.get(order_id)
            if line is None:
                assert self.ended[order_id] is Ending.FILLED, "only a sweep trades on"
                continue
            if line.contract != fact.contract:
                assert fact.contract in self.parts[line.contract]
                if fact.contract != self.parts[line.contract][-1]:
                    continue
            line.left -= fact.quantity_steps
            if not line.left:
                self.end(order_id, Ending.FILLED, 0)

    def end(self, order_id: int, why: Ending, open_steps: int) -> None:
        line = self.lines.pop(order_id)
        assert line.left == open_steps, "a fact about an end says what was left"
        self.ended[order_id] = why
