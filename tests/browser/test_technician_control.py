"""The technician's view of control in a real browser: who cut what, latches, products, test."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from agent.latches import Latch
from agent.status import Reason
from agent.web.resets import Refused
from tests.support.browser import (
    FAULTS_OF_LAYOUT,
    NO_FAULTS,
    PHONE_WIDTH,
    SMALL_TARGETS,
    Witness,
    keep_picture,
    opened_page,
)
from tests.support.shown_box import CODE, STOP, ShownBox, shown_box
from wire.clock import SystemClock

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

HELD_MS = 1_500
REASONS = (
    Reason("SCHEDULE", "version 7 asks for 60 kW", 60.0, "schedule", 3, 60.0),
    Reason("I2", "state of charge 9.8 % at or below 10 %", 12.0),
    Reason("RESPONSE", "+1.5 kW for fcr_ce: 49.985 Hz", 13.5, "fcr_ce", 1, 1.5),
    Reason("ARM_CLOCK", "fcr_n is not armed: the clock is not known", 0.0, "fcr_n", 1),
)
SECOND = Latch("I16", "pcs1", "second controller", "another controller has set 50 kW")


@pytest.fixture
def box() -> Iterator[ShownBox]:
    with shown_box() as shown:
        assert shown.latest.status is not None
        shown.latest.status = replace(shown.latest.status, reasons=REASONS)
        yield shown


@pytest.fixture
def phone(chromium: Browser, box: ShownBox) -> Iterator[Witness]:
    with opened_page(chromium, box.url, width=PHONE_WIDTH, height=844) as witness:
        log_in(witness.page, CODE)
        yield witness


def log_in(page: Page, code: str) -> None:
    page.goto("/login")
    page.fill("#code", code)
    page.click("button[type=submit]")
    page.wait_for_selector("#why:not(.stale) .ladder li")


def rung(page: Page, code: str) -> Locator:
    return page.locator(f".ladder li[data-code={code}]")


def press(button: Locator, page: Page, held_ms: int) -> None:
    """Hold the button for so long by the page's own clock, which stands still otherwise."""
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    page.clock.run_for(held_ms)
    page.mouse.up()


def stop_clock(page: Page) -> None:
    """Let time pass only where a test says so."""
    page.clock.install()
    page.reload()
    page.wait_for_selector("#why .ladder li")
    page.clock.pause_at(datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 1, UTC))


def test_the_ladder_says_who_asked_who_cut_and_why(phone: Witness) -> None:
    page = phone.page
    expect(rung(page, "SCHEDULE")).to_contain_text("Fahrplan")
    expect(rung(page, "I2")).to_contain_text("Schutz")
    expect(rung(page, "I2").locator("s")).to_have_text("+60,0")
    expect(rung(page, "I2").locator(".got > b")).to_have_text(re.compile(r"\+12,0.kW"))
    expect(rung(page, "I2")).to_contain_text("Ladezustand an der Grenze")
    expect(rung(page, "RESPONSE")).to_contain_text("dazu +1,5")
    expect(rung(page, "RESPONSE").locator("s")).to_have_count(0)
    expect(rung(page, "ARM_CLOCK").locator(".got")).to_have_count(0)
    exact = rung(page, "I2").locator(".exact")
    expect(exact).to_be_hidden()
    page.click("#exact")
    expect(exact).to_have_text("I2: state of charge 9.8 % at or below 10 %")
    expect(page.locator("[data-part=base]")).to_have_text(re.compile(r"\+30,0.kW"))
    expect(page.locator("[data-part=management]")).to_have_text(re.compile(r"\u22125,0.kW"))
    phone.assert_clean()


def test_products_say_what_they_do_or_why_they_are_not_armed(phone: Witness) -> None:
    page = phone.page
    armed, refused = (page.locator(f"[data-product={name}]") for name in ("fcr_ce", "fcr_n"))
    for part in ("scharf", "NEM: lädt nach", "\u2212100", "+10,0", "\u22125,0", "27"):
        expect(armed).to_contain_text(part)
    for part in ("nicht scharf", "AEM", "Reservebetrieb", "Uhr zu ungenau oder unbekannt"):
        expect(refused).to_contain_text(part)
    expect(page.locator("#judged")).to_contain_text("Testfrequenz 49,900")
    expect(page.locator("[data-unit=pcs1]")).to_contain_text("+31,5")
    expect(page.locator("[data-unit=pcs2]")).to_contain_text("Leistung folgt der Vorgabe nicht")


def test_what_control_no_longer_tells_looks_old(phone: Witness, box: ShownBox) -> None:
    page = phone.page
    box.latest.linked = False
    for panel in ("#why", "#products", "#units"):
        expect(page.locator(f"{panel}.stale")).to_have_count(1)


def test_a_latch_is_reset_by_holding_with_a_name_and_a_reason_and_not_by_a_slip(
    phone: Witness, box: ShownBox
) -> None:
    page = phone.page
    since_us = SystemClock().now_us() - 60_000_000
    box.latest.latches = ((STOP, since_us), (SECOND, None))
    stop_clock(page)
    stop, second = (page.locator(f".latch[data-code={code}]") for code in ("I17", "I16"))
    expect(stop).to_contain_text("Halt vor Ort")
    expect(stop).to_contain_text(re.compile(r"seit (\d\d\.\d\d\.,? )?\d\d:\d\d:\d\d"))
    expect(stop).to_contain_text("emergency stop says stop")
    expect(second).to_contain_text("pcs1")
    expect(second).to_contain_text("seit unbekannter Zeit")
    stop.get_by_role("button", name="Zurücksetzen: Halt vor Ort").click()
    go = page.locator("#deed-go")
    expect(go).to_have_text("1,5 s halten: I17 zurücksetzen")
    press(go, page, HELD_MS * 2)
    assert box.done == [], "nobody has said who he is"
    page.fill("#deed-who", "Meyer")
    page.fill("#deed-reason", "Taster entriegelt")
    for held_ms in (100, 700, 1_390):
        press(go, page, held_ms)
    assert box.done == []
    assert page.evaluate(SMALL_TARGETS) == []
    assert page.evaluate(FAULTS_OF_LAYOUT) == NO_FAULTS
    press(go, page, HELD_MS + 100)
    expect(page.locator("#deed")).to_be_hidden()
    assert box.done == [{"code": "I17", "who": "Meyer", "reason": "Taster entriegelt"}]
    expect(stop).to_have_count(0)
    expect(second).to_have_count(1)
    phone.assert_clean()


def test_a_reset_whose_cause_is_still_there_is_told_and_may_be_tried_again(
    phone: Witness, box: ShownBox
) -> None:
    page = phone.page
    box.latest.latches = ((STOP, None),)
    box.refuse = Refused(409, "STILL_LATCHED", "I17 has latched again")
    page.locator(".latch button").click()
    page.fill("#deed-who", "Meyer")
    page.fill("#deed-reason", "?")
    go = page.locator("#deed-go")
    go.focus()
    page.keyboard.down(" ")
    expect(page.locator("#deed-trouble")).to_contain_text("Ursache besteht noch")
    page.keyboard.up(" ")
    expect(go).to_be_enabled()
    expect(page.locator(".latch")).to_have_count(1)
    page.click("#deed-cancel")
    expect(page.locator("#deed")).to_be_hidden()


def test_the_self_test_is_started_by_holding_and_tells_what_was_seen(
    phone: Witness, box: ShownBox
) -> None:
    page = phone.page
    stop_clock(page)
    page.click("#selftest")
    page.fill("#deed-who", "Meyer")
    expect(page.locator("#deed-reason")).to_be_hidden()
    press(page.locator("#deed-go"), page, HELD_MS + 100)
    expect(page.locator("#deed")).to_be_hidden()
    assert box.done == [{"selftest": "Meyer"}]
    tested = page.locator("#tested")
    expect(tested).to_contain_text("Bestanden")
    expect(tested.locator("tr").nth(2)).to_have_text(re.compile(r"(\u22128,0.*){3}"))
    phone.assert_clean()


@pytest.mark.parametrize("theme", ["light", "dark", "sun"])
@pytest.mark.parametrize(("width", "language"), [(PHONE_WIDTH, "de"), (1440, "en")])
def test_the_view_of_control_fits_and_is_readable(
    chromium: Browser, box: ShownBox, width: int, language: str, theme: str
) -> None:
    box.latest.latches = ((STOP, None), (SECOND, None))
    with opened_page(chromium, box.url, width=width, height=900) as witness:
        page = witness.page
        log_in(page, CODE)
        page.goto(f"/?lang={language}&theme={theme}")
        expect(page.locator(".latch")).to_have_count(2)
        expect(rung(page, "I2")).to_be_visible()
        assert page.evaluate(FAULTS_OF_LAYOUT) == NO_FAULTS
        assert page.evaluate(SMALL_TARGETS) == []
        witness.assert_clean()
        if theme == "light" and language == "en":
            keep_picture(page, "technician-control-wide")
