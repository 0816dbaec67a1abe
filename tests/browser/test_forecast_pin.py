"""An admin pins in a real browser who is asked for the forecasts; others read it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.web import texts
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.browser import NO_FAULTS, PHONE_WIDTH, keys_shown, opened_page
from tests.support.system import System, running_system
from tests.support.trade_page import LIVE_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, str, str]]:
    """A hub, the key of its admin and one of a trader."""
    with running_system(tmp_path_factory.mktemp("pin")) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        admin = (system.folder / "hub" / "admin.key").read_text().strip()
        yield system, admin, system.trader_key("stadtwerk")


def _open(page: Page, key: str, language: str) -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/login" not in url)
    page.goto(f"/forecast?lang={language}")
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (PHONE_WIDTH, "de")])
def test_an_admin_pins_members_and_takes_it_back(
    chromium: Browser, hub: tuple[System, str, str], width: int, language: str
) -> None:
    system, admin, _ = hub
    word = texts.dictionary(language)
    with opened_page(chromium, system.hub_url, width=width) as witness:
        page = witness.page
        _open(page, admin, language)
        now = page.locator("#pin-now")
        expect(now).to_have_text(word["pin.all"], timeout=LIVE_MS)
        expect(page.locator("#pin-back")).to_be_hidden()
        page.select_option("#pin-members", "short_windows")
        page.press("#pin-form [value=exaa]", "Space")
        page.fill("#pin-reason", "a new regime")
        page.press("#pin-form [type=submit]", "Enter")
        expect(now).to_contain_text(word["pin.short_windows"], timeout=LIVE_MS)
        expect(now).to_contain_text(word["input.exaa"])
        expect(now).to_contain_text("a new regime")
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert not keys_shown(page, list(word))
        page.press("#pin-back", "Enter")
        expect(now).to_have_text(word["pin.all"], timeout=LIVE_MS)
        witness.assert_clean()


def test_a_trader_reads_who_is_asked_and_has_no_form(
    chromium: Browser, hub: tuple[System, str, str]
) -> None:
    system, _, trader = hub
    with opened_page(chromium, system.hub_url) as witness:
        _open(witness.page, trader, "en")
        expect(witness.page.locator("#pin-now")).to_have_text("All models", timeout=LIVE_MS)
        expect(witness.page.locator("#pin-form")).to_be_hidden()
        witness.assert_clean()
