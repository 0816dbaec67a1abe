"""The stream of orders as commands of the venue and as orders of books, and what it trades."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from bench.order_stream import Message
from cloud.exchange.checks.guard import Checks
from cloud.exchange.facts import Fact, Traded
from cloud.exchange.matching.book import Book
from cloud.exchange.matching.codes import Side, State
from cloud.exchange.matching.effects import Effect
from cloud.exchange.matching.order import Order, Owner
from cloud.exchange.venue.commands import Entry, Switch
from cloud.exchange.venue.venue import Venue
from cloud.market import catalogue
from cloud.market.contracts import Contract

Fill = tuple[int, int, int, int]
"""Maker, taker, price of the maker, steps."""
MARKET = "EPEX_AT_INTRADAY_15MIN"
ACCOUNTS = 100
_DAY = date(2026, 11, 20)
_BEGINS_US = int(datetime(2026, 11, 19, 22, 46, tzinfo=UTC).timestamp()) * 1_000_000
"""When all contracts of the day are open, by any rule of the market's."""
_STEP_US = 1_000
_LIMITS = {
    "quantity_kw_max": 999_000,
    "price_distance_eur_mwh_max": 5_000,
    "orders_max": 100_000,
    "orders_per_contract_max": 100_000,
    "abs_kw_max": 1_000_000_000,
    "abs_open_kw_max": 1_000_000_000,
    "cash_in_eur_max": 1_000_000_000,
    "cash_out_eur_max": 1_000_000_000,
    "order_counts": [{"window_s": 60, "allowed": 100_000}],
    "action_quota": {
        "short": {"window_s": 10, "allowed": 50_000},
        "long": {"window_s": 600, "allowed": 100_000},
    },
    "order_to_trade_max": 10_000_000,
}
"""Every check is on, and none binds: the stream would not be the same."""
_THROTTLE = {"per_second": 10_000, "per_minute": 100_000}


class Played(NamedTuple):
    """What came of a stream."""

    fills: list[Fill]
    books: list[Book]
    """One a contract."""


def contract_of(order_id: int, contracts: int) -> int:
    """Return which of so many contracts an order of the stream is for; its cancel too."""
    return order_id % contracts


def books(stream: Sequence[Message], contracts: int = 1) -> Callable[[], Played]:
    """Return what plays the stream against books alone, orders made on the way."""
    buyer, seller = Owner(1, "buyer"), Owner(2, "seller")
    calls = [
        (
            message.kind == "A",
            message.order_id,
            contract_of(message.order_id, contracts),
            buyer if message.side == 1 else seller,
            Side.BUY if message.side == 1 else Side.SELL,
            message.price,
            message.quantity,
        )
        for message in stream
    ]

    def play() -> Played:
        played = [Book() for _ in range(contracts)]
        orders: dict[int, Order] = {}
        fills: list[Fill] = []
        for at_us, (enters, order_id, number, owner, side, price, steps) in enumerate(calls):
            if enters:
                order = Order(order_id, owner, number, side, price, steps)
                order.at_us = at_us
                effects: list[Effect] = []
                if played[number].submit(order, effects) is None:
                    orders[order_id] = order
                for _, maker, _, ticks, filled in effects:  # plain limits do nothing but trade
                    fills.append((maker.order_id, order_id, ticks, filled))
                    if not maker.open_steps:
                        del orders[maker.order_id]
            else:
                resting = orders.pop(order_id, None)
                if resting is not None:
                    played[number].withdraw(resting)
        return Played(fills, played)

    return play


def venue(stream: Sequence[Message], contracts: int = 1) -> Callable[[], Played]:
    """Return what plays the stream against a venue with all checks on, commands made before."""
    listed = catalogue.load()[MARKET].contracts_of(_DAY)[-contracts:]
    calls = _calls(stream, listed)

    def play() -> Played:
        playing = checked_venue()
        handle = playing.handle
        fills: list[Fill] = []
        at_us = _BEGINS_US
        facts: list[Fact]
        for command in calls:
            at_us += _STEP_US
            facts = handle(command, at_us)
            if len(facts) > 1:
                fills += [
                    (fact.maker_id, fact.taker_id, fact.price_ticks, fact.quantity_steps)
                    for fact in facts
                    if type(fact) is Traded
                ]
        return Played(fills, [stall.book for stall in playing.desk.stalls.values()])

    return play


def checked_venue() -> Venue:
    """Return a venue whose every check is on, for every account."""
    checks = Checks()
    for what, content in (
        ("limits", {"version": 1, "default": _LIMITS}),
        ("throttle", {"version": 1, "limits": {MARKET: _THROTTLE}}),
    ):
        refusal = checks.configured(what, 1, json.dumps(content))
        assert refusal is None, refusal
    return Venue(checks)


def _calls(stream: Sequence[Message], listed: Sequence[Contract]) -> list[Entry | Switch]:
    """Return the commands; an account only buys or only sells, so that nobody meets himself."""
    names = [f"{side}-{n}" for side in ("sell", "buy") for n in range(ACCOUNTS // 2)]
    owners = [Owner(0, name) for name in names]
    entered: dict[int, str] = {}
    calls: list[Entry | Switch] = []
    for kind, order_id, side, price, quantity in stream:
        if kind == "A":
            buys = side == 1
            owner = owners[order_id % (ACCOUNTS // 2) + buys * (ACCOUNTS // 2)]
            entered[order_id] = owner.account
            entry = Entry(
                owner=owner,
                contract=listed[contract_of(order_id, len(listed))],
                side=Side.BUY if buys else Side.SELL,
                price_ticks=price,
                quantity_steps=quantity,
            )
            calls.append(entry)
        else:
            account = entered[order_id]
            calls.append(Switch(account=account, order_id=order_id, to=State.INACTIVE))
    return calls
