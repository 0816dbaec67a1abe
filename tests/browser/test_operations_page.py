"""The operations page in a real browser: halts, accounts, trades undone, limits, readable."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.web import texts
from tests.support.browser import (
    CUT_FIGURES,
    NO_FAULTS,
    PHONE_WIDTH,
    Witness,
    keep_picture,
    keys_shown,
    opened_page,
)
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.trade_page import LIVE_MS, log_in
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_PICTURES = {(1440, "en"): "operations", (PHONE_WIDTH, "en"): "operations-phone"}


def _open(page: Page, key: str, address: str = "/operations") -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url("**/trade")
    page.goto(address)
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    expect(page.locator("#accounts-table tbody tr").first).to_be_visible()


def _hold(page: Page, reason: str | None) -> None:
    """Give the reason, hold the button of the dialog until it is done."""
    if reason is not None:
        expect(page.locator("#act-send")).to_be_disabled()
        page.fill("#act-reason", reason)
    expect(page.locator("#act-send")).to_be_enabled()
    page.hover("#act-send")
    page.mouse.down()
    expect(page.locator("#act-dialog")).to_be_hidden()
    page.mouse.up()


@pytest.fixture
def desk(chromium: Browser, world: World) -> Iterator[Witness]:
    """An administrator in front of the page."""
    with opened_page(chromium, world.system.hub_url) as witness:
        _open(witness.page, world.system.admin_key)
        yield witness


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("de", "light")])
def test_the_page_fits_and_is_readable(
    chromium: Browser, world: World, width: int, language: str, theme: str
) -> None:
    with opened_page(chromium, world.system.hub_url, width=width) as witness:
        page = witness.page
        _open(page, world.system.admin_key, f"/operations?lang={language}&theme={theme}")
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.click("#trades-choice [data-rows=trades]")
        expect(page.locator("#trades-table tbody tr").first).to_be_visible()
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert page.evaluate(CUT_FIGURES) == []
        assert not keys_shown(page, list(texts.dictionary(language)))
        witness.assert_clean()
        if (width, language) in _PICTURES:
            keep_picture(page, _PICTURES[width, language])


def test_a_halt_needs_a_reason_and_a_held_button_and_is_lifted(desk: Witness) -> None:
    page = desk.page
    page.select_option("#halt-scope", "product")
    page.select_option("#halt-value", "BLOCK")
    page.click("#halt-open")
    _hold(page, "drill")
    row = page.locator("#halts-table tbody tr", has_text="BLOCK")
    expect(row).to_contain_text("drill")
    expect(page.locator("[data-k=halted]")).to_have_text("1")
    row.get_by_role("button").click()
    _hold(page, "drill over")
    expect(row).to_have_count(0)
    page.check("#halts-past")
    expect(row.first).to_contain_text("aufgehoben")
    desk.assert_clean()


def test_an_account_is_stopped_and_freed(desk: Witness) -> None:
    page = desk.page
    row = page.locator("#accounts-table tbody tr", has_text="operator")
    row.get_by_role("button", name="Stoppen").click()
    _hold(page, "drill")
    expect(row).to_contain_text("Notstopp")
    row.get_by_role("button", name="Freigeben").click()
    _hold(page, "drill over")
    expect(row).not_to_contain_text("Notstopp")


def test_a_trade_is_cancelled_by_a_second_person_alone(
    desk: Witness, chromium: Browser, world: World
) -> None:
    page = desk.page
    page.click("#trades-choice [data-rows=trades]")
    page.locator("#trades-table").get_by_role("button", name="Storno erbitten").first.click()
    what = page.inner_text("#act-what").split(":")[0]
    _hold(page, "wrong price")
    number = what.split()[-1]
    page.click("#trades-choice [data-rows=waiting]")
    row = page.locator("#trades-table tbody tr", has_text=number).first
    expect(row.get_by_role("button", name="Bestätigen")).to_be_disabled()
    world.system.post("/api/v1/accounts", id="aufsicht")
    second = world.system.post("/api/v1/keys", account="aufsicht", role="admin")["key"]
    with opened_page(chromium, world.system.hub_url) as witness:
        other = witness.page
        _open(other, second)
        mine = other.locator("#trades-table tbody tr", has_text=number).first
        mine.get_by_role("button", name="Bestätigen").click()
        _hold(other, "agreed")
        expect(other.locator("#trades-table tbody tr", has_text=number)).to_have_count(0)
        other.click("#trades-choice [data-rows=trades]")
        expect(other.locator("#trades-table tbody tr.over").first).to_contain_text("storniert")


def test_limits_are_checked_while_they_are_written_and_come_into_force(desk: Witness) -> None:
    page = desk.page
    box = page.locator("#limits-text")
    box.fill("{")
    expect(page.locator("#limits-effect")).to_contain_text("JSON")
    box.fill('{"default": {"no_such_limit": 1}, "accounts": {}}')
    page.click("#limits-send")
    page.hover("#act-send")
    page.mouse.down()
    expect(page.locator("#act-problem")).to_be_visible()
    page.mouse.up()
    page.click("#act-dialog [data-close]")
    box.fill('{"default": {}, "accounts": {"operator": {"orders_max": 7}}}')
    page.click("#limits-send")
    _hold(page, None)
    expect(page.locator("[data-k=limits-note]")).to_contain_text("Version 1")
    expect(page.locator("#limits-effect")).to_contain_text("So in Kraft")


def test_who_is_no_administrator_is_led_to_the_trade_page(chromium: Browser, world: World) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        log_in(witness.page, world.trader_key)
        expect(witness.page.locator(".rail a[href='/operations']")).to_have_count(0)
        witness.page.goto("/operations")
        witness.page.wait_for_url("**/trade")
