"""All markets of a venue, whose orders live in them: the naive market, many times over.

Written from the rule book (domain/exchange.md §3.3, §4.2). Where the page is silent:

* Numbers of orders count from 1, those of trades too; a trade's is its place in the list.
* A sweep asks each contract of its range, the earliest first, how much it would fill of what the
  one before would, beginning with its whole power, until a whole round changes nothing; that much
  trades in each.
"""

from dataclasses import dataclass, field, replace

from cloud.exchange.matching.codes import Ending, Execution, Kind, Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.venue.commands import Entry
from cloud.market.contracts import Contract
from tests.cloud.exchange.naive.market import NaiveMarket, Paper

Key = tuple[str, int, int]
"""Market, start and end of delivery."""


def key_of(contract: Contract) -> Key:
    return contract.market, contract.start_us, contract.end_us


@dataclass
class Life:
    """What is known about an order that lives in the venue."""

    paper: Paper
    contract: Contract
    owner: Owner
    total: int
    until_us: int
    hibernated: bool
    revision: int = 1
    parent: int = 0
    """Number of the order that it stands for since a change."""
    initial: int = 0
    """Number of the first of them."""

    @property
    def filled(self) -> int:
        return self.total - self.paper.left


@dataclass
class NaiveFloor:
    markets: dict[Key, NaiveMarket] = field(default_factory=dict)
    lives: dict[int, Life] = field(default_factory=dict)
    orders: int = 0
    at_us: int = 0
    known: dict[int, tuple[Owner, Side]] = field(default_factory=dict)
    """Of all orders that ever were."""
    trades: list[tuple[Key, int, int, int, int, bool]] = field(default_factory=list)
    """Contract, maker, taker, ticks, steps, self-trade; the number is the place in the list."""
    ended: dict[int, Ending] = field(default_factory=dict)

    def accept(self, entry: Entry) -> int:
        price = entry.price_ticks
        if price is None:
            price = self.protected(entry)
        assert price is not None
        self.orders += 1
        paper = Paper(
            self.orders,
            entry.owner.stp_scope,
            entry.side,
            price,
            entry.quantity_steps,
            entry.execution,
            entry.display_steps,
            entry.delta_ticks,
            entry.owner.self_trade,
        )
        hibernated = entry.state is State.HIBERNATED
        life = Life(
            paper, entry.contract, entry.owner, paper.left, entry.valid_until_us, hibernated
        )
        life.initial = paper.number
        self.lives[paper.number] = life
        self.known[paper.number] = entry.owner, entry.side
        if entry.kind is Kind.BLOCK and entry.execution is Execution.IOC:
            self.sweep(life, entry.contract.parts)
        elif not hibernated:
            self.inside(entry.contract, paper)
        return paper.number

    def void(self, trade_id: int) -> bool:
        """Say whether a trade was undone; here none ever is."""
        return False

    def protected(self, entry: Entry) -> int | None:
        """Return the limit of a market order: the last price between two owners, else the middle
        of bid and ask, and the protection on its bad side; None: there is no such price.
        """
        here = key_of(entry.contract)
        last = [
            trade[3]
            for number, trade in enumerate(self.trades, 1)
            if trade[0] == here and not trade[5] and not self.void(number)
        ]
        orders = [o for o in self.market(entry.contract).orders if not o.all_or_nothing()]
        bids = [o.price for o in orders if o.side is Side.BUY]
        asks = [o.price for o in orders if o.side is Side.SELL]
        protection = entry.contract.rule.protection_ticks * (1 if entry.side is Side.BUY else -1)
        if last:
            return last[-1] + protection
        return (max(bids) + min(asks)) // 2 + protection if bids and asks else None

    def sweep(self, life: Life, parts: tuple[Contract, ...]) -> None:
        paper, asked, before = life.paper, life.paper.left, 0
        while asked != before:
            before = asked
            for part in parts:
                asked = self.market(part).fillable(slice_of(paper, asked))
        if asked:
            for part in parts:
                piece = slice_of(paper, asked)
                self.inside(part, piece)
        paper.left -= asked
        self.end(life, Ending.KILLED if paper.left else Ending.FILLED)

    def market(self, contract: Contract) -> NaiveMarket:
        key = key_of(contract)
        if key not in self.markets:
            self.markets[key] = NaiveMarket()
        return self.markets[key]

    def inside(self, contract: Contract, paper: Paper) -> None:
        """Let the order into its market, and take down what happened there."""
        market = self.market(contract)
        market.trades.clear()
        market.ended.clear()
        market.enter(paper, self.at_us)
        self.trades += [(key_of(contract), *trade) for trade in market.trades]
        for number, (why, _) in market.ended.items():
            if number in self.lives and self.lives[number].contract == contract:
                self.ended[number] = why
                del self.lives[number]

    def end(self, life: Life, why: Ending) -> None:
        self.market(life.contract).take_out(life.paper)
        self.ended[life.paper.number] = why
        del self.lives[life.paper.number]

    def book(self, contract: Contract) -> list[tuple[int, int, int, int]]:
        """Return number, ticks, shown and hidden steps, in priority."""
        return [
            (number, price, shown, hidden)
            for number, _, price, shown, hidden in self.market(contract).book()
        ]


def slice_of(paper: Paper, steps: int) -> Paper:
    """Return the part of a sweep that goes into one contract."""
    return replace(paper, left=steps, shown=steps)
