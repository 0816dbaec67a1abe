"""Load and sun of the next two days on a site's page, in a real browser on a real hub."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.forecast.site import panels, store
from cloud.forecast.site.answer import document
from cloud.forecast.site.grid import QUARTER_US
from cloud.forecast.site.scores import Score
from cloud.forecast.site.store import Kept
from cloud.forecast.solar import Site, clear_radiation, sun
from cloud.kernel.database import open_database
from cloud.kernel.folder import DATABASE_FILE
from cloud.web import texts
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.browser import NO_FAULTS, PHONE_WIDTH, keep_picture, keys_shown, opened_page
from tests.support.site_days import made
from tests.support.system import System, running_system
from tests.support.trade_page import LIVE_MS
from wire.clock import SystemClock, utc

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

_PICTURES = {(1440, "en"): "site-forecast", (PHONE_WIDTH, "en"): "site-forecast-phone"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[System, str]]:
    """A hub with a site that was told, and one that was not."""
    with running_system(tmp_path_factory.mktemp("site-forecast")) as system:
        system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
        system.add_site("werk-sued", "stadtwerk")
        system.add_site("werk-nord", "stadtwerk")
        url = f"sqlite+aiosqlite:///{system.folder / 'hub' / DATABASE_FILE}"
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _tell(url)).result()
        yield system, system.trader_key("stadtwerk")


async def _tell(url: str) -> None:
    now_us = SystemClock().now_us()
    task = made(now_us - now_us % QUARTER_US, 40)
    place = sun(panels.times(task.start_us, 43), Site(47.0, 15.0, 50.0, 45.0))
    hours = 0.7 * clear_radiation(place).reshape(-1, 4).mean(axis=1)
    task = replace(task, radiation=hours, radiation_age_s=3_600)
    today = utc(now_us).date()
    database = await open_database(url)
    try:
        async with database.transaction() as connection:
            kept = Kept(task.as_of_us, now_us, document(task))
            await store.keep(connection, "werk-sued", kept)
            scores = [_score(today - timedelta(days=n), kind) for n in (1, 2) for kind in _KINDS]
            await store.keep_scores(connection, "werk-sued", scores, [], date(2026, 1, 1))
    finally:
        await database.close()


_KINDS = ("load", "pv")


def _score(day: date, kind: str) -> Score:
    return Score(
        site="werk-sued",
        day=day,
        kind=kind,
        quality="full",
        slots=96,
        mae_kw=2.5,
        naive_mae_kw=4.0 if kind == "load" else 2.0,
        coverage80=0.79,
    )


def _opened(page: Page, key: str, path: str) -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/login"))
    page.goto(path)
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)


@pytest.mark.parametrize(
    ("width", "language", "theme"),
    [
        (1440, "en", "dark"),
        (1440, "de", "light"),
        (PHONE_WIDTH, "en", "light"),
        (PHONE_WIDTH, "de", "dark"),
    ],
)
def test_load_and_sun_are_shown_with_how_good_they_were(
    hub: tuple[System, str], chromium: Browser, width: int, language: str, theme: str
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url, width=width, height=900) as witness:
        page = witness.page
        _opened(page, key, f"/fleet/werk-sued?lang={language}&theme={theme}")
        for name in ("load", "pv"):
            expect(page.locator(f"#site-{name}-plot canvas")).to_be_visible()
        said = texts.dictionary(language)
        load, pv = page.locator("[data-k=outlook-load]"), page.locator("[data-k=outlook-pv]")
        better = said["outlook.better"].replace("{share}", "38")
        expect(load).to_contain_text(better)
        expect(pv).to_contain_text(said["outlook.worse"].replace("{share}", "25"))
        expect(pv).to_contain_text(said["outlook.inside"].replace("{share}", "79"))
        flags = page.locator("#outlook-flags")
        expect(flags).to_contain_text(said["outlook.flag.extended"])
        expect(flags).not_to_contain_text(said["outlook.flag.no_weather"])
        page.locator("#outlook-table").click()
        expect(page.locator("#outlook .numbers tbody tr")).to_have_count(2 * 192)
        page.locator("#outlook-table").click()
        expect(page.locator("#outlook .numbers")).to_have_count(0)
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert not keys_shown(page, list(said))
        witness.assert_clean()
        if (width, language) in _PICTURES:
            page.locator("#outlook").scroll_into_view_if_needed()
            keep_picture(page, _PICTURES[(width, language)])


def test_a_site_that_was_never_told_says_so_without_an_error(
    hub: tuple[System, str], chromium: Browser
) -> None:
    system, key = hub
    with opened_page(chromium, system.hub_url) as witness:
        _opened(witness.page, key, "/fleet/werk-nord?lang=en")
        none = texts.dictionary("en")["outlook.none"]
        expect(witness.page.locator("#site-load-empty")).to_have_text(none)
        witness.assert_clean()
