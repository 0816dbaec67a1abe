"""The technician's page looks back: any second of the archive, and the archive as a file."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.agents import LoneBox, lone_box
from tests.support.browser import (
    FAULTS_OF_LAYOUT,
    NO_FAULTS,
    PHONE_WIDTH,
    SMALL_TARGETS,
    keep_picture,
    opened_page,
)
from tests.support.system import wait_until
from wire.clock import SystemClock, utc

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

CODE = "technician-1"
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneBox]:
    """A box that has run long enough to have a past."""
    with lone_box(tmp_path_factory.mktemp("box")) as running:
        running.start_inverter()
        running.start_control()
        running.start_gateway()
        wait_until(lambda: has_past(running), 90.0, "there is a past")
        yield running


def has_past(box: LoneBox) -> bool:
    """Say whether a page that looks back now begins after the first decision of the archive."""
    until_us = SystemClock().now_us() - 8 * SECOND_US
    span = {"from": utc(until_us - 600 * SECOND_US).isoformat(), "to": utc(until_us).isoformat()}
    headers = {"Authorization": f"Bearer {CODE}"}
    url = f"http://127.0.0.1:{box.page_port}/api/decisions"
    try:
        return bool(httpx.get(url, params=span, headers=headers).json().get("decisions"))
    except (httpx.TransportError, ValueError):
        return False


def picked(page: Page) -> float:
    return float(page.locator("#past-second").input_value())


def look_back(page: Page) -> None:
    page.goto("/login")
    page.fill("#code", CODE)
    page.click("button[type=submit]")
    page.wait_for_selector("#why:not(.stale) .ladder li")
    page.click("#look")
    expect(page.locator("#past-chart .set")).to_have_count(1)


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
def test_any_second_of_the_past_says_who_cut_what(
    chromium: Browser, real: LoneBox, width: int
) -> None:
    url = f"http://127.0.0.1:{real.page_port}"
    with opened_page(chromium, url, width=width, height=900) as witness:
        page = witness.page
        look_back(page)
        expect(page.locator("#past-at")).to_contain_text("Vergangenheit")
        expect(page.locator("#past-fault")).to_be_hidden()
        assert page.evaluate(FAULTS_OF_LAYOUT) == NO_FAULTS
        assert page.evaluate(SMALL_TARGETS) == []
        newest = picked(page)
        page.locator("#past [data-jump='-1']").click()
        page.wait_for_function(
            "(at) => Number(document.querySelector('#past-second').value) < at", arg=newest
        )
        expect(page.locator(".ladder li")).not_to_have_count(0)
        keep_picture(page, "technician-past" if width == PHONE_WIDTH else "technician-past-wide")
        chart = page.locator("#past-chart")
        chart.click(position={"x": 20, "y": 40})
        expect(page.locator("[data-none]")).to_have_text(
            "Von dieser Sekunde ist nichts aufgezeichnet."
        )
        assert picked(page) < newest / 2
        chosen = page.locator("#past-time").input_value()
        page.locator("#past-second").press("ArrowRight")
        expect(page.locator("#past-time")).not_to_have_value(chosen)
        yesterday = datetime.fromisoformat(chosen) - timedelta(days=1)
        page.fill("#past-time", f"{yesterday:%Y-%m-%dT%H:%M:%S}")
        expect(page.locator("#past-at")).to_contain_text(f"{yesterday:%H:%M:%S}")
        page.click("#look")
        expect(page.locator("#past")).to_be_hidden()
        expect(page.locator(".ladder li[data-code=NO_SCHEDULE]")).to_be_visible()
        witness.assert_clean()


def test_the_archive_is_downloaded_as_a_file_and_a_bad_period_is_told(
    chromium: Browser, real: LoneBox, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{real.page_port}"
    with opened_page(chromium, url, width=PHONE_WIDTH, height=844) as witness:
        page = witness.page
        look_back(page)
        ends = page.locator("#archive-to").input_value()
        page.fill("#archive-to", page.locator("#archive-from").input_value())
        page.click("#archive button")
        expect(page.locator("#archive-fault")).to_contain_text("Bis muss nach Von liegen")
        page.fill("#archive-to", ends)
        begins = datetime.fromisoformat(ends) - timedelta(minutes=5)
        page.fill("#archive-from", f"{begins:%Y-%m-%dT%H:%M:%S}")
        with page.expect_download() as found:
            page.click("#archive button")
        file = tmp_path / "archive.csv"
        found.value.save_as(file)
        assert "p_set_kw" in file.read_text(encoding="utf-8")
        assert found.value.suggested_filename.endswith(".csv")
        expect(page.locator("#archive-fault")).to_be_hidden()
