"""A report as PDF, where this machine has a browser that prints; nothing is installed for it."""

import asyncio
import os
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
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # root cannot have it; the page is ours
        "--no-pdf-header-footer",
        f"--print-to-pdf={target}",
        _address(page),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PRINT_S_MAX):
            _, said = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"no PDF: {browser} did not end within {PRINT_S_MAX:g} s"
    if process.returncode or not await asyncio.to_thread(target.exists):
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        return f"no PDF: {browser} failed: {last[0]}"
    return f"PDF: {target}"


def _address(page: Path) -> str:
    return page.resolve().as_uri()
