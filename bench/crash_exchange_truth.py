"""What a killed hub's journal and database hold, against what it had said. For ``crash``."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from bench.crash_exchange import books_sha256
from cloud.exchange.facts import Entered, Fact, Joined, Listed, Refused, Traded
from cloud.exchange.journal.reading import Replay
from cloud.exchange.matching.codes import Side
from cloud.exchange.venue.venue import Venue
from cloud.kernel.folder import DATABASE_FILE

Answer = tuple[int, str | None, str]
"""Status (200 or 409), order and code."""


class Found(Protocol):
    """What is counted."""

    acknowledged: int
    lost: int
    duplicates: int
    wrong: list[str]
    trades: int
    starts_compared: int
    snapshots: int


@dataclass(slots=True)
class _Truth:
    """The journal from its first fact on."""

    last: int = 0
    answers: dict[str, Answer] = field(default_factory=dict)
    trades: list[int] = field(default_factory=list)
    accounts: dict[int, str] = field(default_factory=dict)
    wh_per_step: dict[int, int] = field(default_factory=dict)
    positions: dict[str, Counter[str]] = field(default_factory=dict)
    twice: int = 0

    def take(self, fact: Fact) -> None:
        match fact:
            case Joined():
                self.accounts[fact.owner] = fact.account
            case Listed():
                self.wh_per_step[fact.contract] = fact.wh_per_step
            case Entered():
                self._answered(fact.client_order_id, (200, str(fact.order_id), ""))
            case Refused() if fact.client_order_id:
                self._answered(fact.client_order_id, (409, None, fact.code))
            case Traded():
                self._traded(fact)
            case _:
                pass

    def _answered(self, client_order_id: str, answer: Answer) -> None:
        self.twice += client_order_id in self.answers
        self.answers[client_order_id] = answer

    def _traded(self, fact: Traded) -> None:
        self.trades.append(fact.trade_id)
        wh = fact.quantity_steps * self.wh_per_step[fact.contract]
        seller, buyer = fact.maker_owner, fact.taker_owner
        if fact.side is Side.SELL:
            seller, buyer = buyer, seller
        for owner, which, sign in ((seller, "sold", 1), (buyer, "bought", -1)):
            sums = self.positions.setdefault(self.accounts[owner], Counter())
            sums[which] += wh
            sums["cash"] += sign * wh * fact.price_ticks


def account(
    folder: Path, found: Found, answers: Mapping[str, Answer], fed: Sequence[Sequence[int]]
) -> None:
    """Count what is missing, what is there twice, and what is not as it was said."""
    truth = _read(folder, found)
    found.acknowledged, found.trades = len(answers), len(truth.trades)
    found.duplicates += truth.twice
    if truth.trades != list(range(1, len(truth.trades) + 1)):
        found.wrong.append("trade numbers have gaps, or come twice")
    for name, answer in answers.items():
        known = truth.answers.get(name)
        found.lost += known is None
        if known not in (None, answer):
            found.wrong.append(f"{name} was answered {answer}, the journal has {known}")
    for told in fed:
        if any(after != before + 1 for before, after in pairwise(told)):
            found.wrong.append("the feed had a gap")
        if told and told[-1] > len(truth.trades):
            found.wrong.append(f"the feed told trade {told[-1]}, which never happened")
    _compare_database(folder / "hub" / DATABASE_FILE, truth, found)


def _read(folder: Path, found: Found) -> _Truth:
    starts = dict(line.split() for line in (folder / "starts.log").read_text().splitlines())
    journal, truth, venue = folder / "hub" / "exchange", _Truth(), Venue()
    for frame in Replay(journal):
        venue.replay(frame.facts)
        for fact in frame.facts:
            truth.take(fact)
        truth.last = frame.last
        books = starts.get(str(frame.last))
        if books is not None:
            found.starts_compared += 1
            if books != books_sha256(venue):
                found.wrong.append(f"other books after fact {frame.last}")
    found.snapshots = len(list(journal.glob("*.snapshot")))
    return truth


def _compare_database(path: Path, truth: _Truth, found: Found) -> None:
    database = sqlite3.connect(path)
    try:
        (sequence,) = database.execute(
            "SELECT sequence FROM venue_cursor WHERE name = 'model'"
        ).fetchone()
        orders = [name for (name,) in database.execute("SELECT client_order_id FROM venue_order")]
        trades = database.execute("SELECT trade_id FROM venue_trade ORDER BY trade_id").fetchall()
        positions = {
            account: Counter(sold=sold, bought=bought, cash=cash)
            for account, sold, bought, cash in database.execute(
                "SELECT account, sum(sold_wh), sum(bought_wh), sum(cash)"
                " FROM portfolio_position GROUP BY account"
            )
        }
    finally:
        database.close()
    entered = [name for name, answer in truth.answers.items() if answer[0] == 200]
    if sequence != truth.last:
        found.wrong.append(f"the database has read {sequence} of {truth.last} facts")
    if sorted(orders) != sorted(entered):
        found.wrong.append("the database has other orders than the journal")
    if [number for (number,) in trades] != truth.trades:
        found.wrong.append("the database has other trades than the journal")
    if positions != truth.positions:
        found.wrong.append(f"the positions are {positions}, by the trades {truth.positions}")
