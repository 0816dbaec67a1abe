"""What must stand in no file: reminders, package indexes, secrets, assets from outside."""

import re
from pathlib import Path

from tests.support.source import PACKAGES, check, texts

_SELF = Path("tests/house/test_texts.py")
_REMINDER = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|coming soon)\b")
_INDEX_HOSTS = (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(org|com)"))
"""In two parts, so that this file does not name one either."""
_INDEX = re.compile(
    "|".join(rf"{name}\.{ending}" for name, ending in _INDEX_HOSTS) + "|--(extra-)?index-url",
    re.IGNORECASE,
)
_MACHINE = re.compile(r"/(work|root|opt/wheels)/|/home/[a-z]|/tmp/[a-z]+_jobs")
_SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "an API key of ours": re.compile(r"\bpho_[A-Za-z0-9]{4,}_[A-Za-z0-9_-]{16,}"),
    "a cloud key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a password in an address": re.compile(r"://[^\s/:@{}'\"]+:[^\s/:@{}$'\"…]{3,}@"),
    "a long secret": re.compile(
        # One pair of digits again and again is an example, and nobody's secret.
        r"(?i)(secret|password|token)['\"]?\s*[:=]\s*['\"](?!([0-9a-f]{2})\2+['\"])[0-9a-f]{32,}['\"]"
    ),
}
_FOREIGN = re.compile(
    r"""(?:src|href|action|poster)\s*=\s*["']?\s*(?:https?:)?//"""
    r"""|url\(\s*["']?(?:https?:)?//|@import\s+["']?(?:https?:)?//"""
    r"""|(?:fetch|import|EventSource|WebSocket|Worker)\(\s*["'](?:https?:|wss?:)?//""",
    re.IGNORECASE,
)
_INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|\son[a-z]+\s*=\s*[\"']|javascript:|<style\b|\sstyle\s*=", re.IGNORECASE
)
_PAGES = (".html", ".js", ".css", ".svg", ".json")


def hits(pattern: re.Pattern[str], found: list[tuple[Path, str]], says: str) -> list[str]:
    return [
        f"{path}:{number}: {says}: {match[0]}"
        for path, text in found
        if path != _SELF
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def ours() -> list[tuple[Path, str]]:
    return [(path, text) for path, text in texts() if "vendor" not in path.parts]


def test_no_reminder_is_left_over() -> None:
    check(hits(_REMINDER, ours(), "do it or leave it out"))


def test_no_file_names_a_package_index() -> None:
    check(hits(_INDEX, texts(), "an address of a package index"))


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    check(hits(_MACHINE, ours(), "a path of one machine"))


def test_no_secret_is_kept_in_the_repository() -> None:
    check(line for says, secret in _SECRETS.items() for line in hits(secret, ours(), says))


def test_no_page_loads_anything_from_outside() -> None:
    pages = [found for found in texts(*PACKAGES, suffixes=_PAGES) if "vendor" not in found[0].parts]
    check(hits(_FOREIGN, pages, "loaded from outside"))


def test_no_page_has_script_or_style_inside_it() -> None:
    pages = texts(*PACKAGES, suffixes=[".html"])
    check(hits(_INLINE, pages, "the content security policy forbids it; use a file"))


def test_every_text_ends_with_one_line_end_and_has_no_carriage_return() -> None:
    check(
        f"{path}:1: one line feed ends a file, and no carriage return is in it"
        for path, text in ours()
        if text and (not text.endswith("\n") or text.endswith("\n\n") or "\r" in text)
    )
