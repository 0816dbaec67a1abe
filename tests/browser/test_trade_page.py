"""The trade page in a real browser, on a real hub: live, honest, readable, and quick to use."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from cloud.web import texts
from tests.browser.conftest import World, place_order, withdraw_order
from tests.support.browser import (
    FAULTS_OF_LAYOUT,
    PHONE_WIDTH,
    Witness,
    keep_picture,
    keys_shown,
    opened_page,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_LIVE_MS = 20_000
_FREE_PRICE = "9.000,00"
"""A price at which nobody buys: the order stays in the book."""
_TARGET_PX_MIN = 44
_PICTURES = {
    (1440, "en"): "trade",
    (1440, "de"): "trade-light",
    (PHONE_WIDTH, "en"): "trade-phone",
}
_SMALL_TARGETS = """(least) => [...document.querySelectorAll("button, select, input, .phone-bar a")]
  .filter((node) => node.checkVisibility() && !node.closest(".contracts tr, .site"))
  .filter((node) => node.getBoundingClientRect().height < least - 0.5)
  .map((node) => node.outerHTML.slice(0, 90))"""


@pytest.fixture
def visitor(chromium: Browser, world: World) -> Iterator[Witness]:
    """A trader who is logged in, in front of a large screen."""
    with opened_page(chromium, world.system.hub_url) as witness:
        log_in(witness.page, world.trader_key)
        yield witness


def log_in(page: Page, key: str) -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    wait_until_live(page)


def wait_until_live(page: Page) -> None:
    """Wait until market and site are on the page, and nothing of it is old."""
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=_LIVE_MS)
    page.wait_for_selector("#contract-rows tr[aria-selected=true]")
    page.wait_for_selector(".site:not(.stale) .power[data-value]", timeout=_LIVE_MS)


@contextmanager
def some_orders(world: World) -> Iterator[None]:
    """Let a few own orders rest in the books."""
    orders = [("SELL", 20, 98.5, 2), ("SELL", 35, 104.0, 3), ("BUY", 15, 52.25, 2)]
    numbers = [
        place_order(world, world.trader_key, side, kw=kw, price=price, quarters_ahead=quarters)
        for side, kw, price, quarters in orders
    ]
    try:
        yield
    finally:
        for number in numbers:
            withdraw_order(world, world.trader_key, number)


def tab(page: Page, name: str) -> None:
    page.click(f"[data-tab={name}]")


def write_order(page: Page, side: str, kw: str, price: str) -> None:
    page.click(f"[data-side={side}]")
    page.fill("#quantity", kw)
    page.fill("#price", price)


def count(page: Page, name: str) -> int:
    return int(page.inner_text(f"[data-k=count-{name}]").replace(".", ""))


def test_live_values_move_without_a_complaint_or_a_foreign_request(visitor: Witness) -> None:
    page = visitor.page
    before = page.evaluate(
        "() => ['#contract-rows', '#site-rows', '#ladder', '[data-k=clock]'].map("
        "(place) => [place, document.querySelector(place).innerText])"
    )
    for place, text in before:
        page.wait_for_function(
            "([place, text]) => document.querySelector(place).innerText !== text",
            arg=[place, text],
            timeout=_LIVE_MS,
        )
    visitor.assert_clean()


def test_the_sites_power_is_shown_with_sign_word_and_arrow(visitor: Witness) -> None:
    site = visitor.page.locator(".site")
    expect(site.locator(".power")).to_have_text(re.compile(r"^▼ \+(5|6)\d\u202fkW$"))
    expect(site.locator(".info")).to_contain_text("Entladen")
    expect(visitor.page.locator("[data-k=fleet-power]")).to_contain_text("Entladen")


@pytest.mark.parametrize("width", [1440, 1024, PHONE_WIDTH])
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("de", "light")])
def test_the_page_fits_and_is_readable(
    chromium: Browser, world: World, width: int, language: str, theme: str
) -> None:
    with (
        opened_page(chromium, world.system.hub_url, width=width) as witness,
        some_orders(world),
    ):
        page = witness.page
        log_in(page, world.trader_key)
        page.goto(f"/trade?lang={language}&theme={theme}")
        wait_until_live(page)
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("#price-plot canvas")).to_be_visible()
        assert page.evaluate(FAULTS_OF_LAYOUT) == {
            "overflow": 0,
            "smallText": [],
            "namelessButtons": [],
        }
        assert not keys_shown(page, list(texts.dictionary(language)))
        if width == PHONE_WIDTH:
            assert page.evaluate(_SMALL_TARGETS, _TARGET_PX_MIN) == []
        witness.assert_clean()
        if (width, language) in _PICTURES:
            keep_picture(page, _PICTURES[width, language])


def test_language_and_theme_change_at_once_and_stay(visitor: Witness) -> None:
    page = visitor.page
    page.click("button[data-language=en]")
    expect(page.locator("#contracts h2")).to_have_text("Contracts")
    expect(page.locator("#send-text")).to_contain_text("Send")
    page.click(".top [data-theme-choice=light]")
    page.reload()
    wait_until_live(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    visitor.assert_clean()


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
    page.locator("#blotter-table tbody tr .btn").first.click()
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


def test_old_data_looks_old_locks_the_ticket_and_becomes_live_again(
    chromium: Browser, world: World
) -> None:
    silent = False
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page

        def between(socket: WebSocketRoute) -> None:
            server = socket.connect_to_server()
            server.on_message(lambda text: None if silent else socket.send(text))

        page.route_web_socket(re.compile("/ws/live"), between)
        log_in(page, world.trader_key)
        silent = True
        expect(page.locator("#banner")).to_be_visible()
        expect(page.locator("#banner")).to_contain_text("getrennt")
        expect(page.locator("[data-feed]:not(.stale)")).to_have_count(0)
        expect(page.locator("#send")).to_be_disabled()
        expect(page.locator(".site:not(.stale)")).to_have_count(0)
        keep_picture(page, "trade-stale")
        silent = False
        expect(page.locator("#banner")).to_be_hidden()
        wait_until_live(page)
        expect(page.locator("[data-feed].stale")).to_have_count(0)
        expect(page.locator("#send")).to_be_enabled()


def test_a_reader_sees_everything_and_sends_nothing(chromium: Browser, world: World) -> None:
    with opened_page(chromium, world.system.hub_url, language="en-GB") as witness:
        log_in(witness.page, world.viewer_key)
        expect(witness.page.locator("#send")).to_be_disabled()
        expect(witness.page.locator("#send")).to_contain_text("role trader only")
        witness.assert_clean()


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


def test_a_wrong_key_is_told_on_the_log_in_page(chromium: Browser, world: World) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        witness.page.goto("/")
        witness.page.fill("#key", "pho_no_key")
        witness.page.click("button[type=submit]")
        expect(witness.page.get_by_role("alert")).to_contain_text("nicht bekannt")
        assert not witness.foreign


def test_logging_out_leads_to_the_log_in(visitor: Witness) -> None:
    visitor.page.click(".rail [data-log-out]")
    visitor.page.wait_for_url("**/login")
    visitor.page.goto("/trade")
    visitor.page.wait_for_url("**/login")
