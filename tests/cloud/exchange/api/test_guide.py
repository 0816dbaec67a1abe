"""docs/guide/exchange.md: names every code that the exchange refuses with, and its status."""

import re
from pathlib import Path

from cloud.exchange.venue.refusals import STATUS

ROOT = Path(__file__).parents[4]
_NAMED = re.compile(r"\b(?:Refusal|OrderRefused)\(\s*\"([A-Z_]+)\"")


def documented() -> dict[str, int]:
    text = (ROOT / "docs" / "guide" / "exchange.md").read_text()
    rows = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", text, re.MULTILINE)
    return {code: int(status) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}


def test_the_guide_names_every_code_with_its_status() -> None:
    assert documented() == dict(STATUS)


def test_every_code_that_the_exchange_refuses_with_is_in_its_table() -> None:
    sources = (ROOT / "cloud" / "exchange").rglob("*.py")
    used = {code for path in sources for code in _NAMED.findall(path.read_text())}
    assert used <= set(STATUS)
    assert len(used) > 40
