"""A box that only tells: a site without a process, for the pages of the fleet."""

import itertools
from dataclasses import dataclass

import httpx
from playwright.sync_api import Page, expect

from tests.support.system import System
from wire import records, signing, sync
from wire.clock import SystemClock
from wire.records import Records
from wire.signing import Key
from wire.sync import Frame, FrameClass, Upload

LIVE_MS = 20_000
_nonces = itertools.count(1)


@dataclass(slots=True)
class Teller:
    """A gateway that is enrolled and uploads what a test says."""

    system: System
    gateway: str
    key: Key
    seq: int = 0

    def now_us(self) -> int:
        return SystemClock(round(self.system.shift_s * 1e6)).now_us()

    def tell(self, told: Records) -> None:
        """Upload alarms, gaps and events as the next frame."""
        self.seq += 1
        frame = Frame(self.seq, FrameClass.EVENTS, records.encode(told))
        body = sync.encode_upload(Upload(self.gateway, "epoch-1", (frame,), self.seq - 1))
        asked = signing.Request("POST", sync.UPLOAD_PATH, body)
        header = signing.sign(asked, self.key, self.now_us(), f"{next(_nonces):016x}")
        answer = httpx.post(
            self.system.hub_url + sync.UPLOAD_PATH, content=body, headers={"Authorization": header}
        )
        assert answer.is_success, answer.text


def enrolled(system: System, site: str) -> Teller:
    made = system.post("/api/v1/gateways", site=site)
    return Teller(system, made["gateway"], Key(made["key_id"], bytes.fromhex(made["secret"])))


def log_in_to(page: Page, key: str, path: str) -> None:
    """Log in, open a page of the fleet, and wait until it is live."""
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/login"))
    page.goto(path)
    wait_until_fleet_is_live(page)


def wait_until_fleet_is_live(page: Page) -> None:
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    expect(page.locator("#fleet-table tbody tr, #values-table tbody tr").first).to_be_visible(
        timeout=LIVE_MS
    )


def hold(page: Page, selector: str) -> None:
    """Press a button of a dialog until the dialog closes, however long that takes here."""
    page.locator(selector).hover()
    page.mouse.down()
    expect(page.locator("dialog[open]")).to_have_count(0, timeout=LIVE_MS)
    page.mouse.up()
