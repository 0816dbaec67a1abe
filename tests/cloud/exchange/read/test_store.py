"""cloud.exchange.read.store and .supervision: who asks gets his own, newest first, page by page."""

import pytest
from sqlalchemy import text

from cloud.exchange.facts import Changed, Configured, Fact, Refused, TradeMoved
from cloud.exchange.matching.codes import Action, Side, TradeState, Validity
from cloud.exchange.read import store, supervision
from cloud.exchange.read.ledger import DAY_US
from cloud.kernel.database import Database
from tests.support.hub import NOON_US
from tests.support.read_model import (
    AT_US,
    BUY,
    HANDEL,
    HOUR,
    QUARTER,
    SELL,
    WERK,
    Chronicle,
    entered,
    names,
    projected,
    traded,
    withdrawn,
)
from wire.clock import QUARTER_HOUR_US


@pytest.fixture
async def day(database: Database) -> Database:
    """A day of four orders of an hour and a quarter-hour, three trades, and a recall."""
    sale = entered(1, WERK, SELL, 8_550, 30, text="from the roof")
    purchase = entered(2, HANDEL, BUY, 8_600, 20)
    own = entered(3, HANDEL, SELL, 8_000, 5, contract=HOUR)
    own_back = entered(4, HANDEL, BUY, 8_000, 8, contract=HOUR)
    later = entered(5, HANDEL, BUY, 8_600, 1)
    recalled = TradeMoved(
        AT_US + 9, 1, TradeState.RECALLED, "key-7", "agreed", QUARTER, AT_US, 8_550, 20, False
    )
    facts: list[Fact] = [
        *names(),
        sale,
        purchase,
        traded(1, sale, purchase, 20),
        own,
        own_back,
        traded(2, own, own_back, 5),
        Changed(AT_US, 4, 6, 1, 7_000, 9, 0, 0, Validity.GFS, 0, "", Action.MODIFIED),
        later,
        traded(3, sale, later, 1),
        recalled,
        withdrawn(1, 9),
        Refused(AT_US, WERK, QUARTER, 0, "c9", "PRICE_COLLAR", "too far", Action.REFUSED, 0),
        Configured(AT_US, "limits", 1, "key-7", "{}"),
        Configured(AT_US, "limits", 2, "key-7", '{"a": 1}'),
    ]
    await projected(database, Chronicle(facts))
    return database


async def test_an_order_is_shown_with_its_contract_and_its_owner(day: Database) -> None:
    async with day.reading() as connection:
        order = await store.order(connection, 1, "werk")
        assert await store.order(connection, 1, "handel") is None
        assert await store.order(connection, 99) is None
    assert order is not None
    assert (order.status, order.filled_steps, order.text) == ("CANCELLED", 21, "from the roof")
    assert (order.contract.market, order.contract.start_us) == ("AT", NOON_US)
    assert (order.owner.account, order.owner.site, order.side) == ("werk", "werk-sued", Side.SELL)


async def test_own_orders_come_newest_first_and_page_by_page(day: Database) -> None:
    async with day.reading() as connection:
        first = await store.orders(connection, "handel", limit=2)
        second = await store.orders(connection, "handel", before=first[-1].order_id, limit=9)
        living = await store.orders(connection, "handel", only_open=True)
        everybody = await store.orders(connection)
        hours = await store.orders(connection, "handel", market="AT60")
        quarters = await store.orders(connection, contract=QUARTER)
    assert [order.order_id for order in first] == [6, 5]
    assert [order.order_id for order in second] == [4, 3, 2]
    assert [(order.order_id, order.status) for order in living] == [(6, "PARTIALLY_FILLED")]
    assert [order.order_id for order in everybody] == [6, 5, 4, 3, 2, 1]
    assert [order.order_id for order in hours] == [6, 4, 3]
    assert [order.order_id for order in quarters] == [5, 2, 1]


async def test_a_history_goes_on_through_the_order_that_replaced_another(day: Database) -> None:
    async with day.reading() as connection:
        whole = await store.history(connection, 4)
        pages = [await store.history(connection, 4, limit=1)]
        while page := await store.history(connection, 4, after=pages[-1][-1].sequence, limit=1):
            pages.append(page)
    told = [(row.order_id, row.action, row.code, row.who) for row in whole]
    assert told == [
        (4, "UADD", "", "anna"),
        (4, "PEXE", "", ""),
        (4, "UMOD", "REPLACED", "anna"),
        (6, "UMOD", "", "anna"),
    ]
    assert [row for page in pages for row in page] == list(whole)
    assert [len(page) for page in pages] == [1, 1, 2]


async def test_own_trades_show_the_own_side_and_both_where_one_traded_with_oneself(
    day: Database,
) -> None:
    async with day.reading() as connection:
        mine = await store.trades(connection, "handel")
        first = await store.trades(connection, "handel", limit=2)
        rest = await store.trades(connection, "handel", before=first[-1].trade_id)
        quarters = await store.trades(connection, "handel", market="AT")
        theirs = await store.trades(connection, "werk", contract=QUARTER)
        nobody = await store.trades(connection, "nobody")
    assert [(t.trade_id, t.side, t.order_id) for t in mine] == [
        (3, Side.BUY, 5),
        (2, Side.BUY, 4),
        (2, Side.SELL, 3),
        (1, Side.BUY, 2),
    ]
    assert [*first, *rest] == list(mine)
    assert [t.trade_id for t in quarters] == [3, 1]
    assert [(t.trade_id, t.order_id, t.void) for t in theirs] == [(3, 1, False), (1, 1, True)]
    assert mine[1].self_trade
    assert mine[-1].moved_us == AT_US + 9
    assert not nobody


async def test_trades_of_a_contract_are_public_and_void_ones_are_marked(day: Database) -> None:
    async with day.reading() as connection:
        contract = await store.contract(connection, "AT", NOON_US, NOON_US + QUARTER_HOUR_US)
        assert contract is not None
        found = await store.trades_of_contract(connection, contract.contract)
        before = await store.trades_of_contract(connection, contract.contract, before=3)
        moves = await supervision.moves(connection, 1)
        assert await store.contract(connection, "AT", NOON_US, NOON_US + 1) is None
    assert [(t.trade_id, t.state.value, t.aggressor) for t in found] == [
        (3, "ACTI", Side.BUY),
        (1, "RGRA", Side.BUY),
    ]
    assert [t.trade_id for t in before] == [1]
    assert [(move.state, move.who, move.reason) for move in moves] == [
        (TradeState.RECALLED, "key-7", "agreed")
    ]


async def test_surveillance_finds_refusals_and_self_trades_by_account_and_code(
    day: Database,
) -> None:
    async with day.reading() as connection:
        everything = await supervision.surveillance(connection)
        collar = await supervision.surveillance(connection, code="PRICE_COLLAR")
        handel = await supervision.surveillance(connection, account="handel")
        older = await supervision.surveillance(connection, before=everything[0].sequence)
    assert [(row.account, row.code) for row in everything] == [
        ("werk", "PRICE_COLLAR"),
        ("handel", "SELF_TRADE"),
    ]
    assert [row.client_order_id for row in collar] == ["c9"]
    assert [row.order_id for row in handel] == [4]
    assert list(older) == [everything[1]]


async def test_the_orders_to_each_trade_are_counted_by_account_and_day(day: Database) -> None:
    midnight_us = AT_US - AT_US % DAY_US
    async with day.reading() as connection:
        found = await supervision.activity(connection, midnight_us, midnight_us + DAY_US)
        (werk,) = await supervision.activity(connection, 0, 2**60, account="werk")
        assert not await supervision.activity(connection, midnight_us + DAY_US, 2**60)
    handel = found[0]
    assert (handel.account, handel.entered, handel.changed, handel.trades) == ("handel", 4, 1, 4)
    assert handel.order_to_trade == 5 / 4
    assert (werk.entered, werk.withdrawn, werk.refused, werk.traded_wh) == (1, 1, 1, 21 * 25_000)


async def test_the_policy_in_force_is_the_first(day: Database) -> None:
    async with day.reading() as connection:
        found = await supervision.policies(connection, "limits")
        older = await supervision.policies(connection, "limits", before=found[0].sequence)
        assert not await supervision.policies(connection, "throttle")
    assert [(row.version, row.content) for row in found] == [(2, '{"a": 1}'), (1, "{}")]
    assert [row.version for row in older] == [1]


async def test_living_orders_are_found_without_looking_at_the_ended_ones(day: Database) -> None:
    if day.dialect != "sqlite":
        return  # a table of six rows is read as a whole there, whatever indexes it has
    async with day.reading() as connection:
        question = (
            "EXPLAIN QUERY PLAN SELECT order_id FROM venue_order"
            " WHERE account = 'handel' AND ended_us IS NULL ORDER BY order_id DESC"
        )
        plan = " ".join(row[3] for row in await connection.execute(text(question)))
    assert "ix_venue_order_live" in plan
