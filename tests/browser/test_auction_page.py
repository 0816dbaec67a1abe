"""The page of the auctions in a real browser: gate, prices, curves, own blocks and their fate."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.exchange.auction import calendar
from cloud.web import texts
from tests.support.auction_day import CODE, order_a_day
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.browser import NO_FAULTS, PHONE_WIDTH, keep_picture, keys_shown, opened_page
from tests.support.system import System, running_system, wait_until
from tests.support.trade_page import LIVE_MS
from wire.clock import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

LEAD_S = 40.0
"""From the start of the hub to the gate."""
_PICTURES = {(1440, "en"): "auction", (PHONE_WIDTH, "en"): "auction-phone"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, str, str]]:
    """A hub whose auction of one day is published, while that of the next day takes orders."""
    held = calendar.load()[CODE]
    now_us = SystemClock().now_us()
    session = held.session(held.day_of(now_us) + timedelta(days=3))
    later = held.session(held.day_of(now_us) + timedelta(days=4))
    assert session is not None
    assert later is not None
    shift_s = (session.gate_us - now_us) / 1e6 - LEAD_S
    with running_system(tmp_path_factory.mktemp("auction"), shift_s) as system:
        keys = {}
        for account in ("stadtwerk", "handel", "maker"):
            system.post("/api/v1/accounts", id=account, name=account.title())
            keys[account] = system.trader_key(account)
        for each in (session, later):
            order_a_day(system, keys, each)

        def stage() -> bool:
            with system.client(keys["stadtwerk"]) as client:
                answer = client.get(f"/api/v1/auctions/{CODE}/{session.day}").json()
            return bool(answer["stage"] == "PUBLISHED")

        wait_until(stage, LEAD_S + 90, "the auction is published")
        yield system, keys["stadtwerk"], f"{CODE}/{session.day}"


def _open(page: Page, key: str, address: str = "/auction") -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url("**/trade")
    page.goto(address)
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    expect(page.locator("#orders-table tbody tr")).to_have_count(1)


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("de", "light")])
def test_the_page_fits_and_is_readable(
    chromium: Browser, hub: tuple[System, str, str], width: int, language: str, theme: str
) -> None:
    system, key, published = hub
    with opened_page(chromium, system.hub_url, width=width) as witness:
        page = witness.page
        _open(page, key, f"/auction?lang={language}&theme={theme}")
        page.select_option("#auction-choice", published)
        expect(page.locator("#results-table tbody tr")).to_have_count(96)
        page.select_option("#period-choice", "40")
        expect(page.locator("#curves-plot canvas")).to_be_visible()
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert not keys_shown(page, list(texts.dictionary(language)))
        witness.assert_clean()
        if (width, language) in _PICTURES:
            keep_picture(page, _PICTURES[width, language])


def test_before_the_gate_it_counts_down_and_shows_the_own_orders_alone(
    chromium: Browser, hub: tuple[System, str, str]
) -> None:
    system, key, _ = hub
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, key)
        gate = page.locator("[data-k=gate]")
        first = gate.inner_text()
        assert first.count(":") == 2
        expect(gate).not_to_have_text(first)
        expect(page.locator("#results-table .empty")).to_be_visible()
        expect(page.locator("#blocks-table tbody tr").first).to_contain_text("wartet")
        expect(page.locator("#curves-plot canvas")).to_be_visible()
        witness.assert_clean()


def test_what_became_of_each_own_block_is_said_with_the_reason(
    chromium: Browser, hub: tuple[System, str, str]
) -> None:
    system, key, published = hub
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, key)
        page.select_option("#auction-choice", published)
        rows = page.locator("#blocks-table tbody tr")
        expect(rows.filter(has_text="evening")).to_contain_text("angenommen")
        expect(rows.filter(has_text="greedy")).to_contain_text("Der Preis hat nicht gereicht")
        expect(rows.filter(has_text="too big")).to_contain_text("paradox abgelehnt")
        expect(page.locator("[data-k=cash]")).to_contain_text(",")
        page.locator("#results-table tbody tr").nth(7).click()
        expect(page.locator("#period-choice")).to_have_value("7")
        page.click("#period-after")
        expect(page.locator("#period-choice")).to_have_value("8")
        witness.assert_clean()
