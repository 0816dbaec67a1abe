"""cloud.exchange.prices: what the facts show is what the books of the venue hold, command by
command, on the random flows that the venue is compared with; snapshot and deltas rebuild it."""

from dataclasses import dataclass, field
from random import Random

import pytest

from cloud.exchange.facts import Traded
from cloud.exchange.matching.codes import Side
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.depth import Mirror, book_sha256
from cloud.exchange.prices.sums import divided
from cloud.exchange.venue.commands import Command
from tests.cloud.exchange.naive.venue_flows import VenuePair
from tests.support.prices import VIENNA

ALL = 10**9


@dataclass
class ShownPair(VenuePair):
    """Beside the venue: market data, and one subscriber a contract who joins at some moment."""

    data: MarketData = field(
        default_factory=lambda: MarketData({"QUARTER": VIENNA, "HOUR": VIENNA})
    )
    mirrors: dict[int, Mirror] = field(default_factory=dict)

    def give(self, command: Command) -> None:
        """Give one command to the venue and show its facts; the naive one chooses targets."""
        facts = self.venue.handle(command, self.at_us)
        self.naive.handle(command, self.at_us)
        self.facts += facts
        self.seen |= {type(fact).__name__ for fact in facts}
        news = self.data.take(facts)
        for delta in news.deltas:
            if (mirror := self.mirrors.get(delta.contract)) is not None:
                assert mirror.take(delta), "a number is missing"
        for stall in self.venue.desk.numbers.values():
            depth = self.data.depth(stall.number)
            for side in Side:
                shown = [tuple(level) for level in depth.best(side)]
                assert shown == [tuple(level) for level in stall.book.depth(side, ALL)]
                assert depth.touch(side) == stall.book.best(side)
            if stall.number not in self.mirrors and self.random.random() < 0.1:
                self.mirrors[stall.number] = Mirror(self.data.snapshot(stall.number))

    def finished(self) -> None:
        """Compare what subscribers hold, and the statistics with the list of trades."""
        for number, mirror in self.mirrors.items():
            depth = self.data.depth(number)
            assert mirror.sha256() == book_sha256(depth.best(Side.BUY), depth.best(Side.SELL))
        trades = [fact for fact in self.facts if isinstance(fact, Traded) and not fact.self_trade]
        for number, session in self.data.board.sessions.items():
            own = [trade for trade in trades if trade.contract == number]
            steps = sum(trade.quantity_steps for trade in own)
            value = sum(trade.quantity_steps * trade.price_ticks for trade in own)
            shown = session.statistics()
            assert (shown.trades, shown.vwap) == (
                len(own),
                divided(value, steps) if own else None,
            )
            assert shown.high == max((trade.price_ticks for trade in own), default=None)


def play(seed: int, commands: int) -> set[str]:
    pair = ShownPair(Random(seed))
    for number in range(1, commands + 1):
        try:
            pair.step()
        except AssertionError as error:
            error.add_note(f"seed {seed}, command {number} of {commands}")
            raise
    pair.finished()
    return pair.seen


def test_depth_is_that_of_the_books_after_every_command_quickly() -> None:
    seen: set[str] = set()
    for seed in range(120):
        seen |= play(seed, 50)
    assert seen >= {"Changed", "Activated", "Hibernated", "Clipped", "Reduced", "Closed", "Traded"}


@pytest.mark.slow
def test_depth_is_that_of_the_books_after_every_command() -> None:
    for seed in range(20_000, 22_000):
        play(seed, 60)
