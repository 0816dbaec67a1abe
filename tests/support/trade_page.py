"""Moves on the trade page that several tests make."""

from playwright.sync_api import Page, expect

LIVE_MS = 20_000


def log_in(page: Page, key: str) -> None:
    page.goto("/login")
    page.fill("#key", key)
    page.click("button[type=submit]")
    wait_until_live(page)


def wait_until_live(page: Page) -> None:
    """Wait until market and site are on the page, and nothing of it is old."""
    expect(page.locator("#connection .dot:not(.off)")).to_have_count(1, timeout=LIVE_MS)
    page.wait_for_selector("#contract-rows tr[aria-selected=true]")
    page.wait_for_selector(".site:not(.stale) .power[data-value]", timeout=LIVE_MS)


def tab(page: Page, name: str) -> None:
    page.click(f"[data-tab={name}]")


def write_order(page: Page, side: str, kw: str, price: str) -> None:
    page.click(f"[data-side={side}]")
    page.fill("#quantity", kw)
    page.fill("#price", price)


def count(page: Page, name: str) -> int:
    return int(page.inner_text(f"[data-k=count-{name}]").replace(".", ""))
