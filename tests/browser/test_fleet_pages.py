"""The fleet list and the page of a site in a real browser, on a real hub with a real box."""

import re

import pytest
from playwright.sync_api import Browser, WebSocketRoute, expect

from cloud.web import texts
from tests.support.browser import (
    FAULTS_OF_LAYOUT,
    PHONE_WIDTH,
    keep_picture,
    keys_shown,
    opened_page,
)
from tests.support.fleet_page import (
    Teller,
    enrolled,
    hold,
    log_in_to,
    wait_until_fleet_is_live,
)
from tests.support.world import World
from wire.alarm import Alarm
from wire.gap import Cause, Gap
from wire.records import Records
from wire.sync import FrameClass, Severity

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_SITE = "/fleet/werk-sued"
_FINAL_MS = 30_000
_OLD_S = 2.0
"""How old a value may be on the page while somebody looks at it, though blocks come every 5 s."""
_TARGET_PX_MIN = 44
_SMALL_TARGETS = """(least) => [...document.querySelectorAll("button, select, input, .phone-bar a")]
  .filter((node) => node.type !== "checkbox")
  .filter((node) => node.checkVisibility())
  .filter((node) => node.getBoundingClientRect().height < least - 0.5)
  .map((node) => node.outerHTML.slice(0, 90))"""
_AGES = """async () => {
  const row = [...document.querySelectorAll("#values-table tbody tr")]
    .find((node) => node.dataset.key.endsWith("|ac.power_kw"));
  const ages = [];
  for (let i = 0; i < 40; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const shown = document.querySelector(`[data-key="${CSS.escape(row.dataset.key)}"]`);
    ages.push(parseFloat(shown.lastElementChild.textContent.replace(",", ".")));
  }
  return ages;
}"""


@pytest.fixture(scope="module")
def operator_key(world: World) -> str:
    key: str = world.system.post("/api/v1/keys", account="stadtwerk", role="operator")["key"]
    return key


@pytest.fixture(scope="module")
def netz(world: World) -> tuple[str, Teller]:
    """An operator of another account, and its only box, which has lost its meter and some values.

    An account of its own: the trade pages of the other tests count their sites.
    """
    world.system.post("/api/v1/accounts", id="netz", name="Netz")
    world.system.add_site("werk-nord", "netz")
    teller = enrolled(world.system, "werk-nord")
    now_us = teller.now_us()
    alarm = Alarm(
        id="meter-1",
        change=1,
        code="DEVICE_LOST",
        severity=Severity.ALARM,
        source="meter",
        text="meter does not answer: no answer within 1 s",
        raised_us=now_us - 400_000_000,
    )
    gap = Gap(
        id="epoch-1-1",
        at_us=now_us,
        cause=Cause.THINNED,
        cls=FrameClass.TELEMETRY,
        device="meter",
        from_us=now_us - 90_000_000_000,
        to_us=now_us - 86_400_000_000,
        n=354_000,
    )
    teller.tell(Records(alarms=(alarm,), gaps=(gap,)))
    key: str = world.system.post("/api/v1/keys", account="netz", role="operator")["key"]
    return key, teller


@pytest.mark.parametrize("path", ["/fleet", _SITE])
@pytest.mark.parametrize(
    ("width", "language", "theme"),
    [
        (1440, "en", "dark"),
        (1440, "de", "light"),
        (PHONE_WIDTH, "en", "light"),
        (PHONE_WIDTH, "de", "dark"),
    ],
)
def test_pages_fit_read_well_and_are_all_of_one_language(
    chromium: Browser,
    world: World,
    netz: tuple[str, Teller],
    path: str,
    width: int,
    language: str,
    theme: str,
) -> None:
    height = 900 if width != PHONE_WIDTH else 844
    with opened_page(chromium, world.system.hub_url, width=width, height=height) as witness:
        page = witness.page
        log_in_to(page, world.system.admin_key, f"{path}?lang={language}&theme={theme}")
        if path == _SITE:
            expect(page.locator("#history-plot canvas")).to_be_visible()
        assert page.evaluate(FAULTS_OF_LAYOUT) == {
            "overflow": 0,
            "smallText": [],
            "namelessButtons": [],
        }
        assert not keys_shown(page, list(texts.dictionary(language)))
        if width == PHONE_WIDTH:
            assert page.evaluate(_SMALL_TARGETS, _TARGET_PX_MIN) == []
        witness.assert_clean()
        name = "fleet" if path == "/fleet" else "site"
        if (width, language) == (1440, "en"):
            keep_picture(page, name)
        elif (width, language) == (PHONE_WIDTH, "en"):
            keep_picture(page, f"{name}-phone")


def test_values_on_the_page_are_young_while_somebody_looks(
    chromium: Browser, world: World, operator_key: str
) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        log_in_to(witness.page, operator_key, _SITE)
        row = witness.page.locator('#values-table tr[data-key$="|ac.power_kw"]')
        expect(row).to_be_visible()
        witness.page.wait_for_timeout(3_000)
        ages = sorted(witness.page.evaluate(_AGES))
        assert ages[int(len(ages) * 0.95)] < _OLD_S, ages
        witness.assert_clean()


def test_an_operator_acknowledges_an_alarm_with_a_note(
    chromium: Browser, world: World, netz: tuple[str, Teller]
) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page
        log_in_to(page, netz[0], "/fleet")
        expect(page.locator("#fleet-table tr.edge-alarm")).to_have_count(1)
        page.click("#fleet-table .row-link")
        page.wait_for_url("**/fleet/werk-nord")
        alarm = page.locator("#alarm-rows li", has_text="meter antwortet nicht")
        alarm.get_by_role("button").click()
        page.fill("#ack-note", "Techniker ist unterwegs")
        page.keyboard.press("Enter")
        expect(alarm).to_contain_text("Techniker ist unterwegs")
        expect(alarm.get_by_role("button")).to_have_count(0)
        page.click("[data-tab=gaps]")
        expect(page.locator("#record-table")).to_contain_text("354.000")
        witness.assert_clean()


def test_an_order_is_held_reaches_the_box_and_comes_back_with_its_result(
    chromium: Browser, world: World, operator_key: str
) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page
        log_in_to(page, operator_key, _SITE)
        page.click("[data-order=mode]")
        expect(page.locator("#order-send")).to_be_disabled()
        page.fill("#order-reason", "Probe der Wartung")
        page.locator("#order-send").click()
        expect(page.locator("#order-dialog")).to_be_visible()
        hold(page, "#order-send")
        expect(page.locator("#order-dialog")).to_be_hidden()
        row = page.locator("#record-table tbody tr", has_text="Probe der Wartung")
        expect(row).to_contain_text("Automatik")
        expect(row).to_contain_text("ausgeführt", timeout=_FINAL_MS)
        witness.assert_clean()


def test_a_reader_sees_why_nothing_can_be_ordered(chromium: Browser, world: World) -> None:
    with opened_page(chromium, world.system.hub_url, language="en-GB") as witness:
        log_in_to(witness.page, world.viewer_key, _SITE)
        for name in ("setpoint", "mode", "restart", "logs"):
            button = witness.page.locator(f"[data-order={name}]")
            expect(button).to_be_disabled()
            expect(button).to_have_attribute("title", "Locked: operators only")
        witness.assert_clean()


def test_filters_narrow_the_list_and_the_file_has_what_is_shown(
    chromium: Browser, world: World, netz: tuple[str, Teller]
) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page
        log_in_to(page, world.system.admin_key, "/fleet")
        rows = page.locator("#fleet-table tbody tr")
        expect(rows).to_have_count(2)
        page.keyboard.press("/")
        page.keyboard.type("nord")
        expect(rows).to_have_count(1)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(rows).to_have_count(2)
        tags = {"tags": {"region": "nord"}}
        with world.system.client(netz[0]) as client:
            assert client.put("/api/v1/sites/werk-nord/tags", json=tags).is_success
        page.select_option("#tag-choice", "region: nord")
        expect(rows).to_have_count(1)
        page.select_option("#tag-choice", "")
        page.click("#state-choice [data-state=alarm]")
        expect(rows).to_have_count(1)
        page.click("#state-choice [data-state='']")
        page.fill("#filter", "Sued")
        with page.expect_download() as download:
            page.click("#csv")
        lines = download.value.path().read_text("utf-8-sig").splitlines()
        assert len(lines) == 1 + rows.count()
        witness.assert_clean()


def test_keys_lead_from_page_to_page(chromium: Browser, world: World, operator_key: str) -> None:
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page
        log_in_to(page, operator_key, "/fleet")
        page.keyboard.press("g")
        page.keyboard.press("t")
        page.wait_for_url("**/trade")
        page.wait_for_selector("#contract-rows tr[aria-selected=true]")
        page.keyboard.press("g")
        page.keyboard.press("f")
        page.wait_for_url("**/fleet")
        witness.assert_clean()


def test_without_the_hub_nothing_looks_live_and_nothing_can_be_ordered(
    chromium: Browser, world: World, operator_key: str
) -> None:
    silent = False
    with opened_page(chromium, world.system.hub_url) as witness:
        page = witness.page

        def between(socket: WebSocketRoute) -> None:
            server = socket.connect_to_server()
            server.on_message(lambda text: None if silent else socket.send(text))

        page.route_web_socket(re.compile("/ws/live"), between)
        log_in_to(page, operator_key, _SITE)
        page.click("[data-order=mode]")
        page.fill("#order-reason", "Probe")
        expect(page.locator("#order-send")).to_be_enabled()
        silent = True
        expect(page.locator("#banner")).to_be_visible()
        expect(page.locator("#state.stale")).to_have_count(1)
        expect(page.locator("[data-feed]:not(.stale)")).to_have_count(0)
        expect(page.locator("#values-table tbody tr:not(.stale)")).to_have_count(0)
        page.fill("#order-reason", "Probe zwei")
        expect(page.locator("#order-send")).to_be_disabled()
        silent = False
        expect(page.locator("#banner")).to_be_hidden()
        wait_until_fleet_is_live(page)
        expect(page.locator("[data-feed].stale")).to_have_count(0)
