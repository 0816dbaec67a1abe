"""Own orders in a real browser: every type, change, hibernation, what happened, recall, stop."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import Witness, keep_picture
from tests.support.trade_page import tab, write_order
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_FREE_PRICE = "9.000,00"
"""A price at which nobody buys: the order stays in the book."""


@pytest.fixture
def page(visitor: Witness) -> Iterator[Page]:
    """The trade page of somebody who leaves no order behind."""
    page = visitor.page
    page.locator("#contract-rows tr").nth(20).click()
    yield page
    page.evaluate(
        """() => fetch("/api/v1/orders", {method: "DELETE",
           headers: {"X-Requested-With": "phoenyra"}}).then((answer) => answer.status)"""
    )
    assert not visitor.foreign


def _send(page: Page, kind: str, kw: str, price: str = _FREE_PRICE) -> None:
    write_order(page, "SELL", kw, price)
    page.select_option("#form-choice", kind)
    page.click("#send")


def _row(page: Page, text: str) -> Locator:
    return page.locator("#blotter-table tbody tr", has_text=text)


def test_each_type_shows_its_own_fields_and_no_others(page: Page) -> None:
    fields = {
        "O_NON": {"#validity", "#asleep"},
        "O_AON": {"#validity", "#asleep"},
        "O_FOK": set[str](),
        "O_IOC": set[str](),
        "B_AON": {"#validity", "#asleep", "#block-end"},
        "B_IOC": {"#block-end"},
        "I_NON": {"#validity", "#asleep", "#display", "#delta"},
        "MARKET": set[str](),
    }
    offered = page.locator("#form-choice option")
    assert [one.get_attribute("value") for one in offered.all()] == list(fields)
    for kind, shown in fields.items():
        page.select_option("#form-choice", kind)
        for field in ("#validity", "#asleep", "#block-end", "#display", "#delta"):
            expect(page.locator(field)).to_be_visible(visible=field in shown)
        expect(page.locator("#price")).to_be_enabled(enabled=kind != "MARKET")


def test_an_iceberg_shows_its_peak_and_an_all_or_none_order_is_flagged(page: Page) -> None:
    write_order(page, "SELL", "6", _FREE_PRICE)
    page.select_option("#form-choice", "I_NON")
    expect(page.locator("#send")).to_contain_text("Sichtbar")
    page.fill("#display", "2")
    _send(page, "I_NON", "6")
    expect(_row(page, "6 (2)9.000,00")).to_contain_text("Eisberg")
    _send(page, "O_AON", "3", "9.100,00")
    expect(_row(page, "3" + "9.100,00")).to_contain_text("AON")
    own = page.locator(".ladder .own b:visible")
    expect(own.filter(has_text="2")).to_have_count(1)
    expect(page.locator(".ladder .aon:visible")).to_have_text("+3 ganz")


def test_an_order_is_changed_hibernates_wakes_and_tells_what_happened(page: Page) -> None:
    _send(page, "O_NON", "5")
    _row(page, "59.000,00").get_by_role("button", name="öffnen").click()
    expect(page.locator("#own-order-history li")).to_have_count(1)
    expect(page.locator("#order-change")).to_be_disabled()
    page.select_option("#change-validity", "30")
    expect(page.locator("#change-effect")).to_contain_text("Andere Gültigkeit")
    page.fill("#change-quantity", "4")
    expect(page.locator("#change-effect")).to_contain_text("Platz in der Reihe bleibt")
    page.fill("#change-price", "9.010,00")
    expect(page.locator("#change-effect")).to_contain_text("geht verloren")
    page.click("#order-change")
    changed = _row(page, "49.010,00")
    expect(changed).to_have_count(1)
    changed.get_by_role("button", name="öffnen").click()
    expect(page.locator("#own-order-history")).to_contain_text("geändert")
    expect(page.locator("#own-order-facts")).not_to_contain_text("bis Handelsschluss")
    keep_picture(page, "trade-order")
    page.click("#order-switch")
    expect(changed).to_contain_text("ruht")
    expect(page.locator(".ladder .own b:visible")).to_have_count(0)
    changed.get_by_role("button", name="öffnen").click()
    expect(page.locator("#order-switch")).to_have_text("Aktivieren")
    page.click("#order-switch")
    expect(changed).to_contain_text("im Buch")
    changed.get_by_role("button", name="öffnen").click()
    page.click("#order-withdraw")
    expect(changed).to_have_count(0)
    tab(page, "ended")
    _row(page, "49.010,00").first.get_by_role("button").click()
    expect(page.locator("#own-order-history")).to_contain_text("zurückgezogen")
    expect(page.locator("#change-form")).to_be_hidden()


def test_an_order_can_come_in_hibernated_and_until_a_time(page: Page) -> None:
    page.check("#asleep")
    page.select_option("#validity", "15")
    _send(page, "O_NON", "7")
    expect(page.locator(".toast")).to_contain_text("sie ruht")
    expect(_row(page, "79.000,00")).to_contain_text("ruht")
    expect(page.locator("#asleep")).not_to_be_checked()


def test_candles_and_an_indicator_replace_the_line(page: Page) -> None:
    page.locator("#contract-rows tr").first.click()
    page.click("#price-range [data-minutes='1']")
    page.select_option("#indicator", "bollinger")
    expect(page.locator("#candle-plot canvas")).to_be_visible()
    expect(page.locator("#price-plot")).to_be_hidden()
    page.click("#price-table")
    expect(page.locator("#price-panel .numbers tbody tr").first).to_be_visible()
    page.click("#price-range [data-minutes='0']")
    expect(page.locator("#price-plot canvas")).to_be_visible()


def test_the_recall_of_a_trade_is_asked_for_with_a_reason(page: Page, world: World) -> None:
    page.locator("#contract-rows tr").nth(1).click()
    page.click(".ladder .level.bid + .price button:not([disabled]) >> nth=0")
    page.fill("#quantity", "1")
    page.click("#send")
    expect(page.locator(".toast")).to_contain_text("ausgeführt")
    tab(page, "trades")
    first = page.locator("#blotter-table tbody tr").first
    first.get_by_role("button", name="Rückruf").click()
    page.fill("#recall-reason", "falscher Preis")
    page.click("#recall-form .btn.pri")
    expect(page.locator("#blotter-table")).to_contain_text("Rückruf erbeten")


def test_the_kill_switch_deletes_locks_and_operations_frees(page: Page, world: World) -> None:
    _send(page, "O_NON", "8")
    expect(_row(page, "89.000,00")).to_have_count(1)
    button = page.locator("#stop-account")
    try:
        button.hover()
        page.mouse.down()
        expect(page.locator("#halts")).to_contain_text("Konto gestoppt")
        page.mouse.up()
        expect(page.locator("#send")).to_be_disabled()
        expect(page.locator("#send")).to_contain_text("Konto gestoppt")
        expect(page.locator("#blotter-table .empty")).to_be_visible()
    finally:
        world.system.post("/api/v1/exchange/accounts/stadtwerk/free", reason="test over")
    expect(page.locator("#halts")).to_be_hidden()
