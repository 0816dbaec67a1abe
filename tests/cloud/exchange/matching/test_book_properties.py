"""cloud.exchange.matching: what holds for every flow of orders, of all kinds at once."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange.matching.codes import Ending, Execution, SelfTrade, Side
from cloud.exchange.matching.effects import OWN_TRADE, TRADE
from tests.support.books import Counter

NAMES = {
    "ada": SelfTrade.ALLOW,
    "bob": SelfTrade.CANCEL_NEWEST,
    "cyd": SelfTrade.CANCEL_OLDEST,
    "dan": SelfTrade.DECREMENT_BOTH,
}
Wish = tuple[str, Side, int, int, Execution, int, int]
Message = Wish | int

names = st.sampled_from(sorted(NAMES))
sides = st.sampled_from(Side)
prices, sizes = st.integers(-4, 4), st.integers(1, 12)
plain = st.tuples(names, sides, prices, sizes, st.sampled_from(Execution), st.just(0), st.just(0))
icebergs = st.tuples(
    names, sides, prices, sizes, st.just(Execution.NON), st.integers(1, 4), st.integers(0, 2)
)
wholes = st.tuples(names, sides, prices, sizes, st.just(Execution.AON), st.just(0), st.just(0))
messages = st.lists(st.one_of(plain, icebergs, wholes, st.integers(1, 30)), max_size=50)


def enter(counter: Counter, wish: Wish) -> None:
    name, side, price, size, execution, display, delta = wish
    delta = -delta if side is Side.BUY else delta
    counter.submit(counter.order(name, side, price, size, execution, display, delta))


def played(flow: list[Message]) -> Counter:
    """Return the counter after a flow; a number takes out, or makes smaller, what rests."""
    counter = Counter()
    for name, rule in NAMES.items():
        counter.owner(name, rule)
    for message in flow:
        if not isinstance(message, int):
            enter(counter, message)
        elif resting := list(counter.book.in_priority()):
            order = resting[message % len(resting)]
            if message % 2 and order.left_steps > 1:
                counter.book.reduce(order, 1)
            else:
                counter.withdraw(order.order_id)
    return counter


@given(messages)
def test_every_step_of_every_order_is_traded_shown_hidden_or_taken_away(
    flow: list[Message],
) -> None:
    counter = played(flow)
    bought = dict.fromkeys(counter.orders, 0)
    for kind, maker, taker, price, steps in counter.effects:
        if kind in (TRADE, OWN_TRADE):
            assert taker is not None
            assert maker.side is not taker.side
            assert (kind == OWN_TRADE) == (maker.owner.account == taker.owner.account)
            assert price == maker.price_ticks or maker.delta_ticks
            bought[maker.order_id] += steps
            bought[taker.order_id] += steps
    for number, order in counter.orders.items():
        assert order.filled_steps == bought[number]
        counted = order.filled_steps + order.left_steps + order.reduced_steps
        assert counted == order.quantity_steps
        if order.execution in (Execution.AON, Execution.FOK):
            assert order.filled_steps in (0, order.quantity_steps)
        if counter.endings[number] is Ending.FILLED:
            assert order.filled_steps + order.reduced_steps == order.quantity_steps


@given(messages)
def test_nobody_meets_himself_unless_he_allows_it(flow: list[Message]) -> None:
    for kind, maker, _, _, _ in played(flow).effects:
        assert kind != OWN_TRADE or maker.owner.self_trade is SelfTrade.ALLOW


@given(messages, names, sides, prices, sizes)
def test_a_dry_run_says_what_an_order_that_leaves_at_once_then_trades(
    flow: list[Message], name: str, side: Side, price: int, size: int
) -> None:
    counter = played(flow)
    owner = counter.owners[name]
    said = counter.book.fillable(owner, side, price, size)
    order = counter.order(name, side, price, size, Execution.IOC)
    counter.submit(order)
    if NAMES[name] is SelfTrade.DECREMENT_BOTH:
        assert order.filled_steps >= said
    else:
        assert order.filled_steps == said


@given(messages, st.lists(st.tuples(names, sides, prices, sizes), max_size=5))
def test_dry_runs_one_after_the_other_say_what_a_linked_basket_then_trades(
    flow: list[Message], basket: list[tuple[str, Side, int, int]]
) -> None:
    counter = played(flow)
    trials = {side: counter.book.trial(side) for side in Side}
    said = [
        trials[side].take(counter.owners[name], price, size) for name, side, price, size in basket
    ]
    linked = [
        counter.order(name, side, price, size, Execution.FOK) for name, side, price, size in basket
    ]
    for size, order in zip(said, linked, strict=True):
        if size < order.quantity_steps:
            return
        counter.submit(order)
        assert order.filled_steps == size


@given(messages)
def test_a_book_put_back_in_priority_is_the_same_book(flow: list[Message]) -> None:
    counter, fresh = played(flow), Counter()
    digest = counter.book.sha256()
    for order in list(counter.book.in_priority()):
        counter.book.withdraw(order)
        fresh.book.restore(order)
    fresh.book.check()
    assert fresh.book.sha256() == digest
