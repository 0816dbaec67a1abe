"""cloud.exchange.book: price-time priority, against a model too simple to be wrong."""

import hashlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import order_stream
from cloud.exchange.book import Book, Ending, Execution, Fill, Level, Outcome, Side


@dataclass
class Resting:
    order_id: int
    account: str
    side: Side
    price: int
    left: int


class NaiveBook:
    """All orders in one list in order of arrival, searched from the start for every step."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []

    def best_against(self, side: Side, price: int) -> Resting | None:
        if side is Side.BUY:
            crossing = [o for o in self.orders if o.side is Side.SELL and o.price <= price]
            return min(crossing, key=lambda o: o.price, default=None)
        crossing = [o for o in self.orders if o.side is Side.BUY and o.price >= price]
        return max(crossing, key=lambda o: o.price, default=None)

    def submit(
        self,
        order_id: int,
        account: str,
        side: Side,
        price: int,
        quantity: int,
        execution: Execution = Execution.REST,
    ) -> Outcome:
        if execution is Execution.FOK:
            trial = NaiveBook()
            trial.orders = [Resting(**vars(order)) for order in self.orders]
            if trial.submit(order_id, account, side, price, quantity).ending is not Ending.FILLED:
                return Outcome((), 0, Ending.KILLED)
        fills: list[Fill] = []
        for _ in range(quantity):
            maker = self.best_against(side, price)
            if maker is None:
                break
            if maker.account == account:
                return Outcome(grouped(fills), 0, Ending.SELF_TRADE)
            fills.append(Fill(maker.order_id, order_id, maker.price, 1))
            maker.left -= 1
            self.orders = [order for order in self.orders if order.left]
        left = quantity - len(fills)
        if not left:
            return Outcome(grouped(fills), 0, Ending.FILLED)
        if execution is not Execution.REST:
            return Outcome(grouped(fills), 0, Ending.KILLED)
        self.orders.append(Resting(order_id, account, side, price, left))
        return Outcome(grouped(fills), left, None)

    def cancel(self, order_id: int) -> int:
        found = [order.left for order in self.orders if order.order_id == order_id]
        self.orders = [order for order in self.orders if order.order_id != order_id]
        return sum(found)

    def in_priority(self) -> list[Resting]:
        bids = [order for order in self.orders if order.side is Side.BUY]
        asks = [order for order in self.orders if order.side is Side.SELL]
        return sorted(bids, key=lambda o: -o.price) + sorted(asks, key=lambda o: o.price)


def grouped(steps: list[Fill]) -> tuple[Fill, ...]:
    """Join single steps of the same maker."""
    fills: list[Fill] = []
    for step in steps:
        if fills and fills[-1].maker == step.maker:
            fills[-1] = step._replace(quantity_steps=fills[-1].quantity_steps + 1)
        else:
            fills.append(step)
    return tuple(fills)


def contents(book: Book) -> list[tuple[int, str, Side, int, int]]:
    return [
        (o.order_id, o.account, o.side, o.price_ticks, o.quantity_steps) for o in book.in_priority()
    ]


orders = st.tuples(
    st.sampled_from(["ada", "bob", "eve"]),
    st.sampled_from(Side),
    st.integers(-3, 3),
    st.integers(1, 9),
    st.sampled_from([Execution.REST] * 3 + [Execution.IOC, Execution.FOK]),
)
messages = st.lists(st.one_of(orders, orders, st.integers(1, 40)), max_size=60)


@given(messages)
def test_every_message_does_what_the_naive_model_does(
    flow: list[tuple[str, Side, int, int, Execution] | int],
) -> None:
    book, model = Book(), NaiveBook()
    for order_id, message in enumerate(flow, start=1):
        if isinstance(message, int):
            assert book.cancel(message) == model.cancel(message)
        else:
            assert book.submit(order_id, *message) == model.submit(order_id, *message)
        assert contents(book) == [
            (o.order_id, o.account, o.side, o.price, o.left) for o in model.in_priority()
        ]
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or ask is None or bid < ask


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 20), st.integers(1, 50))))
def test_every_step_is_traded_resting_or_neither_twice(flow: list[tuple[Side, int, int]]) -> None:
    book, traded = Book(), 0
    for order_id, (side, price, steps) in enumerate(flow):
        outcome = book.submit(order_id, side.name, side, price, steps)
        traded += sum(fill.quantity_steps for fill in outcome.fills)

    resting = sum(order.quantity_steps for order in book.in_priority())
    assert resting + 2 * traded == sum(steps for _, _, steps in flow)


def test_an_incoming_order_trades_at_the_resting_orders_price() -> None:
    book = Book()
    book.submit(1, "ada", Side.SELL, -120, 7)
    outcome = book.submit(2, "bob", Side.BUY, 8_506, 5)
    assert outcome == Outcome((Fill(1, 2, -120, 5),), 0, Ending.FILLED)
    assert book.open_steps(1) == 2


def test_at_one_price_the_first_to_come_is_the_first_to_trade() -> None:
    book = Book()
    for order_id in (1, 2, 3):
        book.submit(order_id, "ada", Side.BUY, 100, 10)
    book.cancel(2)
    outcome = book.submit(4, "bob", Side.SELL, 100, 15)
    assert [(fill.maker, fill.quantity_steps) for fill in outcome.fills] == [(1, 10), (3, 5)]


def test_a_fill_or_kill_that_cannot_be_filled_as_a_whole_changes_nothing() -> None:
    book = Book()
    book.submit(1, "ada", Side.SELL, 100, 10)
    book.submit(2, "ada", Side.SELL, 101, 10)
    before = book.sha256()
    killed = book.submit(3, "bob", Side.BUY, 100, 11, Execution.FOK)
    assert killed == Outcome((), 0, Ending.KILLED)
    assert book.sha256() == before
    assert book.submit(4, "bob", Side.BUY, 101, 11, Execution.FOK).ending is Ending.FILLED


def test_the_rest_of_an_order_that_would_meet_its_own_account_leaves() -> None:
    book = Book()
    book.submit(1, "ada", Side.SELL, 100, 3)
    book.submit(2, "bob", Side.SELL, 101, 3)
    outcome = book.submit(3, "bob", Side.BUY, 105, 9)
    assert outcome == Outcome((Fill(1, 3, 100, 3),), 0, Ending.SELF_TRADE)
    assert book.open_steps(2) == 3


def test_depth_sums_each_price_best_first() -> None:
    book = Book()
    for order_id, (price, steps) in enumerate([(10, 1), (12, 2), (10, 4), (11, 8)]):
        book.submit(order_id, "ada", Side.SELL, price, steps)
    assert book.depth(Side.SELL, 2) == [Level(10, 5, 2), Level(11, 8, 1)]
    assert book.depth(Side.BUY, 2) == []


def test_the_hashes_are_those_of_their_definition() -> None:
    book = Book()
    book.submit(1, "ada", Side.SELL, 8_506, 14)
    book.submit(2, "bob", Side.BUY, -5, 3)
    assert book.sha256() == hashlib.sha256(b"2,1,-5,3;1,-1,8506,14;").hexdigest()


@pytest.mark.shared
def test_the_reference_stream_gives_the_reference_trades_and_book() -> None:
    reference = order_stream.load(order_stream.SHARED_FILE)
    book, tally = Book(), reference.Tally()
    for kind, order_id, side, price, quantity in reference.stream():
        if kind == "A":
            ours = Side.BUY if side == reference.BUY else Side.SELL
            for fill in book.submit(order_id, ours.name, ours, price, quantity).fills:
                tally.add(fill)
        else:
            assert book.cancel(order_id)
    expected = reference.EXPECTED
    assert tally.sha256() == expected["trade_sha256"]
    assert book.sha256() == expected["book_sha256"]
    assert (tally.fills, len(book)) == (expected["fills"], expected["final_live"])
