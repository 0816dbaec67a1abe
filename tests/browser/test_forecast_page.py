"""The page of the forecasts in a real browser: fan, flags, inputs, runs, reports of backtests."""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.market.areas import catalogue
from cloud.web import texts
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.browser import NO_FAULTS, PHONE_WIDTH, keep_picture, keys_shown, opened_page
from tests.support.forked import hub_command
from tests.support.system import System, running_system, wait_until
from tests.support.trade_page import LIVE_MS
from wire.clock import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

PAST_DAYS = 45
"""Enough for models of short windows, and too few for all."""
_PICTURES = {(1440, "en"): "forecast", (PHONE_WIDTH, "en"): "forecast-phone"}
REPORT = {
    "area": "AT",
    "first_day": "2026-01-01",
    "last_day": "2026-03-01",
    "days_scored": 60,
    "errors": {"forecast": {"mae": 4.8, "rmae": 0.3}},
    "quantiles": {"days": 60, "intervals": {"80": {"coverage_pct": 79.5}}},
    "leakage": {"passed": True},
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, str]]:
    """A hub with a forecast of a market that is simulated."""
    with running_system(tmp_path_factory.mktemp("forecast")) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        key = system.trader_key("stadtwerk")
        folder = system.folder / "hub"
        _simulate(folder)
        _add_report(folder)
        with system.client(key) as client:
            answer = client.post("/api/forecast/dayahead", json={"area": "AT", "horizon_h": 48})
            status = answer.json()["status_url"]
            wait_until(lambda: client.get(status).json()["status"] == "done", 90, "a forecast")
        yield system, key


def _simulate(folder: Path) -> None:
    today = catalogue.load()["AT"].day_of(SystemClock().now_us())
    first, last = today - timedelta(days=PAST_DAYS), today + timedelta(days=1)
    kinds = {"price.day_ahead": today, "load.forecast": last, "generation.forecast": last}
    for kind, until in kinds.items():
        asked = ("--source", "simulated", "--series", f"{kind}/AT", "--from", f"{first}", "--to")
        made = hub_command(
            ["market", "backfill", *asked, f"{until}"],
            {"PATH": os.environ["PATH"], "PHOENYRA_HUB_DATA_DIR": str(folder)},
            folder.parent,
        )
        assert made.returncode == 0, made.stderr


def _add_report(folder: Path) -> None:
    made = folder / "backtests" / "AT-2026"
    made.mkdir(parents=True)
    (made / "report.json").write_text(json.dumps(REPORT))
    for name in ("report.html", "report.de.html"):
        (made / name).write_text(f"<!doctype html><html lang=de><title>x</title><p>{name}</p>")


def _open(page: Page, key: str, address: str = "/forecast") -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url("**/trade")
    page.goto(address)
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    expect(page.locator("#price-plot canvas")).to_be_visible(timeout=LIVE_MS)


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("de", "light")])
def test_the_page_fits_and_is_readable(
    chromium: Browser, hub: tuple[System, str], width: int, language: str, theme: str
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url, width=width) as witness:
        page = witness.page
        _open(page, key, f"/forecast?lang={language}&theme={theme}")
        expect(page.locator("#backtests-table tbody tr")).to_have_count(1)
        expect(page.locator("#jobs-table tbody tr")).to_have_count(1)
        expect(page.locator("#scores-table tbody tr")).to_have_count(1)
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert not keys_shown(page, list(texts.dictionary(language)))
        witness.assert_clean()
        if (width, language) in _PICTURES:
            keep_picture(page, _PICTURES[width, language])


def test_what_a_forecast_stands_on_is_said_in_words(
    chromium: Browser, hub: tuple[System, str]
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, key, "/forecast?lang=de")
        expect(page.locator("#simulated")).to_have_text("simulierter Markt")
        expect(page.locator("#flags")).to_contain_text("Kurze Vorgeschichte")
        expect(page.locator("[data-k=quality]")).to_have_text("kurze Vorgeschichte")
        expect(page.locator("#weights-table tbody tr")).not_to_have_count(0)
        expect(page.locator("#inputs-table")).to_contain_text("Preise des Folgetags")
        expect(page.locator("#jobs-table")).to_contain_text("fertig")
        expect(page.locator("#forecast-age")).to_be_hidden()
        page.select_option("#kind-choice", "intraday")
        expect(page.locator("#price-empty")).to_contain_text("Noch keine. Das Gebiet steht")
        witness.assert_clean()


def test_the_numbers_of_the_charts_are_there_as_a_table(
    chromium: Browser, hub: tuple[System, str]
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, key)
        page.click("#price-table")
        rows = page.locator("#price-plot ~ .numbers tbody tr")
        assert rows.count() in {184, 188, 192, 196, 200}
        page.click("#price-table")
        expect(rows).to_have_count(0)
        witness.assert_clean()


def test_a_report_opens_in_the_language_of_the_page(
    chromium: Browser, hub: tuple[System, str]
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, key, "/forecast?lang=de")
        page.click("#backtests-table a")
        expect(page.locator("p")).to_have_text("report.de.html")
