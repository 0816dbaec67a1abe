"""agent.prequalify.pdf: a report is printed by the browser of this machine, or a line says why."""

from pathlib import Path

import pytest

from agent.prequalify import pdf

PAGE = '<!doctype html><html lang="en"><title>t</title><p>All criteria are met.</p></html>'


@pytest.mark.browser
async def test_a_report_is_printed_beside_itself(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(PAGE, encoding="utf-8")
    line = await pdf.printed(page)
    assert line == f"PDF: {tmp_path / 'report.pdf'}"
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


async def test_a_browser_that_fails_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\necho no display here >&2\nexit 1\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert await pdf.printed(tmp_path / "report.html") == (
        f"no PDF: {browser} failed: no display here"
    )


async def test_without_a_browser_the_page_is_said_to_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "the HTML report is whole" in await pdf.printed(tmp_path / "report.html")
