"""cloud.exchange.prices.depth and orders: what the public sees of a book, and how it changes."""

from cloud.exchange.facts import (
    Activated,
    Changed,
    Clipped,
    Closed,
    Ended,
    Fact,
    Hibernated,
    Reduced,
    Withdrawn,
)
from cloud.exchange.matching.codes import Action, Ending, Execution, Side, State, Validity
from cloud.exchange.prices.data import MarketData
from cloud.exchange.prices.depth import Change, Level, Mirror, Snapshot, book_sha256
from cloud.exchange.prices.rules import Rules
from tests.support.prices import HOUR_US, NOON_US, entered, listed, market_data, traded

BUY, SELL = Side.BUY, Side.SELL


def opened(rules: Rules | None = None) -> MarketData:
    """Return data of contract 1 with an ask of 30 at 100 and a bid of 20 at 90."""
    data = market_data(rules)
    data.take([listed(1, NOON_US), entered(1, 1, SELL, 100, 30), entered(2, 1, BUY, 90, 20)])
    return data


def sides(data: MarketData) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return price and quantity of contract 1, bids and asks, best first."""
    depth = data.depth(1)
    bids, asks = ([(x.price_ticks, x.steps) for x in depth.best(side)] for side in (BUY, SELL))
    return bids, asks


def changed(order_id: int, new_id: int, price: int, steps: int) -> Changed:
    return Changed(
        NOON_US, order_id, new_id, 2, price, steps, 0, 0, Validity.GFS, 0, "", Action.MODIFIED
    )


def test_a_trade_takes_from_both_and_one_delta_tells_the_whole_commit() -> None:
    data = opened()
    news = data.take([entered(3, 1, BUY, 100, 10), traded(1, 1, 100, 10, maker=1, taker=3)])
    assert sides(data) == ([(90, 20)], [(100, 20)])
    (delta,) = news.deltas
    assert delta.sequence == 2
    assert delta.changes == (Change(SELL, Level(100, 20, 1, 0, 0)),), "no bid at 100 was ever seen"


def test_a_commit_that_leaves_everything_as_it_was_has_no_number() -> None:
    data = opened()
    ended = Ended(NOON_US, 3, 5, Ending.KILLED, Action.DELETED_BY_SYSTEM)
    news = data.take([entered(3, 1, BUY, 80, 5, execution=Execution.IOC), ended])
    withdrawn = Withdrawn(NOON_US, 4, 5, Action.DELETED, "")
    again = data.take([entered(4, 1, BUY, 80, 5), withdrawn])
    assert (news.deltas, again.deltas, data.depth(1).sequence) == ((), (), 1)


def test_an_iceberg_shows_its_clip_and_the_next_one_where_it_appears() -> None:
    """The worked example: asks of an iceberg 100 with 40 shown, 30, and 50 a quarter above."""
    data = market_data()
    data.take([listed(1, NOON_US), entered(1, 1, SELL, 5_000, 100, display=40)])
    data.take([entered(2, 1, SELL, 5_000, 30), entered(3, 1, SELL, 5_025, 50)])
    assert sides(data)[1] == [(5_000, 70), (5_025, 50)]
    facts: list[Fact] = [
        entered(4, 1, BUY, 5_050, 120),
        traded(1, 1, 5_000, 40, maker=1, taker=4),
        Clipped(NOON_US, 1, 5_050, 40),
        traded(2, 1, 5_000, 30, maker=2, taker=4),
        traded(3, 1, 5_025, 50, maker=3, taker=4),
    ]
    data.take(facts)
    assert sides(data) == ([], [(5_050, 40)])
    data.take([entered(5, 1, BUY, 5_050, 20), traded(4, 1, 5_050, 20, maker=1, taker=5)])
    assert sides(data) == ([], [(5_050, 20)])


def test_all_or_none_orders_are_flagged_apart_and_may_lock_the_book() -> None:
    data = opened()
    data.take([entered(3, 1, BUY, 100, 40, execution=Execution.AON)])
    depth = data.depth(1)
    assert depth.best(BUY) == (Level(100, 0, 0, 40, 1), Level(90, 20, 1, 0, 0))
    assert depth.best(BUY, 1) == (Level(100, 0, 0, 40, 1),)
    assert data.best(1) == (90, 100), "what trades only as a whole is no best price"


def test_what_sleeps_is_not_seen_and_comes_back_behind() -> None:
    data = opened()
    data.take([Hibernated(NOON_US, 1, 2, Action.HIBERNATED, "")])
    assert sides(data) == ([(90, 20)], [])
    data.take([changed(1, 1, 100, 25)])
    data.take([Activated(NOON_US, 1, 3, Action.MODIFIED)])
    assert sides(data) == ([(90, 20)], [(100, 25)])
    data.take([entered(7, 1, SELL, 95, 1, state=State.HIBERNATED)])
    assert sides(data) == ([(90, 20)], [(100, 25)])


def test_a_change_moves_what_is_left_and_a_decrease_stays() -> None:
    data = opened()
    data.take([entered(3, 1, BUY, 100, 10), traded(1, 1, 100, 10, maker=1, taker=3)])
    data.take([changed(1, 4, 98, 25)])
    assert sides(data)[1] == [(98, 15)], "25 in all, of which 10 had traded"
    data.take([changed(4, 4, 98, 12), Reduced(NOON_US, 4, 1)])
    assert sides(data)[1] == [(98, 1)]


def test_orders_of_a_closed_contract_leave_and_the_contract_is_forgotten_in_time() -> None:
    data = opened(Rules(kept_after_delivery_us=2 * HOUR_US))
    gone = [Ended(NOON_US, n, 1, Ending.EXPIRED, Action.DELETED_BY_SYSTEM) for n in (1, 2)]
    news = data.take([Closed(NOON_US, 1), *gone])
    assert [change.level.orders for change in news.deltas[0].changes] == [0, 0]
    assert sides(data) == ([], [])
    data.take([listed(2, NOON_US + 24 * HOUR_US)._replace(at_us=NOON_US + 5 * HOUR_US)])
    assert list(data.board.sessions) == [2]
    assert data.snapshot(1) == Snapshot(1, 0, 0, (), ())


def test_a_subscriber_who_missed_a_delta_notices_by_its_number() -> None:
    data = opened()
    mirror = Mirror(data.snapshot(1))
    lost = data.take([entered(3, 1, BUY, 89, 1)]).deltas[0]
    later = data.take([entered(4, 1, BUY, 88, 1)]).deltas[0]
    assert not mirror.take(later)
    assert mirror.take(lost)
    assert mirror.take(later)
    assert mirror.take(lost), "what is in already is no gap"
    assert mirror.sha256() == book_sha256(data.depth(1).best(BUY), data.depth(1).best(SELL))
