"""cloud.exchange.floor: gates, limits and who may take what back; a replay is the same floor."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.exchange import floor as floors
from cloud.exchange import records
from cloud.exchange.book import Ending, Execution, Side
from cloud.exchange.floor import Floor, ReplayDiffers
from cloud.exchange.records import Closed, Placed, Record, Trade
from tests.support.exchange import NOON_US, RULE, contract, order, picture, placed, turned
from wire.clock import QUARTER_HOUR_US

MINUTE_US = 60_000_000


def test_two_orders_that_cross_trade_and_both_sides_are_named() -> None:
    floor = Floor()
    placed(floor, order("werk", Side.SELL, 8_550, 30, site="werk-sued", site_limit_kw=100))
    record = placed(floor, order("handel", Side.BUY, 8_600, 50))
    assert record.trades == (Trade(1, 1, "werk", "werk-sued", 8_550, 30),)
    assert record.filled_steps == 30
    assert record.ending is None


def test_an_order_at_the_closing_instant_is_too_late_and_one_before_is_not() -> None:
    floor = Floor()
    placed(floor, order("ada", Side.BUY, 100, 1), NOON_US - 1)
    assert turned(floor, order("ada", Side.BUY, 100, 1), NOON_US).code == "CONTRACT_CLOSED"


def test_an_order_before_the_opening_is_too_early() -> None:
    opens_us = contract().opens_us
    assert turned(Floor(), order("ada", Side.BUY, 1, 1), opens_us - 1).code == "CONTRACT_NOT_OPEN"
    placed(Floor(), order("ada", Side.BUY, 1, 1), opens_us)


@pytest.mark.parametrize(
    ("price_ticks", "quantity_steps", "code"),
    [(1_000_000, 1, "PRICE_RANGE"), (-1_000_000, 1, "PRICE_RANGE"), (1, 1_001, "QUANTITY_MAX")],
)
def test_a_limit_of_the_product_turns_the_order_away(
    price_ticks: int, quantity_steps: int, code: str
) -> None:
    assert turned(Floor(), order("ada", Side.BUY, price_ticks, quantity_steps)).code == code


def test_negative_prices_are_prices() -> None:
    floor = Floor()
    placed(floor, order("ada", Side.SELL, -5_000, 10))
    assert placed(floor, order("bob", Side.BUY, 0, 10)).trades[0].price_ticks == -5_000


def test_contracts_never_meet_each_other() -> None:
    floor = Floor()
    placed(floor, order("ada", Side.SELL, 100, 10))
    later = contract(NOON_US + QUARTER_HOUR_US)
    assert placed(floor, order("bob", Side.BUY, 200, 10, of=later)).trades == ()


def test_a_site_cannot_sell_more_than_its_power_with_all_its_open_orders() -> None:
    floor = Floor()

    def sell(steps: int) -> floors.NewOrder:
        return order("werk", Side.SELL, 100, steps, site="werk-sued", site_limit_kw=100)

    first = placed(floor, sell(60))
    assert turned(floor, sell(41)).code == "SITE_LIMIT"
    placed(floor, order("handel", Side.BUY, 100, 30))
    assert turned(floor, sell(41)).code == "SITE_LIMIT", "30 kW traded and 30 kW open: still 60"
    floor.withdraw("werk", first.order_id, NOON_US - MINUTE_US)
    placed(floor, sell(70))


def test_what_a_site_has_sold_it_may_buy_back_and_as_much_again() -> None:
    floor = Floor()
    placed(floor, order("handel", Side.BUY, 100, 80))
    placed(floor, order("werk", Side.SELL, 100, 80, site="werk-sued", site_limit_kw=100))
    buy = order("werk", Side.BUY, 100, 180, site="werk-sued", site_limit_kw=100)
    assert turned(floor, replace(buy, quantity_steps=181)).code == "SITE_LIMIT"
    placed(floor, buy)


def test_the_power_of_a_site_is_one_over_all_markets() -> None:
    floor = Floor()
    coarse = contract(market="EPEX", rule=replace(RULE, step_kw=100))
    placed(floor, order("werk", Side.SELL, 1, 1, site="s", site_limit_kw=100, of=coarse))
    new = order("werk", Side.SELL, 1, 1, site="s", site_limit_kw=100)
    assert turned(floor, new).code == "SITE_LIMIT"


def test_a_market_order_trades_no_worse_than_its_protection() -> None:
    floor = Floor()
    market_order = order("bob", Side.BUY, None, 30, execution=Execution.IOC)
    assert turned(floor, market_order).code == "NO_REFERENCE_PRICE"
    for price in (1_000, 1_400, 2_000):
        placed(floor, order("ada", Side.SELL, price, 10))
    placed(floor, order("eve", Side.BUY, 1_000, 1))
    record = placed(floor, market_order)
    assert [(t.price_ticks, t.quantity_steps) for t in record.trades] == [(1_000, 9), (1_400, 10)]
    assert (record.price_ticks, record.ending) == (1_500, Ending.KILLED)


def test_open_orders_of_an_account_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "OPEN_ORDERS_PER_ACCOUNT_MAX", 2)
    floor = Floor()
    first = placed(floor, order("ada", Side.BUY, 1, 1))
    placed(floor, order("ada", Side.BUY, 1, 1))
    assert turned(floor, order("ada", Side.BUY, 1, 1)).code == "ACTIVE_ORDERS"
    placed(floor, order("bob", Side.BUY, 1, 1))
    floor.withdraw("ada", first.order_id, NOON_US - MINUTE_US)
    placed(floor, order("ada", Side.BUY, 1, 1))


def test_only_the_owner_takes_an_order_back_and_only_once() -> None:
    floor = Floor()
    record = placed(floor, order("ada", Side.BUY, 1, 5))
    assert floor.withdraw("bob", record.order_id, NOON_US - MINUTE_US) is None
    withdrawn = floor.withdraw("ada", record.order_id, NOON_US - MINUTE_US)
    assert withdrawn is not None
    assert withdrawn.open_steps == 5
    assert floor.withdraw("ada", record.order_id, NOON_US - MINUTE_US) is None


def test_what_rests_when_the_gate_closes_expires() -> None:
    floor = Floor()
    early = placed(floor, order("ada", Side.BUY, 1, 5))
    later = contract(NOON_US + QUARTER_HOUR_US)
    placed(floor, order("ada", Side.BUY, 1, 5, of=later))
    assert floor.next_close_us() == NOON_US
    assert list(floor.close(NOON_US - 1)) == []
    assert list(floor.close(NOON_US)) == [Closed(NOON_US, "PHO", NOON_US, (early.order_id,))]
    assert floor.withdraw("ada", early.order_id, NOON_US) is None
    assert floor.next_close_us() == later.closes_us


def test_the_first_answer_to_a_client_order_id_is_remembered_good_or_bad(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(floors, "ANSWERS_PER_ACCOUNT_MAX", 2)
    floor = Floor()
    good = placed(floor, order("ada", Side.BUY, 1, 5, client_order_id="a"))
    bad = turned(floor, order("ada", Side.BUY, 1, 5_000, client_order_id="b"))
    assert floor.answered("ada", "a") == good
    assert floor.answered("ada", "b") == bad
    assert floor.answered("bob", "a") is None
    placed(floor, order("ada", Side.BUY, 1, 5, client_order_id="c"))
    assert floor.answered("ada", "a") is None, "the oldest goes when there are too many"


new_orders = st.builds(
    order,
    st.sampled_from(["ada", "bob", "eve"]),
    st.sampled_from(Side),
    st.one_of(st.integers(-5, 5), st.none()),
    st.integers(1, 60),
    execution=st.sampled_from(Execution),
    client_order_id=st.sampled_from([None, "1", "2", "3"]),
    site=st.sampled_from([None, "s"]),
    site_limit_kw=st.just(100.0),
    of=st.sampled_from([contract(), contract(NOON_US + QUARTER_HOUR_US), contract(market="X")]),
)
commands = st.lists(
    st.tuples(
        st.integers(0, 4 * MINUTE_US),
        st.one_of(new_orders, new_orders, st.tuples(st.sampled_from("ab"), st.integers(1, 30))),
    ),
    max_size=40,
)


@given(commands)
def test_the_replay_of_the_records_is_the_same_floor(
    flow: list[tuple[int, floors.NewOrder | tuple[str, int]]],
) -> None:
    floor, happened, at_us = Floor(), list[Record](), NOON_US - 30 * MINUTE_US
    for wait_us, command in flow:
        at_us += wait_us
        happened.extend(floor.close(at_us))
        if isinstance(command, tuple):
            account = {"a": "ada", "b": "bob"}[command[0]]
            withdrawn = floor.withdraw(account, command[1], at_us)
            happened.extend([] if withdrawn is None else [withdrawn])
        elif floor.answered(command.account, command.client_order_id) is None:
            happened.append(floor.place(command, at_us))

    assert records.decode(records.encode(happened)) == happened
    again = Floor()
    for record in happened:
        again.replay(record)
    assert picture(again) == picture(floor)
    assert again.next_close_us() == floor.next_close_us()
    numbers = [trade.trade_id for r in happened if isinstance(r, Placed) for trade in r.trades]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_replay_that_would_decide_otherwise_stops() -> None:
    floor = Floor()
    sold = placed(floor, order("ada", Side.SELL, 100, 10))
    bought = placed(floor, order("bob", Side.BUY, 100, 10))
    forged = bought._replace(trades=(bought.trades[0]._replace(price_ticks=99),))
    again = Floor()
    again.replay(sold)
    with pytest.raises(ReplayDiffers, match="price_ticks=99"):
        again.replay(forged)
