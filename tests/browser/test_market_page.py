"""Market data that turn to nonsense overnight: what the hub keeps, says and shows of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cloud.web import texts
from tests.support.browser import FAULTS_OF_LAYOUT as FAULTS
from tests.support.browser import NO_FAULTS, PHONE_WIDTH, keep_picture, keys_shown, opened_page
from tests.support.market_world import GOOD, WRONG, MarketWorld, market_world
from tests.support.system import wait_until
from tests.support.trade_page import LIVE_MS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

_PICTURES = {(1440, "en"): "market-data", (PHONE_WIDTH, "en"): "market-data-phone"}
_LOW_MAX = 16
"""Of a day's prices: below 4 EUR/MWh, so that a thousandfold is within the limits."""
_REFUSED = {"bomb", "external", "other", "html", "empty", "half"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MarketWorld]:
    with market_world(tmp_path_factory.mktemp("market")) as made:
        yield made


def _days(one: dict[str, Any]) -> list[tuple[int, bool]]:
    return [(day["present"], day["complete"]) for day in one["days"]]


def test_a_nonsensical_answer_is_told_and_the_day_before_stays(world: MarketWorld) -> None:
    feeds, prices = world.feeds(), world.prices()
    for code, what in WRONG.items():
        today, _ = _days(prices[code])[1]
        two_values = _LOW_MAX if what == "kilowatts" else 0  # of one rank: neither is served
        assert today >= 96 - two_values, f"{what}: today was published yesterday"
        failed = feeds[code]["error_code"]
        assert failed == ("bad_answer" if what in _REFUSED else None), what
        assert bool(feeds[code]["odd"]) == (what == "unit"), what
    present = {what: _days(prices[code])[2][0] for code, what in WRONG.items()}
    assert present.pop("kilowatts") < _LOW_MAX, "the others are far outside the limits"
    assert present.pop("hole") == 95
    assert not any(present.values()), "nothing was taken, and nothing invented"
    assert _days(prices[GOOD])[1:] == [(96, True), (96, True)], "another area is not touched"


def test_each_trouble_is_one_event_and_one_line_of_the_log(world: MarketWorld) -> None:
    with world.system.admin() as client:
        found = client.get("/api/v1/market/events", params={"limit": 1000}).json()["events"]
    told = [one["text"] for one in found if one["code"] == "MARKET_FEED_FAILED"]
    for code, what in WRONG.items():
        times = sum(f"/{code}:" in text for text in told)
        assert times == (what in _REFUSED), what
    (odd,) = [one["text"] for one in found if one["code"] == "MARKET_ANSWER_ODD"]
    assert "/PL:" in odd
    assert "'KWH'" in odd
    log = world.system.log("hub")
    assert "Traceback" not in log
    assert world.token not in log


def test_the_token_is_shown_nowhere(world: MarketWorld) -> None:
    paths = ("overview", "feeds", "series", "quarantine?limit=1000", "events?limit=1000")
    with world.system.admin() as client:
        answers = [client.get(f"/api/v1/market/{path}") for path in paths]
        answers += [client.get(path) for path in ("/metrics", "/docs", "/openapi.json")]
    for answer in answers:
        assert answer.status_code == 200, answer.url
        assert world.token not in answer.text, answer.url


def test_prices_a_thousand_times_too_high_are_set_apart_with_the_limit(world: MarketWorld) -> None:
    with world.system.admin() as client:
        answer = client.get("/api/v1/market/quarantine", params={"limit": 1000, "open": "true"})
    rows = [one for one in answer.json()["quarantine"] if one["area"] == "RO"]
    assert rows
    assert {(one["why"], one["low"], one["high"]) for one in rows} == {("limits", -500.0, 4_000.0)}


def _open(page: Page, key: str, address: str) -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url("**/trade")
    page.goto(address)
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    expect(page.locator("#series-table tbody tr").first).to_be_visible(timeout=LIVE_MS)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("de", "light")])
def test_the_page_fits_and_is_readable(
    chromium: Browser, world: MarketWorld, width: int, language: str, theme: str
) -> None:
    with opened_page(chromium, world.system.hub_url, width=width, height=1400) as witness:
        page = witness.page
        _open(page, world.system.admin_key, f"/market?lang={language}&theme={theme}")
        expect(page.locator("#quarantine-table tbody tr").first).to_be_visible()
        expect(page.locator("#comparisons-table tbody tr").first).to_be_visible()
        assert page.evaluate(FAULTS) == NO_FAULTS
        assert not keys_shown(page, list(texts.dictionary(language)))
        assert world.token not in page.content()
        witness.assert_clean()
        if (width, language) in _PICTURES:
            keep_picture(page, _PICTURES[width, language])


@pytest.mark.browser
def test_what_is_wrong_is_said_in_words(chromium: Browser, world: MarketWorld) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page
        _open(page, world.system.admin_key, "/market?lang=de")
        feeds = page.locator("#feeds-table")
        expect(feeds).to_contain_text("Antwort nicht brauchbar")
        expect(feeds).to_contain_text("auffällig")
        expect(page.locator("#series-table")).to_contain_text("95/96")
        expect(page.locator("#simulated")).to_be_visible()
        page.fill("#filter", "RO")
        expect(page.locator("#quarantine-table")).to_contain_text(
            "außerhalb der Preisgrenzen des Produkts"
        )
        witness.assert_clean()


@pytest.mark.browser
def test_an_administrator_rejects_what_is_set_apart_and_a_trader_may_not(
    chromium: Browser, world: MarketWorld
) -> None:
    system = world.system
    system.post("/api/v1/accounts", id="stadtwerk", name="Stadtwerk")
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, system.trader_key("stadtwerk"), "/market?lang=en")
        button = page.locator("#quarantine-table button").first
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", "only role admin")
        witness.assert_clean()
    with opened_page(chromium, system.hub_url) as witness:
        page = witness.page
        _open(page, system.admin_key, "/market?lang=en")
        before = world.overview()["waiting"]
        page.locator("#quarantine-table button", has_text="Reject").first.click()
        page.fill("#act-reason", "kW were called MW")
        send = page.locator("#act-send")
        expect(send).to_be_enabled()
        send.focus()
        page.keyboard.down("Enter")
        expect(page.locator("#act-dialog")).to_be_hidden()
        page.keyboard.up("Enter")
        wait_until(lambda: world.overview()["waiting"] == before - 1, 15, "one waits less")
        page.check("#with-past")
        expect(page.locator("#quarantine-table")).to_contain_text("kW were called MW")
        witness.assert_clean()
