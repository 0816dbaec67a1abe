"""``exchange-prices``: messages a CPU second from committed facts to depth, trades and averages.

The stream of orders runs through the venue first, spread over the quarter-hours of a day; what
counts is the CPU time of this process from its facts to the deltas and trades that feeds send.
A subscriber's book made of the deltas alone has to be the venue's in the end.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from zoneinfo import ZoneInfo

from bench import order_stream
from bench.options import Figures, Options
from cloud.exchange.facts import Fact
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.matching.order import Owner
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.depth import Mirror, Snapshot, book_sha256
from cloud.exchange.venue.commands import Command, Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.market.contracts import Contract, Rule
from wire.clock import QUARTER_HOUR_US, utc

_CONTRACTS = 96
_IN_A_COMMIT = 256
_RUNS = 5
_MESSAGES_QUICK = 50_000
_START_US = 1_800_000_000 * 1_000_000
_DAY_US = 86_400_000_000
_RULE = Rule(
    valid_from=utc(0).date(),
    opens_ahead_s=2 * 86_400,
    close_lead_s=0,
    step_kw=100,
    quantity_kw_max=999_000,
    price_ticks_min=-999_999,
    price_ticks_max=999_999,
    protection_ticks=500,
)
_FIRST = Contract(
    market="AT",
    area="AT",
    start_us=_START_US,
    end_us=_START_US + QUARTER_HOUR_US,
    opens_us=_START_US - _DAY_US,
    closes_us=_START_US,
    rule=_RULE,
)


def run(options: Options) -> Figures:
    """Return the figures; whether the subscriber's book is right is the same on every machine."""
    stream = order_stream.messages()[0]
    stream = stream[:_MESSAGES_QUICK] if options.quick else stream
    figures: Figures = {"messages": len(stream), "in_a_commit": _IN_A_COMMIT}
    for contracts in (1, _CONTRACTS):
        commits = _commits(stream, contracts)
        taken_s = median(_taken_s(commits) for _ in range(_RUNS))
        name = "" if contracts == 1 else "spread_"
        figures[f"{name}messages_per_cpu_s"] = round(len(stream) / taken_s)
        figures[f"{name}facts_per_cpu_s"] = round(sum(map(len, commits)) / taken_s)
        figures[f"{name}mirrored"] = _mirrored(commits)
    return figures | {"spread_over_contracts": _CONTRACTS}


def _taken_s(commits: Sequence[Sequence[Fact]]) -> float:
    data = MarketData({"AT": ZoneInfo("Europe/Vienna")})
    gc.collect()
    gc.freeze()  # the collector shall not walk over the facts, which the hub does not keep
    began_s = time.process_time()
    for commit in commits:
        data.take(commit)
    taken_s = time.process_time() - began_s
    gc.unfreeze()
    return taken_s


def _mirrored(commits: Sequence[Sequence[Fact]]) -> bool:
    """Tell whether deltas alone make the same books."""
    data = MarketData({"AT": ZoneInfo("Europe/Vienna")})
    mirrors: dict[int, Mirror] = {}
    for commit in commits:
        for delta in data.take(commit).deltas:
            empty = Snapshot(delta.contract, 0, 0, (), ())
            if not mirrors.setdefault(delta.contract, Mirror(empty)).take(delta):
                return False
    return all(
        mirror.sha256() == book_sha256(depth.best(Side.BUY), depth.best(Side.SELL))
        for contract, mirror in mirrors.items()
        for depth in [data.depth(contract)]
    )


def _commits(stream: Sequence[order_stream.Message], contracts: int) -> list[list[Fact]]:
    venue = Venue()
    listed = [_contract(number) for number in range(contracts)]
    owners = {1: Owner(1, "buyer"), -1: Owner(2, "seller")}
    accounts = {m.order_id: owners[m.side].account for m in stream if m.kind == "A"}
    commits: list[list[Fact]] = [[]]
    for number, message in enumerate(stream, 1):
        contract = listed[message.order_id % contracts]
        command = _command(message, contract, owners, accounts)
        commits[-1] += venue.handle(command, _FIRST.opens_us + _DAY_US // 2 + number)
        if number % _IN_A_COMMIT == 0:
            commits.append([])
    return commits


def _contract(number: int) -> Contract:
    by_us = number * QUARTER_HOUR_US
    return replace(
        _FIRST,
        start_us=_FIRST.start_us + by_us,
        end_us=_FIRST.end_us + by_us,
        closes_us=_FIRST.closes_us + by_us,
    )


def _command(
    message: order_stream.Message,
    contract: Contract,
    owners: dict[int, Owner],
    accounts: dict[int, str],
) -> Command:
    if message.kind == "C":
        account = accounts[message.order_id]
        return Switch(account=account, order_id=message.order_id, to=State.INACTIVE)
    return Entry(
        owner=owners[message.side],
        contract=contract,
        side=Side.BUY if message.side == 1 else Side.SELL,
        price_ticks=message.price,
        quantity_steps=message.quantity,
    )
