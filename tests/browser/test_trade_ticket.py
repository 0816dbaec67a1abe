"""Trading by hand in a real browser: ladder, ticket, withdrawal, refusals, keyboard."""

import pytest
from playwright.sync_api import expect

from tests.support.browser import Witness
from tests.support.trade_page import count, tab, write_order

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_FREE_PRICE = "9.000,00"
"""A price at which nobody buys: the order stays in the book."""


def test_two_clicks_in_the_ladder_and_the_ticket_trade(visitor: Witness) -> None:
    page = visitor.page
    traded = count(page, "trades")
    page.click(".ladder .level.bid + .price button:not([disabled]) >> nth=0")
    expect(page.locator("[data-side=SELL]")).to_have_attribute("aria-checked", "true")
    page.fill("#quantity", "1")
    page.click("#send")
    expect(page.locator(".toast")).to_contain_text("ausgeführt")
    page.wait_for_function(
        "(before) => Number(document.querySelector('[data-k=count-trades]').textContent) > before",
        arg=traded,
    )
    tab(page, "trades")
    expect(page.locator("#blotter-table tbody tr").first).to_contain_text("▼ Verkauf")
    visitor.assert_clean()


def test_an_order_that_rests_can_be_withdrawn_alone_or_with_all_by_holding(
    visitor: Witness,
) -> None:
    page = visitor.page
    for kw in ("2", "3"):
        write_order(page, "SELL", kw, _FREE_PRICE)
        page.click("#send")
        row = page.locator("#blotter-table tbody tr", has_text=f"{kw}9.000,00")
        expect(row).to_have_count(1)
    page.locator("#blotter-table tbody tr .btn", has_text="Zurückziehen").first.click()
    expect(page.locator("#blotter-table tbody tr")).to_have_count(1)

    button = page.locator("#withdraw-all")
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(700)
    page.mouse.up()
    deleted = [line for line in visitor.requests if line.startswith("DELETE")]
    assert len(deleted) == 1, "releasing early does nothing"
    page.mouse.down()
    expect(page.locator("#blotter-table .empty")).to_be_visible()
    page.mouse.up()
    expect(button).to_be_disabled()
    visitor.assert_clean()


def test_a_refusal_of_the_exchange_is_told_with_its_code(visitor: Witness) -> None:
    page = visitor.page
    write_order(page, "BUY", "1", "99.999,00")
    page.click("#send")
    expect(page.locator(".toast.fail")).to_contain_text("PRICE_RANGE")


@pytest.mark.parametrize(
    ("kw", "price", "reason"),
    [
        ("0", "80", "ganze Vielfache von 1 kW"),
        ("ten", "80", "ganze Vielfache von 1 kW"),
        ("5", "80,123", "höchstens zwei Nachkommastellen"),
        ("5", "", "höchstens zwei Nachkommastellen"),
        ("5000", "80", "über der Leistung der Anlage"),
    ],
)
def test_an_order_that_cannot_be_sent_says_why_on_the_button(
    visitor: Witness, kw: str, price: str, reason: str
) -> None:
    write_order(visitor.page, "BUY", kw, price)
    send = visitor.page.locator("#send")
    expect(send).to_be_disabled()
    expect(send).to_contain_text(reason)


@pytest.mark.parametrize(
    ("language", "typed", "shown"),
    [
        ("de", "1.234,5", "1.234,50"),
        ("de", "96.6", "96,60"),
        ("de", "\N{MINUS SIGN}5", "\N{MINUS SIGN}5,00"),
        ("en", "1,234.5", "1,234.50"),
        ("en", "96,6", "96.60"),
    ],
)
def test_a_price_is_read_in_the_way_it_is_written_in_the_language(
    visitor: Witness, language: str, typed: str, shown: str
) -> None:
    page = visitor.page
    page.click(f"button[data-language={language}]")
    write_order(page, "BUY", "1", typed)
    expect(page.locator("#send-text")).to_contain_text(f"@ {shown}")


def test_the_keyboard_alone_chooses_contract_side_and_sends(visitor: Witness) -> None:
    page = visitor.page
    first = page.locator("#contract-rows tr[aria-selected=true]").get_attribute("data-key")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#contract-rows tr[aria-selected=true]")).not_to_have_attribute(
        "data-key", first or ""
    )
    page.keyboard.press("b")
    expect(page.locator("[data-side=BUY]")).to_have_attribute("aria-checked", "true")
    page.fill("#quantity", "1")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Order")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#keys-dialog")).to_be_visible()
