"""The technician page in a real browser, on a real box: live, readable on a phone, and honest."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import (
    FAULTS_OF_LAYOUT,
    PHONE_WIDTH,
    Witness,
    keep_picture,
    opened_page,
)
from tests.support.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

_LIVE_MS = 20_000
_LOST_MS = 8_000
"""A lost device is reported within 3 s; a value is marked when it is 5 s old."""


@pytest.fixture
def phone(chromium: Browser, world: World) -> Iterator[Witness]:
    """A technician who is logged in, with a phone."""
    with opened_page(chromium, _url(world), width=PHONE_WIDTH, height=844) as witness:
        log_in(witness.page, world)
        yield witness


def _url(world: World) -> str:
    return f"http://127.0.0.1:{world.box.page_port}"


def log_in(page: Page, world: World) -> None:
    page.goto("/login")
    page.fill("#code", world.box.access_code)
    page.click("button[type=submit]")
    wait_until_live(page)


def wait_until_live(page: Page) -> None:
    page.wait_for_selector("#power:not(.stale) [data-number][data-shown]", timeout=_LIVE_MS)
    expect(page.locator("#soc.stale")).to_have_count(0, timeout=_LIVE_MS)


def test_live_values_move_without_a_complaint_or_a_foreign_request(phone: Witness) -> None:
    page = phone.page
    before = page.inner_text("main")
    page.wait_for_function(
        "(before) => document.querySelector('main').innerText !== before", arg=before
    )
    expect(page.locator("#power [data-number]")).to_have_attribute(
        "data-shown", re.compile(r"^\+(5|6)\d$")
    )
    phone.assert_clean()


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_page_fits_and_is_readable(
    chromium: Browser, world: World, width: int, language: str
) -> None:
    height = 844 if width == PHONE_WIDTH else 900
    with opened_page(chromium, _url(world), width=width, height=height) as witness:
        page = witness.page
        log_in(page, world)
        page.goto(f"/?lang={language}")
        wait_until_live(page)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate(FAULTS_OF_LAYOUT) == {
            "overflow": 0,
            "smallText": [],
            "namelessButtons": [],
        }
        witness.assert_clean()
        if language == "en":
            keep_picture(page, "technician" if width == PHONE_WIDTH else "technician-wide")


def test_a_lost_inverter_looks_lost_and_comes_back_by_itself(phone: Witness, world: World) -> None:
    page = phone.page
    world.system.kill("inverter")
    try:
        expect(page.locator("#power.stale")).to_have_count(1, timeout=_LOST_MS)
        expect(page.locator("#device")).not_to_have_text(re.compile("verbunden$"))
        keep_picture(page, "technician-lost")
    finally:
        world.system.start_device("inverter", world.box.device_port)
    wait_until_live(page)
    phone.assert_clean()


def test_an_alarm_is_acknowledged_by_name_and_its_row_says_so(phone: Witness, world: World) -> None:
    page = phone.page
    dialog, lost = page.locator("#acknowledge"), page.locator("#alarms li:not(.over)")
    world.system.kill("inverter")
    try:
        expect(lost).to_contain_text("Gerät antwortet nicht", timeout=_LOST_MS)
        button = lost.get_by_role("button", name="Quittieren: Gerät antwortet nicht, inverter")
        button.click()
        expect(dialog).to_contain_text("Gerät antwortet nicht · inverter")
        expect(page.locator("#who")).to_be_focused()
        page.click("#acknowledge button[type=submit]")
        expect(dialog).to_be_visible()  # nobody has said who he is
        page.click("#ack-cancel")
        expect(dialog).to_be_hidden()
        expect(button).to_be_visible()
        button.press("Enter")
        assert page.evaluate(FAULTS_OF_LAYOUT) == {
            "overflow": 0,
            "smallText": [],
            "namelessButtons": [],
        }
        page.fill("#who", "Meyer")
        page.fill("#note", "Sicherung <b>F3</b> getauscht")
        page.press("#note", "Enter")
        expect(dialog).to_be_hidden()
        expect(lost).to_contain_text("gesehen von Meyer")
        expect(lost.locator(".note")).to_have_text("Sicherung <b>F3</b> getauscht")
        expect(button).to_have_count(0)
    finally:
        world.system.start_device("inverter", world.box.device_port)
    wait_until_live(page)
    expect(lost).to_have_count(0)  # over and seen: it is nobody's business any more
    phone.assert_clean()


def test_an_acknowledgement_that_fails_is_told_in_the_dialog_and_may_be_tried_again(
    phone: Witness, world: World
) -> None:
    page = phone.page
    dialog, trouble = page.locator("#acknowledge"), page.locator("#ack-trouble")
    world.system.kill("inverter")
    try:
        page.locator("#alarms li:not(.over)").get_by_role("button").click(timeout=_LOST_MS)
        page.fill("#who", "Meyer")
        page.context.set_offline(True)
        page.click("#acknowledge button[type=submit]")
        expect(trouble).to_be_visible()
        page.context.set_offline(False)
        page.click("#acknowledge button[type=submit]")
        expect(dialog).to_be_hidden()
    finally:
        page.context.set_offline(False)
        world.system.start_device("inverter", world.box.device_port)
    wait_until_live(page)
    assert not phone.foreign


def test_a_wrong_access_code_is_told_on_the_log_in_page(chromium: Browser, world: World) -> None:
    with opened_page(chromium, _url(world), width=PHONE_WIDTH, height=844) as witness:
        witness.page.goto("/")
        witness.page.fill("#code", "not-the-code")
        witness.page.click("button[type=submit]")
        expect(witness.page.get_by_role("alert")).to_be_visible()
        assert not witness.foreign
