"""A report as PDF, where this machine has a browser that prints; nothing is installed for it."""

import asyncio
import shutil
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PRINT_S_MAX = 60.0


async def printed(page: Path) -> str:
    """Print the page beside itself and return one line that says so, or why not."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        return f"no PDF: none of {', '.join(BROWSERS)} is on this machine; the HTML report is whole"
    target = page.with_suffix(".pdf")
    process = await asyncio.create_subprocess_exec(
        browser,
        "--headless",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        _address(page),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(PRINT_S_MAX):
            code = await process.wait()
    except TimeoutError:
        process.kill()
        code = await process.wait()
    return "no PDF: the browser failed" if code else f"PDF: {target}"


def _address(page: Path) -> str:
    return page.resolve().as_uri()
