"""cloud.exchange.venue.modify: an iceberg that is changed stays within its product's prices."""

from tests.support.venues import BUY, SELL, Pit, quarter


def test_a_change_whose_last_peak_is_past_the_price_limit_is_refused() -> None:
    pit = Pit()
    most = quarter().rule.price_ticks_max
    order = pit.enter("seller", SELL, most - 200, 9, show=3, delta=100)
    assert order.code == ""

    refused = pit.change(order, "seller", price_ticks=most - 199)
    larger = pit.change(order, "seller", steps=10)
    cheaper = pit.change(order, "seller", price_ticks=most - 201)

    assert [refused.code, larger.code, cheaper.code] == ["PRICE_DELTA", "PRICE_DELTA", ""]


def test_what_has_traded_of_an_iceberg_needs_no_peak_any_more() -> None:
    pit = Pit()
    most = quarter().rule.price_ticks_max
    order = pit.enter("seller", SELL, most - 200, 9, show=3, delta=100)
    pit.enter("buyer", BUY, most, 3)
    order = order._replace(revision=pit.venue.desk.orders[order.order_id].revision)

    assert pit.change(order, "seller", price_ticks=most - 100).code == ""
