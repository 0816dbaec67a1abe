"""Debian's Chromium driven by Playwright, with a witness of everything that a page must not do."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "docs" / "screenshots"
_RENEW = "PHOENYRA_SCREENSHOTS"
"""Set to 1, the tests replace the pictures in the documentation; missing ones are always made."""
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE_MS = 15_000
PHONE_WIDTH = 390
PHONE_BREAKPOINT = 700

expect.set_options(timeout=_PATIENCE_MS)

FAULTS_OF_LAYOUT = """() => {
  const shown = (node) => node.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const small = [...document.querySelectorAll("body *")].filter((node) =>
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()) &&
    shown(node) && parseFloat(getComputedStyle(node).fontSize) < 11);
  return {
    overflow: document.documentElement.scrollWidth - innerWidth,
    smallText: small.map((node) => node.outerHTML.slice(0, 80)),
    namelessButtons: [...document.querySelectorAll("button")].filter((node) =>
      shown(node) && !node.innerText.trim() && !node.getAttribute("aria-label"))
      .map((node) => node.outerHTML.slice(0, 80)),
  };
}"""
"""What is wrong with a page at a glance: wider than the window, unreadable, unnamed."""

NO_FAULTS = {"overflow": 0, "smallText": [], "namelessButtons": []}
CUT_FIGURES = """() => [...document.querySelectorAll(".kpi .more, .kpi .value")]
  .filter((node) => node.checkVisibility() && node.scrollWidth > node.clientWidth)
  .map((node) => node.innerText)"""
"""Words under the figures at the top that end in dots."""
SMALL_TARGETS = """() => [...document.querySelectorAll("main button, dialog[open] button")]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 47.5)
  .map((node) => node.outerHTML.slice(0, 80))"""
"""Buttons of a technician that a glove misses."""

_UNTIL_STILL = """() => Promise.all(document.getAnimations()
  .filter((animation) => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .map((animation) => animation.finished.catch(() => null)))"""
"""Resolves when everything that moves has arrived."""


def program() -> str | None:
    """Return the browser's path; None where there is none."""
    return next((path for name in _PROGRAMS if (path := shutil.which(name))), None)


@contextmanager
def running_browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Witness:
    """A page, and all that it asked for and complained about."""

    page: Page
    host: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Method and path."""

    def watch(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)
        self.page.on("websocket", lambda socket: self._note_address(socket.url))

    def assert_clean(self) -> None:
        """Nothing on the console, nothing from another host."""
        assert not self.complaints
        assert not self.foreign

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            self.complaints.append(line.text)

    def _note(self, request: Request) -> None:
        self.requests.append(f"{request.method} {urlsplit(request.url).path}")
        self._note_address(request.url)

    def _note_address(self, address: str) -> None:
        where = urlsplit(address)
        if where.scheme not in ("blob", "data") and where.netloc != self.host:
            self.foreign.append(address)


@contextmanager
def opened_page(
    browser: Browser, url: str, *, width: int = 1440, height: int = 900, language: str = "de-DE"
) -> Iterator[Witness]:
    """Open an empty page of a new visitor; a narrow one is a phone with a touch screen."""
    phone = width < PHONE_BREAKPOINT
    context: BrowserContext = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        locale=language,
        timezone_id="Europe/Vienna",
        is_mobile=phone,
        has_touch=phone,
        device_scale_factor=2 if phone else 1,
    )
    context.set_default_timeout(_PATIENCE_MS)
    try:
        witness = Witness(context.new_page(), urlsplit(url).netloc)
        witness.watch()
        yield witness
    finally:
        context.close()


def keys_shown(page: Page, keys: list[str]) -> set[str]:
    """Return the keys of texts that a reader would see instead of their words."""
    words = re.findall(r"[a-z]+\.[a-z_]+", page.inner_text("body"))
    return set(words) & set(keys)


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of what is in the window for the documentation."""
    path = SCREENSHOTS / f"{name}.png"
    if os.environ.get(_RENEW) == "1" or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        page.wait_for_load_state("networkidle")
        page.evaluate(_UNTIL_STILL)
        page.screenshot(path=path)
