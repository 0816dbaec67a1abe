"""The trade page in a real browser, on a real hub: live, honest, readable, and quick to use."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from cloud.web import texts
from tests.support.browser import (
    CUT_FIGURES,
    FAULTS_OF_LAYOUT,
    PHONE_WIDTH,
    Witness,
    keep_picture,
    keys_shown,
    opened_page,
)
from tests.support.trade_page import log_in, wait_until_live
from tests.support.world import World, place_order, trade_nearest, withdraw_order

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_TARGET_PX_MIN = 44
MOVES_MS = 60_000
"""Others trade when they please: a ladder may stand still for a while."""
_PICTURES = {
    (1440, "en"): "trade",
    (1440, "de"): "trade-light",
    (PHONE_WIDTH, "en"): "trade-phone",
}
_SMALL_TARGETS = """(least) => [...document.querySelectorAll("button, select, input, .phone-bar a")]
  .filter((node) => node.checkVisibility() && !node.closest(".contracts tr, .site"))
  .filter((node) => node.getBoundingClientRect().height < least - 0.5)
  .map((node) => node.outerHTML.slice(0, 90))"""


@contextmanager
def some_orders(world: World) -> Iterator[None]:
    """Let a few own orders rest in the books, at prices that the market never comes to."""
    orders = [("SELL", 20, 198.5, 2), ("SELL", 35, 204.0, 3), ("BUY", 15, 2.25, 2)]
    numbers = [
        place_order(world, world.trader_key, side, kw=kw, price=price, quarters_ahead=quarters)
        for side, kw, price, quarters in orders
    ]
    try:
        yield
    finally:
        for number in numbers:
            withdraw_order(world, world.trader_key, number)


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
            timeout=MOVES_MS,
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
        trade_nearest(world)
        expect(page.locator("#price-plot canvas")).to_be_visible()
        assert page.evaluate(FAULTS_OF_LAYOUT) == {
            "overflow": 0,
            "smallText": [],
            "namelessButtons": [],
        }
        assert page.evaluate(CUT_FIGURES) == []
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
