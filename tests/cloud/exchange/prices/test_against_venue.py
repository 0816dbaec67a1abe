"""cloud.exchange.prices: what the facts show is what the books of the venue hold, command by
command, on the random flows that the venue is compared with; snapshot and deltas rebuild it."""

import json
from dataclasses import dataclass, field
from random import Random

import pytest

from cloud.exchange.facts import Fact, Traded, TradeMoved
from cloud.exchange.matching.codes import Side, TradeState
from cloud.exchange.prices.beside import Beside
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.depth import Mirror, book_sha256
from cloud.exchange.prices.sums import divided
from cloud.exchange.prices.tape import VOID
from cloud.exchange.venue.commands import Command, MoveTrade
from tests.cloud.exchange.naive.counting import Counting
from tests.cloud.exchange.naive.venue_flows import VenuePair
from tests.support.prices import VIENNA
from tests.support.venues import BUY, SELL, Pit

ALL = 10**9


def both_markets() -> MarketData:
    return MarketData({"QUARTER": VIENNA, "HOUR": VIENNA})


@dataclass
class ShownPair(VenuePair):
    """Beside the venue: market data, and one subscriber a contract who joins at some moment."""

    data: MarketData = field(default_factory=both_markets)
    mirrors: dict[int, Mirror] = field(default_factory=dict)
    messages: list[list[Fact]] = field(default_factory=list)

    def give(self, command: Command) -> None:
        """Give one command to the venue and show its facts; the naive one chooses targets."""
        facts = self.venue.handle(command, self.at_us)
        self.naive.handle(command, self.at_us)
        self.facts += facts
        self.seen |= {type(fact).__name__ for fact in facts}
        self.messages.append(facts)
        news = self.data.take(facts)
        for delta in news.deltas:
            if (mirror := self.mirrors.get(delta.contract)) is not None:
                assert mirror.take(delta), "a number is missing"
        self.shown(self.data)
        for number in self.data.board.sessions:
            if number not in self.mirrors and self.random.random() < 0.1:
                self.mirrors[number] = Mirror(self.data.snapshot(number))

    def shown(self, data: MarketData) -> None:
        """Compare the depth of every contract with its book."""
        for stall in self.venue.desk.numbers.values():
            depth = data.depth(stall.number)
            for side in Side:
                levels = [tuple(level) for level in depth.best(side)]
                assert levels == [tuple(level) for level in stall.book.depth(side, ALL)]
                assert depth.touch(side) == stall.book.best(side)

    def recover(self) -> None:
        """Go on with market data of a snapshot and of what came after it, as after a kill."""
        made_at = self.random.randrange(len(self.messages) + 1)
        maker, again = (Beside(self.another_venue(Counting()), both_markets()) for _ in range(2))
        for facts in self.messages[:made_at]:
            maker.replay(facts)
        again.load(json.loads(json.dumps(maker.dump())))
        for facts in self.messages[made_at:]:
            again.replay(facts)
        assert again.data.dump() == self.data.dump()
        again.data.open(self.venue.desk.orders.values())
        self.shown(again.data)
        self.data = again.data
        self.mirrors.clear()

    def finished(self) -> None:
        """Compare what subscribers hold, and the statistics with the list of trades."""
        for number, mirror in self.mirrors.items():
            depth = self.data.depth(number)
            assert mirror.sha256() == book_sha256(depth.best(Side.BUY), depth.best(Side.SELL))
        moved = [fact for fact in self.facts if isinstance(fact, TradeMoved)]
        void = {fact.trade_id for fact in moved if fact.state in VOID}
        trades = [
            fact
            for fact in self.facts
            if isinstance(fact, Traded) and not fact.self_trade and fact.trade_id not in void
        ]
        for number, session in self.data.board.sessions.items():
            own = [trade for trade in trades if trade.contract == number]
            steps = sum(trade.quantity_steps for trade in own)
            value = sum(trade.quantity_steps * trade.price_ticks for trade in own)
            shown = session.statistics()
            assert (shown.trades, shown.vwap) == (
                len(own),
                divided(value, steps) if own else None,
            )
            prices = [trade.price_ticks for trade in own]
            assert (shown.high, shown.low) == (max(prices, default=None), min(prices, default=None))
            assert (shown.last and shown.last.trade_id) == (own[-1].trade_id if own else None)


def play(seed: int, commands: int) -> set[str]:
    pair = ShownPair(Random(seed))
    for number in range(1, commands + 1):
        try:
            pair.step()
            if number == commands // 2:
                pair.recover()
        except AssertionError as error:
            error.add_note(f"seed {seed}, command {number} of {commands}")
            raise
    pair.finished()
    return pair.seen


def test_depth_is_that_of_the_books_after_every_command_quickly() -> None:
    seen: set[str] = set()
    for seed in range(120):
        seen |= play(seed, 50)
    assert seen >= {
        "Changed",
        "Activated",
        "Hibernated",
        "Clipped",
        "Reduced",
        "Closed",
        "TradeMoved",
    }


@pytest.mark.slow
def test_depth_is_that_of_the_books_after_every_command() -> None:
    for seed in range(20_000, 20_500):
        play(seed, 60)


def test_a_granted_recall_takes_the_trade_out_and_the_public_sees_each_step() -> None:
    pit = Pit()
    data = MarketData({"AT": VIENNA})
    pit.enter("werk", SELL, 5_000, 10)
    pit.enter("handel", BUY, 5_000, 10)
    pit.enter("werk", SELL, 6_000, 5)
    pit.enter("handel", BUY, 6_000, 5)
    data.take(pit.past)
    session = data.board.sessions[1]
    assert session.statistics().vwap == divided(80_000, 15)
    states = []
    for to, account in ((TradeState.RECALL_ASKED, "werk"), (TradeState.RECALLED, "")):
        step = MoveTrade(trade_id=2, to=to, by="anna", account=account, reason="typing error")
        pit.give(step)
        states += [trade.state for trade in data.take(pit.facts).trades]
    assert states == [TradeState.RECALL_ASKED, TradeState.RECALLED]
    shown = session.statistics()
    assert (shown.vwap, shown.high, shown.trades) == (5_000, 5_000, 1)
    assert shown.last is not None
    assert shown.last.trade_id == 1
